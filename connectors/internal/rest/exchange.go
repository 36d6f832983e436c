package rest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"
)

// The exchange log is the file in which the answers to many small requests are kept: UTF-8 NDJSON, one line per
// answered request in the order they were asked, fields always in this order:
//
//	{"request":{"method":"GET","url":"https://api-eu.dhl.com/track/shipments?…","ask":"00340434292135100186"},
//	 "status":200,"at":"2026-04-01T06:00:00.000Z","headers":{"Content-Type":"application/json"},"body":"{…}"}
//
//	request.url  as sent, without credentials
//	request.ask  what the connector asked for: a tracking number, an order's gid
//	at           when the answer was complete, UTC, milliseconds
//	headers      only those a connector selects, by canonical name, sorted; {} when none was sent
//	body         the exact bytes of the answer as a string
//	body_base64  in place of body, when the bytes are not valid UTF-8
//
// A question that got no answer has a line, too, so that it is seen and can be asked less often:
//
//	problem      why what came is no answer ("502 Bad Gateway", "200 text/html that is no JSON as asked for")
//	unread       its bytes as base64, in place of a body: nothing of them is read as an answer; none where the status says it all
//	status       0 when nothing came
//
// A refusal of the whole account (401, 429) is of no question, and has none.

// Exchange is one line of an exchange log.
type Exchange struct {
	Request    ExchangeRequest   `json:"request"`
	Status     int               `json:"status"`
	At         string            `json:"at"`
	Headers    map[string]string `json:"headers"`
	Body       *string           `json:"body,omitempty"`
	BodyBase64 string            `json:"body_base64,omitempty"`
	Problem    string            `json:"problem,omitempty"`
	Unread     string            `json:"unread,omitempty"`
}

// ExchangeRequest is what was asked.
type ExchangeRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Ask    string `json:"ask"`
}

// ExchangeTime is the layout of Exchange.At.
const ExchangeTime = "2006-01-02T15:04:05.000Z"

// Log writes an exchange log.
type Log struct {
	w       io.Writer
	headers []string
	lines   int
}

// NewLog writes to w and keeps the named response headers.
func NewLog(w io.Writer, headers ...string) *Log { return &Log{w: w, headers: headers} }

// Add writes one answer, asked for with method under the name ask.
func (l *Log) Add(method, ask string, a Answer) error {
	x := l.exchange(method, ask, a)
	if utf8.Valid(a.Body) {
		body := string(a.Body)
		x.Body = &body
	} else {
		x.BodyBase64 = base64.StdEncoding.EncodeToString(a.Body)
	}
	return l.write(x)
}

// AddFailure writes a question without an answer, with what came instead.
func (l *Log) AddFailure(method, ask, problem string, a Answer) error {
	x := l.exchange(method, ask, a)
	x.Problem, x.Unread = problem, base64.StdEncoding.EncodeToString(a.Body)
	return l.write(x)
}

func (l *Log) exchange(method, ask string, a Answer) Exchange {
	x := Exchange{
		Request: ExchangeRequest{Method: method, URL: a.URL, Ask: ask},
		Status:  a.Status, At: a.At.UTC().Format(ExchangeTime), Headers: map[string]string{},
	}
	for _, name := range l.headers {
		if v := a.Header.Get(name); v != "" {
			x.Headers[http.CanonicalHeaderKey(name)] = v
		}
	}
	return x
}

func (l *Log) write(x Exchange) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		return fmt.Errorf("write exchange %s: %w", x.Request.Ask, err)
	}
	if _, err := l.w.Write(line.Bytes()); err != nil {
		return fmt.Errorf("write exchange %s: %w", x.Request.Ask, err)
	}
	l.lines++
	return nil
}

// Lines is how many answers were written.
func (l *Log) Lines() int { return l.lines }

// ParseExchange reads one line of an exchange log and gives the exact bytes of its body, or of what came instead.
func ParseExchange(line []byte) (Exchange, []byte, error) {
	var x Exchange
	if err := json.Unmarshal(line, &x); err != nil {
		return Exchange{}, nil, fmt.Errorf("read exchange: %w", err)
	}
	if _, err := time.Parse(ExchangeTime, x.At); err != nil {
		return Exchange{}, nil, fmt.Errorf("read exchange: at: %w", err)
	}
	if x.Body != nil {
		return x, []byte(*x.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(x.BodyBase64 + x.Unread)
	if err != nil {
		return Exchange{}, nil, fmt.Errorf("read exchange: body_base64 or unread: %w", err)
	}
	return x, body, nil
}
