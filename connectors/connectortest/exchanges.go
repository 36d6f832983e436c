package connectortest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Exchanges opens an item of questions and reads its exchange log: the lines that came, and why no more did.
func Exchanges(t testing.TB, c waybill.Connector, it waybill.Item) ([]rest.Exchange, error) {
	t.Helper()
	f, err := c.Open(context.Background(), it)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	var all []rest.Exchange
	for line := range bytes.Lines(text) {
		x, _, bad := rest.ParseExchange(line)
		if bad != nil {
			t.Fatal(bad)
		}
		all = append(all, x)
	}
	return all, err
}

// EndsWithContext opens the first item of a request, of which the context ends on the way: answering is told what ends it, and has the partner call it.
func EndsWithContext(t *testing.T, c waybill.Connector, r waybill.Request, answering func(end func())) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answering(cancel)
	items, err := c.List(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Open(ctx, items[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
