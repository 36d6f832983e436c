package ftp_test

import (
	"errors"
	"strings"
	"testing"

	ftpserver "github.com/fclairamb/ftpserverlib"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/ftp"
)

func TestCertificate(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"explicit", "implicit"} {
		s := serve(t, mode, ftpserver.Settings{})
		other := newCertificate(t)
		shown := strings.ToUpper(s.certificate.sha256[:2] + ":" + s.certificate.sha256[2:4])
		for _, c := range []struct {
			name  string
			tls   ftp.TLS
			fault []string // what the error says; trusted when empty
		}{
			{"the system's roots", ftp.TLS{}, []string{"certificate", shown, "tls.pin"}},
			{"its authority", ftp.TLS{CAFile: s.certificate.file}, nil},
			{"another authority", ftp.TLS{CAFile: other.file}, []string{"certificate", shown}},
			{"its authority, another name", ftp.TLS{CAFile: s.certificate.file, ServerName: "ftp.example.com"}, []string{"ftp.example.com"}},
			{"pin", ftp.TLS{Pin: s.certificate.sha256}, nil},
			{"pin of another", ftp.TLS{Pin: other.sha256}, []string{"differs", shown, strings.ToUpper(other.sha256[:2])}},
			{"not checked", ftp.TLS{InsecureSkipVerify: true}, nil},
		} {
			t.Run(mode+"/"+c.name, func(t *testing.T) {
				config := s.config
				config.TLS = c.tls
				config.TLS.Mode = mode
				conn := connect(t, config)
				defer conn.Close()
				_, err := conn.List(t.Context(), waybill.Request{Match: []string{"*"}})
				if len(c.fault) == 0 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if !errors.Is(err, waybill.ErrAuth) {
					t.Fatalf("got %v, want ErrAuth", err)
				}
				for _, part := range c.fault {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("the error does not say %q: %v", part, err)
					}
				}
			})
		}
	}
}

// A password never goes out in clear unless the settings say so, and the errors lead to the right mode.
func TestModes(t *testing.T) {
	t.Parallel()
	plain := connect(t, withMode(serve(t, "none", ftpserver.Settings{}), ""))
	defer plain.Close()
	if _, err := plain.List(t.Context(), waybill.Request{Match: []string{"*"}}); err == nil || errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("certificate of a server that nobody trusts: %v", err)
	}
	clear := connect(t, withMode(serve(t, "explicit", ftpserver.Settings{}), "none"))
	defer clear.Close()
	if _, err := clear.List(t.Context(), waybill.Request{Match: []string{"*"}}); !errors.Is(err, waybill.ErrAuth) || !strings.Contains(err.Error(), "explicit") {
		t.Errorf("in clear, where the server wants TLS: %v", err)
	}
	early := connect(t, withMode(serve(t, "explicit", ftpserver.Settings{}), "implicit"))
	defer early.Close()
	if _, err := early.List(t.Context(), waybill.Request{Match: []string{"*"}}); err == nil || !strings.Contains(err.Error(), "other modes") {
		t.Errorf("implicit, where the server starts in clear: %v", err)
	}
}

func withMode(s server, mode string) ftp.Config {
	s.config.TLS = ftp.TLS{Mode: mode}
	return s.config
}

// Doctor says when the times of a listing have no zone.
func TestCheckTellsOfTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settings ftpserver.Settings
		want     string
	}{{ftpserver.Settings{}, "MLSD"}, {ftpserver.Settings{DisableMLSD: true, DisableMLST: true}, "taken as UTC"}} {
		conn := connect(t, serve(t, "none", c.settings).config)
		defer conn.Close()
		told := false
		for _, f := range conn.Check(t.Context()) {
			told = told || strings.Contains(f.Detail, c.want)
		}
		if !told {
			t.Errorf("nothing about %q", c.want)
		}
	}
}
