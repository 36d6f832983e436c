package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/definitions"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/sandbox/world"
	waybillsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
	"github.com/fourmarketing/waybill/transforms/mutants"
)

// enoughMutants make a share that says something.
const enoughMutants = 300

// minNoticed is the share of mutants that cases and truth have to notice, those aside that are accepted with a reason; docs/performance.md says what is
// reached.
const minNoticed = 0.9

// TestMutants spoils the SQL of models, one place at a time, and wants the test cases or the truth about a small world to notice: a mart's rows are
// others than what happened, a case gives other rows than wanted, or a file and line stand in no raw table. WAYBILL_MUTANTS_SEED chooses which are
// tried, WAYBILL_MUTANTS_MODEL keeps to models whose names the regular expression finds, WAYBILL_MUTANTS_JURY=cases leaves the world out and
// WAYBILL_MUTANTS_JURY=own all cases but those of the model itself, so that one who writes a case need not wait for them. testdata/mutants/accepted.csv has those that nothing notices, and why. `make mutants` tries all of them
// (WAYBILL_MUTANTS=all, or a number of them).
func TestMutants(t *testing.T) {
	if os.Getenv("WAYBILL_MUTANTS") == "" {
		t.Skip("takes minutes: make mutants N=100")
	}
	t.Parallel()
	project, err := models.Read(waybillsql.Files)
	if err != nil {
		t.Fatal(err)
	}
	all := allMutants(t, project)
	tried := sampled(t, all)
	start := time.Now()
	jury := summon(t, project, os.Getenv("WAYBILL_MUTANTS_JURY"))
	t.Logf("the lake and %d cases were made in %s", len(jury.cases), time.Since(start).Round(time.Second))
	count := map[waybill.TableName]*verdicts{}
	accepted, used := acceptedMutants(t), map[string]bool{}
	var survivors []mutants.Mutant
	for _, m := range tried {
		if count[m.Model] == nil {
			count[m.Model] = &verdicts{}
		}
		v := count[m.Model]
		switch by := jury.notices(t, m); {
		case by == unbuildable:
			v.unbuildable++
		case by != "":
			v.noticed++
		case accepted[m.Key()] != "":
			v.accepted++
			used[m.Key()] = true
		default:
			v.survived++
			survivors = append(survivors, m)
		}
	}
	report(t, count, survivors, len(all))
	t.Logf("tried in %s", time.Since(start).Round(time.Second))
}

// TestAcceptedMutants wants every mutant of the list to be one that can be made.
func TestAcceptedMutants(t *testing.T) {
	t.Parallel()
	project, err := models.Read(waybillsql.Files)
	if err != nil {
		t.Fatal(err)
	}
	accepted := acceptedMutants(t)
	for _, m := range allMutants(t, project) {
		delete(accepted, m.Key())
	}
	for key := range accepted {
		t.Errorf("testdata/mutants/accepted.csv has a mutant that is none any more: %s", key)
	}
}

// verdicts are what became of the mutants of a model.
type verdicts struct{ noticed, survived, accepted, unbuildable int }

func report(t *testing.T, count map[waybill.TableName]*verdicts, survivors []mutants.Mutant, all int) {
	t.Helper()
	var names []waybill.TableName
	var sum verdicts
	for name, v := range count {
		names = append(names, name)
		sum.noticed, sum.survived, sum.accepted, sum.unbuildable = sum.noticed+v.noticed, sum.survived+v.survived, sum.accepted+v.accepted, sum.unbuildable+v.unbuildable
	}
	slices.SortFunc(names, func(a, b waybill.TableName) int { return strings.Compare(a.String(), b.String()) })
	for _, m := range survivors {
		t.Logf("not noticed: line %d of the select: %s", m.Line, m.Key())
	}
	for _, name := range names {
		v := count[name]
		t.Logf("%-45s noticed %4d, not noticed %4d, accepted %4d, not to be built %4d", name, v.noticed, v.survived, v.accepted, v.unbuildable)
	}
	share := float64(sum.noticed) / float64(max(1, sum.noticed+sum.survived))
	t.Logf("of %d mutants %d were tried: %d noticed, %d not, %d accepted, %d not to be built: %.1f %% noticed",
		all, sum.noticed+sum.survived+sum.accepted+sum.unbuildable, sum.noticed, sum.survived, sum.accepted, sum.unbuildable, 100*share)
	if sum.noticed == 0 {
		t.Error("nothing was noticed at all; with JURY=own only a model that has a case of its own in testdata/models can notice: try JURY=cases")
	}
	if share < minNoticed && sum.noticed+sum.survived+sum.accepted >= enoughMutants {
		t.Errorf("%.1f %% of the mutants were noticed, want %.0f", 100*share, 100*minNoticed)
	}
}

func allMutants(t *testing.T, p *models.Project) []mutants.Mutant {
	t.Helper()
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	var all []mutants.Mutant
	for _, m := range p.Models() {
		if m.Name.Namespace == models.Canonical || m.Name.Namespace == models.Checks || !reachesMart(p, m) {
			continue // written by declarations; what checks find is no mart; and what only worklists read has tests of its own
		}
		of, err := mutants.Of(t.Context(), db, m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, of...)
	}
	return all
}

// reachesMart says whether a mart is made of a model.
func reachesMart(p *models.Project, m *models.Model) bool {
	return m.Name.Namespace == models.Marts || slices.ContainsFunc(p.Readers(m.Name), func(r *models.Model) bool { return reachesMart(p, r) })
}

// sampled chooses the mutants to be tried.
func sampled(t *testing.T, all []mutants.Mutant) []mutants.Mutant {
	t.Helper()
	if name := os.Getenv("WAYBILL_MUTANTS_MODEL"); name != "" {
		wanted, err := regexp.Compile(name)
		if err != nil {
			t.Fatalf("WAYBILL_MUTANTS_MODEL: %v", err)
		}
		all = slices.DeleteFunc(slices.Clone(all), func(m mutants.Mutant) bool { return !wanted.MatchString(m.Model.String()) })
	}
	limit, seed := len(all), uint64(1)
	var err error
	if text := os.Getenv("WAYBILL_MUTANTS"); text != "all" {
		if limit, err = strconv.Atoi(text); err != nil {
			t.Fatalf("WAYBILL_MUTANTS: %v", err)
		}
	}
	if text := os.Getenv("WAYBILL_MUTANTS_SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("WAYBILL_MUTANTS_SEED: %v", err)
		}
	}
	chosen := rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:min(limit, len(all))]
	slices.Sort(chosen)
	out := make([]mutants.Mutant, len(chosen))
	for i, n := range chosen {
		out[i] = all[n]
	}
	return out
}

// acceptedMutants are those that need not be noticed, by key, with the reason.
func acceptedMutants(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("../../testdata/mutants/accepted.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for i, r := range rows {
		if i > 0 && r[1] == "" {
			t.Errorf("testdata/mutants/accepted.csv:%d: no reason", i+1)
		}
		if i > 0 {
			out[r[0]] = r[1]
		}
	}
	return out
}

// jury is what may notice a mutant: one lake with the truth about it, and the models' cases.
type jury struct {
	project *models.Project
	lake    *models.Session
	truth   map[string]world.TruthTable
	dir     string // of the truth's files
	cases   []*models.OpenCase
	own     bool // a model's own cases alone are asked
}

// What a mutant may come to beside being noticed by a mart or a case: DuckDB refuses it, or it multiplies rows without end.
const (
	unbuildable = "DuckDB refuses it"
	endless     = "it does not end"
	patience    = time.Minute
)

// summon builds the cases and, unless only they are asked ("cases", "own"), runs a small world through and keeps what it gave.
func summon(t *testing.T, project *models.Project, members string) *jury {
	t.Helper()
	db := duck.Open(duck.Config{Threads: 1})
	t.Cleanup(func() { db.Close() })
	j := &jury{project: project, own: members == "own"}
	if members == "" {
		j.live(t, db)
	}
	var err error
	if j.cases, err = models.OpenCases(t.Context(), db, project, os.DirFS("../../testdata/models"), caseShapes(t, project)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range j.cases {
			c.Session.Close()
		}
	})
	for _, c := range j.cases {
		if diff, err := c.Differs(t.Context()); diff != "" || err != nil {
			t.Fatalf("%s differs before anything is spoilt, so that it would notice all: %v\n%s", c.Path, err, diff)
		}
	}
	return j
}

// live runs a small world through and keeps what it gave, with the truth about it.
func (j *jury) live(t *testing.T, db *sql.DB) {
	t.Helper()
	box := startWorld(t, world.Options{Seed: 1, Days: 21, OrdersPerDay: 40, Defects: 2})
	p := join(t, box)
	for _, at := range box.World().Checkpoints() {
		advance(t, box, at)
		p.must(exitDone, "run", "--as-of", stamp(at))
	}
	at := box.World().AsOf()
	j.truth, j.dir = map[string]world.TruthTable{}, t.TempDir()
	stored := storedTables{}
	opened := p.open()
	err := opened.Inputs.Read(t.Context(), at, func(v *inputs.View) error { return stored.fill(t.Context(), db, v, opened.Inputs.Tables()) })
	if err != nil {
		t.Fatal(err)
	}
	if j.lake, err = models.NewSession(t.Context(), db, opened.Models, stored); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.lake.Close() })
	if err := mislead(t.Context(), j.lake); err != nil {
		t.Fatal(err)
	}
	built, err := j.lake.Build(t.Context(), opened.Models.Models(), nil)
	for _, b := range built {
		err = errors.Join(err, b.Err)
	}
	if err = errors.Join(err, j.lake.Keep(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, table := range box.World().Truth(at) {
		if !strings.HasPrefix(table.Mart, "marts.") {
			continue
		}
		j.truth[table.Mart] = table
		if err := writeTruth(j.file(table.Mart), table); err != nil {
			t.Fatal(err)
		}
		if c := j.compare(t, table.Mart); c.differs() {
			t.Errorf("before anything was spoiled: %+v", c)
		}
	}
}

func (j *jury) file(mart string) string { return filepath.Join(j.dir, mart+".csv") }

func (j *jury) compare(t *testing.T, mart string) comparison {
	t.Helper()
	var nobodys []string // what the shop that is nobody's tells
	for _, k := range j.truth[mart].Key {
		nobodys = append(nobodys, "coalesce(cast("+duck.Ident(k)+" as varchar) like '%nobody-%', false)")
	}
	relation := "(select * from " + mart + " where not (" + strings.Join(nobodys, " or ") + "))"
	c, err := compareTable(t.Context(), j.lake, j.file(mart), relation, j.truth[mart])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// notices says who notices a mutant, empty if nobody does.
func (j *jury) notices(t *testing.T, m mutants.Mutant) string {
	t.Helper()
	by := ""
	model := j.project.Model(m.Model)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if j.lake != nil {
		by = j.worldNotices(ctx, t, model, m)
	}
	if ctx.Err() != nil {
		return endless
	}
	for _, own := range []bool{true, false} { // a model's own cases know it best
		for i := 0; by == "" && i < len(j.cases) && (own || !j.own); i++ {
			if (j.cases[i].Model.Name == m.Model) == own {
				by = j.caseNotices(t, j.cases[i], model, m)
			}
		}
	}
	return by
}

// worldNotices says what of the small world shows a mutant: a mart that is not as the truth, or a file and line that are no raw row.
func (j *jury) worldNotices(ctx context.Context, t *testing.T, model *models.Model, m mutants.Mutant) string {
	t.Helper()
	by := ""
	err := j.lake.Trial(ctx, model, m.SQL, func(changed *models.Model) (bool, error) {
		if _, ok := j.truth[changed.Name.String()]; ok && j.compare(t, changed.Name.String()).differs() {
			by = "the truth about " + changed.Name.String()
		} else if n, err := lostPairs(t.Context(), j.lake, changed.Name, func(string) string { return "select * from " + storedPairs }); err != nil || n > 0 {
			by = fmt.Sprintf("%d lines of %s that no raw table has", n, changed.Name)
		}
		return by == "", nil
	})
	if ctx.Err() != nil {
		return endless
	}
	if errors.Is(err, models.ErrTrial) {
		return unbuildable
	}
	if err != nil {
		t.Fatal(err)
	}
	return by
}

// caseNotices says whether a case gives other rows of a mutant than wanted.
func (j *jury) caseNotices(t *testing.T, c *models.OpenCase, model *models.Model, m mutants.Mutant) string {
	t.Helper()
	by := ""
	err := c.Session.Trial(t.Context(), model, m.SQL, func(changed *models.Model) (bool, error) {
		if changed.Name != c.Model.Name {
			return true, nil
		}
		if diff, err := c.Differs(t.Context()); diff != "" || err != nil { // a half of a union alone may not have the columns that are wanted
			by = "the case " + c.Path
		}
		return false, nil
	})
	if err != nil && t.Context().Err() == nil {
		return "the case " + c.Path // what is built of the lake and not of the case, or gives columns that cannot be compared, is a fault of its own
	}
	if err != nil {
		t.Fatalf("%s: %v", m.Key(), err)
	}
	return by
}

// storedTables are the lake's inputs in memory, under the names that the lake's session reads them by.
type storedTables map[waybill.TableName]string

func (s storedTables) fill(ctx context.Context, db *sql.DB, v *inputs.View, names []waybill.TableName) error {
	if _, err := db.ExecContext(ctx, "attach ':memory:' as stored"); err != nil {
		return err
	}
	for _, name := range names {
		text, err := v.Relation(ctx, name)
		if err != nil {
			return err
		}
		table := "stored.main." + duck.Ident(name.String())
		if _, err := db.ExecContext(ctx, "create table "+table+" as "+text); err != nil {
			return fmt.Errorf("store %s: %w", name, err)
		}
		s[name] = "select * from " + table
	}
	var raw []string
	for _, name := range names {
		if name.Namespace == "raw" {
			raw = append(raw, "select _file_id, _line from stored.main."+duck.Ident(name.String()))
		}
	}
	if err := errors.Join(outdate(ctx, db, names), repeat(ctx, db, names), entangle(ctx, db)); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, "create table "+storedPairs+" as "+strings.Join(raw, " union "))
	return err
}

// storedPairs has every file and line of the stored raw tables.
const storedPairs = "stored.main.pairs"

// Relation gives the select that reads a stored table.
func (s storedTables) Relation(_ context.Context, name waybill.TableName) (string, error) {
	if text := s[name]; text != "" {
		return text, nil
	}
	return "", fmt.Errorf("%s: %w", name, waybill.ErrNotFound)
}

// caseShapes are the shapes that Waybill's own definitions give to the inputs of the cases.
func caseShapes(t *testing.T, project *models.Project) map[waybill.TableName][]waybill.Column {
	t.Helper()
	names, err := fs.Glob(definitions.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var defs []pipelines.Pipeline
	for _, name := range names {
		text, err := fs.ReadFile(definitions.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := pipelines.Decode(name, text)
		if err != nil {
			t.Fatal(err)
		}
		defs = append(defs, d)
	}
	schemas, err := inputs.Shapes(defs, project.Raw())
	if err != nil {
		t.Fatal(err)
	}
	return schemas
}
