package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

var askedAt = time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)

// partner answers about things as their names say, as long as it is there.
type partner struct {
	allowance int // of calls; below 0 for no end
	downAfter int // calls that are answered at all; below 0 for ever
	calls     []string
}

var errUsedUp = fmt.Errorf("all calls are used: %w", waybill.ErrQuota)

func (p *partner) call(thing string) error {
	if p.allowance >= 0 && len(p.calls) == p.allowance {
		return errUsedUp
	}
	p.calls = append(p.calls, thing)
	if p.downAfter >= 0 && len(p.calls) > p.downAfter {
		return &rest.Error{Method: http.MethodGet, URL: "u", Status: 503}
	}
	return nil
}

func (p *partner) questions() rest.Questions {
	return rest.Questions{
		Method: http.MethodGet, Now: func() time.Time { return askedAt },
		IsFinal: func(err error) bool { return errors.Is(err, waybill.ErrQuota) || errors.Is(err, waybill.ErrAuth) },
		Alive:   func(context.Context) error { return p.call("alive") },
		Ask: func(_ context.Context, log *rest.Log, thing string) error {
			if err := p.call(thing); err != nil {
				return err
			}
			a := rest.Answer{Method: http.MethodGet, URL: "u", Status: 200, At: askedAt, Body: []byte("{}")}
			switch thing[0] {
			case 'r':
				a.Status = 400
				return &rest.UnusableError{Answer: a, Problem: "400 Bad Request", Refused: true}
			case 's':
				return &rest.Error{Method: http.MethodGet, URL: "u", Status: 500}
			case 'h':
				a.Body = []byte("<html>\xff")
				return a.JSON(new(any))
			case 'n':
				return errors.New("not a number of theirs")
			case 'l':
				return fmt.Errorf("locked out: %w", waybill.ErrAuth)
			}
			return log.Add(http.MethodGet, thing, a)
		},
	}
}

// ask gives what came of each thing that has a line: its problem, empty for an answer.
func ask(t rapid.TB, q rest.Questions, things ...string) (map[string]string, []string, error) {
	t.Helper()
	f, err := q.AskAll(context.Background(), things)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		x, body, err := rest.ParseExchange([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := out[x.Request.Ask]; twice || (x.Problem == "") != (x.Body != nil) || (x.Request.Ask[0] == 'h') != strings.HasPrefix(string(body), "<html>") {
			t.Fatalf("line %s", line)
		}
		out[x.Request.Ask] = x.Problem
	}
	return out, f.(waybill.Noter).Notes(), nil
}

func names(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s%02d", prefix, i))
	}
	return out
}

// However many things cannot be answered, in whatever way and wherever they stand, all others are, in the same round, and each of those has a
// line that says why.
func TestHopelessThingsKeepNobodyBack(t *testing.T) {
	t.Parallel()
	problems := map[byte]string{'r': "400 Bad Request", 's': "500 Internal Server Error", 'h': "200 answer that is not UTF-8", 'n': "not a number of theirs", 'g': ""}
	rapid.Check(t, func(rt *rapid.T) {
		things := rapid.SliceOfNDistinct(rapid.StringMatching(`[rshng][0-9]{3}`), 1, 60, rapid.ID).Draw(rt, "things")
		p := &partner{allowance: -1, downAfter: -1}
		got, notes, err := ask(rt, p.questions(), things...)
		if err != nil || len(got) != len(things) {
			rt.Fatalf("%v of %v, %v", got, things, err)
		}
		failed := 0
		for _, thing := range things {
			if got[thing] != problems[thing[0]] {
				rt.Fatalf("%s: %q", thing, got[thing])
			}
			if thing[0] != 'g' {
				failed++
			}
		}
		if said := fmt.Sprintf("%d of %d questions got no answer", failed, len(things)); (failed > 0) != (len(notes) == 1 && strings.HasPrefix(notes[0], said)) {
			rt.Fatalf("notes %q, want %s", notes, said)
		}
	})
}

// A small allowance reaches the good ones on the first day although twice as many hopeless ones stand before them.
func TestAllowanceIsNotEatenByTheHopeless(t *testing.T) {
	t.Parallel()
	p := &partner{allowance: 10, downAfter: -1}
	good := names("g", 5)
	got, notes, err := ask(t, p.questions(), append(names("r", 12), good...)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range good {
		if problem, asked := got[g]; !asked || problem != "" {
			t.Errorf("%s: asked %t, %q", g, asked, problem)
		}
	}
	if len(notes) != 2 || !strings.Contains(notes[1], "cut short after 10 of 17 questions") || !strings.Contains(notes[1], "all calls are used") {
		t.Errorf("notes %q", notes)
	}
}

// What a partner that is down does not answer is no failure of the things: what was answered before is kept, and the rest is due as it was.
func TestPartnerThatStopsIsNoFailureOfTheThings(t *testing.T) {
	t.Parallel()
	p := &partner{allowance: -1, downAfter: 4}
	got, notes, err := ask(t, p.questions(), append([]string{"s00"}, names("g", 9)...)...)
	if err != nil || len(got) != 4 || got["s00"] == "" {
		t.Errorf("%v, %v", got, err)
	}
	if want := []string{"s00", "g00", "g01", "g02", "g03", "g04", "g05", "alive"}; !slices.Equal(p.calls, want) {
		t.Errorf("calls %v, want %v", p.calls, want)
	}
	if len(notes) != 2 || !strings.Contains(notes[1], "cut short after 4 of 10 questions") || !strings.Contains(notes[1], "503") {
		t.Errorf("notes %q", notes)
	}
	p = &partner{allowance: -1, downAfter: 0}
	if _, _, err := ask(t, p.questions(), "g00"); err == nil || !strings.Contains(err.Error(), "g00") || len(p.calls) != 2 {
		t.Errorf("down from the start: %v after %v", err, p.calls)
	}
}

// A refusal of the account is no failure of the thing that met it.
func TestRefusalOfTheAccountEndsTheRound(t *testing.T) {
	t.Parallel()
	p := &partner{allowance: -1, downAfter: -1}
	if got, notes, err := ask(t, p.questions(), "g00", "l00", "g01"); err != nil || len(got) != 1 || len(notes) != 1 || !strings.Contains(notes[0], "locked out") {
		t.Errorf("%v, %q, %v", got, notes, err)
	}
	if _, _, err := ask(t, p.questions(), "r00", "l00"); !errors.Is(err, waybill.ErrAuth) {
		t.Errorf("nothing answered: %v", err)
	}
	p = &partner{allowance: 1, downAfter: -1}
	if got, _, err := ask(t, p.questions(), "r00", "g00"); err != nil || len(got) != 1 {
		t.Errorf("what the allowance was spent on: %v, %v", got, err)
	}
	if _, _, err := ask(t, p.questions(), "g00"); !errors.Is(err, waybill.ErrQuota) {
		t.Errorf("no allowance: %v", err)
	}
}
