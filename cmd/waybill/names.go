package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
)

// parseTable reads raw.wms_despatch.
func parseTable(text string) (waybill.TableName, error) {
	ns, name, ok := strings.Cut(text, ".")
	if !ok || ns == "" || name == "" {
		return waybill.TableName{}, fmt.Errorf("%w: %q is no table such as raw.wms_despatch; `waybill state tables` lists them", errUsage, text)
	}
	return waybill.TableName{Namespace: ns, Name: name}, nil
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
