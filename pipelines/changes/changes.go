// Package changes says what changed on the group's lists between two releases: what is new, gone, worse or better, and what only grew older. It
// compares the rows of marts that are lists (models.List) as two releases showed them, in DuckDB, over the snapshots that they name. It changes
// nothing, and does not know how a list comes about.
package changes

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/parquet"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Parts are what changes are found with. All are the caller's to close.
type Parts struct {
	Lake    *lake.Lake
	Ledger  *ledger.Ledger
	Models  *models.Project
	Scratch pipelines.Scratch
	Memory  string // of the DuckDB that compares; what does not fit is written aside
}

// Changes finds what changed.
type Changes struct{ parts Parts }

// New makes a finder of changes.
func New(p Parts) *Changes { return &Changes{parts: p} }

// Question is what is asked.
type Question struct {
	Since, Until string         // as ParseMoment takes them; an empty Until is the newest release
	Zone         *time.Location // of days
	Lists        []string       // names of lists; none = all
	Brand        string         // whose rows; empty = all
}

// Answer is what changed. It can be asked for rows while it is looked at.
type Answer struct {
	Since ledger.Dated `json:"since"`
	Until ledger.Dated `json:"until"`
	Zone  string       `json:"zone"`
	Notes []string     `json:"notes"`
	Lists []Listed     `json:"-"` // in the order of their names

	db *sql.DB
}

// Listed is one list: how many of its rows are in which state, and the money in them.
type Listed struct {
	List      string   `json:"list"`
	DividedBy []string `json:"divided_by,omitempty"` // columns whose values the counts are by
	Amount    string   `json:"amount,omitempty"`     // column of the money
	Currency  string   `json:"currency,omitempty"`   // and of its currency
	Notes     []string `json:"notes"`                // what is to be known of the comparison
	Problem   string   `json:"problem,omitempty"`    // why it could not be compared; then there are no counts
	Counts    []Count  `json:"counts"`

	table string // of the answer's DuckDB
}

// ErrQuestion is what refusals are: it was asked for what is not there.
var ErrQuestion = errors.New("it cannot be asked so")

// refusal says why a question has no answer, and what to ask instead.
type refusal struct{ why string }

func (r *refusal) Error() string { return r.why }

// Is makes it an ErrQuestion.
func (r *refusal) Is(target error) bool { return target == ErrQuestion }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// Ask compares, and lets look see the answer.
func (c *Changes) Ask(ctx context.Context, q Question, look func(*Answer) error) error {
	lists, err := c.lists(q.Lists)
	if err != nil {
		return err
	}
	shelf, err := c.shelf(ctx, lists)
	if err != nil {
		return err
	}
	between, err := shelf.between(ctx, q)
	if err != nil {
		return err
	}
	dir, err := c.parts.Scratch.Folder("changes-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	a := &Answer{Since: dated(between.since), Until: dated(between.until), Zone: q.Zone.String(), Notes: append([]string{}, between.notes...)}
	a.db = duck.Open(duck.Config{MemoryLimit: c.parts.Memory, TempDir: dir})
	defer a.db.Close()
	for i, m := range lists {
		of := m.Head.List
		l := Listed{List: m.Name.Name, DividedBy: of.By, Amount: of.Amount, Currency: of.Currency, Counts: []Count{}, table: "list_" + strconv.Itoa(i), Notes: holds(m, between)}
		if err := c.compare(ctx, a.db, m, &l, scope{between: between, brand: q.Brand}); err != nil {
			return fmt.Errorf("compare %s: %w", m.Name, err)
		}
		a.Lists = append(a.Lists, l)
	}
	return look(a)
}

// lists finds lists by their names.
func (c *Changes) lists(named []string) ([]*models.Model, error) {
	all := c.parts.Models.Lists()
	if len(all) == 0 {
		return nil, refuse("no mart of this project is a list; a mart's head says so by `list:` (waybill models show orders_at_risk)")
	}
	if len(named) == 0 {
		return all, nil
	}
	var known []string
	for _, m := range all {
		known = append(known, m.Name.Name)
	}
	var out []*models.Model
	for _, name := range named {
		i := slices.Index(known, strings.TrimPrefix(name, models.Marts+"."))
		if i < 0 {
			near := pipelines.Nearest(name, known)
			if near != "" {
				near = ", did you mean " + near + "?"
			}
			return nil, refuse("%q is no list%s; lists are %s", name, near, strings.Join(known, ", "))
		}
		if !slices.Contains(out, all[i]) {
			out = append(out, all[i])
		}
	}
	return out, nil
}

func dated(r ledger.Release) ledger.Dated {
	return ledger.Dated{ID: r.ID, At: r.At.UTC(), AsOf: r.AsOf.UTC()}
}

// scope is what of a list is compared.
type scope struct {
	between between
	brand   string
}

// compare fills a list's table and counts. What one list lacks is said of it, and stops no other.
func (c *Changes) compare(ctx context.Context, db *sql.DB, m *models.Model, l *Listed, s scope) error {
	was, closeWas, err := c.read(ctx, m, s.between.since)
	defer closeWas()
	if err == nil {
		var now side
		var closeNow func()
		now, closeNow, err = c.read(ctx, m, s.between.until)
		defer closeNow()
		if err == nil {
			return c.fill(ctx, db, comparison{of: m, was: was, now: now, brand: s.brand}, l)
		}
	}
	var unread *unreadError
	if errors.As(err, &unread) {
		l.Problem = unread.Error()
		return nil
	}
	return err
}

// fill compares two sides of a list.
func (c *Changes) fill(ctx context.Context, db *sql.DB, of comparison, l *Listed) error {
	if l.Problem = of.problem(); l.Problem != "" {
		return nil
	}
	l.Notes = append(l.Notes, of.notes()...)
	if _, err := db.ExecContext(ctx, of.statement(l.table)); err != nil {
		return err
	}
	var err error
	l.Counts, err = counts(ctx, db, l.table)
	return err
}

// unreadError says why a list cannot be read as a release showed it.
type unreadError struct{ why string }

func (e *unreadError) Error() string { return e.why }

// read gives a list as a release showed it.
func (c *Changes) read(ctx context.Context, m *models.Model, rel ledger.Release) (side, func(), error) {
	none := func() {}
	text, shown := rel.Tables[m.Name.String()]
	if !shown {
		return side{}, none, &unreadError{fmt.Sprintf("release %d has not got it; it is compared from the first release on that has", rel.ID)}
	}
	snapshot, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return side{}, none, fmt.Errorf("release %d: snapshot of %s: %w", rel.ID, m.Name, err)
	}
	scan, err := c.scan(ctx, m.Name, snapshot)
	if errors.Is(err, waybill.ErrNotFound) {
		return side{}, none, &unreadError{fmt.Sprintf("as release %d showed it, it is not kept any more; a later --since can be read", rel.ID)}
	}
	if err != nil {
		return side{}, none, err
	}
	from, files, err := parquet.SelectScan(ctx, c.parts.Lake, scan)
	if err != nil {
		return side{}, none, err
	}
	return side{release: rel.ID, from: from, columns: scan.Columns, absent: scan.Absent}, files.Close, nil
}

// scan plans the reading of a table at a snapshot; 0 is before its first row.
func (c *Changes) scan(ctx context.Context, name waybill.TableName, snapshot int64) (lake.Scan, error) {
	scan, err := c.parts.Lake.Scan(ctx, name, snapshot)
	if err == nil && snapshot == 0 {
		scan.Files, scan.Absent = nil, nil
	}
	return scan, err
}

// holds says of a list whose area is held, or of whose rows some are, since what it shows of them is of before.
func holds(m *models.Model, b between) []string {
	notes := []string{}
	for _, rel := range []ledger.Release{b.since, b.until} {
		for _, a := range rel.Areas {
			if a.Area == m.Area && a.Held() {
				notes = append(notes, fmt.Sprintf("release %d shows it of release %d, as of %s: area %s is held (waybill state held)", rel.ID, a.OfRelease, a.AsOf.UTC().Format(minutes), a.Area))
			}
		}
	}
	n := 0
	for _, u := range b.until.Held {
		if slices.Contains(u.Marts, m.Name.String()) {
			n++
		}
	}
	if n > 0 {
		notes = append(notes, fmt.Sprintf("%d held units stand as they were before (waybill state held)", n))
	}
	return notes
}

// minutes is how instants are written in what people read.
const minutes = "2006-01-02 15:04Z"
