package project

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// CheckTargets tries every place that marts are shown in, without changing what is there. A lake that cannot be opened is a finding of its own
// (LakeTables) and keeps no place from being looked at.
func (c *Config) CheckTargets(ctx context.Context, now func() time.Time) []waybill.Finding {
	db := duck.Open(duck.Config{MemoryLimit: c.Memory}) // what is in a file of marts, DuckDB says
	defer db.Close()
	p := &Project{Config: c, options: Options{Now: now}}
	if err := p.openState(ctx); err != nil {
		p.Ledger = nil
	}
	defer p.Close()
	var findings []waybill.Finding
	for _, t := range p.targets(db) {
		if checker, ok := t.(waybill.Checker); ok {
			findings = append(findings, checker.Check(ctx)...)
		}
	}
	return findings
}

// CheckModels builds everything over empty tables of the contracts' shapes. What does not fit is a finding each, with the columns of the
// contracts that have another type than in the definition that comes with Waybill.
func (d Definitions) CheckModels(ctx context.Context) ([]waybill.Finding, error) {
	active := d.Active()
	shapes, err := inputs.Shapes(d.Pipelines, d.Models.Raw())
	if err != nil {
		var findings []waybill.Finding
		for _, e := range pipelines.Flatten(err) {
			findings = append(findings, waybill.Finding{Subject: "contracts", Detail: e.Error(), Remedy: "give the column the same type in all of them, that of the model that reads it"})
		}
		return findings, nil
	}
	offers, err := Offers()
	if err != nil {
		return nil, err
	}
	problems := models.CheckTypes(ctx, active, shapes)
	var findings []waybill.Finding
	for _, e := range problems {
		if errors.Is(e, models.ErrNoDescription) {
			continue // a matter of style, not of what can be built
		}
		f := waybill.Finding{Subject: "models", Detail: e.Error(), Remedy: "mend the contract or the model"}
		if others := d.otherTypes(active, e, offers); len(others) > 0 {
			f.Detail += "\n     " + strings.Join(others, "\n     ")
			f.Remedy = "give the columns the types that the model needs, as in the definition that comes with Waybill"
		}
		findings = append(findings, f)
	}
	if len(findings) == 0 {
		n := len(active.Models())
		findings = []waybill.Finding{{Subject: "models", OK: true, Detail: fmt.Sprintf("%d models fit the contracts", n)}}
	}
	return findings, nil
}

var modelFile = regexp.MustCompile(`[\w/]+\.sql`)

// otherTypes are the contracts' columns, among the tables that the model of an error reads, whose type is not the one that comes with Waybill.
func (d Definitions) otherTypes(active *models.Project, problem error, offers []Offer) []string {
	var reads []waybill.TableName
	for _, m := range active.Models() {
		if slices.Contains(modelFile.FindAllString(problem.Error(), -1), m.Path) {
			reads = append(reads, active.Leaves(m)...)
		}
	}
	var others []string
	for _, p := range d.Pipelines {
		for i, f := range p.Feeds {
			for _, t := range f.TableNames() {
				if !slices.Contains(reads, t) {
					continue
				}
				for _, c := range f.Columns(t) {
					for _, o := range offers {
						if want, known := o.Types[t.String()+"."+c.Name]; known && want != c.Type {
							at := p.Document.At(fmt.Sprintf("feeds[%d].tables.%s.columns.%s", i, t, c.Name))
							others = append(others, fmt.Sprintf("%s: %s.%s is %s here and %s in the definition %s", at, t, c.Name, c.Type, want, o.Name))
						}
					}
				}
			}
		}
	}
	return distinct(others)
}
