package rest_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// TestHostile: servers that are silent, endless or torn at any place of an answer, or lie about its size, are left within the bounds.
func TestHostile(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	wait := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	forEver := func(c net.Conn, text string) {
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		serve     func(net.Conn)
		temporary bool
	}{
		"silent":          {wait, true},
		"silent in head":  {func(c net.Conn) { fmt.Fprint(c, head[:20]); wait(c) }, true},
		"silent in body":  {func(c net.Conn) { fmt.Fprint(c, head+"Content-Length: 100\r\n\r\n{"); wait(c) }, true},
		"torn before":     {func(net.Conn) {}, true},
		"torn in head":    {func(c net.Conn) { fmt.Fprint(c, head) }, true},
		"torn in body":    {func(c net.Conn) { fmt.Fprint(c, head+"Content-Length: 100\r\n\r\n{") }, true},
		"torn in a chunk": {func(c net.Conn) { fmt.Fprint(c, head+"Transfer-Encoding: chunked\r\n\r\n5\r\n{}") }, true},
		"endless head":    {func(c net.Conn) { fmt.Fprint(c, head); forEver(c, "X-More: "+strings.Repeat("x", 1000)+"\r\n") }, true},
		"endless body":    {func(c net.Conn) { fmt.Fprint(c, head+"\r\n"); forEver(c, strings.Repeat("[", 1000)) }, false},
		"large by its word": {func(c net.Conn) {
			fmt.Fprint(c, head+"Content-Length: 1000000000000\r\n\r\n")
			forEver(c, strings.Repeat("[", 1000))
		}, false},
		"one byte a moment": {func(c net.Conn) {
			fmt.Fprint(c, head+"\r\n")
			for {
				if _, err := fmt.Fprint(c, "["); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, port := connectortest.Serve(t, c.serve)
			client, err := rest.New(fmt.Sprintf("http://%s:%d", host, port), rest.Bearer("t"), rest.Config{
				Timeout: 500 * time.Millisecond, Patience: 3 * time.Second, WaitMin: 10 * time.Millisecond, WaitMax: 50 * time.Millisecond, Attempts: 2, MaxBody: 1 << 20,
			}, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err = client.Do(t.Context(), rest.Call{Path: "/x"})
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
			if err == nil || errors.Is(err, waybill.ErrTemporary) != c.temporary {
				t.Errorf("%v, want temporary %t", err, c.temporary)
			}
		})
	}
}
