package main

import (
	"context"
	"fmt"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/transforms/models"
)

// examineSQL tells what the project's own sql folder adds and replaces, and holds its literals against the words of facts. What cannot be
// read at all was told before.
func examineSQL(ctx context.Context, cfg *project.Config, all *models.Project) []waybill.Finding {
	changes := all.Changes()
	if len(changes) == 0 {
		return nil
	}
	folder, replaced := "sql "+cfg.SQL, 0
	var each []waybill.Finding
	codes := map[string]int{} // findings of files of code rows, by path
	for _, c := range changes {
		if c.Mark == models.Replaced {
			replaced++
		}
		f := waybill.Finding{Subject: fmt.Sprintf("sql: %s %s", c.Kind, c.Name), OK: true, Detail: fmt.Sprintf("%s in %s:%d", c.Mark, c.Path, c.Line)}
		if c.Mark == models.Replaced {
			f.Detail = fmt.Sprintf("%s:%d in the place of the built-in %s", c.Path, c.Line, c.Replaces)
		}
		if c.Kind == "code" && c.Mark == models.Added { // a partner's map may have hundreds
			if codes[c.Path] == 0 {
				f.Subject, f.Detail = "sql: codes", "rows added in "+c.Path
				each, codes[c.Path] = append(each, f), 1
			}
			continue
		}
		each = append(each, f)
	}
	out := []waybill.Finding{{Subject: folder, OK: true, Detail: fmt.Sprintf("%d added, %d replaced; all else is built in", len(changes)-replaced, replaced)}}
	return append(append(out, each...), examineWords(ctx, all)...)
}

// examineWords holds the literals of overlaid models against what they are compared with.
func examineWords(ctx context.Context, all *models.Project) []waybill.Finding {
	lineage, err := all.Lineage(ctx, nil)
	if err != nil {
		return []waybill.Finding{{Subject: "sql: words", Detail: err.Error(), Remedy: "mend what the message names"}}
	}
	var out []waybill.Finding
	for _, m := range all.Models() {
		if m.Mark == "" {
			continue
		}
		for _, mistake := range lineage.Mistakes(m) {
			out = append(out, waybill.Finding{
				Subject: "sql: model " + m.Name.String(), Detail: mistake.Error(),
				Remedy: "the comparison never holds: write a word of the fact's (waybill models show its name)",
			})
		}
	}
	return out
}
