package rest_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

func TestExchangeLogLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := rest.NewLog(&out, "content-type", "Retry-After", "X-Request-Id")
	a := rest.Answer{
		Status: 404, URL: "https://api-eu.dhl.com/track/shipments?trackingNumber=7&service=ecommerce",
		Header: http.Header{"X-Request-Id": {"r1"}, "Content-Type": {"application/problem+json"}, "Set-Cookie": {"no"}},
		At:     time.Date(2026, 4, 1, 7, 0, 0, 123_456_789, time.FixedZone("BST", 3600)),
		Body:   []byte("{\"title\":\"<No result> & é\"}\r\n"),
	}
	if err := log.Add("GET", "7", a); err != nil {
		t.Fatal(err)
	}
	a.Body = []byte{0xff, 0x00}
	if err := log.Add("GET", "8", a); err != nil {
		t.Fatal(err)
	}
	want := `{"request":{"method":"GET","url":"https://api-eu.dhl.com/track/shipments?trackingNumber=7&service=ecommerce","ask":"7"},` +
		`"status":404,"at":"2026-04-01T06:00:00.123Z","headers":{"Content-Type":"application/problem+json","X-Request-Id":"r1"},` +
		`"body":"{\"title\":\"<No result> & é\"}\r\n"}` + "\n"
	lines := strings.SplitAfter(out.String(), "\n")
	if lines[0] != want {
		t.Errorf("got  %swant %s", lines[0], want)
	}
	if !strings.Contains(lines[1], `"body_base64":"/wA="`) || strings.Contains(lines[1], `"body":`) || log.Lines() != 2 {
		t.Errorf("bytes that are not UTF-8: %s", lines[1])
	}
}

func FuzzExchangeKeepsBytes(f *testing.F) {
	f.Add([]byte(`{"shipments":[]}`), "00340434292135100186")
	f.Add([]byte{}, "")
	f.Add([]byte("\xff\xfe\x00"), "a\nb")
	f.Add([]byte("\u2028</script>\x00\x1f"), "\"")
	f.Fuzz(func(t *testing.T, body []byte, ask string) {
		var out bytes.Buffer
		if err := rest.NewLog(&out).Add("GET", ask, rest.Answer{Status: 200, Body: body}); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(out.Bytes(), []byte("\n")); n != 1 || out.Bytes()[out.Len()-1] != '\n' {
			t.Fatalf("%d line ends", n)
		}
		_, got, err := rest.ParseExchange(out.Bytes())
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("kept %q of %q: %v", got, body, err)
		}
	})
}

func FuzzParseExchange(f *testing.F) {
	f.Add([]byte(`{"request":{"method":"GET","url":"u","ask":"a"},"status":200,"at":"2026-04-01T06:00:00.123Z","headers":{},"body":"{}"}`))
	f.Add([]byte(`{"at":"2026-04-01T06:00:00.123Z","body_base64":"!!"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		x, body, err := rest.ParseExchange(line)
		if err == nil && x.Body != nil && *x.Body != string(body) {
			t.Fatal("body differs from its field")
		}
	})
}

func TestDecodeSettings(t *testing.T) {
	t.Parallel()
	type settings struct {
		Service string `yaml:"service"`
		Calls   int    `yaml:"calls_today"`
	}
	s := settings{Service: "ecommerce"}
	if err := rest.DecodeSettings(map[string]any{"calls_today": 12}, &s); err != nil || s.Service != "ecommerce" || s.Calls != 12 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := rest.DecodeSettings(map[string]any{"call_today": 12}, &s); err == nil {
		t.Error("an unknown key passed")
	}
}
