package adyen

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// state is a feed's cursor: how far each merchant account was pulled. As JSON it is {"AsterValeUK":12} or, where batch
// numbers below the newest one were never found, {"AsterValeUK":{"last":12,"gaps":[7,9]}}.
type state map[string]mark

// mark is the newest batch pulled and the numbers below it that were missing.
type mark struct {
	Last int
	Gaps []int // ascending
}

// found is the mark once batch n was pulled as well.
func (m mark) found(n int) mark {
	if n <= m.Last {
		return mark{Last: m.Last, Gaps: slices.DeleteFunc(slices.Clone(m.Gaps), func(g int) bool { return g == n })}
	}
	gaps := slices.Clone(m.Gaps)
	for missing := m.Last + 1; missing < n; missing++ {
		gaps = append(gaps, missing)
	}
	return mark{Last: n, Gaps: gaps}
}

type fullMark struct {
	Last int   `json:"last"`
	Gaps []int `json:"gaps"`
}

// MarshalJSON writes a number where a number says it all.
func (m mark) MarshalJSON() ([]byte, error) {
	if len(m.Gaps) == 0 {
		return json.Marshal(m.Last)
	}
	return json.Marshal(fullMark(m))
}

// UnmarshalJSON reads both forms.
func (m *mark) UnmarshalJSON(raw []byte) error {
	var full fullMark
	if err := json.Unmarshal(raw, &full.Last); err != nil {
		if err := json.Unmarshal(raw, &full); err != nil {
			return err
		}
	}
	slices.Sort(full.Gaps)
	full.Gaps = slices.Compact(full.Gaps)
	if full.Last < 0 || full.Last > maxBatch || (len(full.Gaps) > 0 && (full.Gaps[0] < 1 || full.Gaps[len(full.Gaps)-1] >= full.Last)) {
		return fmt.Errorf("batch %d with gaps %v", full.Last, full.Gaps)
	}
	*m = mark(full)
	return nil
}

func parseCursor(cursor string) (state, error) {
	s := state{}
	if cursor == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(cursor), &s); err != nil {
		return nil, fmt.Errorf("cursor %q: %w", cursor, err)
	}
	if s == nil { // JSON null
		s = state{}
	}
	return s, nil
}

// with is the state with one account's mark replaced.
func (s state) with(account string, m mark) state {
	out := maps.Clone(s)
	out[account] = m
	return out
}

func (s state) cursor() (string, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("write cursor: %w", err)
	}
	return string(raw), nil
}
