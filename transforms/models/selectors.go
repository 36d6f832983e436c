package models

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill"
)

// Select chooses models: name, +name (and all it reads), name+ (and all that read it), 2+name (two steps up),
// name+1, tag:x, path:x, area:x, each with plus signs if wished, and * within names. Several, as arguments or parted by spaces, are
// a union; a comma between two is their intersection. A raw, ops or seed table with a plus chooses its readers: raw.wms_despatch+.
// No selector means every model. The order is one in which they can be built; what matches nothing is an error.
func (p *Project) Select(selectors, exclude []string) ([]*Model, error) {
	chosen := map[waybill.TableName]bool{}
	if len(selectors) == 0 {
		for _, m := range p.models {
			chosen[m.Name] = true
		}
	}
	for _, s := range fields(selectors) {
		set, err := p.intersection(s)
		if err != nil {
			return nil, err
		}
		for n := range set {
			chosen[n] = true
		}
	}
	for _, s := range fields(exclude) {
		set, err := p.intersection(s)
		if err != nil {
			return nil, fmt.Errorf("exclude %s: %w", s, err)
		}
		for n := range set {
			delete(chosen, n)
		}
	}
	return p.inOrder(chosen), nil
}

func fields(args []string) []string {
	var out []string
	for _, a := range args {
		out = append(out, strings.Fields(a)...)
	}
	return out
}

func (p *Project) intersection(text string) (map[waybill.TableName]bool, error) {
	var out map[waybill.TableName]bool
	for _, part := range strings.Split(text, ",") {
		set, err := p.selection(part)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = set
			continue
		}
		for n := range out {
			if !set[n] {
				delete(out, n)
			}
		}
	}
	return out, nil
}

var selectorForm = regexp.MustCompile(`^(?:(\d*)(\+))?([^+]+?)(?:(\+)(\d*))?$`)

// all is the number of steps of a plus sign without a number.
const all = -1

func (p *Project) selection(text string) (map[waybill.TableName]bool, error) {
	parts := selectorForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, fmt.Errorf("not a selector: a name, tag:, path: or area:, with + or 2+ before and + after")
	}
	start, err := p.matching(parts[3])
	if err != nil {
		return nil, err
	}
	out := map[waybill.TableName]bool{}
	for n := range start {
		out[n] = true
	}
	if parts[2] != "" {
		p.spread(out, start, steps(parts[1]), p.upstream)
	}
	if parts[4] != "" {
		p.spread(out, start, steps(parts[5]), p.downstream)
	}
	for n := range out {
		if p.byName[n] == nil {
			delete(out, n)
		}
	}
	return out, nil
}

func steps(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return all
	}
	return n
}

// spread adds what lies up to a number of steps away from start.
func (p *Project) spread(out, start map[waybill.TableName]bool, limit int, next func(waybill.TableName) []waybill.TableName) {
	seen := map[waybill.TableName]bool{}
	edge := start
	for step := 0; len(edge) > 0 && step != limit; step++ {
		further := map[waybill.TableName]bool{}
		for n := range edge {
			for _, to := range next(n) {
				out[to] = true
				if !seen[to] {
					seen[to], further[to] = true, true
				}
			}
		}
		edge = further
	}
}

func (p *Project) upstream(n waybill.TableName) []waybill.TableName {
	if m := p.byName[n]; m != nil {
		return m.Deps
	}
	return nil
}

func (p *Project) downstream(n waybill.TableName) []waybill.TableName {
	var out []waybill.TableName
	for _, m := range p.readers[n] {
		out = append(out, m.Name)
	}
	return out
}

// matching returns the tables that one selector names, before any plus sign.
func (p *Project) matching(text string) (map[waybill.TableName]bool, error) {
	method, value, found := strings.Cut(text, ":")
	if !found {
		return p.matchingName(text)
	}
	var fits func(*Model) []string
	switch method {
	case "tag":
		fits = func(m *Model) []string { return m.Head.Tags }
	case "area":
		fits = func(m *Model) []string { return []string{m.Area} }
	case "path":
		value = strings.TrimSuffix(strings.TrimPrefix(value, "sql/"), "/")
		fits = func(m *Model) []string { return prefixes(m.file) }
	default:
		return nil, fmt.Errorf("unknown method %s%s: tag, path and area are known", method,
			didYouMean(method, []string{"tag", "path", "area"}))
	}
	out := map[waybill.TableName]bool{}
	known := map[string]bool{}
	for _, m := range p.models {
		for _, v := range fits(m) {
			known[v] = true
			if like(value, v) {
				out[m.Name] = true
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no model has %s %s%s: %w", method, value, didYouMean(value, sortedKeys(known)), waybill.ErrNotFound)
	}
	return out, nil
}

func (p *Project) matchingName(text string) (map[waybill.TableName]bool, error) {
	out := map[waybill.TableName]bool{}
	known := map[string]bool{}
	consider := func(n waybill.TableName) {
		known[n.Name], known[n.String()] = true, true
		if like(text, n.Name) || like(text, n.String()) {
			out[n] = true
		}
	}
	for _, m := range p.models {
		consider(m.Name)
	}
	if len(out) == 0 {
		for n := range p.readers {
			if p.byName[n] == nil {
				consider(n)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no model is called %s%s: %w; `waybill models` lists them", text, didYouMean(text, sortedKeys(known)), waybill.ErrNotFound)
	}
	return out, nil
}

// like compares with * and ? in the pattern.
func like(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return err == nil && ok
}

// prefixes returns a path and the folders it is in.
func prefixes(p string) []string {
	out := []string{p}
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		out = append(out, dir)
	}
	return out
}
