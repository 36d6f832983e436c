package connectortest

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Program finds one of Debian's servers. Without it the test is skipped, or fails where WAYBILL_REQUIRE_SERVERS=1
// says that the machine should have it.
func Program(t testing.TB, name, pkg string) string {
	t.Helper()
	for _, folder := range []string{"/usr/sbin/", "/usr/local/sbin/", "/usr/bin/", "/usr/local/bin/"} {
		if _, err := os.Stat(folder + name); err == nil {
			return folder + name
		}
	}
	if os.Getenv("WAYBILL_REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s is not installed and WAYBILL_REQUIRE_SERVERS=1: apt-get install %s", name, pkg)
	}
	t.Skipf("%s is not installed: apt-get install %s", name, pkg)
	return ""
}

// StartServer runs a server until the test ends and waits until it listens on its port of 127.0.0.1.
func StartServer(t testing.TB, port int, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // it outlives t.Context for the tests' cleanups
	command := exec.CommandContext(ctx, program, args...)
	var said output
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait() // killed, so always an error
		if t.Failed() {
			t.Logf("%s said:\n%s", program, said.String())
		}
	})
	for range 200 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%s does not listen on port %d:\n%s", program, port, said.String())
}

// FreePort is a port of 127.0.0.1 on which nothing listens now.
func FreePort(t testing.TB) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// output collects what a server says while a test may read it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
