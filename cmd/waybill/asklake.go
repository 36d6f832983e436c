package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/questions"
	"github.com/fourmarketing/waybill/transforms/models"
)

// published are the schemas of names that the published file answers: its marts, and what DuckDB has of its own.
var published = []string{models.Marts, "main", "information_schema", "pg_catalog"}

// ask answers a query from the published marts where they have all that it names, else from the lake.
func (l *commandLine) ask(ctx context.Context, text string) (questions.Table, error) {
	if err := questions.OneStatement(ctx, text); err != nil {
		if errors.Is(err, questions.ErrStatements) {
			err = fmt.Errorf("%w: %w", errUsage, err)
		}
		return questions.Table{}, err
	}
	tables, err := models.Reads(ctx, text)
	elsewhere := slices.ContainsFunc(tables, func(t waybill.TableName) bool { return !slices.Contains(published, t.Namespace) })
	if err != nil || (!elsewhere && (l.asOf == "" || len(tables) == 0)) { // what is no select, the marts' file refuses in its own words
		db, err := l.openMarts()
		if err != nil {
			return questions.Table{}, err
		}
		defer db.Close()
		return db.Ask(ctx, text)
	}
	p, err := l.open(ctx, nil)
	if err != nil {
		return questions.Table{}, err
	}
	defer p.Close()
	for _, t := range tables {
		if err := isThere(p, t); err != nil {
			return questions.Table{}, err
		}
	}
	var answer questions.Table
	err = l.askLake(ctx, p, tables, func(q questions.Querier) error {
		var err error
		answer, err = questions.Ask(ctx, q, text)
		return err
	})
	return answer, err
}

const rawTables = "raw" // the namespace that contracts fill

// isThere tells whether a table can be asked; the error names the nearest, or why it is left out.
func isThere(p *project.Project, t waybill.TableName) error {
	_, err := p.Models.Find(t.String())
	if err == nil && t.Namespace == models.Checks {
		return fmt.Errorf("%w: %s is a check and no table; `waybill check %s` shows the rows that it finds, with --json its SQL, which a query takes", errUsage, t, t.Name)
	}
	if err == nil || slices.ContainsFunc(p.Inputs.Tables(), func(in waybill.TableName) bool { return in == t }) {
		return nil
	}
	all, broken := p.Config.ReadModels()
	if broken != nil {
		return broken
	}
	if lacking := all.LeftOut(pipelines.Written(p.Pipelines))[t]; len(lacking) > 0 {
		return fmt.Errorf("%w: %s is left out, since no pipeline fills %s", errUsage, t, listOf(lacking))
	}
	if t.Namespace == rawTables {
		var known []string
		for _, in := range p.Inputs.Tables() {
			if in.Namespace == rawTables {
				known = append(known, in.String())
			}
		}
		near := pipelines.Nearest(t.String(), known)
		if near != "" {
			near = "; did you mean " + near + "?"
		}
		return fmt.Errorf("%w: no pipeline fills %s%s (`waybill state tables` lists those of the lake)", errUsage, t, near)
	}
	return fmt.Errorf("%w: %w; `waybill models` lists them", errUsage, err)
}

// askLake builds what the tables need, over the lake as it is now, and lets look ask there. It says so first, since it may take a while.
func (l *commandLine) askLake(ctx context.Context, p *project.Project, tables []waybill.TableName, look func(questions.Querier) error) error {
	asOf, err := l.now()
	if err != nil {
		return err
	}
	if l.asOf == "" {
		asOf = time.Now() // nothing is built that the next question should find again, and what was received shows when it was
	}
	d := l.newDisplay()
	told := false
	progress := func(e models.Event) {
		if !told {
			told = true
			d.say(l.stderr, fmt.Sprintf("the lake as of %s: building %s aside for %s", asOf.Format("2006-01-02 15:04Z"), plural(e.Total, "model"), shortList(tables)))
		}
		d.watch(pipelines.Event{Stage: pipelines.StageBuild, Subject: e.Model.Name.Name, Done: e.Done, Total: e.Total})
	}
	start := time.Now()
	err = p.Inputs.Ask(ctx, inputs.Question{
		Models: p.Models, Tables: tables, AsOf: asOf, Fresh: l.asOf != "", Memory: p.Config.Memory, Progress: progress,
	}, func(s *models.Session) error {
		d.stop()
		if told {
			fmt.Fprintf(l.stderr, "built in %s\n", took(time.Since(start)))
		}
		return look(s)
	})
	if err != nil {
		return fmt.Errorf("ask the lake: %w", err)
	}
	return nil
}

// shortList names some tables and how many more there are.
func shortList(tables []waybill.TableName) string {
	const most = 3
	if len(tables) <= most {
		return listOf(tables)
	}
	return strings.TrimSuffix(listOf(tables[:most]), " ") + fmt.Sprintf(" and %d more", len(tables)-most)
}
