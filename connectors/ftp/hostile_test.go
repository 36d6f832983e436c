package ftp_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/ftp"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// script is an FTP server that answers as it is told: by command, the reply; a reply of "data" sends what data writes.
type script struct {
	welcome string
	replies map[string]string
	data    func(io.Writer)
	secure  *tls.Config
	// refuse is asked about each data connection after its TLS handshake: a reply other than none refuses it.
	refuse func(tls.ConnectionState) string
}

func (s script) serve(c net.Conn) {
	fmt.Fprint(c, or(s.welcome, "220 ready\r\n"))
	lines := bufio.NewReader(c)
	var passive net.Listener
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		command, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		reply, told := s.replies[strings.TrimSpace(line)]
		if !told {
			reply, told = s.replies[command]
		}
		switch {
		case told && reply == "silence":
			_, _ = io.Copy(io.Discard, c)
			return
		case told && reply == "endless":
			for err == nil {
				_, err = fmt.Fprint(c, "211-"+strings.Repeat("x", 1000)+"\r\n")
			}
			return
		case told && reply != "data":
			fmt.Fprint(c, reply+"\r\n")
		case command == "AUTH":
			fmt.Fprint(c, "234 go on\r\n")
			secured := tls.Server(c, s.secure)
			c, lines = secured, bufio.NewReader(secured)
		case command == "USER":
			fmt.Fprint(c, "331 password\r\n")
		case command == "PASS":
			fmt.Fprint(c, "230 in\r\n")
		case command == "FEAT":
			fmt.Fprint(c, "211-Features\r\n MLST type*;size*;modify*;\r\n UTF8\r\n SIZE\r\n MDTM\r\n211 End\r\n")
		case command == "PWD":
			fmt.Fprint(c, "257 \"/\"\r\n")
		case command == "SIZE":
			fmt.Fprint(c, "213 1000\r\n")
		case command == "MDTM":
			fmt.Fprint(c, "213 20260701120000\r\n")
		case command == "EPSV":
			if passive, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
				return
			}
			fmt.Fprintf(c, "229 Entering Extended Passive Mode (|||%d|)\r\n", passive.Addr().(*net.TCPAddr).Port)
		case command == "MLSD", command == "RETR":
			fmt.Fprint(c, "150 here\r\n")
			fmt.Fprint(c, s.send(passive))
		case command == "CWD":
			fmt.Fprint(c, "250 there\r\n")
		case command == "REST":
			fmt.Fprint(c, "350 from there\r\n")
		default:
			fmt.Fprint(c, "200 ok\r\n")
		}
	}
}

// send sends what there is on a data connection, and gives the reply that comes after it.
func (s script) send(passive net.Listener) string {
	defer passive.Close()
	c, err := passive.Accept()
	if err != nil {
		return "425 no connection\r\n"
	}
	defer c.Close()
	if s.secure != nil {
		secured := tls.Server(c, s.secure)
		if err := secured.Handshake(); err != nil {
			return "522 no TLS\r\n"
		}
		if refused := s.refuse(secured.ConnectionState()); refused != "" {
			_ = secured.Close()
			return refused + "\r\n"
		}
		c = secured
	}
	if s.data != nil {
		s.data(c)
	}
	return "226 done\r\n"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (s script) connect(t *testing.T, config ftp.Config) waybill.Connector {
	t.Helper()
	config.Host, config.Port = connectortest.Serve(t, s.serve)
	config.User, config.Password = "u", password
	config.TLS.Mode = or(config.TLS.Mode, "none")
	if config.Timeouts.Silence == 0 {
		config.Timeouts.Silence = 3 * time.Second
	}
	c := bound.Within(connect(t, config), config.Bounds)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestHostile: a server that is silent or endless at any step, or sends what is none, is left within the bound, with the step or the limit named.
func TestHostile(t *testing.T) {
	t.Parallel()
	forEver := func(line string) func(io.Writer) {
		return func(w io.Writer) {
			for i := 0; ; i++ {
				if _, err := fmt.Fprintf(w, line, i); err != nil {
					return
				}
			}
		}
	}
	for name, c := range map[string]struct {
		script script
		want   string
		kind   error
	}{
		"silent welcome":  {script{welcome: "220-hello"}, "", waybill.ErrTemporary},
		"endless welcome": {script{welcome: strings.Repeat("220-hello\r\n", 100_000)}, "in reply to one command", waybill.ErrLimit},
		"silent login":    {script{replies: map[string]string{"PASS": "silence"}}, "1s", waybill.ErrTemporary},
		"endless reply":   {script{replies: map[string]string{"FEAT": "endless"}}, "in reply to one command", waybill.ErrLimit},
		"silent CWD":      {script{replies: map[string]string{"CWD": "silence"}}, "", waybill.ErrTemporary},
		"silent EPSV":     {script{replies: map[string]string{"EPSV": "silence", "PASV": "silence"}}, "", waybill.ErrTemporary},
		"silent listing":  {script{data: func(io.Writer) { select {} }}, "", waybill.ErrTemporary},
		"endless listing": {script{data: forEver("type=file;size=1;modify=20260701120000; f%d.csv\r\n")}, "limits.entries of the connection is 500", waybill.ErrLimit},
		"endless line":    {script{data: forEver("x%d")}, "", nil},
		"itself":          {script{data: func(w io.Writer) { fmt.Fprint(w, "type=dir;modify=20260701120000; again\r\n") }}, "deeper than limits.depth", waybill.ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := c.script.connect(t, ftp.Config{Bounds: waybill.Bounds{
				Timeouts: waybill.Timeouts{Connect: time.Second, Silence: time.Second}, Limits: waybill.Limits{Entries: 500, Depth: 6},
			}})
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
			if took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 200<<20 { // of all tests that run beside it
				t.Errorf("it took %d MB", grown>>20)
			}
		})
	}
}

// TestSizes: a server that lies about a file's size never passes for one that does not.
func TestSizes(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]int{"less": 900, "more": 1100, "much more": 100 << 20, "nothing": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := script{data: func(w io.Writer) { _, _ = w.Write(make([]byte, sent)) }}.connect(t, ftp.Config{Resumes: 1})
			r, err := conn.Open(t.Context(), waybill.Item{Name: "a.csv", Size: 1000, ModifiedAt: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)})
			if err == nil {
				defer r.Close()
				_, err = io.Copy(io.Discard, r)
			}
			if !errors.Is(err, waybill.ErrTemporary) {
				t.Errorf("%v, want ErrTemporary", err)
			}
		})
	}
}

// TestUnsized: a file of which the listing has no size is as large as the server says when it is asked, and where it does not say that either, what comes is
// the file. The files beside it are listed.
func TestUnsized(t *testing.T) {
	t.Parallel()
	const sent = 1000
	for reply, size := range map[string]int64{"213 1000": sent, "500 what?": -1, "550 not for you": -1} {
		t.Run(reply, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			conn := script{replies: map[string]string{"SIZE": reply}, data: func(w io.Writer) {
				if asked.Add(1) == 1 {
					fmt.Fprint(w, "type=file;size=1000;modify=20260701120000; a.csv\r\ntype=file;modify=20260701120000; b.csv\r\ntype=file;Size=0;modify=20260701120000; c.csv\r\n")
					return
				}
				_, _ = w.Write(make([]byte, sent))
			}}.connect(t, ftp.Config{})
			items, err := conn.List(t.Context(), waybill.Request{Feed: "f", Match: []string{"*"}})
			if err != nil || len(items) != 3 || items[0].Size != sent || items[1].Size != size || items[2].Size != 0 {
				t.Fatalf("listed %v, %v", items, err)
			}
			r, err := conn.Open(t.Context(), items[1])
			if strings.HasPrefix(reply, "550") {
				if !errors.Is(err, waybill.ErrNotFound) {
					t.Errorf("what the account may not ask about: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || len(got) != sent {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// TestUTF8Refused: a server that says it knows UTF8 and refuses the option is read all the same.
func TestUTF8Refused(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"500 what?", "501 bad", "502 not here", "504 no", "202 always on", "550 no"} {
		t.Run(reply, func(t *testing.T) {
			t.Parallel()
			conn := script{
				replies: map[string]string{"OPTS UTF8 ON": reply},
				data:    func(w io.Writer) { fmt.Fprint(w, "type=file;size=1;modify=20260701120000; größe.csv\r\n") },
			}.connect(t, ftp.Config{})
			items, err := conn.List(t.Context(), waybill.Request{Feed: "f", Match: []string{"*"}})
			if err != nil || len(items) != 1 || items[0].Name != "größe.csv" {
				t.Errorf("%v, %v", items, err)
			}
		})
	}
	refused := script{replies: map[string]string{"USER": "530 no such user"}}.connect(t, ftp.Config{})
	if _, err := refused.List(t.Context(), waybill.Request{Match: []string{"*"}}); !errors.Is(err, waybill.ErrAuth) {
		t.Errorf("a refused user: %v", err)
	}
}

// TestSessionReuse: a server that wants the TLS session of the control connection on the data connection, and gives nothing to resume it by, is a permanent
// fault with a remedy; where it gives a ticket, it is resumed.
func TestSessionReuse(t *testing.T) {
	t.Parallel()
	certificate := newCertificate(t)
	for _, reply := range []string{"522 SSL connection failed: session reuse required", "425 Unable to build data connection: Operation not permitted", "450 TLS session of data connection has not resumed"} {
		for _, tickets := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s tickets %t", reply[:3], tickets), func(t *testing.T) {
				t.Parallel()
				conn := script{
					secure: &tls.Config{Certificates: []tls.Certificate{certificate.pair}, MaxVersion: tls.VersionTLS12, SessionTicketsDisabled: !tickets},
					refuse: func(state tls.ConnectionState) string {
						if state.DidResume {
							return ""
						}
						return reply
					},
					data: func(w io.Writer) { fmt.Fprint(w, "type=file;size=1000;modify=20260701120000; a.csv\r\n") },
				}.connect(t, ftp.Config{TLS: ftp.TLS{Mode: "explicit", Pin: certificate.sha256}})
				_, listed := conn.List(t.Context(), waybill.Request{Feed: "f", Match: []string{"*"}})
				r, opened := conn.Open(t.Context(), waybill.Item{Name: "a.csv", Size: 1000, ModifiedAt: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)})
				if opened == nil {
					_, opened = r.Read(make([]byte, 10))
					_ = r.Close()
				}
				for step, err := range map[string]error{"list": listed, "open": opened} {
					switch {
					case tickets && err != nil && !errors.Is(err, io.EOF):
						t.Errorf("%s: %v", step, err)
					case !tickets && (err == nil || errors.Is(err, waybill.ErrTemporary) || !strings.Contains(err.Error(), "session ticket")):
						t.Errorf("%s: %v, want a permanent fault with its remedy", step, err)
					}
				}
			})
		}
	}
}

// TestLargeListing reads listings far above 256 KB.
func TestLargeListing(t *testing.T) {
	t.Parallel()
	const many = 20_000
	conn := script{data: func(w io.Writer) {
		for i := range many {
			fmt.Fprintf(w, "type=file;size=1;modify=20260701120000; a rather long name of a file that makes listings long %d.csv\r\n", i)
		}
	}}.connect(t, ftp.Config{})
	items, err := conn.List(t.Context(), waybill.Request{Feed: "f", Match: []string{"*"}})
	if err != nil || len(items) != many {
		t.Errorf("%d files, %v", len(items), err)
	}
}
