package project

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
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
	at := "connections." + source
	if err := nodeToValue(node, &kind); err != nil {
		return nil, pipelines.Describe(c.path, err)
	}
	build, ok := connectors.Kinds()[kind.Kind]
	if !ok {
		known := slices.Sorted(maps.Keys(connectors.Kinds()))
		return nil, c.doc.Fault(at+".kind", "%w", pipelines.OneOf("kind of connection", "take one of "+strings.Join(known, ", "), known)(kind.Kind))
	}
	var settings error
	conn, err := build(func(into any) error {
		settings = decodeConnection(c.path, node, into)
		return settings
	}, c.bounds(), now)
	if settings != nil {
		return nil, settings // it has its own place
	}
	if err != nil {
		return nil, c.doc.Fault(at, "%w", err)
	}
	return conn, nil
}

// bounds are what holds for every connection that sets nothing of its own.
func (c *Config) bounds() waybill.Bounds {
	return waybill.Bounds{Timeouts: c.Timeouts.Timeouts, Limits: c.Limits}
}

// BoundsOf are those of a connection.
func (c *Config) BoundsOf(source string) waybill.Bounds {
	var own waybill.Bounds
	if node, ok := c.Connections[source]; !ok || nodeToValue(node, &own) != nil {
		return c.bounds() // what is wrong there says who connects
	}
	return own.Or(c.bounds())
}

func nodeToValue(node ast.Node, into any) error { return yaml.NodeToValue(node, into) }

// decodeConnection fills a connector's own settings from its block, strictly, without the word that chose the connector.
func decodeConnection(path string, node ast.Node, into any) error {
	block, ok := node.(*ast.MappingNode)
	if !ok {
		return fmt.Errorf("%s: a connection is a block of settings with a kind", path)
	}
	own := *block
	own.Values = nil
	for _, v := range block.Values {
		if v.Key.GetToken().Value != "kind" {
			own.Values = append(own.Values, v)
		}
	}
	if err := yaml.NodeToValue(&own, into, yaml.Strict()); err != nil {
		return pipelines.DescribeIn(&own, path, err, pipelines.KeysOf(reflect.TypeOf(into))...)
	}
	return nil
}
