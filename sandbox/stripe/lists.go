package stripe

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// row is one object of a list, written only when it is on the page.
type row struct {
	id      string
	created time.Time
	object  func() any
}

// query is what a list is asked with; ending_before is not served.
type query struct {
	limit         int
	startingAfter string
	bounds        []bound
	expand        []string
	filters       map[string]string // payout, source, type, currency, charge, …
}

// bound is one end of a window of creation.
type bound struct {
	op string // gt, gte, lt, lte
	at int64
}

var bracketed = regexp.MustCompile(`^(\w+)\[(\w*)\]$`)

func parseQuery(values url.Values) (query, *refusal) {
	q := query{limit: 10, filters: map[string]string{}}
	for name, all := range values {
		value := all[len(all)-1]
		m := bracketed.FindStringSubmatch(name)
		switch {
		case m != nil && m[1] == "expand":
			q.expand = append(q.expand, all...)
		case m != nil && m[1] == "created" && slices.Contains([]string{"gt", "gte", "lt", "lte"}, m[2]):
			at, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return q, invalid("parameter_invalid_integer", name, "Invalid integer: %s", value)
			}
			q.bounds = append(q.bounds, bound{m[2], at})
		case name == "limit":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > 100 {
				return q, invalid("parameter_invalid_integer", name, "Invalid integer: %s; a list shows 1 to 100 objects", value)
			}
			q.limit = n
		case name == "starting_after":
			q.startingAfter = value
		case m == nil:
			q.filters[name] = value
		default:
			return q, invalid("parameter_unknown", name, "Received unknown parameter: %s", name)
		}
	}
	return q, nil
}

// only refuses the filters that a list does not have, and what it cannot expand.
func (q query) only(expandable string, filters ...string) *refusal {
	for name := range q.filters {
		if !slices.Contains(filters, name) {
			return invalid("parameter_unknown", name, "Received unknown parameter: %s", name)
		}
	}
	for _, path := range q.expand {
		if path != expandable {
			return invalid("", "expand", "This property cannot be expanded (%s).", strings.TrimPrefix(path, "data."))
		}
	}
	return nil
}

// has says whether a value passes a filter, which it does where the filter is not asked for.
func (q query) has(filter, value string) bool {
	wanted, ok := q.filters[filter]
	return !ok || wanted == value
}

func (q query) spans(created time.Time) bool {
	at := created.Unix()
	for _, b := range q.bounds {
		c := cmp.Compare(at, b.at)
		if (b.op == "gt" && c <= 0) || (b.op == "gte" && c < 0) || (b.op == "lt" && c >= 0) || (b.op == "lte" && c > 0) {
			return false
		}
	}
	return true
}

// within cuts a list at its cursor and its window, newest first. What is outside the window still serves as a cursor.
func (q query) within(rows []row) ([]row, *refusal) {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(b.created.Compare(a.created), strings.Compare(b.id, a.id)) })
	if q.startingAfter != "" {
		i := slices.IndexFunc(rows, func(r row) bool { return r.id == q.startingAfter })
		if i < 0 {
			return nil, invalid("resource_missing", "starting_after", "No such object: '%s'", q.startingAfter)
		}
		rows = rows[i+1:]
	}
	return slices.DeleteFunc(rows, func(r row) bool { return !q.spans(r.created) }), nil
}

func (b book) listTransactions(q query) ([]row, *refusal) {
	if no := q.only("data.source", "payout", "source", "type", "currency"); no != nil {
		return nil, no
	}
	if id, ok := q.filters["payout"]; ok {
		p, there := b.payout(id)
		switch {
		case !there:
			return nil, invalid("resource_missing", "payout", "No such payout: '%s'", id)
		case !p.Automatic || p.Method == "instant":
			return nil, invalid("", "", "Balance transaction history can only be filtered on automatic transfers, not manual.")
		}
	}
	show := b.plainTransaction
	if len(q.expand) > 0 {
		show = b.fullTransaction
	}
	var rows []row
	for _, t := range b.transactions {
		if q.has("payout", t.Payout) && q.has("source", t.Source.id()) && q.has("type", t.Type) && q.has("currency", t.Currency) {
			rows = append(rows, row{t.ID, t.Created, func() any { return show(t) }})
		}
	}
	return rows, nil
}

func (b book) listPayouts(q query) ([]row, *refusal) {
	if no := q.only("", "status"); no != nil {
		return nil, no
	}
	var rows []row
	for _, p := range b.payouts {
		if q.has("status", p.Status) {
			rows = append(rows, row{p.ID, p.Created, func() any { return payoutOf(p) }})
		}
	}
	return rows, nil
}

func (b book) listDisputes(q query) ([]row, *refusal) {
	if no := q.only("", "charge", "payment_intent"); no != nil {
		return nil, no
	}
	var rows []row
	for _, d := range b.disputes {
		if q.has("charge", d.Charge) && q.has("payment_intent", d.PaymentIntent) {
			rows = append(rows, row{d.ID, d.Created, func() any { return b.disputeOf(d) }})
		}
	}
	return rows, nil
}
