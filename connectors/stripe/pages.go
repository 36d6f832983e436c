package stripe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// pageSize is the most that Stripe lists at once (docs.stripe.com/api/pagination).
const pageSize = "100"

// list is one question for a list and the place in it. Its pages are asked for in turn, newest row first.
type list struct {
	path   string
	query  url.Values
	ask    string // what the exchange log calls it
	refuse []int  // statuses beyond 2xx that are answers
	after  string // id of the last row seen
	done   bool
}

// next asks for the next page.
func (c *Connector) next(ctx context.Context, l *list) (rest.Answer, error) {
	q := maps.Clone(l.query)
	q.Set("limit", pageSize)
	if l.after != "" {
		q.Set("starting_after", l.after)
	}
	a, err := c.ask(ctx, l.path, q, l.refuse)
	if err != nil {
		return a, err
	}
	if a.Status != http.StatusOK {
		l.done = true
		return a, nil
	}
	last, more, err := endOf(a)
	switch {
	case err != nil:
		return a, err
	case more && (last == "" || last == l.after):
		return a, fmt.Errorf("GET %s: has_more, but there is no row to go on from: %w", a.URL, waybill.ErrTemporary)
	}
	l.after, l.done = last, !more
	return a, nil
}

// ask makes one call in the pinned version.
func (c *Connector) ask(ctx context.Context, path string, q url.Values, answers []int) (rest.Answer, error) {
	return c.client.Do(ctx, rest.Call{
		Path: path, Query: q, Answers: answers,
		Header: http.Header{"Accept": {"application/json"}, "Stripe-Version": {c.cfg.Version}},
	})
}

// endOf reads where a page ends: the id of its last row and whether rows follow. What is no list of Stripe's, such as a
// proxy's page with status 200 or half an answer, is an error that may pass.
func endOf(a rest.Answer) (last string, more bool, err error) {
	var page struct {
		Object string `json:"object"`
		More   *bool  `json:"has_more"`
		Data   []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := a.JSON(&page); err != nil {
		return "", false, err
	}
	if page.Object != "list" || page.More == nil || page.Data == nil {
		return "", false, &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d JSON that is no list of Stripe's", a.Status)}
	}
	for _, row := range page.Data {
		if row.ID == "" {
			return "", false, &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d with a row without id", a.Status)}
		}
		last = row.ID
	}
	return last, *page.More, nil
}

// refusal is the error that Stripe answers with (docs.stripe.com/api/errors).
type refusal struct {
	Error struct {
		Code    string `json:"code"`
		Param   string `json:"param"`
		Message string `json:"message"`
	} `json:"error"`
}

// refusesPayout tells Stripe's answer about a payout from a refusal of the call itself, such as of its version. Payouts made by
// hand are refused because Stripe does not know what is in them; the message is all that says so in answers that were
// seen. A payout that is not there is refused by its parameter.
func refusesPayout(body []byte) bool {
	var r refusal
	return json.Unmarshal(body, &r) == nil && (r.Error.Param == "payout" || strings.Contains(r.Error.Message, "automatic transfers"))
}

func newLog(w io.Writer) *rest.Log {
	return rest.NewLog(w, loggedHeaders()...)
}

func loggedHeaders() []string { return []string{"Content-Type", "Request-Id", "Stripe-Version"} }

// pages is the exchange log of a list, read page by page as it is asked for: a window may hold more than fits in memory.
type pages struct {
	ctx  context.Context //nolint:containedctx // of Open, which governs the reading of what it opened
	c    *Connector
	list list
	buf  bytes.Buffer
	log  *rest.Log
	err  error // what ended it, for every later Read
}

// open asks for the first page, so that a refusal is an error of Open.
func (c *Connector) open(ctx context.Context, l list) (io.ReadCloser, error) {
	p := &pages{ctx: ctx, c: c, list: l}
	p.log = newLog(&p.buf)
	if err := p.turn(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *pages) turn() error {
	a, err := p.c.next(p.ctx, &p.list)
	if err != nil {
		return err
	}
	return p.log.Add(http.MethodGet, p.list.ask, a)
}

// Read gives the log's bytes. Only after the last page does it end; a page that fails is an error in place of io.EOF.
func (p *pages) Read(b []byte) (int, error) {
	for p.err == nil && p.buf.Len() == 0 {
		if p.list.done {
			p.err = io.EOF
		} else if err := p.turn(); err != nil {
			p.err = fmt.Errorf("%s %s: %w", p.list.path, p.list.ask, err)
		}
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.buf.Read(b)
}

// Close ends the reading.
func (p *pages) Close() error {
	p.err = io.ErrClosedPipe
	return nil
}
