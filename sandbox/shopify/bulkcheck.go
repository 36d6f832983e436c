package shopify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/graph-gophers/graphql-go/ast"
)

const (
	maxBulkConnections = 5
	maxBulkDepth       = 2 // below the connection at the top
)

// checkBulk says what Shopify would refuse about a bulk query, in Shopify's words
// (https://shopify.dev/docs/api/usage/bulk-operations/queries#operation-restrictions).
func (s *Shop) checkBulk(ctx context.Context, query string) []bulkUserError {
	p, errs := s.weighed(ctx, question{Query: query})
	if len(errs) > 0 {
		return []bulkUserError{invalid("Invalid bulk query: " + errs[0].Message)}
	}
	for _, r := range p.roots {
		if r.operation != "QueryRoot" {
			return []bulkUserError{invalid("Invalid operation type. Only `query` operations are supported.")}
		}
	}
	var c bulkCheck
	for _, r := range p.roots {
		if r.name == "node" || r.name == "nodes" {
			c.topNode = true
		}
		top := tree{r.name: newTree(r.paths)}
		c.object(p.schema.Types["QueryRoot"], top, place{depth: -1})
	}
	return c.verdict()
}

func invalid(text string) bulkUserError {
	field, code := []string{"query"}, "INVALID"
	return bulkUserError{Field: &field, Message: text, Code: &code}
}

// bulkCheck gathers what matters about a bulk query.
type bulkCheck struct {
	topNode     bool
	connections int
	depth       int
	inList      bool
	byNodes     []string // connections selected by nodes instead of edges
	orphans     []string // connections whose nodes have connections and no id
}

// place is where in the query a selection is.
type place struct {
	depth  int // connections above, less one
	inList bool
	parent string // the connection above
	hasID  bool   // whether that connection's nodes select their id
}

func (c *bulkCheck) object(t ast.NamedType, selection tree, at place) {
	for name, sub := range selection {
		f := fieldOf(t, name)
		if f == nil {
			continue
		}
		named := namedType(f.Type)
		if !isConnection(named) {
			below := at
			below.inList = at.inList || isList(f.Type)
			c.object(named, sub, below)
			continue
		}
		c.connection(name, named, sub, at)
	}
}

func (c *bulkCheck) connection(name string, t ast.NamedType, selection tree, at place) {
	c.connections++
	c.depth = max(c.depth, at.depth+1)
	c.inList = c.inList || at.inList
	if at.parent != "" && !at.hasID && !slices.Contains(c.orphans, at.parent) {
		c.orphans = append(c.orphans, at.parent)
	}
	node, ok := selection["edges"]["node"]
	if !ok {
		c.byNodes = append(c.byNodes, name)
		node = selection["nodes"]
	}
	_, hasID := node["id"]
	c.object(nodeType(t), node, place{depth: at.depth + 1, inList: at.inList, parent: name, hasID: hasID})
}

func (c *bulkCheck) verdict() []bulkUserError {
	var errs []bulkUserError
	if len(c.byNodes) > 0 {
		slices.Sort(c.byNodes)
		errs = append(errs, invalid(fmt.Sprintf("All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: '%s { edges { node {'. Selecting via 'nodes' is not supported. Invalid connection fields: '%s'.",
			c.byNodes[0], strings.Join(c.byNodes, "', '"))))
	}
	if c.topNode {
		errs = append(errs, invalid("Bulk queries cannot contain a top level `node` field."))
	}
	if c.depth > maxBulkDepth {
		errs = append(errs, invalid(fmt.Sprintf("Bulk queries cannot contain connections with a nesting depth greater than %d.", maxBulkDepth)))
	}
	if c.connections > maxBulkConnections {
		errs = append(errs, invalid(fmt.Sprintf("Bulk queries cannot contain more than %d connections.", maxBulkConnections)))
	}
	if len(c.orphans) > 0 {
		slices.Sort(c.orphans)
		errs = append(errs, invalid("The parent 'node' field for a nested connection must select the 'id' field without an alias and must be of 'ID' return type. Connection fields without 'id': "+strings.Join(c.orphans, ", ")+"."))
	}
	if c.inList {
		errs = append(errs, invalid("Queries that contain a connection field within a list field are not currently supported."))
	}
	if c.connections == 0 {
		errs = append(errs, invalid("Bulk queries must contain at least one connection."))
	}
	return errs
}
