package pipelines

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Parts are what a Runner works with. All are the caller's to close.
type Parts struct {
	Lake       *lake.Lake
	Ledger     *ledger.Ledger
	Project    *models.Project
	Duck       *sql.DB // the build session's DuckDB
	Loader     *load.Loader
	Open       func(ctx context.Context, source string) (waybill.Connector, error)
	Pipelines  []Pipeline
	Brands     []Brand
	Sites      []Site
	Publishers []Publisher
	StageDir   string                   // local folder for files that are about to be committed
	Salt       waybill.Secret           // of hashed personal data
	Holder     string                   // names this process in leases
	Gone       func(holder string) bool // tells of another holder that it surely lives no more; nil: nobody can tell
	Now        func() time.Time
	Log        *zap.Logger
	Watch      func(Event) // progress; called from several goroutines
}

// Runner takes files from connectors to published marts.
type Runner struct {
	Parts
	shapes shapeCache
}

// New makes a runner and checks that the pipelines fit together.
func New(p Parts) (*Runner, error) {
	if p.Watch == nil {
		p.Watch = func(Event) {}
	}
	if p.Gone == nil {
		p.Gone = func(string) bool { return false }
	}
	if p.Log == nil {
		p.Log = zap.NewNop()
	}
	r := &Runner{Parts: p}
	_, err := r.rawColumns()
	return r, err
}

// Event is one step of a run, for progress display.
type Event struct {
	Stage   Stage
	Subject string // source/feed or model
	Detail  string // file name
	Done    int
	Total   int
	Rows    int64
}

// Stage is a part of a run.
type Stage string

// The parts of a run in their order.
const (
	StageList     Stage = "list"
	StageFetch    Stage = "fetch"
	StageBuild    Stage = "build"
	StageCheck    Stage = "check"
	StagePublish  Stage = "publish"
	StageMaintain Stage = "maintain"
)

// ErrSelector says that a selector names no pipeline, source, feed or model.
var ErrSelector = errors.New("nothing is named")

// task is one feed of one source.
type task struct {
	source   string
	pipeline Pipeline
	feed     Feed
}

func (t task) String() string { return t.source + "/" + t.feed.Name }

// tasks returns the feeds that the selectors name (pipeline, source or source/feed; none = all), those whose worklists read other
// feeds' tables after these feeds.
func (r *Runner) tasks(selectors []string) ([][]task, error) {
	var picked []task
	used := map[string]bool{}
	var words []string
	for _, p := range r.Pipelines {
		for _, source := range p.Sources {
			for _, f := range p.Feeds {
				t := task{source: source, pipeline: p, feed: f}
				words = append(words, p.Name, source, t.String())
				hit := len(selectors) == 0
				for _, s := range selectors {
					if s == p.Name || s == source || s == t.String() {
						hit, used[s] = true, true
					}
				}
				if hit {
					picked = append(picked, t)
				}
			}
		}
	}
	for _, s := range selectors {
		if !used[s] {
			return nil, fmt.Errorf("%w %q; the nearest is %q (waybill plan lists the feeds)", ErrSelector, s, Nearest(s, words))
		}
	}
	return r.waves(picked)
}

// waves orders tasks: a wave may run at once, each wave after those before it.
func (r *Runner) waves(picked []task) ([][]task, error) {
	writes := map[string]bool{} // raw tables still to be written by tasks not placed yet
	left := picked
	var waves [][]task
	for len(left) > 0 {
		clear(writes)
		for _, t := range left {
			for _, name := range t.feed.TableNames() {
				writes[name.String()] = true
			}
		}
		var wave, later []task
		for _, t := range left {
			waits, err := r.waitsFor(t, writes)
			if err != nil {
				return nil, err
			}
			if waits {
				later = append(later, t)
			} else {
				wave = append(wave, t)
			}
		}
		if len(wave) == 0 {
			return nil, fmt.Errorf("worklists of %s wait for one another; name one feed to run alone", left[0])
		}
		waves, left = append(waves, wave), later
	}
	return waves, nil
}

func (r *Runner) waitsFor(t task, writes map[string]bool) (bool, error) {
	if t.feed.Worklist == "" {
		return false, nil
	}
	own := map[string]bool{}
	for _, name := range t.feed.TableNames() {
		own[name.String()] = true
	}
	w, err := r.Project.Worklist(t.feed.Worklist)
	if err != nil {
		return false, fmt.Errorf("%s: %w", t.pipeline.Origin, err)
	}
	for _, leaf := range r.Project.LeavesOf(w.Deps...) {
		if writes[leaf.String()] && !own[leaf.String()] {
			return true, nil
		}
	}
	return false, nil
}

// rawColumns is the shape of every raw table: the union of what the contracts say, in order of first mention. Two contracts that
// give one column different types cannot share a table.
func (r *Runner) rawColumns() (map[waybill.TableName][]waybill.Column, error) {
	shapes := map[waybill.TableName][]waybill.Column{}
	types := map[string]waybill.Type{}
	var problems []error
	for _, p := range r.Pipelines {
		for _, f := range p.Feeds {
			for _, table := range f.TableNames() {
				for _, c := range f.Columns(table) {
					key := table.String() + "." + c.Name
					was, known := types[key]
					switch {
					case !known:
						types[key] = c.Type
						shapes[table] = append(shapes[table], c)
					case was != c.Type:
						problems = append(problems, fmt.Errorf("%s: feed %s: %s is %s here and %s in another contract", p.Origin, f.Name, key, c.Type, was))
					}
				}
			}
		}
	}
	for table, columns := range shapes {
		shapes[table] = lineageLast(columns)
	}
	return shapes, errors.Join(problems...)
}

// lineageLast keeps the columns that start with an underscore at the end, where readers look for them.
func lineageLast(columns []waybill.Column) []waybill.Column {
	sort.SliceStable(columns, func(i, j int) bool {
		return !strings.HasPrefix(columns[i].Name, "_") && strings.HasPrefix(columns[j].Name, "_")
	})
	return columns
}

// contractHash changes when a feed's contract does, so that a file loaded under an older contract can be told from one loaded under
// this one.
func (f Feed) contractHash() (string, error) {
	text, err := json.Marshal(f.Contract)
	if err != nil {
		return "", fmt.Errorf("hash contract of %s: %w", f.Name, err)
	}
	return digest(string(text)), nil
}

// digest is a short name for what the parts say together: 16 hexadecimal digits of their sha256.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s;", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
