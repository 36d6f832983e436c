package shopify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// reusable is how old a finished bulk operation may be; its address is good for seven days.
const reusable = 6 * 24 * time.Hour

// bulkOperation is Shopify's record of one (https://shopify.dev/docs/api/admin-graphql/2026-01/objects/BulkOperation).
type bulkOperation struct {
	ID             string    `json:"id"`
	Status         string    `json:"status"`
	ErrorCode      string    `json:"errorCode"`
	CreatedAt      time.Time `json:"createdAt"`
	ObjectCount    number    `json:"objectCount"`
	FileSize       *number   `json:"fileSize"`
	URL            string    `json:"url"`
	PartialDataURL string    `json:"partialDataUrl"`
	Query          string    `json:"query"`
}

// isRunning tells states that go on by themselves from final ones.
func (o bulkOperation) isRunning() bool {
	return o.Status == "CREATED" || o.Status == "RUNNING" || o.Status == "CANCELING"
}

// isUsable says whether an operation has a result that can still be fetched, or will have one.
func (o bulkOperation) isUsable(now time.Time) bool {
	return now.Sub(o.CreatedAt) <= reusable && (o.Status == "CREATED" || o.Status == "RUNNING" || o.Status == "COMPLETED")
}

// verdict is the error of a final state other than COMPLETED.
func (o bulkOperation) verdict() error {
	partial := ""
	if o.PartialDataURL != "" {
		partial = fmt.Sprintf(", %d objects as partial data, which are not used because the rest would be missing unseen", o.ObjectCount)
	}
	text := fmt.Sprintf("bulk operation %s: %s %s%s", o.ID, o.Status, o.ErrorCode, partial)
	switch {
	case o.Status == "COMPLETED":
		return nil
	case o.Status == "FAILED" && o.ErrorCode == "ACCESS_DENIED":
		return fmt.Errorf("%s: give the app the scopes read_orders, read_returns, read_products and read_inventory: %w", text, waybill.ErrAuth)
	case o.Status == "FAILED" && o.ErrorCode == "TIMEOUT":
		return fmt.Errorf("%s: if it stays so, set a shorter window: %w", text, waybill.ErrTemporary)
	case o.Status == "FAILED", o.Status == "CANCELED", o.Status == "EXPIRED":
		return fmt.Errorf("%s: %w", text, waybill.ErrTemporary)
	}
	return fmt.Errorf("%s: this state is not known", text)
}

// bulk gives the result of a bulk query over data up to asOf. It takes up an operation with the same query that
// a former try left running or finished, waits its turn when the shop is busy, and checks what arrives.
func (c *Connector) bulk(ctx context.Context, query string, asOf time.Time) (io.ReadCloser, error) {
	waiting, cancel := context.WithTimeout(ctx, c.cfg.BulkPatience)
	defer cancel()
	op, err := c.finished(waiting, query, asOf)
	if err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("no result within bulk_patience %s; what runs goes on and is taken up by the next pull: %w", c.cfg.BulkPatience, waybill.ErrTemporary)
		}
		return nil, err
	}
	if op.URL == "" {
		if op.ObjectCount > 0 {
			return nil, fmt.Errorf("bulk operation %s: %d objects and no address: %w", op.ID, op.ObjectCount, waybill.ErrTemporary)
		}
		return io.NopCloser(strings.NewReader("")), nil
	}
	d, err := c.admin.client.Open(ctx, rest.Call{Path: op.URL})
	if err != nil {
		var refused *rest.Error
		if errors.As(err, &refused) && refused.Status/100 == 4 {
			// The address carries its own permission; a refusal says that it is old, not that our token is wrong.
			return nil, fmt.Errorf("bulk operation %s: result: %s: %w", op.ID, err.Error(), waybill.ErrTemporary)
		}
		return nil, fmt.Errorf("bulk operation %s: result: %w", op.ID, err)
	}
	return &checked{ReadCloser: d, op: op}, nil
}

// finished runs the query, or finds it run, and waits for its end.
func (c *Connector) finished(ctx context.Context, query string, asOf time.Time) (bulkOperation, error) {
	op, err := c.former(ctx, query, asOf)
	if err != nil {
		return op, err
	}
	if op.ID == "" {
		if op, err = c.start(ctx, query); err != nil {
			return op, err
		}
	}
	for pause := c.cfg.PollMin; op.isRunning(); pause = c.longer(pause) {
		if err := rest.Sleep(ctx, pause); err != nil {
			return op, err
		}
		var data struct {
			Operation *bulkOperation `json:"bulkOperation"`
		}
		if err := c.look(ctx, question{Query: bulkByID, Variables: map[string]any{"id": op.ID}}, &data); err != nil {
			return op, fmt.Errorf("bulk operation %s: %w", op.ID, err)
		}
		if data.Operation == nil {
			return op, fmt.Errorf("bulk operation %s: gone: %w", op.ID, waybill.ErrTemporary)
		}
		op = *data.Operation
	}
	return op, op.verdict()
}

// former finds the newest bulk operation if it is of the same query and saw all that the window holds; its result is
// then as good as a new one's, and a pull that was killed does not begin again.
func (c *Connector) former(ctx context.Context, query string, asOf time.Time) (bulkOperation, error) {
	op, err := c.newest(ctx)
	if err != nil || op == nil || op.Query != query || op.CreatedAt.Before(asOf) || !op.isUsable(c.now()) {
		return bulkOperation{}, err
	}
	return *op, nil
}

// newest is the shop's newest bulk query of this app, nil where there is none.
func (c *Connector) newest(ctx context.Context) (*bulkOperation, error) {
	var data struct {
		Operation *bulkOperation `json:"currentBulkOperation"`
	}
	if err := c.look(ctx, question{Query: bulkNewest}, &data); err != nil {
		return nil, fmt.Errorf("look for a former bulk operation: %w", err)
	}
	return data.Operation, nil
}

// start runs the query, and waits for its turn while other operations of the app take all the shop allows.
func (c *Connector) start(ctx context.Context, query string) (bulkOperation, error) {
	for pause := c.cfg.PollMin; ; pause = c.longer(pause) {
		r, err := c.admin.run(ctx, question{Query: runBulk, Variables: map[string]any{"query": query}})
		if err != nil {
			return bulkOperation{}, fmt.Errorf("start bulk operation: %w", err)
		}
		var data struct {
			Run struct {
				Operation *bulkOperation `json:"bulkOperation"`
				Errors    userErrors     `json:"userErrors"`
			} `json:"bulkOperationRunQuery"`
		}
		if err := r.data(&data); err != nil {
			return bulkOperation{}, fmt.Errorf("start bulk operation: %w", err)
		}
		switch {
		case data.Run.Errors.isBusy():
			if err := rest.Sleep(ctx, pause); err != nil {
				return bulkOperation{}, err
			}
		case len(data.Run.Errors) > 0:
			return bulkOperation{}, fmt.Errorf("start bulk operation: %w", data.Run.Errors)
		case data.Run.Operation == nil || data.Run.Operation.ID == "":
			return bulkOperation{}, errors.New("start bulk operation: the answer names no operation")
		default:
			return *data.Run.Operation, nil
		}
	}
}

func (c *Connector) longer(pause time.Duration) time.Duration { return min(c.cfg.PollMax, pause*3/2) }

func (c *Connector) look(ctx context.Context, q question, into any) error {
	_, r, err := c.admin.read(ctx, q)
	if err != nil {
		return err
	}
	return r.data(into)
}

// userErrors are what a mutation says about its input.
type userErrors []struct {
	Message string `json:"message"`
	Code    string `json:"code"`
}

// Error is the codes.
func (u userErrors) Error() string {
	codes := make([]string, len(u))
	for i, e := range u {
		if codes[i] = rest.Code(e.Code); codes[i] == "" {
			codes[i] = "an error without a code"
		}
	}
	return "the shop refuses it: " + strings.Join(codes, ", ")
}

func (u userErrors) isBusy() bool {
	for _, e := range u {
		if e.Code == "OPERATION_IN_PROGRESS" || e.Code == "LIMIT_REACHED" {
			return true
		}
	}
	return false
}

// checked counts what is read and compares it at the end with what the operation says it wrote.
type checked struct {
	io.ReadCloser
	op    bulkOperation
	bytes uint64
	lines uint64
	open  bool // the last line has no end yet
}

func (k *checked) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	for _, b := range p[:n] {
		k.open = b != '\n'
		if !k.open {
			k.lines++
		}
	}
	k.bytes += uint64(n)
	if errors.Is(err, io.EOF) {
		return n, k.compare()
	}
	return n, err
}

func (k *checked) compare() error {
	objects := k.lines
	if k.open {
		objects++
	}
	switch {
	case k.op.FileSize != nil && uint64(*k.op.FileSize) != k.bytes:
		return fmt.Errorf("bulk operation %s: %d bytes arrived of %d: %w", k.op.ID, k.bytes, *k.op.FileSize, waybill.ErrTemporary)
	case objects != uint64(k.op.ObjectCount):
		return fmt.Errorf("bulk operation %s: %d objects arrived of %d: %w", k.op.ID, objects, k.op.ObjectCount, waybill.ErrTemporary)
	}
	return io.EOF
}
