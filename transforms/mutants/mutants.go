// Package mutants spoils the SQL of models, one place at a time, to show what the tests of the models notice: a filter dropped, a comparison
// turned, min for max, another join, another order. It knows DuckDB's syntax tree and neither what a model means nor what notices.
package mutants

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Mutant is a model's SQL with one fault in it.
type Mutant struct {
	Model  waybill.TableName
	Kind   string // what was done: comparison, boundary, filter, join, order, …
	Change string // from what to what: "<= to <"
	Line   int    // of the model's SQL, from 1
	Text   string // that line, without space around it
	Nth    int    // among the mutants of the same kind, change and line, from 1
	SQL    string
}

// Key names a mutant so that it keeps its name while lines move above it.
func (m Mutant) Key() string {
	return fmt.Sprintf("%s | %s | %s | %s | %d", m.Model, m.Kind, m.Change, m.Text, m.Nth)
}

// Of gives every mutant of a model's SQL, in the order of the syntax tree, which is the same each time.
func Of(ctx context.Context, db *sql.DB, m *models.Model) ([]Mutant, error) {
	var text string
	if err := db.QueryRowContext(ctx, "select cast(json_serialize_sql(cast(? as varchar)) as varchar)", m.SQL).Scan(&text); err != nil {
		return nil, fmt.Errorf("parse %s: %w", m.Name, err)
	}
	var tree map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // ids and decimals keep all their digits
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("parse %s: %w", m.Name, err)
	}
	if failed, _ := tree["error"].(bool); failed {
		return nil, fmt.Errorf("parse %s: %v", m.Name, tree["error_message"])
	}
	f := finder{}
	f.walk(tree["statements"], place{})
	spellCrossJoins(tree["statements"])
	seen := map[string]int{}
	out := make([]Mutant, 0, len(f.found))
	for _, e := range f.found {
		spoiled, err := e.sql(ctx, db, tree)
		if err != nil {
			return nil, fmt.Errorf("spoil %s: %s: %w", m.Name, e.change, err)
		}
		mutant := Mutant{Model: m.Name, Kind: e.kind, Change: e.change, Nth: 1, SQL: spoiled}
		mutant.Line, mutant.Text = lineAt(m.SQL, e.at)
		seen[mutant.Key()]++
		mutant.Nth = seen[mutant.Key()]
		out = append(out, mutant)
	}
	return out, nil
}

// spellCrossJoins makes cross joins inner ones on true, which is the same: DuckDB writes the first as a comma, that binds less than the joins after it.
func spellCrossJoins(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			spellCrossJoins(e)
		}
	case map[string]any:
		if word(v, "type") == "JOIN" && word(v, "ref_type") == "CROSS" {
			v["ref_type"], v["join_type"] = "REGULAR", "INNER"
			v["condition"] = map[string]any{
				"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "",
				"value": map[string]any{"type": map[string]any{"id": "BOOLEAN", "type_info": nil}, "is_null": false, "value": true},
			}
		}
		for _, e := range v {
			spellCrossJoins(e)
		}
	}
}

// sql is the whole statement with the edit in it; the tree is as before afterwards.
func (e edit) sql(ctx context.Context, db *sql.DB, tree map[string]any) (string, error) {
	undo := e.apply()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(tree)
	undo()
	if err != nil {
		return "", err
	}
	var text string
	return text, db.QueryRowContext(ctx, "select json_deserialize_sql(cast(? as json))", b.String()).Scan(&text)
}

// lineAt is the number and the text of the line that a byte of SQL is on.
func lineAt(text string, at int) (int, string) {
	at = max(0, min(at, len(text)))
	line := 1 + strings.Count(text[:at], "\n")
	return line, strings.TrimSpace(strings.Split(text, "\n")[line-1])
}
