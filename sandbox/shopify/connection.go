package shopify

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
)

// maxPage is the largest page a connection gives (https://shopify.dev/docs/api/usage/pagination-graphql).
const maxPage = 250

// pageArgs are the arguments every connection takes.
type pageArgs struct {
	First, Last   *int32
	After, Before *string
	Reverse       bool
}

type connection[T any] struct {
	Edges    []edge[T]
	Nodes    []T
	PageInfo pageInfo
}

type edge[T any] struct {
	Cursor string
	Node   T
}

type pageInfo struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

// sequence is an ordered list that can be paged through. find says where a cursor stands: the index of the first item
// that is not before it, and whether that item is the cursor's own.
type sequence[T any] struct {
	items  []T
	cursor func(T) string
	find   func(cursor string) (int, bool, error)
}

// listed is a sequence whose cursors are the items' own ids.
func listed[T interface{ gid() string }](items []T) sequence[T] {
	s := sequence[T]{items: items}
	s.cursor = func(v T) string { return base64.StdEncoding.EncodeToString([]byte(v.gid())) }
	s.find = func(cursor string) (int, bool, error) {
		i := slices.IndexFunc(items, func(v T) bool { return s.cursor(v) == cursor })
		if i < 0 {
			return 0, false, fmt.Errorf("invalid cursor for current pagination sort: %q", cursor)
		}
		return i, true, nil
	}
	return s
}

// nested pages through the items that hang on an object.
func nested[T interface{ gid() string }](ctx context.Context, items []T, a pageArgs) (*connection[T], error) {
	if a.Reverse {
		items = slices.Clone(items)
		slices.Reverse(items)
	}
	s := listed(items)
	if bulkOf(ctx) != nil {
		return s.between(0, len(items)), nil // a bulk query has every page
	}
	return s.page(a)
}

func (s sequence[T]) page(a pageArgs) (*connection[T], error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	from, to := 0, len(s.items)
	if a.After != nil {
		i, exact, err := s.find(*a.After)
		if err != nil {
			return nil, err
		}
		if exact {
			i++
		}
		from = i
	}
	if a.Before != nil {
		i, _, err := s.find(*a.Before)
		if err != nil {
			return nil, err
		}
		to = max(i, from)
	}
	if a.First != nil {
		to = min(to, from+int(*a.First))
	} else {
		from = max(from, to-int(*a.Last))
	}
	return s.between(from, to), nil
}

func (a pageArgs) check() error {
	switch {
	case a.First == nil && a.Last == nil:
		return errors.New("you must provide one of first or last")
	case a.First != nil && a.Last != nil:
		return errors.New("providing both first and last is not supported")
	case a.First != nil && (*a.First < 0 || *a.First > maxPage):
		return fmt.Errorf("first must be between 0 and %d, was %d", maxPage, *a.First)
	case a.Last != nil && (*a.Last < 0 || *a.Last > maxPage):
		return fmt.Errorf("last must be between 0 and %d, was %d", maxPage, *a.Last)
	}
	return nil
}

func (s sequence[T]) between(from, to int) *connection[T] {
	c := &connection[T]{Edges: []edge[T]{}, Nodes: s.items[from:to]}
	for _, v := range c.Nodes {
		c.Edges = append(c.Edges, edge[T]{Cursor: s.cursor(v), Node: v})
	}
	c.PageInfo.HasPreviousPage = from > 0
	c.PageInfo.HasNextPage = to < len(s.items)
	if n := len(c.Edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c
}
