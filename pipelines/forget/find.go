package forget

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/subject"
	"github.com/fourmarketing/waybill/transforms/models"
	"github.com/fourmarketing/waybill/transforms/typing"
)

var (
	//go:embed names.sql
	namesOfOrders string
	//go:embed orders.sql
	ordersOfNames string
)

// Person is who is to be forgotten, as people say it.
type Person struct {
	Emails []string // addresses, in any case
	Orders []string // references of orders: name, number, id, what a partner calls one
}

// Found is what there is of a person.
type Found struct {
	Orders []string `json:"orders"` // order ids
	Feeds  []Feed   `json:"feeds"`  // with records of the person
	Unread []Unread `json:"unread"` // files that could not be looked through
	Blind  []string `json:"blind"`  // feeds with personal columns that no column with a subject leads to: only addresses are found there
	Gone   int      `json:"gone"`   // kept files of feeds that no definition describes any more: they were not looked through

	near  []string // marks of what stands in the person's records
	marks []string
}

// Feed is what there is of a person in one feed's kept bytes.
type Feed struct {
	Source  string `json:"source"`
	Feed    string `json:"feed"`
	Files   int    `json:"files"`
	Records int64  `json:"records"`
	Erase   int64  `json:"records_to_erase"` // of these that have something personal or unmapped left
}

// Records are all that were found.
func (f Found) Records() (found, erase int64) {
	for _, feed := range f.Feeds {
		found, erase = found+feed.Records, erase+feed.Erase
	}
	return found, erase
}

// ErrNobody says that a reference is no order's.
var ErrNobody = errors.New("is no order that the facts know")

// SeveralError says that a reference is more than one order's.
type SeveralError struct {
	Ref    string
	Orders []string
}

// Error names the orders.
func (e *SeveralError) Error() string {
	return fmt.Sprintf("%s is %d orders, of different people perhaps: %s; name each that is meant by its id", e.Ref, len(e.Orders), strings.Join(e.Orders, ", "))
}

// Find looks for a person through all kept bytes, and changes nothing. What bears the person's address names orders; what those are called leads to records
// without an address, a carrier's for example; and so on until nothing new is named.
func (f *Forgetter) Find(ctx context.Context, p Person) (Found, error) {
	if f.parts.Salt.Reveal() == "" {
		return Found{}, errNoSalt
	}
	orders, err := f.given(ctx, p.Orders)
	if err != nil {
		return Found{}, err
	}
	marks := subject.NewMarks(f.key, nil)
	for _, address := range p.Emails {
		marks.Add(f.key.Email(address))
	}
	all := map[string]bool{}
	for {
		if err := f.follow(ctx, orders, marks, all); err != nil {
			return Found{}, err
		}
		found, names, err := f.search(ctx, marks)
		if err != nil {
			return Found{}, err
		}
		if orders, err = f.ordersOf(ctx, names); err != nil {
			return Found{}, err
		}
		isNew := marks.Add(found.near...)
		if orders = slices.DeleteFunc(orders, func(id string) bool { return all[id] }); len(orders) == 0 && !isNew {
			found.Orders, found.marks = slices.Sorted(maps.Keys(all)), marks.All()
			return found, nil
		}
	}
}

// given are the orders that people named.
func (f *Forgetter) given(ctx context.Context, refs []string) ([]string, error) {
	var orders []string
	for _, ref := range refs {
		got, err := f.resolve(ctx, []called{{Name: strings.ToUpper(strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(ref), "#")))}})
		switch {
		case err != nil:
			return nil, err
		case len(got) == 0:
			return nil, fmt.Errorf("%s %w; next: waybill trace %[1]s", ref, ErrNobody)
		case len(got) > 1:
			return nil, &SeveralError{ref, got}
		}
		orders = append(orders, got...)
	}
	return orders, nil
}

// follow takes orders in, and all that they, their parcels, payments and returns are called.
func (f *Forgetter) follow(ctx context.Context, orders []string, marks *subject.Marks, all map[string]bool) error {
	if len(orders) == 0 {
		return nil
	}
	for _, id := range orders {
		all[id] = true
		marks.Add(f.key.Order(id))
	}
	return f.ask(ctx, namesOfOrders, orders, func(rows scanner) error {
		var source string
		var n load.Name
		if err := rows.Scan(&source, &n.Kind, &n.Name); err != nil {
			return err
		}
		marks.Add(f.key.Name(source, n))
		return nil
	})
}

// called is a name that a source uses.
type called struct {
	Source string `json:"source"`
	Name   string `json:"name"`
}

// ordersOf are the orders that sources' names mean.
func (f *Forgetter) ordersOf(ctx context.Context, names map[string]map[load.Name]bool) ([]string, error) {
	var wanted []called
	for source, of := range names {
		for n := range of {
			if n.Kind == typing.SubjectOrder {
				wanted = append(wanted, called{source, n.Name})
			}
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return f.resolve(ctx, wanted)
}

func (f *Forgetter) resolve(ctx context.Context, wanted []called) ([]string, error) {
	found := map[string]bool{}
	err := f.ask(ctx, ordersOfNames, wanted, func(rows scanner) error {
		var name, id string
		if err := rows.Scan(&name, &id); err != nil {
			return err
		}
		found[id] = true
		return nil
	})
	return slices.Sorted(maps.Keys(found)), err
}

type scanner interface{ Scan(into ...any) error }

// ask asks the facts of today's lake.
func (f *Forgetter) ask(ctx context.Context, query string, about any, each func(scanner) error) error {
	argument, err := json.Marshal(about)
	if err != nil {
		return err
	}
	tables, err := models.Reads(ctx, query)
	if err != nil {
		return err
	}
	progress := func(e models.Event) {
		f.parts.Reporter.Watch(pipelines.Event{Stage: pipelines.StageBuild, Subject: e.Model.Name.Name, Done: e.Done, Total: e.Total})
	}
	q := inputs.Question{Models: f.parts.Models, Tables: tables, AsOf: f.parts.Now(), Memory: f.parts.Memory, Progress: progress}
	err = f.parts.Inputs.Ask(ctx, q, func(s *models.Session) error {
		rows, err := s.QueryContext(ctx, query, string(argument))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("ask what orders are called: %w", err)
	}
	return nil
}

// search goes through all kept bytes once. names are what stands, by source, in records that bear an address.
func (f *Forgetter) search(ctx context.Context, marks *subject.Marks) (Found, map[string]map[load.Name]bool, error) {
	found, names := Found{}, map[string]map[load.Name]bool{}
	tasks, err := pipelines.Pick(f.parts.Pipelines, nil)
	if err != nil {
		return found, nil, err
	}
	known := map[string]bool{}
	for i, t := range tasks {
		f.parts.Reporter.Watch(pipelines.Event{Stage: pipelines.StageSearch, Subject: t.String(), Done: i, Total: len(tasks)})
		known[t.String()] = true
		if isBlind(t.Feed.Contract) {
			found.Blind = append(found.Blind, t.String())
		}
		if names[t.Source] == nil {
			names[t.Source] = map[load.Name]bool{}
		}
		if err := f.searchFeed(ctx, t, marks, &found, names[t.Source]); err != nil {
			return found, nil, fmt.Errorf("%s: %w", t, err)
		}
	}
	files, err := f.parts.Ledger.Files(ctx, ledger.Filter{})
	for _, file := range files {
		if file.KeptPath != "" && !known[file.Source+"/"+file.Feed] {
			found.Gone++
		}
	}
	sort.Slice(found.Feeds, func(i, j int) bool {
		return found.Feeds[i].Source+"/"+found.Feeds[i].Feed < found.Feeds[j].Source+"/"+found.Feeds[j].Feed
	})
	return found, names, err
}

// isBlind tells whether a contract has personal columns, and none by which records of a person are found.
func isBlind(c typing.Contract) bool {
	isPersonal := false
	for _, t := range c.Tables {
		for _, col := range t.Columns {
			if col.Subject != "" {
				return false
			}
			isPersonal = isPersonal || col.PII == typing.Hash || col.PII == typing.Drop
		}
	}
	return isPersonal
}

func (f *Forgetter) searchFeed(ctx context.Context, t pipelines.Task, marks *subject.Marks, found *Found, names map[load.Name]bool) error {
	eraser, err := load.NewEraser(t.Feed.Contract, marks.In(t.Source))
	if err != nil {
		return err
	}
	files, err := f.parts.Ledger.FilesOf(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return err
	}
	dir, err := f.parts.Scratch.Folder("search-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sum := Feed{Source: t.Source, Feed: t.Feed.Name}
	for _, file := range files {
		if file.KeptPath == "" {
			continue
		}
		done, err := f.look(ctx, eraser, file, io.Discard, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
		if done.Unread != "" {
			found.Unread = append(found.Unread, Unread{file, done.Unread})
		}
		if done.Found > 0 {
			sum.Files++
		}
		sum.Records, sum.Erase = sum.Records+done.Found, sum.Erase+done.Changed
		maps.Copy(names, done.Names)
		for n := range done.Near {
			found.near = append(found.near, f.key.Name(t.Source, n))
		}
	}
	if sum.Files > 0 {
		found.Feeds = append(found.Feeds, sum)
	}
	return nil
}
