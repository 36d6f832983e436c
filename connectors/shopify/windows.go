package shopify

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// filter is a window of updates in Shopify's search syntax.
func filter(w rest.Window) string {
	to := fmt.Sprintf("updated_at:<'%s'", w.To.Format(time.RFC3339))
	if w.From.IsZero() {
		return to
	}
	return fmt.Sprintf("updated_at:>='%s' AND %s", w.From.Format(time.RFC3339), to)
}

// spans cuts the window of a pull into pieces of at most s.Window, earliest first. The first ends where the export ends that an earlier pull began
// at the same place and did not wait for: its result is as good as a new one's, and another export cannot begin beside it.
func (c *Connector) spans(ctx context.Context, r waybill.Request, s Settings) ([]rest.Window, error) {
	since, err := rest.ParseSince(s.Since)
	if err != nil {
		return nil, err
	}
	w, err := rest.NewWindow(r, since, s.Overlap)
	if err != nil || w.IsEmpty() {
		return nil, err
	}
	var out []rest.Window
	left, found, err := c.leftRunning(ctx, w)
	if err != nil {
		return nil, err
	}
	if found {
		out = append(out, left)
		w.From = left.To.Add(-s.Overlap)
	}
	oldest := w.From
	if w.From.IsZero() {
		if oldest, found, err = c.oldest(ctx); err != nil {
			return nil, err
		}
		if !found {
			return []rest.Window{w}, nil
		}
	}
	for end := oldest.Add(s.Window); end.Before(w.To); end = end.Add(s.Window) {
		out = append(out, rest.Window{From: w.From, To: end})
		w.From = end
	}
	return append(out, w), nil
}

// ends finds the upper end of the window that an export is about.
var ends = regexp.MustCompile(`updated_at:<'([0-9TZ:-]+)'`)

// leftRunning is the window of the shop's newest export, if it begins where w does, ends before it, and still gives a result.
func (c *Connector) leftRunning(ctx context.Context, w rest.Window) (rest.Window, bool, error) {
	op, err := c.newest(ctx)
	if err != nil || op == nil || !op.isUsable(c.now()) {
		return rest.Window{}, false, err
	}
	end := ends.FindStringSubmatch(op.Query)
	if end == nil {
		return rest.Window{}, false, nil
	}
	to, err := time.Parse(time.RFC3339, end[1])
	if err != nil {
		return rest.Window{}, false, nil //nolint:nilerr // not an export of ours
	}
	left := rest.Window{From: w.From, To: to}
	query, err := c.ordersQuery(ctx, left)
	if err != nil {
		return rest.Window{}, false, err
	}
	isOurs := op.Query == query && !op.CreatedAt.Before(to) && to.Before(w.To)
	return left, isOurs, nil
}

// ordersQuery is the bulk query of a window, with what the token may read.
func (c *Connector) ordersQuery(ctx context.Context, w rest.Window) (string, error) {
	has, err := c.scopes(ctx)
	if errors.Is(err, waybill.ErrTemporary) || errors.Is(err, waybill.ErrAuth) {
		return "", fmt.Errorf("ask what the token may read: %w", err)
	}
	terms := "" // also where a shop does not say what the token may read
	if slices.Contains(has, "read_payment_terms") {
		terms = paymentTerms
	}
	return fmt.Sprintf(ordersBulk, filter(w), terms), nil
}

// oldest is when the order that was changed the longest ago was changed; false where there is none.
func (c *Connector) oldest(ctx context.Context) (time.Time, bool, error) {
	var data struct {
		Orders struct {
			Nodes []struct {
				UpdatedAt time.Time `json:"updatedAt"`
			} `json:"nodes"`
		} `json:"orders"`
	}
	if err := c.look(ctx, question{Query: oldestOrder}, &data); err != nil {
		return time.Time{}, false, fmt.Errorf("look for the oldest order: %w", err)
	}
	if len(data.Orders.Nodes) == 0 {
		return time.Time{}, false, nil
	}
	return data.Orders.Nodes[0].UpdatedAt.UTC().Truncate(time.Second), true, nil
}
