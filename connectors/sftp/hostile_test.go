package sftp_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sftpserver "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
	"github.com/fourmarketing/waybill/connectors/sftp"
)

// TestHostile: servers that speak SSH and SFTP as they should, answer every keep-alive, and never come to an end. Each call ends within its bound, names the step
// or the limit, and takes little memory.
func TestHostile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		channel func(io.ReadWriteCloser)
		want    string
		kind    error
	}{
		"silent listing":       {files(listing{step: func() { select {} }}), "read folder out", waybill.ErrTemporary},
		"trickling for ever":   {files(listing{step: func() { time.Sleep(20 * time.Millisecond) }, endless: true}), "limits.entries of the connection is 500", waybill.ErrLimit},
		"endless listing":      {files(listing{step: func() {}, endless: true}), "limits.entries of the connection is 500", waybill.ErrLimit},
		"folder within itself": {files(listing{step: func() {}, itself: true}), "deeper than limits.depth of the connection, 6", waybill.ErrLimit},
		"packet too long":      {longPacket, "a packet of 400000 bytes", waybill.ErrLimit},
		"sftp never begins":    {func(c io.ReadWriteCloser) { _, _ = io.Copy(io.Discard, c) }, "sftp did not start within 1s", waybill.ErrTemporary},
		"endless nonsense":     {nonsense, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveChannels(t, c.channel)
			config := s.config(t)
			config.Bounds = waybill.Bounds{
				Timeouts: waybill.Timeouts{Connect: time.Second, Silence: time.Second}, Limits: waybill.Limits{Entries: 500, Depth: 6},
			}
			config.KeepAlive, config.Root = 200*time.Millisecond, "."
			conn := bound.Within(connect(t, config), config.Bounds)
			defer conn.Close()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			_, err := conn.List(t.Context(), waybill.Request{Feed: "f", Match: []string{"out/**"}})
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) || (c.kind != nil && !errors.Is(err, c.kind)) {
				t.Errorf("%v, want %v: %q", err, c.kind, c.want)
			}
			if errors.Is(err, waybill.ErrLimit) && errors.Is(err, waybill.ErrTemporary) {
				t.Errorf("a limit is called temporary: %v", err)
			}
			if took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 100<<20 {
				t.Errorf("it took %d MB", grown>>20)
			}
		})
	}
}

// TestAfterSilence: one silent answer costs one session, not those that come after it.
func TestAfterSilence(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	s := serveChannels(t, files(listing{step: func() {
		if asked.Add(1) == 1 {
			select {}
		}
	}}))
	config := s.config(t)
	config.Timeouts.Silence, config.Root, config.MaxSessions, config.MaxOpenFiles = 500*time.Millisecond, ".", 1, 1
	conn := bound.Within(connect(t, config), config.Bounds)
	defer conn.Close()
	request := waybill.Request{Feed: "f", Match: []string{"out/*"}}
	if _, err := conn.List(t.Context(), request); !errors.Is(err, waybill.ErrTemporary) {
		t.Fatalf("the silent one: %v", err)
	}
	items, err := conn.List(t.Context(), request)
	if err != nil || len(items) != 1 {
		t.Errorf("the one after it: %v, %v", items, err)
	}
}

// TestManyFiles reads a folder whose listing is far larger than one packet may be.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const many = 12_000
	for i := range many {
		put(t, fmt.Sprintf("%s/out/a rather long name of a file that makes listings long %05d.csv", s.root, i), nil)
	}
	items, err := connect(t, s.config(t)).List(t.Context(), waybill.Request{Feed: "f", Match: []string{"out/*"}})
	if err != nil || len(items) != many {
		t.Errorf("%d files, %v", len(items), err)
	}
}

// listing is a server's folder tree: each folder has a file, endless ones have no last, one within itself has itself.
type listing struct {
	step            func()
	endless, itself bool
}

func (l listing) Filelist(r *sftpserver.Request) (sftpserver.ListerAt, error) {
	if r.Method != "List" {
		return nil, fs.ErrNotExist
	}
	return l, nil
}

// Fileread is not come to.
func (l listing) Fileread(*sftpserver.Request) (io.ReaderAt, error) { return nil, fs.ErrNotExist }

func (l listing) ListAt(into []os.FileInfo, offset int64) (int, error) {
	l.step()
	if offset > 0 && !l.endless {
		return 0, io.EOF
	}
	if !l.endless {
		into = into[:1]
		if l.itself {
			into[0] = info{name: "again", dir: true}
			return 1, io.EOF
		}
	}
	for i := range into {
		into[i] = info{name: fmt.Sprintf("f%d.csv", offset+int64(i))}
	}
	if l.endless {
		return len(into), nil
	}
	return len(into), io.EOF
}

type info struct {
	name string
	dir  bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return 1 }
func (i info) ModTime() time.Time { return time.Unix(1_800_000_000, 0) }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

func files(l listing) func(io.ReadWriteCloser) {
	return func(c io.ReadWriteCloser) {
		_ = sftpserver.NewRequestServer(c, sftpserver.Handlers{FileGet: l, FileList: l}).Serve()
	}
}

// longPacket tells all names of a folder in one packet, as servers do that do not part their listings.
func longPacket(c io.ReadWriteCloser) {
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		rest := make([]byte, binary.BigEndian.Uint32(head)-1)
		if _, err := io.ReadFull(c, rest); err != nil {
			return
		}
		switch head[4] {
		case 1: // INIT
			_, _ = c.Write([]byte{0, 0, 0, 5, 2, 0, 0, 0, 3})
		case 11: // OPENDIR
			_, _ = c.Write(append(append([]byte{0, 0, 0, 10, 102}, rest[:4]...), 0, 0, 0, 1, 'h'))
		case 12: // READDIR
			_, _ = c.Write(append(binary.BigEndian.AppendUint32(nil, 400_000), make([]byte, 400_000)...))
		}
	}
}

// nonsense is what a server sends that is none.
func nonsense(c io.ReadWriteCloser) {
	for {
		if _, err := c.Write([]byte(strings.Repeat("HTTP/1.1 200 OK\r\n", 1000))); err != nil {
			return
		}
	}
}

// serveChannels is an SSH server of which the SFTP subsystem is the given one.
func serveChannels(t *testing.T, subsystem func(io.ReadWriteCloser)) server {
	t.Helper()
	host, _ := newKey(t)
	config := &ssh.ServerConfig{PasswordCallback: takePassword}
	config.AddHostKey(host)
	return listen(t, host, func(c net.Conn) { serveOne(c, config, subsystem) })
}

func serveOne(socket net.Conn, config *ssh.ServerConfig, subsystem func(io.ReadWriteCloser)) {
	conn, channels, requests, err := ssh.NewServerConn(socket, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests) // keep-alives are answered
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(true, nil)
			}
		}()
		go func() {
			defer channel.Close()
			subsystem(channel)
		}()
	}
}

// TestHostileHandshake: what comes before SSH has a bound, too.
func TestHostileHandshake(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){
		"endless banner": func(c net.Conn) {
			for {
				if _, err := c.Write([]byte("welcome to the files of Northgate\r\n")); err != nil {
					return
				}
			}
		},
		"endless line": func(c net.Conn) {
			for {
				if _, err := c.Write([]byte("SSH-2.0-" + strings.Repeat("x", 1000))); err != nil {
					return
				}
			}
		},
		"one byte a second": func(c net.Conn) {
			for {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, port := connectortest.Serve(t, serve)
			c := connect(t, sftp.Config{
				Host: host, Port: port, User: "u", Password: password, HostKey: "SHA256:x", Bounds: waybill.Bounds{Timeouts: waybill.Timeouts{Connect: time.Second}},
			})
			began := time.Now()
			if _, err := c.List(t.Context(), waybill.Request{Match: []string{"*"}}); err == nil {
				t.Error("it was taken for a server")
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
