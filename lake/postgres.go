package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/silence"
)

// openPostgres opens a catalog's server so that its restart is ridden out. A connection that cannot be made is tried again for as long as
// timeouts.silence; a question that only reads, outside of a transaction, is asked again when its connection broke; of whatever else the answer was
// lost nobody knows whether it was done, so it ends as temporary, and who wrote it looks (change.send, ledger).
func openPostgres(address string, t waybill.Timeouts) (*sql.DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.DialFunc = pgconn.DialFunc(silence.Bound(nil, "the catalog's Postgres", t))
	config.ConnectTimeout = t.Connect
	return sql.OpenDB(&patient{Connector: stdlib.GetConnector(*config), wait: t.Silence}), nil
}

// patient connects again while the server is not there.
type patient struct {
	driver.Connector
	wait time.Duration
	met  atomic.Bool // it was there once; before that an address may be wrong, and is told at once
}

// The pause between two tries to connect doubles between these.
const (
	connectPause = 50 * time.Millisecond
	connectMost  = 2 * time.Second
)

// Connect makes a connection. A server that refuses the credential, or has no such database, is believed at once.
func (p *patient) Connect(ctx context.Context) (driver.Conn, error) {
	trying, stop := context.WithTimeout(ctx, p.wait)
	defer stop()
	for pause := connectPause; ; pause = min(2*pause, connectMost) {
		made, err := p.Connector.Connect(trying)
		if err == nil {
			p.met.Store(true)
			return &steady{Conn: made}, nil
		}
		if err = temporary(err); !errors.Is(err, waybill.ErrTemporary) || ctx.Err() != nil || !p.met.Load() {
			return nil, err
		}
		select {
		case <-trying.Done():
			return nil, fmt.Errorf("not there for %s (timeouts.silence): %w", p.wait, err)
		case <-time.After(pause):
		}
	}
}

// steady is a connection that tells what may be asked again. It has all that pgx's own has and database/sql uses.
type steady struct {
	driver.Conn
	within bool // a transaction
}

// again is for database/sql, which takes another connection then; where that does not help it is temporary.
func again(err error) error {
	return fmt.Errorf("%w: %w: %w", waybill.ErrTemporary, driver.ErrBadConn, err)
}

var errNoSuchConn = errors.New("the Postgres driver has changed: its connection lacks a part that is needed; report this as a defect")

func (s *steady) open() interface{ IsClosed() bool } {
	if c, ok := s.Conn.(*stdlib.Conn); ok {
		return c.Conn()
	}
	return nil
}

// QueryContext asks; a question that only reads goes to another connection when this one broke.
func (s *steady) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	q, ok := s.Conn.(driver.QueryerContext)
	if !ok {
		return nil, errNoSuchConn
	}
	rows, err := q.QueryContext(ctx, query, args)
	if err != nil && ctx.Err() == nil && s.broke() && !s.within && reads(query) {
		return nil, again(err)
	}
	return rows, s.told(err)
}

// ExecContext changes something; what became of it when the connection broke is not known.
func (s *steady) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	e, ok := s.Conn.(driver.ExecerContext)
	if !ok {
		return nil, errNoSuchConn
	}
	res, err := e.ExecContext(ctx, query, args)
	return res, s.told(err)
}

// PrepareContext is the connection's own.
func (s *steady) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	p, ok := s.Conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, errNoSuchConn
	}
	stmt, err := p.PrepareContext(ctx, query)
	return stmt, temporary(err)
}

// BeginTx begins a transaction. Nothing was done yet, so a broken connection gives way to another.
func (s *steady) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	b, ok := s.Conn.(driver.ConnBeginTx)
	if !ok {
		return nil, errNoSuchConn
	}
	tx, err := b.BeginTx(ctx, opts)
	switch {
	case err != nil && ctx.Err() == nil && s.broke():
		return nil, again(err)
	case err != nil:
		return nil, temporary(err)
	}
	s.within = true
	return &steadyTx{tx, s}, nil
}

type steadyTx struct {
	driver.Tx
	of *steady
}

// Commit ends as temporary when its answer was lost.
func (t *steadyTx) Commit() error {
	t.of.within = false
	return temporary(t.Tx.Commit())
}

// Rollback ends the transaction.
func (t *steadyTx) Rollback() error {
	t.of.within = false
	return t.Tx.Rollback()
}

// Ping is the connection's own.
func (s *steady) Ping(ctx context.Context) error {
	p, ok := s.Conn.(driver.Pinger)
	if !ok {
		return errNoSuchConn
	}
	return p.Ping(ctx)
}

// ResetSession tells before each use whether the connection is still there.
func (s *steady) ResetSession(ctx context.Context) error {
	r, ok := s.Conn.(driver.SessionResetter)
	if !ok {
		return errNoSuchConn
	}
	return r.ResetSession(ctx)
}

// CheckNamedValue is the connection's own.
func (s *steady) CheckNamedValue(v *driver.NamedValue) error {
	c, ok := s.Conn.(driver.NamedValueChecker)
	if !ok {
		return errNoSuchConn
	}
	return c.CheckNamedValue(v)
}

// errBroke is a connection that broke within a transaction, of which nothing was committed then.
var errBroke = fmt.Errorf("%w: the connection to the catalog broke", waybill.ErrTemporary)

func (s *steady) told(err error) error {
	if err != nil && s.within && s.broke() {
		return fmt.Errorf("%w: %w", errBroke, err)
	}
	return temporary(err)
}

// readMost is how often a reading of the catalog is begun when connections break under it.
const readMost = 10

// reading repeats what only reads, in transactions of its own, while connections break.
func reading[T any](read func() (T, error)) (T, error) {
	for n := 1; ; n++ {
		got, err := read()
		if n == readMost || !errors.Is(err, errBroke) {
			return got, err
		}
	}
}

// broke tells that the connection is of no more use.
func (s *steady) broke() bool {
	c := s.open()
	return c != nil && c.IsClosed()
}

// reads tells of a statement that changes nothing, whatever it selects.
func reads(query string) bool {
	word, rest, _ := strings.Cut(strings.TrimSpace(query), " ")
	return strings.EqualFold(word, "select") && !strings.Contains(strings.ToUpper(rest), " FOR ")
}
