package typing

import (
	"encoding/json"
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

// entries are a mapping's values in the order written, each with its key as it is written: 060 stays 060.
func entries(node ast.Node) ([]*ast.MappingValueNode, error) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		return nil, fmt.Errorf("[%d:%d] a mapping of names is expected here", node.GetToken().Position.Line, node.GetToken().Position.Column)
	}
	return mapping.Values, nil
}

func key(v *ast.MappingValueNode) string { return v.Key.GetToken().Value }

// Tables keep the order in which they are written.
type Tables []Table

// UnmarshalYAML reads a map of table name to table.
func (t *Tables) UnmarshalYAML(node ast.Node) error {
	values, err := entries(node)
	if err != nil {
		return err
	}
	*t = nil
	for _, v := range values {
		namespace, name, ok := strings.Cut(key(v), ".")
		if !ok {
			return fmt.Errorf("table %q has no namespace; write raw.%s", key(v), key(v))
		}
		var body tableBody
		if err := yaml.NodeToValue(v.Value, &body, yaml.Strict()); err != nil {
			return err
		}
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
func (c *columns) UnmarshalYAML(node ast.Node) error {
	values, err := entries(node)
	if err != nil {
		return err
	}
	*c = nil
	for _, v := range values {
		column := Column{}
		if err := yaml.NodeToValue(v.Value, &column, yaml.Strict()); err != nil {
			return err
		}
		column.Name = key(v)
		*c = append(*c, column)
	}
	return nil
}

// Names is a list of header names; a single one may be written without brackets.
type Names []string

// UnmarshalYAML reads one name or a list of them.
func (n *Names) UnmarshalYAML(node ast.Node) error {
	if _, ok := node.(*ast.SequenceNode); ok {
		return yaml.NodeToValue(node, (*[]string)(n))
	}
	var one string
	if err := yaml.NodeToValue(node, &one); err != nil {
		return err
	}
	*n = Names{one}
	return nil
}

// Paths are places of one value, the first that is there being taken; a single one may be written without brackets.
type Paths []string

// UnmarshalYAML reads one path or a list of them.
func (p *Paths) UnmarshalYAML(node ast.Node) error { return (*Names)(p).UnmarshalYAML(node) }

// MarshalJSON writes a single path, and none, as a text, so that a contract that was written before there could be several has the hash it had.
func (p Paths) MarshalJSON() ([]byte, error) {
	if len(p) > 1 {
		return json.Marshal([]string(p))
	}
	return json.Marshal(strings.Join(p, ""))
}

// Code is one entry of a code map.
type Code struct{ Raw, Canonical string }

// Codes map what a partner sends to the group's own words, in the order written.
type Codes []Code

// raw are the partner's codes.
func (c Codes) raw() []string {
	all := make([]string, len(c))
	for i, code := range c {
		all[i] = code.Raw
	}
	return all
}

// UnmarshalYAML reads a map of raw to canonical code.
func (c *Codes) UnmarshalYAML(node ast.Node) error {
	values, err := entries(node)
	if err != nil {
		return err
	}
	*c = nil
	for _, v := range values {
		scalar, ok := v.Value.(ast.ScalarNode)
		if !ok {
			return fmt.Errorf("code %q is mapped to no word", key(v))
		}
		*c = append(*c, Code{Raw: key(v), Canonical: scalar.GetToken().Value})
	}
	return nil
}

// Zones map labels of time zones to what they mean: an IANA zone or an offset such as -05:00.
type Zones []ZoneLabel

// ZoneLabel is one entry of Zones.
type ZoneLabel struct{ Label, Zone string }

// UnmarshalYAML reads a map of label to zone, in the order written.
func (z *Zones) UnmarshalYAML(node ast.Node) error {
	var codes Codes
	if err := codes.UnmarshalYAML(node); err != nil {
		return err
	}
	*z = nil
	for _, c := range codes {
		*z = append(*z, ZoneLabel{Label: c.Raw, Zone: c.Canonical})
	}
	return nil
}

// Share is a part of a whole, 0 to 1; in YAML 1% or 0.01.
type Share float64

// UnmarshalYAML reads a percentage or a fraction.
func (s *Share) UnmarshalYAML(node ast.Node) error {
	text := node.GetToken().Value
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf("[%d:%d] %q is no share; write a percentage such as 5%%", node.GetToken().Position.Line, node.GetToken().Position.Column, text)
	}
	*s = Share(v)
	return nil
}

// Number is a bound as it is written, exact; empty means none.
type Number string

// UnmarshalYAML reads a number without rounding it.
func (n *Number) UnmarshalYAML(node ast.Node) error {
	*n = Number(node.GetToken().Value)
	return nil
}
