package royalmail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// errTerms is E0004: the header X-Accept-RMG-Terms did not arrive. It is sent with every call, so something took it off on the way.
var errTerms = errors.New("header X-Accept-RMG-Terms did not arrive")

// unknown are the error codes by which Royal Mail says that it has nothing to tell of a number, which is an answer: E1142 barcode not
// recognised, E1283 tracking not supported for the product, E1284 and E1308 no update available yet, E2001 not
// found. Codes that are not listed are no answer, E1307 (tracking unavailable) among them.
var unknown = map[string]bool{"E1142": true, "E1283": true, "E1284": true, "E1308": true, "E2001": true}

// reply is an answer whose body could be read.
type reply struct {
	rest.Answer
	body body
}

// body is what an answer says of itself, whatever was asked. Errors come with a status of their own, but also with 200, and then
// httpCode is the status that is meant.
type body struct {
	HTTPCode   text            `json:"httpCode"`
	Errors     []apiError      `json:"errors"`
	MailPieces json.RawMessage `json:"mailPieces"` // an object in events, an array in summary; either may stand for the other
}

type apiError struct {
	Code text `json:"errorCode"`
}

// piece is one number of a summary.
type piece struct {
	ID      text       `json:"mailPieceId"` // as asked: "1D or 2D barcode provided in the API request"
	Status  text       `json:"status"`
	Summary *struct{}  `json:"summary"`
	Error   *apiError  `json:"error"`
	Events  []struct{} `json:"events"` // of an events answer alone
}

// text is a text of Royal Mail's, which a number may stand for.
type text string

// UnmarshalJSON takes "404" and 404.
func (t *text) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	if raw[0] != '"' {
		*t = text(raw)
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	*t = text(strings.TrimSpace(s))
	return nil
}

// read reads an answer with status 2xx, 400 or 404. Its error is errTerms or rest.UnusableError.
func read(a rest.Answer) (reply, error) {
	r := reply{Answer: a}
	if err := a.JSON(&r.body); err != nil {
		return r, err
	}
	code, status := r.code(), r.status()
	switch {
	case code == "E0004":
		return r, fmt.Errorf("GET %s: %d %s: %w", a.URL, a.Status, code, errTerms)
	case unknown[code], code == "" && status/100 == 2:
		return r, nil
	case code == "" && (status == http.StatusNotFound || status == http.StatusBadRequest) && r.hasPieces():
		return r, nil // a summary none of whose numbers is known says so for each (API definition, summaryErrorResponse)
	}
	return r, &rest.UnusableError{Answer: a, Problem: r.problem()}
}

// status is the one that is meant, 0 when it cannot be read.
func (r reply) status() int {
	if r.body.HTTPCode == "" {
		return r.Status
	}
	status, err := strconv.Atoi(string(r.body.HTTPCode))
	if err != nil {
		return 0
	}
	return status
}

// code is the first error code, empty if there is none.
func (r reply) code() string {
	if len(r.body.Errors) == 0 {
		return ""
	}
	if code := rest.Code(string(r.body.Errors[0].Code)); code != "" {
		return code
	}
	return "a code that is none"
}

func (r reply) hasPieces() bool {
	return len(r.body.MailPieces) > 0 && !bytes.Equal(r.body.MailPieces, []byte("null"))
}

// problem is the status with the codes that the body has.
func (r reply) problem() string {
	out := strconv.Itoa(r.Status)
	if c := rest.Code(string(r.body.HTTPCode)); c != "" && c != out {
		out += " with httpCode " + c
	}
	if code := r.code(); code != "" {
		out += " " + code
	}
	return out
}

// standing is what a summary says of a number.
type standing int

const (
	untold   standing = iota // nothing, or an error that is Royal Mail's own trouble
	known                    // it has a summary
	stranger                 // Royal Mail does not know it
)

// pieces reads a summary into the standing of each number.
func (r reply) pieces(numbers []string) (map[string]standing, error) {
	out := make(map[string]standing, len(numbers))
	if !r.hasPieces() {
		if len(numbers) > 1 || !unknown[r.code()] {
			return nil, &rest.UnusableError{Answer: r.Answer, Problem: r.problem() + " without mailPieces"}
		}
		out[numbers[0]] = stranger
		return out, nil
	}
	list, err := r.list()
	if err != nil || slices.ContainsFunc(list, func(p piece) bool { return p.Events != nil }) {
		return nil, &rest.UnusableError{Answer: r.Answer, Problem: r.problem() + ", its mailPieces no list of pieces"}
	}
	byID := make(map[string]piece, len(list))
	for _, p := range list {
		byID[strings.ToUpper(string(p.ID))] = p
	}
	for _, n := range numbers {
		out[n] = byID[strings.ToUpper(n)].standing()
	}
	return out, nil
}

// list is mailPieces, a single one without a list around it too.
func (r reply) list() ([]piece, error) {
	var list []piece
	err := json.Unmarshal(r.body.MailPieces, &list)
	if err == nil {
		return list, nil
	}
	var lone piece
	if json.Unmarshal(r.body.MailPieces, &lone) != nil || lone.ID == "" {
		return nil, err
	}
	return []piece{lone}, nil
}

// standing goes by the error where there is one, because it also comes beside the status 200.
func (p piece) standing() standing {
	switch {
	case p.Error != nil && unknown[string(p.Error.Code)]:
		return stranger
	case p.Error != nil:
		return untold
	case p.Summary != nil:
		return known
	case p.Status == "404", p.Status == "400":
		return stranger
	}
	return untold
}

// history tells whether an events answer is about a piece, or says that it is not known.
func (r reply) history() error {
	if unknown[r.code()] {
		return nil
	}
	if r.status()/100 != 2 || !r.hasPieces() || !r.hasHistory() {
		return &rest.UnusableError{Answer: r.Answer, Problem: r.problem() + " without a piece in mailPieces"}
	}
	return nil
}

// hasHistory tells whether mailPieces is one piece with an id, alone or in a list. In a list it has events, else it is a summary.
func (r reply) hasHistory() bool {
	list, err := r.list()
	isList := bytes.HasPrefix(r.body.MailPieces, []byte("["))
	return err == nil && len(list) == 1 && list[0].ID != "" && (!isList || list[0].Events != nil)
}
