package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/fourmarketing/waybill"
)

// UnusableError is an answer that answers nothing: a page, half a text or an error stands in its place. It may be another one next time.
type UnusableError struct {
	Answer  Answer
	Problem string // without anything of the body but the partner's codes: a body may have names
	Refused bool   // the partner answers, and refuses this question alone
}

// Error names the call and what is wrong with its answer.
func (u *UnusableError) Error() string {
	return fmt.Sprintf("%s %s: %s: %v", u.Answer.Method, u.Answer.URL, u.Problem, waybill.ErrTemporary)
}

// Unwrap makes it waybill.ErrTemporary.
func (u *UnusableError) Unwrap() error { return waybill.ErrTemporary }

// JSON reads the body. Its error is UnusableError: nothing came, it is cut, it is something else, or in another encoding than UTF-8.
func (a Answer) JSON(into any) error {
	switch {
	case len(a.Body) == 0:
		return &UnusableError{Answer: a, Problem: fmt.Sprintf("%d without a body", a.Status)}
	case !utf8.Valid(a.Body):
		return &UnusableError{Answer: a, Problem: fmt.Sprintf("%d %s that is not UTF-8", a.Status, a.contentType())}
	case json.Unmarshal(a.Body, into) != nil:
		return &UnusableError{Answer: a, Problem: fmt.Sprintf("%d %s that is no JSON as asked for", a.Status, a.contentType())}
	}
	return nil
}

// mediaType is what a kind of content is called.
var mediaType = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]{1,60}$`)

func (a Answer) contentType() string {
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	if kind = strings.ToLower(strings.TrimSpace(kind)); !mediaType.MatchString(kind) {
		return "answer"
	}
	return kind
}

// Shape says of a body what it is without telling what stands in it.
func (a Answer) Shape() string {
	if codes := codesOf(a.Body); len(codes) > 0 {
		return strings.Join(codes, ", ")
	}
	return fmt.Sprintf("%s of %d bytes", a.contentType(), len(a.Body))
}

// Unanswered is what came of a call that was not answered, and what was wrong with it in words that are nobody's name.
func Unanswered(failure error) (Answer, string) {
	var bad *UnusableError
	if errors.As(failure, &bad) {
		return bad.Answer, bad.Problem
	}
	var refused *Error
	switch {
	case !errors.As(failure, &refused):
		return Answer{}, failure.Error()
	case refused.Status == 0:
		return Answer{Method: refused.Method, URL: refused.URL}, "no answer"
	}
	return Answer{Method: refused.Method, Status: refused.Status, URL: refused.URL}, fmt.Sprintf("%d %s", refused.Status, http.StatusText(refused.Status))
}
