package shopify

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// term is one condition of Shopify's search syntax: field:value, field:>='value'
// (https://shopify.dev/docs/api/usage/search-syntax).
var term = regexp.MustCompile(`^\s*([a-z_]+):(<=|>=|<|>)?(?:'([^']*)'|"([^"]*)"|([^\s'"()]+))`)

// search is a conjunction of conditions on an order.
type search []func(*order) bool

// parseSearch reads the conditions. Shopify ignores a field it does not know; this one refuses it, since a test whose
// filter is ignored would pass for the wrong reason.
func parseSearch(query string) (search, error) {
	var s search
	rest := strings.TrimSpace(query)
	for rest != "" {
		if len(s) > 0 {
			rest = strings.TrimSpace(strings.TrimPrefix(rest, "AND "))
		}
		m := term.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("read search query at %q: want field:value conditions joined by AND", rest)
		}
		condition, err := newCondition(m[1], m[2], m[3]+m[4]+m[5])
		if err != nil {
			return nil, err
		}
		s = append(s, condition)
		rest = strings.TrimSpace(rest[len(m[0]):])
	}
	return s, nil
}

func (s search) matches(o *order) bool {
	return !slices.ContainsFunc(s, func(c func(*order) bool) bool { return !c(o) })
}

func newCondition(field, operator, value string) (func(*order) bool, error) {
	switch field {
	case "updated_at", "created_at", "processed_at":
		at, err := parseInstant(value)
		if err != nil {
			return nil, fmt.Errorf("read search term %s: %w", field, err)
		}
		return func(o *order) bool {
			of := o.created
			if field == "updated_at" {
				of = o.updated
			}
			// Shopify keeps whole seconds.
			return holds(operator, of.Truncate(time.Second).Compare(at))
		}, nil
	case "id":
		id, err := strconv.ParseInt(value[strings.LastIndex(value, "/")+1:], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read search term id: %w", err)
		}
		return func(o *order) bool { return holds(operator, cmp.Compare(o.number, id)) }, nil
	case "name":
		name := strings.TrimPrefix(value, "#")
		return func(o *order) bool { return strings.TrimPrefix(o.Name, "#") == name }, nil
	case "test":
		return func(o *order) bool { return strconv.FormatBool(o.Test) == value }, nil
	}
	return nil, fmt.Errorf("read search term %s: the sandbox does not search by that field", field)
}

func parseInstant(value string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("read instant %q: want 2026-04-01T12:00:00Z", value)
}

func holds(operator string, compared int) bool {
	switch operator {
	case "<":
		return compared < 0
	case "<=":
		return compared <= 0
	case ">":
		return compared > 0
	case ">=":
		return compared >= 0
	}
	return compared == 0
}

// position is where an order stands in a sorted list; it is what a cursor of the orders connection holds.
type position struct {
	LastID    int64  `json:"last_id"`
	LastValue string `json:"last_value"`
}

func positionOf(o *order, sortKey string) position {
	switch sortKey {
	case "UPDATED_AT":
		return position{o.number, o.updated.UTC().Format("2006-01-02 15:04:05.000000")}
	case "ID", "ORDER_NUMBER":
		return position{o.number, fmt.Sprintf("%020d", o.number)}
	}
	return position{o.number, o.created.UTC().Format("2006-01-02 15:04:05.000000")}
}

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.LastValue, q.LastValue), cmp.Compare(p.LastID, q.LastID))
}

func (p position) cursor() string {
	text := fmt.Sprintf(`{"last_id":%d,"last_value":%q}`, p.LastID, p.LastValue)
	return base64.StdEncoding.EncodeToString([]byte(text))
}

func parseCursor(s string) (position, error) {
	var p position
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		return p, fmt.Errorf("invalid cursor for current pagination sort: %q", s)
	}
	return p, nil
}

// sorting is an order of orders.
type sorting struct {
	key        string // OrderSortKeys
	descending bool
}

func (s sorting) compare(p, q position) int {
	if s.descending {
		p, q = q, p
	}
	return p.compare(q)
}

// found is what the orders connection pages through: the orders that match, in the order asked for.
func found(orders []*order, query string, by sorting) (sequence[*order], error) {
	conditions, err := parseSearch(query)
	if err != nil {
		return sequence[*order]{}, err
	}
	var items []*order
	for _, o := range orders {
		if conditions.matches(o) {
			items = append(items, o)
		}
	}
	slices.SortFunc(items, func(a, b *order) int { return by.compare(positionOf(a, by.key), positionOf(b, by.key)) })
	return sequence[*order]{
		items:  items,
		cursor: func(o *order) string { return positionOf(o, by.key).cursor() },
		find: func(cursor string) (int, bool, error) {
			p, err := parseCursor(cursor)
			if err != nil {
				return 0, false, err
			}
			i, exact := slices.BinarySearchFunc(items, p, func(o *order, p position) int {
				return by.compare(positionOf(o, by.key), p)
			})
			return i, exact, nil
		},
	}, nil
}
