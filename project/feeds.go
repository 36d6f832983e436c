package project

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
)

// role is a part that a source can play, with the facts that it has to fill for it.
type role struct {
	at, source string
	is         string // what the source is said to be
	area       string // of sql/canonical
}

// rolesOf are the areas of facts that links are about, each with the fact that a source of it cannot do without; empty where any will do.
func rolesOf() map[string]string {
	return map[string]string{"shops": "orders", "warehouses": "", "payments": "ledger_entries", "carriers": "parcel_scans"}
}

// roles wants every source of a link to be pulled from, and to tell what such a link is about.
func (r *resolution) roles() {
	var all []role
	for i, s := range r.config.Shops {
		all = append(all, role{fmt.Sprintf("shops[%d].source", i), s.Source, "shop", "shops"})
	}
	for i, w := range r.config.Warehouses {
		all = append(all, role{fmt.Sprintf("warehouses[%d].source", i), w.Source, "warehouse", "warehouses"})
	}
	for i, a := range r.config.Accounts {
		all = append(all, role{fmt.Sprintf("accounts[%d].source", i), a.Source, "payment provider", "payments"})
	}
	for i, c := range r.config.Carriers {
		all = append(all, role{fmt.Sprintf("carriers[%d].source", i), c.Source, "carrier", "carriers"})
	}
	areas := map[string]bool{}
	for _, f := range r.Models.Facts() {
		areas[r.Models.Model(f.Name).Area] = true
	}
	for _, one := range all {
		if _, known := r.config.Connections[one.source]; known && areas[one.area] {
			r.role(one)
		}
	}
}

func (r *resolution) role(one role) {
	if !slices.ContainsFunc(r.Pipelines, func(p pipelines.Pipeline) bool { return slices.Contains(p.Sources, one.source) }) {
		if !r.unread {
			r.fault(one.at, "no pipeline in %s pulls from %s; add it to the sources of one", r.config.Pipelines, one.source)
		}
		return
	}
	told, missing := r.told(one.source), rolesOf()[one.area]
	if told[missing] == one.area {
		return
	}
	if missing == "" && slices.Contains(slices.Collect(maps.Values(told)), one.area) {
		return
	}
	if missing == "" {
		missing = "facts of " + one.area
	}
	r.fault(one.at, "%s is no %s: what its pipeline loads gives no %s; name the source that does", one.source, one.is, missing)
}

// feeds wants a feed of a source to be in one pipeline only.
func (r *resolution) feeds() {
	first := map[string]string{}
	for _, p := range r.Pipelines {
		for i, f := range p.Feeds {
			at := fmt.Sprintf("feeds[%d].feed", i)
			for _, source := range p.Sources {
				name := source + "/" + f.Name
				if before, twice := first[name]; twice {
					r.add(p.Document.Fault(at, "%s is pulled already by %s; give one of the two another name", name, before))
				}
				first[name] = p.Document.At(at)
			}
		}
	}
}

// mistyped is how many letters a table's name may be from one that models read to be taken for it.
const mistyped = 2

// tables looks for tables that no model reads and whose name is nearly that of one that models read.
func (r *resolution) tables(p pipelines.Pipeline) {
	known := r.tablesRead()
	for i, f := range p.Feeds {
		for _, t := range f.TableNames() {
			if known[t] {
				continue
			}
			for _, near := range slices.SortedFunc(maps.Keys(known), func(a, b waybill.TableName) int { return compareText(a.String(), b.String()) }) {
				if levenshtein.ComputeDistance(t.String(), near.String()) <= mistyped {
					r.add(p.Document.Fault(fmt.Sprintf("feeds[%d].tables.%s", i, t), "no model reads %s; the nearest that one reads is %q; write it so, or choose a name that is not so near", t, near))
					break
				}
			}
		}
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// tablesRead are the raw tables that a model or a worklist reads, or that are declared.
func (d Definitions) tablesRead() map[waybill.TableName]bool {
	read := map[waybill.TableName]bool{}
	for name := range d.Models.Raw() {
		read[name] = true
	}
	for _, m := range d.Models.Models() {
		for _, t := range m.Deps {
			if t.Namespace == "raw" {
				read[t] = true
			}
		}
	}
	return read
}

// connections makes every connector, which asks nobody, and shows it what its feeds ask for.
func (r *resolution) connections(now func() time.Time) {
	for _, source := range r.config.Sources() {
		conn, err := r.config.Connect(source, now)
		if err != nil {
			r.add(pipelines.Flatten(err)...)
			continue
		}
		for _, p := range r.Pipelines {
			if slices.Contains(p.Sources, source) {
				r.asks(conn, source, p)
			}
		}
		r.add(conn.Close())
	}
}

func (r *resolution) asks(conn waybill.Connector, source string, p pipelines.Pipeline) {
	checker, isAPI := conn.(waybill.FeedChecker)
	for i, f := range p.Feeds {
		at := fmt.Sprintf("feeds[%d]", i)
		switch {
		case isAPI && f.Pull.Resource == "":
			r.add(p.Document.Fault(at, "%s is no store of files; say by pull.resource what it is asked for instead of file.match", source))
		case isAPI:
			if err := checker.CheckFeed(f.Pull.Resource, f.Pull.Settings); err != nil {
				r.add(p.Document.Fault(at+".pull", "%w", err))
			}
		case f.Pull.Resource != "":
			r.add(p.Document.Fault(at+".pull", "%s lists files and answers no questions; say by file.match which of them instead of pull.resource", source))
		}
	}
}
