package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// maxPage is the largest page Shopify gives (https://shopify.dev/docs/api/usage/pagination-graphql).
const maxPage = 250

// furtherPage is how many entries a further page asks for; small enough for those that nest others.
const furtherPage = 25

// orderGID is the gid of an order named by gid or by number.
func orderGID(work string) (string, error) {
	id := strings.TrimPrefix(work, "gid://shopify/Order/")
	if id == "" || strings.Trim(id, "0123456789") != "" {
		return "", fmt.Errorf("%q is not an order: it must be gid://shopify/Order/<number>, or the number", work)
	}
	return "gid://shopify/Order/" + id, nil
}

// page is where a connection goes on.
type page struct {
	owner string // gid of the object that has the connection
	name  string
	after string
}

// on is the type of the owner: gid://shopify/Refund/9 is a Refund.
func (p page) on() string {
	parts := strings.Split(p.owner, "/")
	if len(parts) < 5 {
		return ""
	}
	return parts[3]
}

// openPages finds the connections in an answer that have more than was sent.
func openPages(r reply) ([]page, error) {
	if r.Data == nil {
		return nil, nil
	}
	var data any
	if err := json.Unmarshal(r.Data, &data); err != nil {
		return nil, fmt.Errorf("read data: %w", err)
	}
	return walk(data, "", nil)
}

func walk(v any, owner string, found []page) ([]page, error) {
	var err error
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			if found, err = walk(one, owner, found); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		if id, ok := v["id"].(string); ok {
			owner = id
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if info := pageInfoOf(v[name]); info["hasNextPage"] == true && name != salesOfAgreement {
				after, _ := info["endCursor"].(string)
				if after == "" || owner == "" {
					return nil, fmt.Errorf("%s of %q has a next page and no cursor: %w", name, owner, errNotGraphQL)
				}
				found = append(found, page{owner: owner, name: name, after: after})
			}
			if found, err = walk(v[name], owner, found); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

func pageInfoOf(v any) map[string]any {
	connection, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	info, ok := connection["pageInfo"].(map[string]any)
	if !ok {
		return nil
	}
	return info
}

// details asks for each order and gives the exchange log of the answers, one line per request.
//
// request.ask is the order's gid and the body's data.order the order. When a connection in it has more than page_size
// entries, a second line has the whole order again with up to 250 of each. Only what is beyond that comes in
// further lines, asked for as "<order gid> <owner gid> <connection>", with the page in data.node.
// An order that is not answered has a line that says why (rest.Questions), and the others are asked all the same.
func (c *Connector) details(ctx context.Context, orders []string, pageSize int) (io.ReadCloser, error) {
	questions := rest.Questions{
		Method: http.MethodPost, Headers: []string{"Content-Type", "X-Request-Id", "X-Shopify-Api-Version"}, IsFinal: isFinal, Now: c.now,
		Ask: func(ctx context.Context, log *rest.Log, work string) error {
			gid, err := orderGID(work)
			if err != nil {
				return err
			}
			return c.order(ctx, log, gid, pageSize)
		},
		Alive: func(ctx context.Context) error {
			_, _, err := c.admin.read(ctx, question{Query: `{ shop { name } }`})
			return err
		},
	}
	return questions.AskAll(ctx, orders)
}

// isFinal tells what the next order would meet as well.
func isFinal(err error) bool {
	return errors.Is(err, waybill.ErrAuth) || errors.Is(err, waybill.ErrNotFound) || errors.Is(err, errThrottled)
}

// judge refuses an answer with errors in it: what else it has is not the whole order.
func judge(a rest.Answer, r reply) error {
	if len(r.Errors) == 0 {
		return nil
	}
	return &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d with errors %s", a.Status, r.Errors.codes())}
}

// judgeOrder refuses an answer that is not about the order either. Shopify says that it has the order no more by a null in its place; a
// place that is not there says nothing, and another order's refunds would count for that one, or twice.
func judgeOrder(a rest.Answer, r reply, gid string) error {
	if err := judge(a, r); err != nil {
		return err
	}
	var data map[string]json.RawMessage
	var order *struct {
		ID        string    `json:"id"`
		UpdatedAt time.Time `json:"updatedAt"`
	}
	err := json.Unmarshal(r.Data, &data)
	if err == nil && data["order"] != nil {
		err = json.Unmarshal(data["order"], &order)
	}
	unusable := func(what string) error {
		return &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d %s", a.Status, what)}
	}
	switch {
	case err != nil:
		return unusable("with an order that cannot be read")
	case data["order"] == nil:
		return unusable("without an order")
	case order == nil: // deleted
		return nil
	case order.ID != gid:
		return unusable("about another order")
	case order.UpdatedAt.IsZero():
		return unusable("with an order without updatedAt")
	}
	return nil
}

func (c *Connector) order(ctx context.Context, log *rest.Log, gid string, pageSize int) error {
	ask := question{Query: orderDetails(), Variables: map[string]any{"id": gid, "first": pageSize}}
	answer, r, err := c.admin.read(ctx, ask)
	if err == nil {
		err = judgeOrder(answer, r, gid)
	}
	if err != nil {
		return err
	}
	if err := log.Add(http.MethodPost, gid, answer); err != nil {
		return err
	}
	pages, err := openPages(r)
	if err != nil || len(pages) == 0 {
		return err
	}
	if pageSize < maxPage && slices.ContainsFunc(pages, func(p page) bool { return growing(p.on(), p.name) }) {
		ask.Variables = map[string]any{"id": gid, "first": maxPage}
		answer, r, err = c.admin.read(ctx, ask)
		if err != nil {
			return err
		}
		// Too dear as one question: go on from the small pages that are there.
		if !r.Errors.has("MAX_COST_EXCEEDED") {
			if err := judgeOrder(answer, r, gid); err != nil {
				return err
			}
			if err := log.Add(http.MethodPost, gid, answer); err != nil {
				return err
			}
			if pages, err = openPages(r); err != nil {
				return err
			}
		}
	}
	return c.turnPages(ctx, log, gid, pages)
}

// turnPages follows every connection to its end, those that turn up on the way included.
func (c *Connector) turnPages(ctx context.Context, log *rest.Log, gid string, pages []page) error {
	for len(pages) > 0 {
		p := pages[0]
		pages = pages[1:]
		query := nextPage(p.on(), p.name)
		if query == "" {
			return fmt.Errorf("%s of %s has more pages than were asked for, and no way to them is known", p.name, p.owner)
		}
		answer, r, err := c.admin.read(ctx, question{Query: query, Variables: map[string]any{"id": p.owner, "first": furtherPage, "after": p.after}})
		if err != nil {
			return err
		}
		if err := log.Add(http.MethodPost, strings.Join([]string{gid, p.owner, p.name}, " "), answer); err != nil {
			return err
		}
		more, err := openPages(r)
		if err != nil {
			return err
		}
		if err := judge(answer, r); err != nil {
			return fmt.Errorf("page of %s of %s: %w", p.name, p.owner, err)
		}
		if slices.Contains(more, p) {
			return fmt.Errorf("page of %s of %s: the cursor does not move: %w", p.name, p.owner, waybill.ErrTemporary)
		}
		pages = append(pages, more...)
	}
	return nil
}
