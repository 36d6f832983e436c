package models

import "github.com/fourmarketing/waybill"

// Areas returns the folders of marts, sorted. What a check that names no unit finds is held by area.
func (p *Project) Areas() []string {
	areas := map[string]bool{}
	for _, m := range p.models {
		if m.Name.Namespace == Marts {
			areas[m.Area] = true
		}
	}
	return sortedKeys(areas)
}

// Sharing returns the areas with a mart that reads the model, or a model between raw tables and it, sorted: what is wrong there may be wrong in
// them. A check over no model at all concerns every area.
func (p *Project) Sharing(m *Model) []string {
	between := map[waybill.TableName]bool{}
	for name := range p.reached([]waybill.TableName{m.Name}) {
		if up := p.byName[name]; up != nil && name.Namespace != Checks {
			between[name] = true
		}
	}
	if len(between) == 0 {
		return p.Areas()
	}
	areas := map[string]bool{}
	for _, mart := range p.models {
		if mart.Name.Namespace != Marts || areas[mart.Area] {
			continue
		}
		for name := range p.reached([]waybill.TableName{mart.Name}) {
			if between[name] {
				areas[mart.Area] = true
				break
			}
		}
	}
	return sortedKeys(areas)
}
