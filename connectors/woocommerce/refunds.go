package woocommerce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// maxFailures is after how many orders in a row without an answer a batch stops.
const maxFailures = 3

// refundPage is the question for one page of an order's refunds, oldest first.
func refundPage(order string, perPage, page int) rest.Call {
	return rest.Call{
		Path: ordersPath + "/" + order + "/refunds", Header: acceptJSON(), Answers: []int{http.StatusNotFound},
		Query: url.Values{
			"orderby": {"id"}, "order": {"asc"}, "dp": {decimals},
			"per_page": {strconv.Itoa(perPage)}, "page": {strconv.Itoa(page)},
		},
	}
}

// refunds asks for the refunds of each order and gives the exchange log of the answers: request.ask is the order's id, one line
// per page. An order without refunds answers [], and so does one that is no more.
//
// An order that is not answered has no line and is still due; the others go on. When nothing was answered it is an error.
func (c *Connector) refunds(ctx context.Context, orders []string, perPage int) (io.ReadCloser, error) {
	var body bytes.Buffer
	var last error
	failures := 0
	for _, order := range orders {
		lines, err := c.orderRefunds(ctx, order, perPage)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			last = fmt.Errorf("refunds of order %s: %w", order, err)
			if failures++; isFinal(err) || failures == maxFailures {
				break
			}
			continue
		}
		failures = 0
		body.Write(lines)
	}
	if body.Len() == 0 && last != nil {
		return nil, last
	}
	return io.NopCloser(&body), nil
}

// orderRefunds are the lines of one order: all of its pages, or none.
func (c *Connector) orderRefunds(ctx context.Context, order string, perPage int) ([]byte, error) {
	if order == "" || strings.Trim(order, "0123456789") != "" {
		return nil, fmt.Errorf("%q is not an order's id, which is a number", order)
	}
	var lines bytes.Buffer
	log := newLog(&lines)
	for n, pages := 1, 1; n <= pages; n++ {
		p, err := c.page(ctx, refundPage(order, perPage, n))
		if err != nil {
			return nil, err
		}
		if err := log.Add(http.MethodGet, order, p.answer); err != nil {
			return nil, err
		}
		pages = p.pages
	}
	return lines.Bytes(), nil
}

// isFinal tells what the next order would meet as well.
func isFinal(err error) bool {
	var refused *refusal
	return errors.Is(err, waybill.ErrAuth) || errors.As(err, &refused)
}
