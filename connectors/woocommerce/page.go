package woocommerce

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// decimals is how many places amounts are asked for with: lines without tax have more than their currency.
const decimals = "4"

// Headers in which WordPress says how many entries and pages a listing has.
const (
	totalHeader = "X-WP-Total"
	pagesHeader = "X-WP-TotalPages"
)

func acceptJSON() http.Header { return http.Header{"Accept": {"application/json"}} }

func newLog(w io.Writer) *rest.Log { return rest.NewLog(w, loggedHeaders()...) }

func loggedHeaders() []string { return []string{"Content-Type", totalHeader, pagesHeader} }

// page is one answer to a listing.
type page struct {
	answer       rest.Answer
	total, pages int // as the shop says, 0 when there is no such thing to list (404)
	entries      []json.RawMessage
}

// modified is when an entry says that it was changed, as far as one can read it: what a plugin put in an order's place is for whoever types it.
func modified(entry json.RawMessage) (time.Time, bool) {
	var order struct {
		Modified string `json:"date_modified_gmt"`
	}
	if json.Unmarshal(entry, &order) != nil {
		return time.Time{}, false
	}
	at, err := time.Parse(wallTime, order.Modified)
	return at, err == nil
}

// isBefore tells that a page has orders, and none that changed at or after an instant. A single one may be: it is read from
// another cache than the one that chose it.
func (p page) isBefore(from time.Time) bool {
	for _, e := range p.entries {
		if at, ok := modified(e); !ok || !at.Before(from) {
			return false
		}
	}
	return len(p.entries) > 0
}

// page asks for one page and tells an answer from what stands before it: a firewall's page, a maintenance notice, a body that ends
// early. A 404 that the call takes for an answer has no entries.
func (c *Connector) page(ctx context.Context, call rest.Call) (page, error) {
	a, err := c.client.Do(ctx, call)
	if err != nil {
		return page{}, explain(err)
	}
	p := page{answer: a}
	if a.Status == http.StatusNotFound {
		return p, notFound(a)
	}
	if err := a.JSON(&p.entries); err != nil {
		return page{}, noList(a, err)
	}
	if p.entries == nil {
		return page{}, noList(a, &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d with null in place of a list", a.Status)})
	}
	if p.total, err = count(a, totalHeader); err != nil {
		return page{}, err
	}
	if p.pages, err = count(a, pagesHeader); err != nil {
		return page{}, err
	}
	if n, err := strconv.Atoi(call.Query.Get("page")); len(p.entries) == 0 && err == nil && n <= p.pages {
		return page{}, &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d with a page that is empty although the shop counts %d in %d pages", a.Status, p.total, p.pages)}
	}
	return p, nil
}

// count is the number in a header without which nobody knows whether an answer is all.
func count(a rest.Answer, header string) (int, error) {
	n, err := strconv.Atoi(a.Header.Get(header))
	if err != nil || n < 0 {
		return 0, &refusal{cause: fmt.Errorf("GET %s: header %s is %q instead of a count", a.URL, header, a.Header.Get(header)), remedy: passHeaders}
	}
	return n, nil
}
