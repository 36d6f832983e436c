package models

import (
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
)

// order sorts the models so that each comes after what it reads, files in the order of their names where that leaves a
// choice; a cycle is an error that shows it.
func (r *reader) order() {
	const (
		open = 1
		done = 2
	)
	state := map[waybill.TableName]int{}
	var path []*Model
	var visit func(*Model)
	visit = func(m *Model) {
		switch state[m.Name] {
		case done:
			return
		case open:
			r.errs = append(r.errs, cycle(path, m))
			return
		}
		state[m.Name] = open
		path = append(path, m)
		for _, d := range m.Deps {
			if dep := r.project.byName[d]; dep != nil {
				visit(dep)
			}
		}
		path = path[:len(path)-1]
		state[m.Name] = done
		r.project.models = append(r.project.models, m)
	}
	for _, m := range r.models {
		visit(m)
	}
	rank := map[waybill.TableName]int{}
	for i, m := range r.project.models {
		rank[m.Name] = i
	}
	for _, readers := range r.project.readers {
		sortByRank(readers, rank)
	}
}

func cycle(path []*Model, back *Model) error {
	var names []string
	for _, m := range path {
		if len(names) > 0 || m == back {
			names = append(names, m.Name.String())
		}
	}
	names = append(names, back.Name.String())
	line := back.line
	if len(names) > 1 {
		next := parseName(names[1])
		s := &snippet{line: back.line, sql: back.SQL}
		for _, t := range back.facts.tables {
			if t.name == next {
				line = s.lineAt(t.at)
				break
			}
		}
	}
	return fmt.Errorf("%s:%d: models read each other in a circle: %s", back.Path, line, strings.Join(names, " → "))
}

func sortByRank(models []*Model, rank map[waybill.TableName]int) {
	for i := 1; i < len(models); i++ {
		for j := i; j > 0 && rank[models[j].Name] < rank[models[j-1].Name]; j-- {
			models[j], models[j-1] = models[j-1], models[j]
		}
	}
}
