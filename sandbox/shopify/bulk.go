package shopify

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/graph-gophers/graphql-go"
)

const (
	bulkPath = "/bulk-operation-results/"
	// maxRunning is how many bulk queries run at once for a shop (https://shopify.dev/docs/api/usage/bulk-operations/queries, API 2026-01 and later).
	maxRunning = 5
)

// bulkRun rides in the context of a bulk query's execution: connections give all they have, the one at the top a page
// at a time.
type bulkRun struct {
	done int
	more bool
}

type bulkKey struct{}

func bulkOf(ctx context.Context) *bulkRun {
	run, _ := ctx.Value(bulkKey{}).(*bulkRun)
	return run
}

// bulkOperations are a shop's bulk queries and their files.
type bulkOperations struct {
	shop *Shop
	ctx  context.Context // operations outlive the calls that start them and end with the shop
	stop context.CancelFunc
	wait sync.WaitGroup

	mu   sync.Mutex
	all  []*operation
	held int
	fail int
}

// operation is one bulk query. Its owner's mutex guards it.
type operation struct {
	owner              *bulkOperations
	id                 graphql.ID
	query, signature   string
	created, completed time.Time
	status, errorCode  string
	grouped, finished  bool
	looks              int // how often it still answers RUNNING
	objects, roots     int
	file               []byte
	cancel             context.CancelFunc
}

// bulkOperation is an operation as the API shows it.
type bulkOperation struct {
	object
	Type, Status, Query          string
	ErrorCode                    *string
	CreatedAt                    dateTime
	CompletedAt                  *dateTime
	ObjectCount, RootObjectCount unsigned
	FileSize                     *unsigned
	URL, PartialDataURL          *link
}

type bulkUserError struct {
	Field   *[]string
	Message string
	Code    *string
}

type bulkPayload struct {
	BulkOperation *bulkOperation
	UserErrors    []bulkUserError
}

func newBulkOperations(s *Shop) *bulkOperations {
	b := &bulkOperations{shop: s}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

func (b *bulkOperations) close() {
	b.stop()
	b.wait.Wait()
}

func (b *bulkOperations) hold(looks int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = looks
}

func (b *bulkOperations) failNext(times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = times
}

func (b *bulkOperations) find(id graphql.ID) *operation {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, op := range b.all {
		if op.id == id {
			return op
		}
	}
	return nil
}

func (b *bulkOperations) newest() *operation {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.all) == 0 {
		return nil
	}
	return b.all[len(b.all)-1]
}

// BulkOperationRunQuery starts a bulk query, or says what is wrong with it.
func (r *root) BulkOperationRunQuery(ctx context.Context, a struct {
	Query        string
	GroupObjects bool
},
) (*bulkPayload, error) {
	if see(ctx, "Mutation", "bulkOperationRunQuery", pageArgs{}) {
		return nil, nil
	}
	if errs := r.shop.checkBulk(ctx, a.Query); len(errs) > 0 {
		return &bulkPayload{UserErrors: errs}, nil
	}
	op, refused := r.shop.bulk.begin(a.Query)
	if refused != nil {
		return &bulkPayload{UserErrors: []bulkUserError{*refused}}, nil
	}
	op.grouped = a.GroupObjects
	view := op.view(ctx)
	r.shop.bulk.start(op)
	return &bulkPayload{BulkOperation: view, UserErrors: []bulkUserError{}}, nil
}

// begin enters a new operation in the list.
func (b *bulkOperations) begin(query string) (*operation, *bulkUserError) {
	b.mu.Lock()
	defer b.mu.Unlock()
	running := 0
	for _, op := range b.all {
		if op.status == "CREATED" || op.status == "RUNNING" {
			running++
		}
	}
	if running >= maxRunning {
		code := "LIMIT_REACHED"
		return nil, &bulkUserError{Message: "Bulk operations limit reached. Please try again later.", Code: &code}
	}
	op := &operation{
		owner: b, id: gid("BulkOperation", 4_039_000_000_001+int64(len(b.all))), query: query, signature: rand.Text(),
		created: b.shop.options.At(), status: "CREATED", looks: b.held,
	}
	b.all = append(b.all, op)
	return op, nil
}

func (b *bulkOperations) start(op *operation) {
	ctx, cancel := context.WithCancel(b.ctx)
	b.mu.Lock()
	op.status, op.cancel = "RUNNING", cancel
	b.mu.Unlock()
	b.wait.Go(func() {
		defer cancel()
		lines, err := b.shop.runBulk(ctx, op)
		b.finish(op, lines, err)
	})
}

func (b *bulkOperations) finish(op *operation, lines *jsonLines, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	op.finished, op.completed = true, op.created
	failed := err != nil
	if !failed && b.fail > 0 {
		b.fail--
		failed = true
		lines.halve()
	}
	op.objects, op.roots, op.file = lines.objects, lines.roots, lines.buf.Bytes()
	switch {
	case op.status == "CANCELING":
		op.status, op.file = "CANCELED", nil
	case failed:
		op.status, op.errorCode, op.completed = "FAILED", "INTERNAL_SERVER_ERROR", time.Time{}
	default:
		op.status = "COMPLETED"
	}
}

// view is what a caller sees now. A held operation shows itself RUNNING for some looks more.
func (op *operation) view(ctx context.Context) *bulkOperation {
	op.owner.mu.Lock()
	defer op.owner.mu.Unlock()
	v := &bulkOperation{
		object: object{op.id}, Type: "QUERY", Status: op.status, Query: op.query, CreatedAt: instant(op.created),
		ObjectCount: "0", RootObjectCount: "0",
	}
	if op.status == "CREATED" {
		return v
	}
	if op.looks > 0 && op.finished {
		op.looks--
		v.Status = "RUNNING"
		return v
	}
	v.ObjectCount, v.RootObjectCount = unsigned(strconv.Itoa(op.objects)), unsigned(strconv.Itoa(op.roots))
	v.CompletedAt, v.ErrorCode = instantOrNull(op.completed), textOrNull(op.errorCode)
	if !op.finished || len(op.file) == 0 {
		return v // Shopify gives no URL for a result without objects
	}
	size, at := unsigned(strconv.Itoa(len(op.file))), op.url(ctx)
	if v.FileSize = &size; op.status == "COMPLETED" {
		v.URL = &at
	} else {
		v.PartialDataURL = &at
	}
	return v
}

func (op *operation) url(ctx context.Context) link {
	host, _ := ctx.Value(hostKey{}).(string)
	number := op.id[strings.LastIndex(string(op.id), "/")+1:]
	return link(fmt.Sprintf("http://%s%sbulk-%s.jsonl?Signature=%s", host, bulkPath, number, op.signature))
}

// BulkOperationCancel stops a bulk query that still runs.
func (r *root) BulkOperationCancel(ctx context.Context, a idArg) (*bulkPayload, error) {
	if see(ctx, "Mutation", "bulkOperationCancel", pageArgs{}) {
		return nil, nil
	}
	op := r.shop.bulk.find(a.ID)
	if op == nil {
		field := []string{"id"}
		return &bulkPayload{UserErrors: []bulkUserError{{Field: &field, Message: "Bulk operation does not exist"}}}, nil
	}
	op.stop()
	return &bulkPayload{BulkOperation: op.view(ctx), UserErrors: []bulkUserError{}}, nil
}

func (op *operation) stop() {
	op.owner.mu.Lock()
	defer op.owner.mu.Unlock()
	switch {
	case !op.finished:
		op.status = "CANCELING"
		if op.cancel != nil {
			op.cancel()
		}
	case op.looks > 0:
		op.status, op.looks, op.file = "CANCELED", 0, nil
	}
}

func (b *bulkOperations) serves(path string) bool { return strings.HasPrefix(path, bulkPath) }

// ServeHTTP downloads a result. As with Shopify's storage, the signature in the URL is the permission.
func (b *bulkOperations) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, bulkPath)
	number := strings.TrimSuffix(strings.TrimPrefix(name, "bulk-"), ".jsonl")
	op := b.find(graphql.ID("gid://shopify/BulkOperation/" + number))
	if op == nil {
		http.Error(w, "NoSuchKey: the specified key does not exist", http.StatusNotFound)
		return
	}
	b.mu.Lock()
	file, signature, changed := op.file, op.signature, op.created
	b.mu.Unlock()
	if r.URL.Query().Get("Signature") != signature {
		http.Error(w, "SignatureDoesNotMatch: access denied", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	http.ServeContent(w, r, name, changed, bytes.NewReader(file))
}
