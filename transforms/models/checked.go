package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/fourmarketing/waybill"
)

// Checks tells whether anything else would be checked than before: all checks with their severity, what their rows are held with, and the models that
// only checks read. Descriptions do not count, nor does what the marts are built of (Fingerprint).
func (p *Project) Checks() (string, error) {
	h := sha256.New()
	var marts, files []waybill.TableName
	for _, m := range p.models {
		switch m.Name.Namespace {
		case Marts:
			marts = append(marts, m.Name)
		case Checks:
			files = append(files, m.Name)
		}
	}
	built := p.reached(marts)
	for _, m := range p.inOrder(p.reached(files)) {
		if !built[m.Name] {
			fmt.Fprintln(h, m.Name, m.Head.Severity, m.SQL)
		}
	}
	for _, m := range p.models {
		if m.Name.Namespace != Marts && m.Name.Namespace != Checks && m.fact == nil {
			continue
		}
		held, err := json.Marshal([]any{m.Head.Unit, m.Head.AtStake})
		if err != nil {
			return "", fmt.Errorf("%s: write what its rows are held with: %w", m.Path, err)
		}
		fmt.Fprintln(h, m.Name, string(held))
		for _, c := range checksOf(m) {
			fmt.Fprintln(h, c.name, c.severity, c.sql())
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:32], nil
}
