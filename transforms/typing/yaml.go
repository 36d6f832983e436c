package typing

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/fourmarketing/waybill"
)

// UnmarshalYAML reads the format. Its key null is YAML's word for nothing unless it is quoted, so the key is put right first; the
// YAML library would otherwise leave the whole format out without a word.
func (f *Format) UnmarshalYAML(node ast.Node) error {
	if mapping, ok := node.(*ast.MappingNode); ok {
		for _, v := range mapping.Values {
			if _, isNull := v.Key.(*ast.NullNode); isNull {
				v.Key = ast.String(token.String("null", "null", v.Key.GetToken().Position))
			}
		}
	}
	type plain Format
	return yaml.NodeToValue(node, (*plain)(f), yaml.Strict())
}

// Tables keep the order in which they are written.
type Tables []Table

// UnmarshalYAML reads a map of table name to table.
func (t *Tables) UnmarshalYAML(unmarshal func(any) error) error {
	var bodies map[string]tableBody
	order, err := ordered(unmarshal, &bodies)
	if err != nil {
		return err
	}
	*t = nil
	for _, key := range order {
		namespace, name, ok := strings.Cut(key, ".")
		if !ok {
			return fmt.Errorf("table %q has no namespace; write raw.%s", key, key)
		}
		body := bodies[key]
		*t = append(*t, Table{
			Name: waybill.TableName{Namespace: namespace, Name: name}, Where: body.Where, Each: body.Each, Columns: body.Columns,
		})
	}
	return nil
}

type tableBody struct {
	Where   Where    `yaml:"where"`
	Each    []string `yaml:"each"`
	Columns columns  `yaml:"columns"`
}

type columns []Column

// UnmarshalYAML reads a map of column name to column, in the order written.
func (c *columns) UnmarshalYAML(unmarshal func(any) error) error {
	var bodies map[string]Column
	order, err := ordered(unmarshal, &bodies)
	if err != nil {
		return err
	}
	*c = nil
	for _, name := range order {
		column := bodies[name]
		column.Name = name
		*c = append(*c, column)
	}
	return nil
}

// ordered decodes a mapping strictly into bodies and returns its keys as written.
func ordered[T any](unmarshal func(any) error, bodies *map[string]T) ([]string, error) {
	var items yaml.MapSlice
	if err := unmarshal(&items); err != nil {
		return nil, err
	}
	if err := unmarshal(bodies); err != nil {
		return nil, err
	}
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = fmt.Sprint(item.Key)
	}
	return keys, nil
}

// Names is a list of header names; a single one may be written without brackets.
type Names []string

// UnmarshalYAML reads one name or a list of them.
func (n *Names) UnmarshalYAML(unmarshal func(any) error) error {
	var list []string
	listErr := unmarshal(&list)
	if listErr == nil {
		*n = list
		return nil
	}
	var one string
	if err := unmarshal(&one); err != nil {
		return listErr
	}
	*n = Names{one}
	return nil
}

// Code is one entry of a code map.
type Code struct{ Raw, Canonical string }

// Codes map what a partner sends to the group's own words, in the order written.
type Codes []Code

// UnmarshalYAML reads a map of raw to canonical code.
func (c *Codes) UnmarshalYAML(unmarshal func(any) error) error {
	var bodies map[string]string
	order, err := ordered(unmarshal, &bodies)
	if err != nil {
		return err
	}
	*c = nil
	for _, raw := range order {
		*c = append(*c, Code{Raw: raw, Canonical: bodies[raw]})
	}
	return nil
}

// Share is a part of a whole, 0 to 1; in YAML 1% or 0.01.
type Share float64

// UnmarshalYAML reads a percentage or a fraction.
func (s *Share) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf("%q is no share; write a percentage such as 5%%", text)
	}
	*s = Share(v)
	return nil
}

// Number is a bound as it is written, exact; empty means none.
type Number string

// UnmarshalYAML reads a number without rounding it.
func (n *Number) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	*n = Number(text)
	return nil
}
