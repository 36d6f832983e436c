package woocommerce

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

const (
	// anyStatus is every status but those that WordPress leaves out of searches: trash and checkout-draft.
	anyStatus = "any"
	// trashed are orders in the bin. Moving one there changes it, so it turns up in the window of that time.
	trashed = "trash"
)

// patience is how often the count of a window may fall while it is read, beside once a page.
const patience = 20

// wallTime is how times are asked for and given: GMT without saying so. An offset would be wrong: WordPress turns a time that has
// one into the site's own zone and compares that with the GMT column (WP_Date_Query.build_mysql_datetime).
const wallTime = "2006-01-02T15:04:05"

// orderPage is the question for one page of a window's orders, oldest change first.
//
// modified_after and modified_before came with WooCommerce 5.8 (changelog, pull request 30585); both ends are exclusive, and an
// order's id is the second key of orderby=modified. dp asks for four decimals: without it the shop rounds to as many as its price
// tags show.
func orderPage(w rest.Window, status string, perPage, page int) rest.Call {
	q := url.Values{
		"status": {status}, "orderby": {"modified"}, "order": {"asc"}, "dates_are_gmt": {"true"}, "dp": {decimals},
		"modified_before": {w.To.UTC().Format(wallTime)}, "per_page": {strconv.Itoa(perPage)}, "page": {strconv.Itoa(page)},
	}
	if !w.From.IsZero() {
		q.Set("modified_after", w.From.UTC().Add(-time.Second).Format(wallTime))
	}
	return rest.Call{Path: ordersPath, Query: q, Header: acceptJSON()}
}

// orders asks for the first page and gives a reader that asks for the others as it is read.
func (c *Connector) orders(ctx context.Context, w rest.Window, perPage int) (io.ReadCloser, error) {
	r := &orderPages{c: c, ctx: ctx, window: w, perPage: perPage, page: 1, statuses: []string{anyStatus, trashed}}
	r.log = newLog(&r.lines)
	if err := r.next(); err != nil {
		return nil, err
	}
	return r, nil
}

// orderPages is the exchange log of a window. request.ask is the status asked for and the page: "any 2".
//
// An order that changes while its window is read leaves the window, and all behind it move forward, over the edge of the page
// before. The shop's own count tells: when it falls, as many pages as the fall can reach over are asked for again. An order may
// therefore stand in the log twice, which is harmless. A count that goes up and down for ever ends in an error.
type orderPages struct {
	c        *Connector
	ctx      context.Context
	window   rest.Window
	perPage  int
	statuses []string // still to be read, the present one first
	page     int      // to be asked for next
	total    int      // orders of the present status, as the shop said last
	back     int      // how often pages were asked for again
	lines    bytes.Buffer
	log      *rest.Log
	err      error
}

func (r *orderPages) Read(p []byte) (int, error) {
	for r.lines.Len() == 0 && r.err == nil {
		r.err = r.next()
	}
	if r.lines.Len() > 0 {
		return r.lines.Read(p)
	}
	return 0, r.err
}

// Close forgets what was not read.
func (r *orderPages) Close() error {
	r.err = io.ErrClosedPipe
	r.lines.Reset()
	return nil
}

// next asks for one page; io.EOF when all were asked for.
func (r *orderPages) next() error {
	if len(r.statuses) == 0 {
		return io.EOF
	}
	ask := fmt.Sprintf("%s %d", r.statuses[0], r.page)
	p, err := r.c.page(r.ctx, orderPage(r.window, r.statuses[0], r.perPage, r.page))
	if err != nil {
		return fmt.Errorf("orders %s: %w", ask, err)
	}
	if r.page == 1 && p.isBefore(r.window.From) {
		return fmt.Errorf("orders %s: %w", ask, &refusal{
			cause: fmt.Errorf("the shop gives orders that did not change since %s, so it does not know modified_after", r.window.From.Format(time.RFC3339)), remedy: updateShop,
		})
	}
	if err := r.log.Add(http.MethodGet, ask, p.answer); err != nil {
		return err
	}
	switch gone := r.total - p.total; {
	case r.page > 1 && gone > 0:
		if r.back++; r.back > patience+p.pages {
			return fmt.Errorf("orders %s: the shop's count of the orders in the window fell %d times: %w", ask, r.back, waybill.ErrTemporary)
		}
		r.page = max(1, r.page-(gone+r.perPage-1)/r.perPage)
	case r.page < p.pages:
		r.page++
	default:
		r.statuses, r.page = r.statuses[1:], 1
	}
	r.total = p.total
	return nil
}
