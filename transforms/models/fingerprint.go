package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/fourmarketing/waybill"
)

// engineVersion is part of every fingerprint: raise it when the engine builds something else from the same SQL.
const engineVersion = "1"

// Fingerprint tells whether a model would be built from the same SQL and the same inputs as before. versions has the
// version of each raw and ops table (a snapshot id, a hash of the content); a table that is not in it counts as "".
// Descriptions, checks and owners do not count.
func (p *Project) Fingerprint(m *Model, versions map[waybill.TableName]string) string {
	h := sha256.New()
	add := func(parts ...string) {
		for _, s := range parts {
			fmt.Fprintf(h, "%d:%s", len(s), s)
		}
	}
	add("engine", engineVersion, "model", m.Name.String())
	for _, mac := range p.macros {
		add("macro", mac.file, mac.sql)
	}
	reached := p.reached([]waybill.TableName{m.Name})
	for _, up := range p.inOrder(reached) {
		add("model", up.Name.String(), up.SQL)
		add("key", fmt.Sprint(up.Head.Key), "partition", fmt.Sprint(up.Head.PartitionBy))
	}
	for _, leaf := range p.Leaves(m) {
		if seed := p.seeds[leaf]; seed != nil {
			seed.hash(h, add)
			continue
		}
		add("leaf", leaf.String(), versions[leaf])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Trial tells whether building and checking all marts would come to the same as before: what they are built from, and everything that is checked.
func (p *Project) Trial(versions map[waybill.TableName]string) (string, error) {
	h := sha256.New()
	for _, m := range p.models {
		if m.Name.Namespace == Marts || m.Name.Namespace == Checks {
			fmt.Fprintln(h, m.Name, p.Fingerprint(m, versions))
		}
		head, err := json.Marshal(m.Head)
		if err != nil {
			return "", fmt.Errorf("%s: write its head: %w", m.Path, err)
		}
		fmt.Fprintln(h, m.Name, string(head))
	}
	return hex.EncodeToString(h.Sum(nil))[:32], nil
}

func (s *Seed) hash(w io.Writer, add func(...string)) {
	add("seed", s.Name.String())
	for _, c := range s.Columns {
		add(c.Name, string(c.Type))
	}
	add("data", fmt.Sprint(len(s.data)))
	_, _ = w.Write(s.data) // a hash never fails
}
