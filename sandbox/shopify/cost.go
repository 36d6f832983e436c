package shopify

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/graph-gophers/graphql-go"
	"github.com/graph-gophers/graphql-go/ast"
)

// Costs as Shopify publishes them: an object 1, a scalar or enum 0, a mutation 10, a connection by its size, no single
// query above 1,000 (https://shopify.dev/docs/api/usage/limits, "calculated query cost").
const (
	mutationCost = 10
	maxQueryCost = 1000
	// sizeExponent: how a connection's size counts is not published. This gives the one measurement at hand: 25 points
	// for product.variants(first: 250).nodes.inventoryItem (https://community.shopify.dev/t/23101).
	sizeExponent = 0.45
)

// sized is how many times its nodes a connection of n costs.
func sized(n float64) float64 { return math.Ceil(math.Pow(n, sizeExponent)) }

// probe rides in the context of a dry run: root resolvers tell it what is selected below them and return nothing. This
// is how a query is weighed, and a bulk query is checked, before it runs.
type probe struct {
	schema *ast.Schema
	mu     sync.Mutex
	roots  []rootField
}

// rootField is one field at the top of an operation.
type rootField struct {
	operation string // QueryRoot or Mutation
	name      string
	paths     []string // everything selected below it, dotted
	cost      float64
}

type probeKey struct{}

func probeOf(ctx context.Context) *probe {
	p, _ := ctx.Value(probeKey{}).(*probe)
	return p
}

// see records a root field; it reports whether this is a dry run.
func see(ctx context.Context, operation, name string, a pageArgs) bool {
	p := probeOf(ctx)
	if p == nil {
		return false
	}
	f := rootField{operation: operation, name: name, paths: graphql.SelectedFieldNames(ctx), cost: mutationCost}
	if root, ok := p.schema.Types[operation].(*ast.ObjectTypeDefinition); ok && operation == "QueryRoot" {
		m := meter{ctx: ctx, tree: newTree(f.paths)}
		f.cost = m.field(root.Fields.Get(name).Type, m.tree, "", a)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roots = append(p.roots, f)
	return true
}

func (p *probe) cost() float64 {
	var sum float64
	for _, r := range p.roots {
		sum += r.cost
	}
	return sum
}

// tree is a selection: field name to what is selected below it.
type tree map[string]tree

func newTree(paths []string) tree {
	root := tree{}
	for _, path := range paths {
		at := root
		for _, name := range strings.Split(path, ".") {
			if at[name] == nil {
				at[name] = tree{}
			}
			at = at[name]
		}
	}
	return root
}

// meter weighs a selection.
type meter struct {
	ctx  context.Context
	tree tree
}

func (m meter) field(t ast.Type, below tree, path string, a pageArgs) float64 {
	named := namedType(t)
	if !isComposite(named) {
		return 0
	}
	if !isConnection(named) {
		return 1 + m.children(named, below, path)
	}
	size := 0.0
	for _, n := range []*int32{a.First, a.Last} {
		if n != nil {
			size = float64(*n)
		}
	}
	var node float64
	for _, way := range []string{"edges.node", "nodes"} {
		sub := below
		for _, name := range strings.Split(way, ".") {
			sub = sub[name]
		}
		if sub != nil {
			node = max(node, 1+m.children(nodeType(named), sub, join(path, way)))
		}
	}
	return sized(size) * node
}

func (m meter) children(t ast.NamedType, below tree, path string) float64 {
	var sum float64
	for name, sub := range below {
		f := fieldOf(t, name)
		if f == nil {
			continue
		}
		var a pageArgs
		if _, err := graphql.DecodeSelectedFieldArgs(m.ctx, join(path, name), &a); err != nil {
			a = pageArgs{}
		}
		sum += m.field(f.Type, sub, join(path, name), a)
	}
	return sum
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func namedType(t ast.Type) ast.NamedType {
	switch t := t.(type) {
	case *ast.NonNull:
		return namedType(t.OfType)
	case *ast.List:
		return namedType(t.OfType)
	case ast.NamedType:
		return t
	}
	return nil
}

func isList(t ast.Type) bool {
	if n, ok := t.(*ast.NonNull); ok {
		t = n.OfType
	}
	_, ok := t.(*ast.List)
	return ok
}

func isComposite(t ast.NamedType) bool {
	switch t.(type) {
	case *ast.ObjectTypeDefinition, *ast.InterfaceTypeDefinition, *ast.Union:
		return true
	}
	return false
}

func isConnection(t ast.NamedType) bool {
	return isComposite(t) && strings.HasSuffix(t.TypeName(), "Connection")
}

func nodeType(connection ast.NamedType) ast.NamedType {
	if o, ok := connection.(*ast.ObjectTypeDefinition); ok {
		if nodes := o.Fields.Get("nodes"); nodes != nil {
			return namedType(nodes.Type)
		}
	}
	return nil
}

// fieldOf finds a field of a type, or of any type that an interface or union may turn out to be.
func fieldOf(t ast.NamedType, name string) *ast.FieldDefinition {
	var possible []*ast.ObjectTypeDefinition
	switch t := t.(type) {
	case *ast.ObjectTypeDefinition:
		return t.Fields.Get(name)
	case *ast.InterfaceTypeDefinition:
		if f := t.Fields.Get(name); f != nil {
			return f
		}
		possible = t.PossibleTypes
	case *ast.Union:
		possible = t.UnionMemberTypes
	}
	for _, o := range possible {
		if f := o.Fields.Get(name); f != nil {
			return f
		}
	}
	return nil
}

// spent is what an answer did cost: what is really in it.
func spent(data json.RawMessage) (float64, error) {
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		return 0, err
	}
	var sum float64
	for _, child := range v {
		sum += weigh(child)
	}
	return sum, nil
}

func weigh(v any) float64 {
	var sum float64
	switch v := v.(type) {
	case []any:
		for _, child := range v {
			sum += weigh(child)
		}
	case map[string]any:
		sum = 1
		if nodes, ok := nodesOf(v); ok {
			if len(nodes) == 0 {
				return 0
			}
			return math.Ceil(weigh(nodes) * sized(float64(len(nodes))) / float64(len(nodes)))
		}
		for _, child := range v {
			sum += weigh(child)
		}
	}
	return sum
}

// nodesOf gives what a connection in an answer holds, however it was selected.
func nodesOf(object map[string]any) ([]any, bool) {
	if nodes, ok := object["nodes"].([]any); ok {
		return nodes, true
	}
	edges, ok := object["edges"].([]any)
	var nodes []any
	for _, e := range edges {
		if e, ok := e.(map[string]any); ok {
			nodes = append(nodes, e["node"])
		}
	}
	return nodes, ok
}

// bucket is the leaky bucket that a shop gives an app: it holds so many points and restores so many a second.
type bucket struct {
	size, rate float64
	now        func() time.Time
	mu         sync.Mutex
	level      float64
	filledAt   time.Time
}

func newBucket(size, rate float64, now func() time.Time) *bucket {
	return &bucket{size: size, rate: rate, now: now, level: size, filledAt: now()}
}

// take withdraws points; false when there are too few. Either way it says how many are left.
func (b *bucket) take(points float64) (float64, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.level = math.Min(b.size, b.level+b.rate*now.Sub(b.filledAt).Seconds())
	b.filledAt = now
	if points > b.level {
		return b.level, false
	}
	b.level -= points
	return b.level, true
}

// giveBack returns the points that were asked for and not used.
func (b *bucket) giveBack(points float64) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.level = math.Min(b.size, b.level+points)
	return b.level
}
