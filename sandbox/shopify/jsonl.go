package shopify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// runBulk executes a bulk query page after page and writes its result: one line per object, connections taken out and
// their objects on lines of their own with the parent's id
// (https://shopify.dev/docs/api/usage/bulk-operations/queries#the-jsonl-data-format).
func (s *Shop) runBulk(ctx context.Context, op *operation) (*jsonLines, error) {
	lines := &jsonLines{grouped: op.grouped}
	run := &bulkRun{more: true}
	ctx = context.WithValue(context.WithValue(ctx, bulkKey{}, run), atKey{}, op.created)
	for run.more {
		if err := ctx.Err(); err != nil {
			return lines, err
		}
		run.more = false
		r := s.schema.Exec(ctx, op.query, "", nil)
		if len(r.Errors) > 0 {
			return lines, fmt.Errorf("run bulk query: %w", r.Errors[0])
		}
		if err := lines.page(r.Data); err != nil {
			return lines, err
		}
	}
	return lines, nil
}

// jsonLines is a result being written. Ungrouped, a page's objects come before the objects below them; grouped, each
// object is followed by its own.
type jsonLines struct {
	buf            bytes.Buffer
	grouped        bool
	objects, roots int
	later          []below
}

// below is a connection waiting to be written.
type below struct {
	connection json.RawMessage
	parent     string
}

// member is a key and value of a JSON object: the order of a query's fields is kept.
type member struct {
	key   string
	value json.RawMessage
}

func members(object json.RawMessage) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var out []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, errors.New("read object: key is not a string")
		}
		m := member{key: name}
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (l *jsonLines) page(data json.RawMessage) error {
	top, err := members(data)
	if err != nil {
		return fmt.Errorf("read bulk result: %w", err)
	}
	for _, m := range top {
		if err := l.connection(below{m.value, ""}); err != nil {
			return fmt.Errorf("write bulk result: %w", err)
		}
	}
	for len(l.later) > 0 {
		next := l.later[0]
		l.later = l.later[1:]
		if err := l.connection(next); err != nil {
			return fmt.Errorf("write bulk result: %w", err)
		}
	}
	return nil
}

func (l *jsonLines) connection(b below) error {
	var c struct {
		Edges []struct {
			Node json.RawMessage `json:"node"`
		} `json:"edges"`
	}
	if err := json.Unmarshal(b.connection, &c); err != nil {
		return err
	}
	for _, e := range c.Edges {
		if b.parent == "" {
			l.roots++
		}
		if err := l.object(e.Node, b.parent); err != nil {
			return err
		}
	}
	return nil
}

func (l *jsonLines) object(node json.RawMessage, parent string) error {
	line, children, err := split(node)
	if err != nil {
		return err
	}
	if parent != "" {
		value, err := json.Marshal(parent)
		if err != nil {
			return err
		}
		line = append(line, member{"__parentId", value})
	}
	l.objects++
	l.buf.Write(joined(line))
	l.buf.WriteByte('\n')
	for _, c := range children {
		if !l.grouped {
			l.later = append(l.later, c)
			continue
		}
		if err := l.connection(c); err != nil {
			return err
		}
	}
	return nil
}

// split takes the connections out of an object, also out of the objects in it.
func split(node json.RawMessage) ([]member, []below, error) {
	all, err := members(node)
	if err != nil {
		return nil, nil, err
	}
	var id string
	for _, m := range all {
		if m.key == "id" {
			if err := json.Unmarshal(m.value, &id); err != nil {
				return nil, nil, err
			}
		}
	}
	var kept []member
	var children []below
	for _, m := range all {
		if len(m.value) == 0 || m.value[0] != '{' {
			kept = append(kept, m)
			continue
		}
		inner, deeper, err := split(m.value)
		if err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(inner, func(m member) bool { return m.key == "edges" }) {
			children = append(children, below{m.value, id})
			continue
		}
		for i := range deeper {
			deeper[i].parent = id
		}
		children = append(children, deeper...)
		kept = append(kept, member{m.key, joined(inner)})
	}
	return kept, children, nil
}

func joined(members []member) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", m.key)
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// halve keeps the first half of the lines: what a failed operation leaves as partial data.
func (l *jsonLines) halve() {
	lines := bytes.SplitAfter(l.buf.Bytes(), []byte("\n"))
	kept := lines[:l.objects/2]
	l.buf = *bytes.NewBuffer(bytes.Join(kept, nil))
	l.objects = len(kept)
}
