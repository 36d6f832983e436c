package sftp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
)

// Ten thousand files are listed in one go, from OpenSSH too.
func TestLargeFolder(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("making ten thousand files takes some seconds")
	}
	s := openSSH(t)
	const files = 10_000
	for i := range files {
		put(t, filepath.Join(s.root, "out", fmt.Sprintf("DESP_%05d.csv", i)), nil)
	}
	c := connect(t, s.config(t))
	defer c.Close()
	begun := time.Now()
	items, err := c.List(t.Context(), waybill.Request{Match: []string{"out/*.csv"}})
	if err != nil || len(items) != files {
		t.Fatalf("%d files, %v", len(items), err)
	}
	took := time.Since(begun)
	t.Logf("%d files in %s", files, took)
	if took > 10*time.Second {
		t.Errorf("%d files took %s", files, took)
	}
}

// Never more sessions than allowed are open, and one that is not used is closed.
func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var open, most atomic.Int64
	config := s.config(t)
	config.MaxSessions, config.MaxOpenFiles, config.Timeouts.Silence = 2, 3, 300*time.Millisecond
	var network connectortest.Cutter
	config.Dial = counting(&network, &open, &most)
	for i := range 12 {
		put(t, filepath.Join(s.root, fmt.Sprint(i)), bytes.Repeat([]byte("x"), 100_000))
	}
	c := connect(t, config)
	defer c.Close()
	done := make(chan error, 12)
	for i := range 12 {
		go func() {
			r, err := c.Open(t.Context(), waybill.Item{Name: fmt.Sprint(i)})
			if err == nil {
				_, err = io.Copy(io.Discard, r)
				err = errors.Join(err, r.Close())
			}
			done <- err
		}()
	}
	for range 12 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most.Load() > 2 {
		t.Errorf("%d sessions at a time", most.Load())
	}
	for range 100 {
		if open.Load() == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if open.Load() != 0 {
		t.Errorf("%d sessions still open after the idle time", open.Load())
	}
	if _, err := c.List(t.Context(), waybill.Request{Match: []string{"*"}}); err != nil {
		t.Errorf("after the idle time: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.List(t.Context(), waybill.Request{Match: []string{"*"}}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

// A server that answers reads with less than was asked still gives the whole file.
func TestShortAnswers(t *testing.T) {
	t.Parallel()
	host, _ := newKey(t)
	config := &ssh.ServerConfig{PasswordCallback: takePassword}
	config.AddHostKey(host)
	s := serveWith(t, config, host)
	s.short.Store(true)
	content := bytes.Repeat([]byte("0123456789"), 50_000)
	put(t, filepath.Join(s.root, "x.csv"), content)
	plain := s.config(t)
	plain.Root = "/"
	c := connect(t, plain)
	defer c.Close()
	r, err := c.Open(t.Context(), waybill.Item{Name: strings.TrimPrefix(filepath.Join(s.root, "x.csv"), "/")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d of %d bytes, %v", len(got), len(content), err)
	}
}

// Servers that know no "password" ask for it as a question.
func TestKeyboardInteractive(t *testing.T) {
	t.Parallel()
	host, _ := newKey(t)
	var asked atomic.Int64
	config := &ssh.ServerConfig{KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		asked.Add(1)
		answers, err := ask("", "", []string{"Password: "}, []bool{false})
		if err != nil || len(answers) != 1 || answers[0] != password {
			return nil, errors.New("wrong password")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	s := serveWith(t, config, host)
	right := s.config(t)
	c := connect(t, right)
	defer c.Close()
	if _, err := c.List(t.Context(), waybill.Request{Match: []string{"*"}}); err != nil {
		t.Error(err)
	}
	asked.Store(0)
	right.Password = "wrong"
	c = connect(t, right)
	defer c.Close()
	if _, err := c.List(t.Context(), waybill.Request{Match: []string{"*"}}); !errors.Is(err, waybill.ErrAuth) || asked.Load() != 1 {
		t.Errorf("got %v after %d questions, want ErrAuth after one", err, asked.Load())
	}
}

// The key may be held by an SSH agent.
func TestAgent(t *testing.T) {
	t.Parallel()
	s := openSSH(t)
	config := s.config(t)
	private, err := ssh.ParseRawPrivateKey([]byte(s.key.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn) }() // ends with the connection
		}
	}()
	config.Key, config.Agent = "", socket
	c := connect(t, config)
	defer c.Close()
	if _, err := c.List(t.Context(), waybill.Request{Match: []string{"*"}}); err != nil {
		t.Error(err)
	}
	config.Agent += " gone"
	c = connect(t, config)
	defer c.Close()
	if _, err := c.List(t.Context(), waybill.Request{Match: []string{"*"}}); !errors.Is(err, waybill.ErrAuth) || !strings.Contains(err.Error(), "agent") {
		t.Errorf("without an agent: %v", err)
	}
}

// shortReader answers with at most 1,000 bytes, as it may.
type shortReader struct{ content []byte }

func (s shortReader) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= int64(len(s.content)) {
		return 0, io.EOF
	}
	n := copy(p[:min(1000, len(p))], s.content[offset:])
	if n < len(p) {
		return n, io.EOF // the server library sends what there is, and no end
	}
	return n, nil
}
