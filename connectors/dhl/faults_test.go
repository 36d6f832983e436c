package dhl_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/dhl"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// A number that gets no answer, whatever came in its place, has a line that says what, with its bytes where an answer came; the others are
// answered.
func TestNoAnswerIsSaidAndLeavesTheOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		problem string
		kept    bool
	}{
		"a page":            {200, "<html>Sorry</html>", "200 application/json that is no JSON as asked for", true},
		"cut":               {200, `{"shipments":[{"id":"X","eve`, "200 application/json that is no JSON as asked for", true},
		"nothing":           {200, "", "200 without a body", true},
		"204":               {204, "", "204 without a body", true},
		"null":              {200, "null", "200 without a shipment", true},
		"no shipment":       {200, `{"shipments":[]}`, "200 without a shipment", true},
		"an error with 200": {200, `{"title":"Bad","status":500}`, "200 without a shipment", true},
		"another encoding":  {200, "{\"shipments\":[{\"id\":\"M\xfcnchen\"}]}", "200 application/json that is not UTF-8", true},
		"a list":            {200, "[1]", "200 application/json that is no JSON as asked for", true},
		"400":               {400, `{"title":"Bad request"}`, "400 Bad Request", true},
		"404 of a proxy":    {404, "<html>Not here</html>", "404 application/json that is no JSON as asked for", true},
		"500":               {500, "<html>no JSON</html>", "500 Internal Server Error", false},
	} {
		a, conn := start(t, nil, nil)
		a.fail = func(_ int, number string, w http.ResponseWriter) bool {
			if number == "N001" {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}
			return number == "N001"
		}
		items, err := conn.List(t.Context(), request(numbers(4)...))
		if err != nil {
			t.Fatal(err)
		}
		f, err := conn.Open(t.Context(), items[0])
		if err != nil {
			t.Fatal(name, err)
		}
		text, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := slices.Collect(strings.Lines(string(text)))
		for i, line := range lines {
			x, body, err := rest.ParseExchange([]byte(line))
			switch {
			case err != nil || x.Request.Ask != fmt.Sprintf("N%03d", i):
				t.Errorf("%s: line %d: %+v, %v", name, i+1, x, err)
			case i != 1 && x.Problem != "":
				t.Errorf("%s: %s: %s", name, x.Request.Ask, x.Problem)
			case i == 1 && (x.Problem != c.problem || x.Status != c.status || (string(body) == c.body) != (c.kept || c.body == "") || x.Body != nil):
				t.Errorf("%s: %+v with %q, want %s", name, x, body, c.problem)
			}
		}
		notes := f.(waybill.Noter).Notes()
		if want := "1 of 4 questions got no answer and are asked again later: 1 × " + c.problem; len(lines) != 4 || !slices.Equal(notes, []string{want}) {
			t.Errorf("%s: %d lines, notes %q, want %s", name, len(lines), notes, want)
		}
	}
}

// Three numbers that always fail stand before 120 new ones: all of those are answered in the same run.
func TestNewOnesBehindHopelessOnes(t *testing.T) {
	t.Parallel()
	a, c := start(t, func(cfg *dhl.Config) { cfg.BatchSize = 50 }, nil)
	a.fail = func(_ int, number string, w http.ResponseWriter) bool {
		hopeless := slices.Contains(numbers(3), number)
		if hopeless {
			w.WriteHeader(http.StatusInternalServerError)
		}
		return hopeless
	}
	got, err := pull(t, c, request(numbers(123)...))
	if answered := slices.Concat(got...); err != nil || len(answered) != 120 {
		t.Errorf("%d answered, %v", len(answered), err)
	}
}

// Of an allowance of ten, twelve numbers that DHL calls bad leave enough for five good ones behind them.
func TestAllowanceIsNotEatenByBadNumbers(t *testing.T) {
	t.Parallel()
	a, c := start(t, func(cfg *dhl.Config) { cfg.DailyQuota, cfg.BatchSize = 10, 50 }, nil)
	a.fail = func(_ int, number string, w http.ResponseWriter) bool {
		if number < "N012" {
			w.WriteHeader(http.StatusBadRequest)
		}
		return number < "N012"
	}
	got, err := pull(t, c, request(numbers(17)...))
	if err != nil || len(got) != 1 || !slices.Equal(got[0], []string{"N016", "N015", "N014", "N013", "N012"}) || len(a.asked) != 10 {
		t.Errorf("%v after %d calls, %v", got, len(a.asked), err)
	}
}

func TestNothingAnsweredIsAnError(t *testing.T) {
	t.Parallel()
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		a.fail = func(_ int, _ string, w http.ResponseWriter) bool { w.WriteHeader(503); return true }
		if _, err := pull(t, c, request(numbers(4)...)); !errors.Is(err, waybill.ErrTemporary) || len(a.asked) != 8 {
			t.Errorf("after %d calls: %v", len(a.asked), err)
		}
	})
	t.Run("wrong key", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, func(cfg *dhl.Config) { cfg.APIKey = "another-key" }, nil)
		_, err := pull(t, c, request(numbers(4)...))
		if !errors.Is(err, waybill.ErrAuth) || len(a.asked) != 1 || strings.Contains(err.Error(), "another-key") {
			t.Errorf("after %d calls: %v", len(a.asked), err)
		}
		if f := c.Check(t.Context()); f[0].OK || f[0].Remedy == "" {
			t.Errorf("doctor: %+v", f)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		connectortest.EndsWithContext(t, c, request(numbers(4)...), func(end func()) {
			a.fail = func(n int, _ string, _ http.ResponseWriter) bool {
				if n == 2 {
					end()
				}
				return false
			}
		})
	})
}
