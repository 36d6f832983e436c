package woocommerce

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Shop) listOrders(w http.ResponseWriter, r *http.Request, q query) {
	known := s.options.Orders(s.options.At())
	if status, is := q.unknownStatus(known); is {
		f := refuse(http.StatusBadRequest, "rest_invalid_param", "Invalid parameter(s): status")
		f.Data["params"] = map[string]string{"status": fmt.Sprintf("status[0] is not one of %s; %s was asked for", strings.Join(statuses, ", "), status)}
		write(w, http.StatusBadRequest, f)
		return
	}
	var found []Order
	for _, o := range known {
		if q.wants(o.Status) && q.within(o.Created, q.after, q.before, s.options.Zone) && q.within(o.Modified, q.modifiedAfter, q.modifiedBefore, s.options.Zone) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b Order) int {
		return q.direction(q.compare(instants{a.Created, a.Modified}, instants{b.Created, b.Modified}), cmp.Compare(a.ID, b.ID))
	})
	shown, pages := window(q, found)
	answers := make([]order, 0, len(shown))
	for _, o := range shown {
		answers = append(answers, s.order(o, q.decimals))
	}
	s.paged(w, r, q, counts{len(found), pages})
	write(w, http.StatusOK, answers)
}

// listRefunds answers an order that the shop does not know with an empty list: WooCommerce looks for refunds by their parent and
// does not ask whether there is one.
func (s *Shop) listRefunds(w http.ResponseWriter, r *http.Request, q query, id int64) {
	var of Order
	for _, o := range s.options.Orders(s.options.At()) {
		if o.ID == id {
			of = o
		}
	}
	found := slices.Clone(of.Refunds)
	slices.SortFunc(found, func(a, b Refund) int {
		return q.direction(q.compare(instants{a.Created, a.Created}, instants{b.Created, b.Created}), cmp.Compare(a.ID, b.ID))
	})
	shown, pages := window(q, found)
	answers := make([]refund, 0, len(shown))
	for _, f := range shown {
		answers = append(answers, s.refund(of, f, q.decimals))
	}
	s.paged(w, r, q, counts{len(found), pages})
	write(w, http.StatusOK, answers)
}

type instants struct{ created, modified time.Time }

// compare is by what orderby says; the id decides where that is equal, and alone for orderby=id.
func (q query) compare(a, b instants) int {
	switch q.orderBy {
	case "modified":
		return a.modified.Truncate(time.Second).Compare(b.modified.Truncate(time.Second))
	case "date":
		return a.created.Truncate(time.Second).Compare(b.created.Truncate(time.Second))
	}
	return 0
}

func (q query) direction(by, ids int) int {
	if q.descending {
		return -cmp.Or(by, ids)
	}
	return cmp.Or(by, ids)
}

type counts struct{ total, pages int }

// paged writes the headers of a listing: counts, and links to the pages beside this one.
func (s *Shop) paged(w http.ResponseWriter, r *http.Request, q query, n counts) {
	w.Header().Set("X-WP-Total", strconv.Itoa(n.total))
	w.Header().Set("X-WP-TotalPages", strconv.Itoa(n.pages))
	link := func(page int, rel string) {
		v := r.URL.Query()
		v.Del("consumer_key")
		v.Del("consumer_secret")
		v.Set("page", strconv.Itoa(page))
		w.Header().Add("Link", fmt.Sprintf(`<%s%s?%s>; rel="%s"`, s.options.Address, r.URL.Path, v.Encode(), rel))
	}
	if q.page > 1 {
		link(min(q.page-1, max(n.pages, 1)), "prev")
	}
	if n.pages > q.page {
		link(q.page+1, "next")
	}
}
