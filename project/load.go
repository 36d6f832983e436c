package project

import (
	"errors"
	"slices"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Definitions are what a configuration describes, read and with every name in it resolved.
type Definitions struct {
	Pipelines []pipelines.Pipeline
	Models    *models.Project // all of them, those of partners too that nobody sends anything of
}

// Load reads pipelines and models and resolves everything that they and the configuration name: brands, connections, zones, calendars,
// currencies, services, carriers' terms, worklists, what a connector is asked for. What is wrong comes all at once, each with its place, the
// nearest right word and what to do. It opens nothing and asks no partner; now is the clock that connectors are made with.
func (c *Config) Load(now func() time.Time) (Definitions, error) {
	all, pipelineErr := c.ReadPipelines()
	sql, modelErr := c.ReadModels()
	if modelErr != nil {
		sql = &models.Project{} // what needs no model is looked at all the same
	}
	d := Definitions{Pipelines: all, Models: sql}
	r := &resolution{config: c, Definitions: d, unread: pipelineErr != nil}
	r.resolve(now)
	r.add(pipelines.Flatten(pipelineErr)...)
	r.add(modelErr)
	return d, errors.Join(r.faults...)
}

// Active are the models whose tables somebody fills.
func (d Definitions) Active() *models.Project { return d.Models.Active(pipelines.Written(d.Pipelines)) }

// resolution is the look at everything that is named.
type resolution struct {
	config *Config
	Definitions
	unread bool // a pipeline could not be read, so what is pulled from is not known
	faults []error
}

func (r *resolution) resolve(now func() time.Time) {
	kinds := r.kinds()
	r.add(r.config.doc.Resolve(*r.config, kinds)...)
	for key, b := range map[string]waybill.Bounds{"timeouts": {Timeouts: r.config.Timeouts.Timeouts}, "limits": {Limits: r.config.Limits}} {
		if err := b.Validate(); err != nil {
			r.fault(key, "%w", err)
		}
	}
	if r.config.Timeouts.Publish < 0 {
		r.fault("timeouts.publish", "cannot be negative; leave it out for its default")
	}
	r.rules(kinds)
	r.links()
	r.roles()
	for _, p := range r.Pipelines {
		r.add(p.Document.Resolve(p, kinds)...)
		r.tables(p)
	}
	r.feeds()
	r.connections(now)
}

// add keeps faults, each text once: four shops of one pipeline have one fault.
func (r *resolution) add(faults ...error) {
	for _, f := range faults {
		if f != nil && !slices.ContainsFunc(r.faults, func(e error) bool { return e.Error() == f.Error() }) {
			r.faults = append(r.faults, f)
		}
	}
}

func (r *resolution) fault(key, format string, args ...any) {
	r.add(r.config.doc.Fault(key, format, args...))
}

// told are the facts that a source's pipelines fill, by name, with the area of each.
func (d Definitions) told(source string) map[string]string {
	facts := map[string]string{}
	for _, p := range d.Pipelines {
		if slices.Contains(p.Sources, source) {
			for name, area := range d.FactsOf(p) {
				facts[name] = area
			}
		}
	}
	return facts
}

// FactsOf are the facts that a pipeline's tables lead to, by name, with the area of each (shops, warehouses, carriers, payments).
func (d Definitions) FactsOf(p pipelines.Pipeline) map[string]string {
	facts := map[string]string{}
	written := pipelines.Written([]pipelines.Pipeline{p})
	for _, f := range d.Models.Facts() {
		for _, m := range f.From {
			if slices.ContainsFunc(d.Models.Leaves(m), func(t waybill.TableName) bool { return written[t] }) {
				facts[f.Name.Name] = d.Models.Model(f.Name).Area
			}
		}
	}
	return facts
}
