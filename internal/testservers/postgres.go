package testservers

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the database/sql driver "pgx"
)

// StartPostgres starts a private cluster for one test and returns the address of its empty database.
func StartPostgres(t testing.TB) string {
	t.Helper()
	initdb := find("initdb", "/usr/lib/postgresql/*/bin/initdb")
	postgres := find("postgres", "/usr/lib/postgresql/*/bin/postgres")
	if initdb == "" || postgres == "" {
		missing(t, "PostgreSQL", "apt-get install postgresql")
	}
	as := account(t)
	dir := clusterFolder(t, as)
	password := newSecret().Reveal()
	pwfile := filepath.Join(dir, "password")
	if err := os.WriteFile(pwfile, []byte(password), 0o600); err != nil {
		t.Fatalf("write the password: %v", err)
	}
	if err := as.own(pwfile); err != nil {
		t.Fatalf("give the password to postgres: %v", err)
	}
	data := filepath.Join(dir, "data")
	mk := exec.CommandContext(t.Context(), initdb, "-D", data, "-U", "waybill", "--auth=scram-sha-256", "--pwfile="+pwfile, "--encoding=UTF8", "--locale=C", "--no-sync")
	mk.Dir, mk.SysProcAttr = dir, as.attr()
	if out, err := mk.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := FreePort(t)
	// It is ended by the test's clean-up, later than the test's context.
	cmd := exec.Command(postgres, "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=100")
	cmd.Dir, cmd.SysProcAttr = dir, as.attr()
	dsn := (&url.URL{Scheme: "postgres", User: url.UserPassword("waybill", password), Host: loopback(port), Path: "/postgres", RawQuery: "sslmode=disable"}).String()
	start(t, cmd, syscall.SIGINT, func(ctx context.Context) error { return ping(ctx, dsn) })
	return dsn
}

func ping(ctx context.Context, dsn string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	return errors.Join(db.PingContext(ctx), db.Close())
}

// runAs is the account under which Postgres runs: it refuses to be root.
type runAs struct {
	uid, gid int
	change   bool
}

func account(t testing.TB) runAs {
	t.Helper()
	if os.Getuid() != 0 {
		return runAs{}
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		missing(t, "the account postgres", "run the tests as another user than root, or install postgresql")
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatalf("account postgres: %v", err)
	}
	return runAs{uid: uid, gid: gid, change: true}
}

func (r runAs) own(path string) error {
	if !r.change {
		return nil
	}
	return os.Chown(path, r.uid, r.gid)
}

func (r runAs) attr() *syscall.SysProcAttr {
	if !r.change {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(r.uid), Gid: uint32(r.gid)}} //nolint:gosec // account ids are not negative
}

// clusterFolder is not t.TempDir, whose parents another account cannot enter.
func clusterFolder(t testing.TB, as runAs) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "waybill-postgres-*") //nolint:usetesting // see above
	if err == nil {
		err = as.own(dir)
	}
	if err != nil {
		t.Fatalf("make the cluster's folder: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the cluster's folder: %v", err)
		}
	})
	return dir
}
