package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/connectors/connectortest"
)

const (
	poisonedFiles = 10   // of a feed, with good rows
	goodRows      = 1000 // in each of them
)

// planted is what a test knows of what it planted.
type planted struct {
	good     map[string]int64 // by feed
	rejects  []string         // name:line
	asides   []string
	held     []string // feed and name
	unmapped int64
}

// TestPoisonedFiles puts some hundred poisoned rows and files of every kind among ten thousand good rows of every feed of files. After one run every
// good row is in the marts, and every poisoned one has a name: a reject, a row set aside or a file held, each with its place, or a word in the queue.
func TestPoisonedFiles(t *testing.T) {
	t.Parallel()
	p := &office{T: t, dir: filepath.Join(t.TempDir(), "ops"), env: []string{"WAYBILL_PII_SALT=sandbox people do not exist"}}
	if o := waybillWith(t, nil, "init", p.dir, "northgate:folder", "veldhoven:folder", "larkhill:folder", "adyen:folder"); o.code != exitDone {
		t.Fatal(o)
	}
	settle(p)
	all := planted{good: map[string]int64{}}
	for _, f := range poisonedFeeds() {
		all.plant(p, f)
	}
	o := p.must(exitFailed, "run", "--as-of", stamp(depotNow)) // for the files of which no byte could be received
	for _, f := range poisonedFeeds() {
		says(t, o.err, f.name+": files that could not be received: 2, the first of them ")
	}
	says(t, o.err, `138\xe9.csv" (name); next: waybill files why `)
	for _, f := range poisonedFeeds() {
		if got := p.ask(f.count); got != fmt.Sprint(all.good[f.name]) {
			t.Errorf("%s: the marts have %s of %d good rows", f.name, got, all.good[f.name])
		}
	}
	compareNames(t, "rejects", p.places("select name || ':' || line as place from ops.rejects"), all.rejects)
	compareNames(t, "rows set aside", p.places("select distinct f.name || ':' || s._line as place from marts.rows_set_aside as s inner join ops.files as f on f.file = s._file_id"), all.asides)
	compareNames(t, "held files", p.places("select source || '/' || feed || ' ' || name as place from ops.files where status = 'held'"), all.held)
	if got := p.ask("select sum(rows_count) from marts.unmapped_codes"); got != fmt.Sprint(all.unmapped) {
		t.Errorf("%s rows with words that nobody mapped, planted were %d", got, all.unmapped)
	}
	says(t, o.out, "held: northgate/despatch", "held: veldhoven/stock", "held: larkhill/returns", "held: adyen/settlement_details")
}

// plant writes a feed's files.
func (a *planted) plant(p *office, f poisonedFeed) {
	p.Helper()
	row, number := 0, 1
	next := func() []string { row++; return f.good(row) }
	bad := 0
	for range poisonedFiles {
		var records []string
		var sum float64
		name := fmt.Sprintf(f.path, number)
		number++
		before, _, _ := strings.Cut(f.file([]string{"@here"}, 0), "@here")
		head := strings.Count(before, "\n")
		for i := range goodRows {
			records = append(records, f.row(next()))
			sum += f.worth
			a.good[f.name]++
			if f.alone || i%100 != 50 {
				continue
			}
			x := f.bad[bad%len(f.bad)]
			bad++
			records = append(records, x.apply(f.row, next()))
			sum += a.note(f, x, fmt.Sprintf("%s:%d", strings.SplitN(name, "/", 2)[1], head+len(records)))
		}
		a.put(p, f, name, f.file(records, sum))
	}
	if f.alone {
		for range 8 {
			for _, x := range f.bad {
				name := fmt.Sprintf(f.path, number)
				number++
				place := strings.SplitN(name, "/", 2)[1]
				if x.fate == heldFile {
					a.held = append(a.held, f.name+" "+place)
				} else {
					a.note(f, x, place+":2")
				}
				a.put(p, f, name, f.file([]string{x.apply(f.row, next())}, 0))
			}
		}
	}
	a.plantFiles(p, f, number)
}

func (x poison) apply(row func([]string) string, fields []string) string {
	if x.spoil != nil {
		fields = x.spoil(fields)
	}
	text := row(fields)
	if x.text != nil {
		text = x.text(text)
	}
	return text
}

// note says what becomes of a bad row and gives what it is worth to the trailer's sum.
func (a *planted) note(f poisonedFeed, x poison, place string) float64 {
	switch x.fate {
	case rejected:
		a.rejects = append(a.rejects, place)
		return x.addend
	case aside:
		a.asides = append(a.asides, place)
	case queued:
		a.unmapped++
		a.good[f.name]++
	}
	return f.worth
}

func (a *planted) put(p *office, f poisonedFeed, name, text string) {
	p.Helper()
	p.write(filepath.Join("files", name), text)
	when := depotNow.Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(p.dir, "files", name), when, when); err != nil {
		p.Fatal(err)
	}
	if f.ok != "" {
		p.write(filepath.Join("files", name+f.ok), "")
	}
}

// plantFiles writes files that are wrong as a whole, and one that may not be read and one whose name is no UTF-8 among them.
func (a *planted) plantFiles(p *office, f poisonedFeed, number int) {
	p.Helper()
	good := f.file([]string{f.row(f.good(0))}, f.worth)
	line := strings.Index(good, f.row(f.good(0)))
	wrong := map[string]string{
		"empty": "", "page": "<!DOCTYPE html><html><body>Please log in</body></html>\n", "cut": good[:line+10], "zip": "PK\x03\x04\x14\x00\x08\x00 not a table",
		"wide": strings.Repeat("Column,", 1000) + "\n" + strings.Repeat("1,", 1000) + "\n", "bytes": strings.Repeat("\x00\xff\xfe", 300),
	}
	kinds := make([]string, 0, len(wrong))
	for kind := range wrong {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	for _, kind := range kinds {
		name := fmt.Sprintf(f.path, number)
		number++
		a.put(p, f, name, wrong[kind])
		a.held = append(a.held, f.name+" "+strings.SplitN(name, "/", 2)[1])
	}
	secret := fmt.Sprintf(f.path, number)
	connectortest.Forbid(p.T, filepath.Join(p.dir, "files", secret))
	if f.ok != "" {
		time.Sleep(10 * time.Millisecond) // the marker is not older than the file
		p.write(filepath.Join("files", secret+f.ok), "")
	}
	odd := strings.Replace(fmt.Sprintf(f.path, number+1), ".", "\xe9.", 1)
	a.put(p, f, odd, good)
	for _, name := range []string{secret, strings.Replace(odd, "\xe9", `\xe9`, 1)} {
		a.held = append(a.held, f.name+" "+strings.SplitN(name, "/", 2)[1])
	}
}

// places asks the lake for a list of texts.
func (p *office) places(query string) []string {
	p.Helper()
	var rows []map[string]any
	p.report(exitDone, &rows, "query", query)
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprint(r["place"])
	}
	return out
}

// compareNames compares two lists without regard to order and says what is only in one.
func compareNames(t *testing.T, what string, got, want []string) {
	t.Helper()
	count := map[string]int{}
	for _, g := range got {
		count[g]++
	}
	for _, w := range want {
		count[w]--
	}
	var differ []string
	for name, n := range count {
		if n != 0 {
			differ = append(differ, fmt.Sprintf("%+d %s", n, name))
		}
	}
	slices.Sort(differ)
	if len(differ) > 0 {
		t.Errorf("%s: %d, planted were %d; too many (+) or lacking (-):\n%s", what, len(got), len(want), strings.Join(differ[:min(25, len(differ))], "\n"))
	}
}
