package publish_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/publish"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// A desk is one database or file that releases are published to, and the people around it.
type desk struct {
	*testing.T
	dsn     string
	engine  *sql.DB
	heard   *observer.ObservedLogs
	log     *zap.Logger
	lake    string
	began   time.Time // releases are made a second apart from then on
	release int64
	book    map[int64]time.Time // releases that were made here
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	core, heard := observer.New(zap.InfoLevel)
	d := &desk{T: t, engine: duck.Open(duck.Config{Threads: 1}), heard: heard, log: zap.New(core), lake: "s3://bucket/lake", began: time.Date(2026, 3, 27, 7, 0, 0, 123456789, time.UTC), book: map[int64]time.Time{}}
	t.Cleanup(func() { _ = d.engine.Close() })
	return d
}

// newDatabase makes a database of its own in a running cluster.
func newDatabase(t *testing.T, cluster, name string) *desk {
	t.Helper()
	d := newDesk(t)
	d.dsn = cluster
	d.connect("").run("create database " + name)
	address, err := url.Parse(cluster)
	if err != nil {
		t.Fatal(err)
	}
	address.Path = "/" + name
	d.dsn = address.String()
	return d
}

// connect connects as a role whose password is its name; empty for the owner of everything.
func (d *desk) connect(role string) *session {
	d.Helper()
	conn, err := pgx.Connect(d.Context(), d.as(role))
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { _ = conn.Close(context.Background()) })
	return &session{desk: d, conn: conn}
}

func (d *desk) as(role string) string {
	address, err := url.Parse(d.dsn)
	if err != nil {
		d.Fatal(err)
	}
	if role != "" {
		address.User = url.UserPassword(role, role)
	}
	return address.String()
}

// session is somebody's connection.
type session struct {
	*desk
	conn *pgx.Conn
}

func (s *session) run(statements string) {
	s.Helper()
	if _, err := s.conn.Exec(s.Context(), statements); err != nil {
		s.Fatalf("%s: %v", statements, err)
	}
}

// text is the only value that a query gives.
func (s *session) text(query string) string {
	s.Helper()
	var text *string
	if err := s.conn.QueryRow(s.Context(), "select ("+query+")::text").Scan(&text); err != nil {
		s.Fatalf("%s: %v", query, err)
	}
	if text == nil {
		return "<none>"
	}
	return *text
}

func (s *session) want(query, want string) {
	s.Helper()
	if got := s.text(query); got != want {
		s.Errorf("%s: %s, want %s", query, got, want)
	}
}

// origin is a lake whose ledger is the desk's book.
func (d *desk) origin() publish.Origin {
	return publish.Origin{Lake: d.lake, Released: func(_ context.Context, release int64, at time.Time) (bool, error) {
		return d.book[release].Sub(at).Abs() <= time.Microsecond, nil
	}}
}

// publish publishes the next release.
func (d *desk) publish(target publish.Target, marts ...publish.Mart) error {
	d.release++
	at := d.began.Add(time.Duration(d.release) * time.Second)
	d.book[d.release] = at
	return target.Publish(d.Context(), ledger.Release{ID: d.release, At: at, AsOf: at}, marts, d.log)
}

func (d *desk) mustPublish(target publish.Target, marts ...publish.Mart) {
	d.Helper()
	if err := d.publish(target, marts...); err != nil {
		d.Fatal(err)
	}
}

// mustRefuse publishes and wants an error with all of the words in it.
func (d *desk) mustRefuse(target publish.Target, marts []publish.Mart, words ...string) {
	d.Helper()
	err := d.publish(target, marts...)
	if err == nil {
		d.Fatal("it was published")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			d.Errorf("the error does not say %q: %v", word, err)
		}
	}
}

// told are the messages of the log since it was last asked, with their fields.
func (d *desk) told() string {
	var b strings.Builder
	for _, e := range d.heard.TakeAll() {
		fmt.Fprintln(&b, e.Level, e.Message, e.ContextMap())
	}
	return b.String()
}

func (d *desk) postgres(readers string) *publish.Postgres {
	return publish.NewPostgres(d.engine, waybill.Secret(d.dsn), "marts", readers, d.origin())
}

// mart is a small mart whose rows have the release's number as status.
func mart(name, query string, key ...string) publish.Mart {
	return publish.Mart{Select: query, Model: &models.Model{
		Name: waybill.TableName{Namespace: "marts", Name: name},
		Head: models.Head{Description: "A mart.", Grain: "one row per " + name, Key: key, Columns: []models.ColumnDoc{{Name: key[0], Description: "The key."}}},
	}}
}

// marts are two marts of a release; total is in a column of each order, so that releases can be told apart.
func marts(total int) []publish.Mart {
	return []publish.Mart{
		mart("fct_orders", fmt.Sprintf("select 'AV' || n as order_id, 'paid' as status, %d.00::decimal(18,2) as total from range(1000) as t (n)", total), "order_id"),
		mart("dim_sites", "select 'ams' as site, 'Europe/Amsterdam' as zone", "site"),
	}
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return err == nil
}
