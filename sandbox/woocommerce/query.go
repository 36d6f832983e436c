package woocommerce

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// statuses are WooCommerce's own; the shop's plugins add theirs by having orders with them.
var statuses = []string{"any", "trash", "auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "checkout-draft"}

// query is what a listing asks for (class-wc-rest-crud-controller.php, get_collection_params).
type query struct {
	status                        []string
	before, after                 string // of the creation, as sent
	modifiedBefore, modifiedAfter string
	gmt                           bool
	orderBy                       string
	descending                    bool
	page, perPage                 int
	decimals                      int
}

// readQuery validates what is known and ignores what is not, as WordPress does.
func readQuery(v url.Values) (query, failure, bool) {
	q := query{
		before: v.Get("before"), after: v.Get("after"), modifiedBefore: v.Get("modified_before"), modifiedAfter: v.Get("modified_after"),
		orderBy: cmp.Or(v.Get("orderby"), "date"), descending: cmp.Or(v.Get("order"), "desc") == "desc", page: 1, perPage: 10, decimals: 2,
	}
	bad := map[string]string{}
	number := func(name string, into *int, least, most int) {
		if text := v.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < least || n > most {
				bad[name] = fmt.Sprintf("%s must be between %d (inclusive) and %d (inclusive)", name, least, most)
			}
			*into = n
		}
	}
	number("page", &q.page, 1, 1<<31)
	number("per_page", &q.perPage, 1, 100)
	number("dp", &q.decimals, 0, 20)
	for _, name := range []string{"before", "after", "modified_before", "modified_after"} {
		if text := v.Get(name); text != "" && !isDateTime(text) {
			bad[name] = "Invalid date."
		}
	}
	if order := v.Get("order"); order != "" && order != "asc" && order != "desc" {
		bad["order"] = "order is not one of asc and desc."
	}
	if !slices.Contains([]string{"date", "id", "include", "title", "slug", "modified"}, q.orderBy) {
		bad["orderby"] = "orderby is not one of date, id, include, title, slug, and modified."
	}
	if text := v.Get("dates_are_gmt"); text != "" {
		if !slices.Contains([]string{"true", "false", "1", "0"}, text) {
			bad["dates_are_gmt"] = "dates_are_gmt is not of type boolean."
		}
		q.gmt = text == "true" || text == "1"
	}
	if q.status = []string{"any"}; v.Has("status") || v.Has("status[]") {
		q.status = append(strings.Split(v.Get("status"), ","), v["status[]"]...)
		q.status = slices.DeleteFunc(q.status, func(s string) bool { return s == "" })
	}
	if len(bad) == 0 {
		return q, failure{}, true
	}
	names := make([]string, 0, len(bad))
	for name := range bad {
		names = append(names, name)
	}
	slices.Sort(names)
	f := refuse(http.StatusBadRequest, "rest_invalid_param", "Invalid parameter(s): "+strings.Join(names, ", "))
	f.Data["params"] = bad
	return q, f, false
}

const wall = "2006-01-02T15:04:05"

// isDateTime is WordPress's rest_parse_date: an offset may be there or not.
func isDateTime(text string) bool {
	_, err := time.Parse(wall, strings.TrimSuffix(text, "Z"))
	if err != nil {
		_, err = time.Parse("2006-01-02T15:04:05-07:00", text)
	}
	return err == nil
}

// bound is what a date is compared as: the text without an offset, which becomes the site's wall time when it has one
// (WP_Date_Query.build_mysql_datetime), even where the column that it is compared with is GMT.
func bound(text string, zone *time.Location) string {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.In(zone).Format(wall)
	}
	return text
}

// within tells whether an instant lies between two bounds, both exclusive, in whole seconds.
func (q query) within(at time.Time, after, before string, zone *time.Location) bool {
	if q.gmt {
		at = at.UTC()
	} else {
		at = at.In(zone)
	}
	stored := at.Format(wall)
	return (after == "" || stored > bound(after, zone)) && (before == "" || stored < bound(before, zone))
}

// wants tells whether a status was asked for. any leaves out what WordPress registers as excluded from searches.
func (q query) wants(status string) bool {
	if slices.Contains(q.status, "any") {
		return !slices.Contains([]string{"trash", "auto-draft", "checkout-draft"}, status)
	}
	return slices.Contains(q.status, status)
}

// unknownStatus is a status that neither WooCommerce nor an order of this shop has.
func (q query) unknownStatus(orders []Order) (string, bool) {
	for _, s := range q.status {
		if !slices.Contains(statuses, s) && !slices.ContainsFunc(orders, func(o Order) bool { return o.Status == s }) {
			return s, true
		}
	}
	return "", false
}

// window is the part of a list that a page shows, with the numbers of the headers.
func window[T any](q query, all []T) (part []T, pages int) {
	pages = (len(all) + q.perPage - 1) / q.perPage
	from := min(len(all), (q.page-1)*q.perPage)
	return all[from:min(len(all), from+q.perPage)], pages
}
