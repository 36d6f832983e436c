// Package testservers starts real servers on loopback for tests, each private to one test and gone with it: an S3 gateway
// (versitygw), a Postgres cluster, Trino, stripe-mock, or any installed program. What Maven and pip bring is fetched once and kept in the
// user's cache. It is for tests only; nothing that ships may import it.
//
// A server that is not installed skips the test, or fails it when WAYBILL_REQUIRE_SERVERS=1, so that a build that must
// have them cannot pass without.
package testservers

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
)

const startTimeout = 30 * time.Second

// missing ends a test whose server is not installed.
func missing(t testing.TB, what, remedy string) {
	t.Helper()
	if os.Getenv("WAYBILL_REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s is not installed: %s", what, remedy)
	}
	t.Skipf("%s is not installed: %s", what, remedy)
}

// Program is the path of an installed program; pkg is Debian's package of it.
func Program(t testing.TB, name, pkg string) string {
	t.Helper()
	found := find(name, "/usr/sbin/"+name, "/usr/local/sbin/"+name)
	if found == "" {
		missing(t, name, "apt-get install "+pkg)
	}
	return found
}

// Start runs a program until the test ends and waits until it listens on a port of 127.0.0.1.
func Start(t testing.TB, port int, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...) // it is ended by the test's clean-up, later than the test's context
	start(t, cmd, syscall.SIGTERM, listens(loopback(port)))
}

// find looks for a program in PATH, in the repository's bin folder and in the given patterns.
func find(name string, patterns ...string) string {
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	if root, err := repository(); err == nil {
		patterns = append(patterns, filepath.Join(root, "bin", name))
	}
	for _, pattern := range patterns {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[len(found)-1]
		}
	}
	return ""
}

// repository is the folder with go.mod above the working directory of a test.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
	}
}

// FreePort is a port of 127.0.0.1 on which nothing listens now.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatalf("free the port: %v", err)
	}
	return port
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// listens tells whether something takes connections at an address.
func listens(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return c.Close()
	}
}

func newSecret() waybill.Secret { return waybill.Secret(rand.Text()) }

// safeBuffer collects what a server prints while a test may look at it.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// server is a started program.
type server struct {
	cmd  *exec.Cmd
	done chan struct{}
	out  *safeBuffer
}

// start runs a program until the test ends and waits until ready says so.
func start(t testing.TB, cmd *exec.Cmd, stop syscall.Signal, ready func(context.Context) error) *server {
	t.Helper()
	return startWithin(t, startTimeout, cmd, stop, ready)
}

// startWithin is start for a program that takes long.
func startWithin(t testing.TB, limit time.Duration, cmd *exec.Cmd, stop syscall.Signal, ready func(context.Context) error) *server {
	t.Helper()
	s := &server{cmd: cmd, done: make(chan struct{}), out: &safeBuffer{}}
	cmd.Stdout, cmd.Stderr = s.out, s.out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	go func() { _ = cmd.Wait(); close(s.done) }() // how it ended is in its output
	t.Cleanup(func() {
		s.end(stop)
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, s.out)
		}
	})
	deadline := time.Now().Add(limit)
	for {
		err := ready(t.Context())
		if err == nil {
			return s
		}
		select {
		case <-s.done:
			t.Fatalf("%s ended at once:\n%s", cmd.Path, s.out)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready after %s: %v\n%s", cmd.Path, limit, err, s.out)
		}
	}
}

func (s *server) end(stop syscall.Signal) {
	_ = s.cmd.Process.Signal(stop) // it may have ended by itself
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill() // it may have ended by itself
		<-s.done
	}
}
