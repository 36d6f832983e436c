package project

import (
	"fmt"
	"reflect"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors"
	"github.com/fourmarketing/waybill/pipelines"
)

// Connect opens a source's connection by its kind; now is the wall clock of its quotas and retries.
func (c *Config) Connect(source string, now func() time.Time) (waybill.Connector, error) {
	node, ok := c.Connections[source]
	if !ok {
		return nil, fmt.Errorf("source %s has no connection in %s", source, c.path)
	}
	var kind struct {
		Kind string `yaml:"kind"`
	}
	if err := yaml.NodeToValue(node, &kind); err != nil {
		return nil, pipelines.Describe(c.path, err)
	}
	build, ok := connectors.Kinds()[kind.Kind]
	if !ok {
		return nil, fmt.Errorf("%s: connection %s: kind %q is none of those there are; the nearest is %q", c.path, source, kind.Kind, nearestKind(kind.Kind))
	}
	conn, err := build(func(into any) error { return decodeConnection(c.path, node, into) }, now)
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", source, err)
	}
	return conn, nil
}

func nearestKind(word string) string {
	var kinds []string
	for k := range connectors.Kinds() {
		kinds = append(kinds, k)
	}
	return pipelines.Nearest(word, kinds)
}

// decodeConnection fills a connector's own settings from its block, strictly, without the word that chose the connector.
func decodeConnection(path string, node ast.Node, into any) error {
	block, ok := node.(*ast.MappingNode)
	if !ok {
		return fmt.Errorf("%s: a connection is a block of settings with a kind", path)
	}
	own := *block
	own.Values = nil
	for _, v := range block.Values {
		if v.Key.String() != "kind" {
			own.Values = append(own.Values, v)
		}
	}
	if err := yaml.NodeToValue(&own, into, yaml.Strict()); err != nil {
		return pipelines.Describe(path, err, keysOf(reflect.TypeOf(into))...)
	}
	return nil
}
