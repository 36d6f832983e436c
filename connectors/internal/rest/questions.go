package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/fourmarketing/waybill"
)

// maxFailures is after how many questions in a row without an answer it is found out whether the partner answers anything.
const maxFailures = 3

// Questions asks a partner about one thing after another. What came of each is in one exchange log: all lines of its answer, or one line that
// says why there is none. A thing that cannot be answered keeps nobody else waiting.
type Questions struct {
	Method  string
	Headers []string // those that the log keeps
	// Ask writes the answer about one thing into a log of its own. After an error nothing of that log counts.
	Ask func(ctx context.Context, log *Log, thing string) error
	// Alive asks for what a partner that answers at all answers. Its error is why it answers nothing.
	Alive func(ctx context.Context) error
	// IsFinal tells what the next question would meet as well. Such a refusal is of the whole account, and no failure of the thing.
	IsFinal func(error) bool
	Now     func() time.Time
}

// round is one batch of questions under way.
type round struct {
	Questions
	log      *Log
	things   []string
	backward bool      // asked from the end
	asked    int       // questions with a line
	answered int       // those with an answer
	streak   int       // in a row without one
	doubtful []failure // of these it is not known yet whether they are the partner's or their own
	problems map[string]int
	end      error // what any further question would meet
}

// failure is a question without an answer.
type failure struct {
	thing string
	err   error
	at    time.Time
}

// AskAll asks about things, most urgent first. After some failures in a row it goes on from the other end: things that cannot be answered come
// in runs, and an allowance would be spent before the run is over. When the partner stops answering, the log ends there and is complete with
// what was asked; the rest is still due. That is an error only when nothing was answered.
func (q Questions) AskAll(ctx context.Context, things []string) (io.ReadCloser, error) {
	var body bytes.Buffer
	r := &round{Questions: q, log: NewLog(&body, q.Headers...), things: things, problems: map[string]int{}}
	for len(r.things) > 0 && r.end == nil {
		if err := r.next(ctx, &body); err != nil {
			return nil, err
		}
	}
	if r.answered == 0 {
		r.doubt(ctx)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := r.settle(); err != nil {
		return nil, err
	}
	if r.end != nil && (r.asked == 0 || (r.answered == 0 && !errors.Is(r.end, waybill.ErrQuota))) {
		return nil, r.end
	}
	return r.body(&body, len(things)), nil
}

// next asks about the next thing. Its error is the end of ctx.
func (r *round) next(ctx context.Context, body *bytes.Buffer) error {
	thing, others := r.things[0], r.things[1:]
	if r.backward {
		last := len(r.things) - 1
		thing, others = r.things[last], r.things[:last]
	}
	var own bytes.Buffer
	err := r.Ask(ctx, NewLog(&own, r.Headers...), thing)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && r.IsFinal(err):
		r.end = fmt.Errorf("%s: %w", thing, err)
		return nil
	}
	r.things = others
	if err != nil {
		return r.fail(ctx, thing, err)
	}
	r.streak = 0
	if err := r.settle(); err != nil {
		return err
	}
	r.asked++
	r.answered++
	body.Write(own.Bytes())
	return nil
}

func (r *round) fail(ctx context.Context, thing string, err error) error {
	r.doubtful = append(r.doubtful, failure{thing, err, r.Now()})
	if r.streak++; r.streak < maxFailures {
		return nil
	}
	r.streak, r.backward = 0, !r.backward
	if r.doubt(ctx); ctx.Err() != nil {
		return ctx.Err()
	}
	return r.settle()
}

// doubt asks whether the partner answers anything. If it does not, the failures since the last answer are none of the things', which stay due as
// they were.
func (r *round) doubt(ctx context.Context) {
	if r.end != nil || !slices.ContainsFunc(r.doubtful, func(f failure) bool { return !isAboutTheThing(f.err) }) {
		return
	}
	if err := r.Alive(ctx); err != nil {
		last := r.doubtful[len(r.doubtful)-1]
		r.end = fmt.Errorf("%s: %w (nor is anything else answered: %w)", last.thing, last.err, err)
		r.doubtful = nil
	}
}

// settle writes down the failures since the last answer.
func (r *round) settle() error {
	for _, f := range r.doubtful {
		if err := r.write(f); err != nil {
			return err
		}
	}
	r.doubtful = nil
	return nil
}

func (r *round) write(f failure) error {
	a, problem := Unanswered(f.err)
	if a.At.IsZero() {
		a.At = f.at
	}
	r.asked++
	r.problems[problem]++
	return r.log.AddFailure(r.Method, f.thing, problem, a)
}

// isAboutTheThing tells what a partner says of this thing alone, or what was never sent.
func isAboutTheThing(err error) bool {
	var bad *UnusableError
	if errors.As(err, &bad) {
		return bad.Refused
	}
	var refused *Error
	return !errors.As(err, &refused) && !errors.Is(err, waybill.ErrTemporary)
}

// body is the log with what a person should know of the batch.
func (r *round) body(log io.Reader, of int) io.ReadCloser {
	var notes []string
	if n := r.asked - r.answered; n > 0 {
		notes = append(notes, NoAnswers(n, r.asked, r.problems))
	}
	if r.end != nil {
		notes = append(notes, CutShort(r.asked, of, r.end))
	}
	return WithNotes(log, notes)
}
