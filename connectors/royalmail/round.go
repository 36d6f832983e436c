package royalmail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

const (
	summaryEndpoint = "summary"
	eventsEndpoint  = "events"
	// maxFailures is after how many calls in a row without an answer Royal Mail is asked for a number that nobody has.
	maxFailures = 3
)

// round asks for the numbers of one batch and writes the log of it, one line per call. A call that failed has a line too, so that it is seen
// and its numbers can be asked less often; they are not among those that it answered, so they are still due.
type round struct {
	conn     *Connector
	log      *rest.Log
	kept     int   // calls with an answer
	settled  int   // numbers about which nothing is left to be asked
	failures int   // calls in a row without one
	last     error // of the latest failure
	failed   int   // numbers without an answer
	problems map[string]int
	end      error // what any further call would meet
}

// ask is the `ask` of a line, as JSON: what the call was about.
type ask struct {
	Endpoint   string   `json:"endpoint"`
	Answered   []said   `json:"answered,omitempty"`
	Unanswered []string `json:"unanswered,omitempty"`
	Problem    string   `json:"problem,omitempty"` // why those were not answered
}

// said is a number with an answer: whether Royal Mail knows it.
type said struct {
	Number string `json:"number"`
	Known  bool   `json:"known"`
}

// track asks for up to 30 numbers: their summary, then the events of each that Royal Mail does not call unknown. When the summary fails, one
// of its numbers may be what it fails of; so events are asked of all of them, one by one. Its error is the end of ctx.
func (r *round) track(ctx context.Context, numbers []string) error {
	if r.isOver() {
		return nil
	}
	open, err := r.summary(ctx, numbers)
	if err != nil {
		return err
	}
	for _, n := range open {
		if r.isOver() {
			break
		}
		if err := r.events(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (r *round) isOver() bool { return r.end != nil }

// summary gives the numbers whose events are to be asked, in the order of their urgency.
func (r *round) summary(ctx context.Context, numbers []string) ([]string, error) {
	a, err := r.conn.summary(ctx, numbers)
	var standings map[string]standing
	if err == nil {
		standings, err = a.pieces(numbers)
	}
	line := ask{Endpoint: summaryEndpoint}
	if err != nil {
		line.Unanswered = numbers
		return numbers, r.fail(ctx, line, err)
	}
	var open []string
	for _, n := range numbers {
		if standings[n] != stranger {
			open = append(open, n)
		}
		if standings[n] == untold {
			line.Unanswered = append(line.Unanswered, n)
			line.Problem = "an error of Royal Mail's in their place, or nothing"
		} else {
			line.Answered = append(line.Answered, said{n, standings[n] == known})
		}
	}
	r.settled += len(numbers) - len(open)
	return open, r.keep(line, a.Answer)
}

// events asks for the history of one number.
func (r *round) events(ctx context.Context, number string) error {
	a, err := r.conn.events(ctx, number)
	if err == nil {
		err = a.history()
	}
	if err != nil {
		return r.fail(ctx, ask{Endpoint: eventsEndpoint, Unanswered: []string{number}}, err)
	}
	r.settled++
	return r.keep(ask{Endpoint: eventsEndpoint, Answered: []said{{number, !unknown[a.code()]}}}, a.Answer)
}

// keep writes the line of an answer.
func (r *round) keep(line ask, a rest.Answer) error {
	r.failures = 0
	r.kept++
	return r.write(line, a)
}

// fail writes the line of a call without an answer. After some of them in a row it finds out whether it is Royal Mail that does not answer, or
// only these numbers that are not answered.
func (r *round) fail(ctx context.Context, line ask, failure error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if isFinal(failure) {
		r.end = failure
		return nil
	}
	r.last = failure
	a, problem := rest.Unanswered(failure)
	if a.At.IsZero() {
		a.At = r.conn.now()
	}
	line.Problem = problem
	if line.Endpoint == eventsEndpoint { // the numbers of a failed summary are asked one by one
		r.problems[problem]++
		r.failed++
	}
	if err := r.write(line, a); err != nil {
		return err
	}
	if r.failures++; r.failures < maxFailures && !errors.Is(failure, waybill.ErrAuth) {
		return nil
	}
	r.failures = 0
	r.end = r.probe(ctx)
	return ctx.Err()
}

// probe asks for a number that nobody has. Its error says why Royal Mail answers nothing at all.
func (r *round) probe(ctx context.Context) error {
	a, err := r.conn.events(ctx, nobody)
	if err == nil {
		err = a.history()
	}
	return err
}

// outcome is the error of a batch in which no number was settled and none would have been: summaries alone do not hide that events are not
// answered. A plan that is used up is no such thing, what it gave is kept.
func (r *round) outcome(ctx context.Context) error {
	if r.end == nil && r.settled == 0 && r.last != nil {
		r.end = r.probe(ctx)
	}
	if r.settled > 0 || (r.kept > 0 && errors.Is(r.end, waybill.ErrQuota)) {
		return nil
	}
	return r.end
}

// notes are what a person should know of a batch of so many numbers.
func (r *round) notes(of int) []string {
	var notes []string
	if r.failed > 0 {
		notes = append(notes, rest.NoAnswers(r.failed, r.settled+r.failed, r.problems))
	}
	if r.end != nil {
		notes = append(notes, rest.CutShort(r.settled+r.failed, of, r.end))
	}
	return notes
}

func (r *round) write(line ask, a rest.Answer) error {
	question, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write question: %w", err)
	}
	return r.log.Add(http.MethodGet, string(question), a)
}

// isFinal tells what the next number would meet as well. 403 is no such thing: "No permission to retrieve details" (E0016) may be about a
// number.
func isFinal(err error) bool {
	var refused *rest.Error
	if errors.As(err, &refused) && refused.Status == http.StatusForbidden {
		return false
	}
	return errors.Is(err, waybill.ErrQuota) || errors.Is(err, waybill.ErrAuth) || errors.Is(err, errTerms)
}
