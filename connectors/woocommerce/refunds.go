package woocommerce

import (
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
// An order that is not answered has a line that says why (rest.Questions), and the others are asked all the same.
func (c *Connector) refunds(ctx context.Context, orders []string, perPage int) (io.ReadCloser, error) {
	questions := rest.Questions{
		Method: http.MethodGet, Headers: loggedHeaders(), IsFinal: isFinal, Now: c.now,
		Ask: func(ctx context.Context, log *rest.Log, order string) error {
			return c.orderRefunds(ctx, log, order, perPage)
		},
		Alive: func(ctx context.Context) error {
			_, err := c.page(ctx, orderPage(rest.Window{To: c.now()}, anyStatus, 1, 1))
			return err
		},
	}
	return questions.AskAll(ctx, orders)
}

// orderRefunds are the lines of one order: all of its pages.
func (c *Connector) orderRefunds(ctx context.Context, log *rest.Log, order string, perPage int) error {
	if order == "" || strings.Trim(order, "0123456789") != "" {
		return fmt.Errorf("%q is not an order's id, which is a number", order)
	}
	for n, pages := 1, 1; n <= pages; n++ {
		p, err := c.page(ctx, refundPage(order, perPage, n))
		if err != nil {
			return err
		}
		if err := log.Add(http.MethodGet, order, p.answer); err != nil {
			return err
		}
		pages = p.pages
	}
	return nil
}

// isFinal tells what the next order would meet as well.
func isFinal(err error) bool {
	var refused *refusal
	return errors.Is(err, waybill.ErrAuth) || errors.As(err, &refused)
}
