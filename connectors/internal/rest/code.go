package rest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// vendorCode is what vendors' codes look like: a number, one letter's and a number, or words that a program made of. Names of people do not.
var vendorCode = regexp.MustCompile(`^(?:[A-Z]?\d{1,8}|[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|security|validation|internal)$`)

// longestCode is how long a code may be.
const longestCode = 64

// Code is a text if it is a code of a vendor's, else nothing: an answer may have anybody's name anywhere.
func Code(text string) string {
	if len(text) > longestCode || !vendorCode.MatchString(text) {
		return ""
	}
	return text
}

// scopeName is what Shopify (read_orders) and Stripe (rak_payout_read) call a right to read or write something.
var scopeName = regexp.MustCompile(`\b(?:read|write|rak)_[a-z_]{1,40}\b`)

// Scopes are the rights that a message names, each once: they tell which one is missing, and nothing of anybody.
func Scopes(message string) string {
	found := scopeName.FindAllString(message, -1)
	slices.Sort(found)
	return strings.Join(slices.Compact(found), ", ")
}

// refusal is where vendors put their codes: Stripe (error.type, error.code), Adyen (errorCode, errorType), WordPress (code), Royal Mail (httpCode and
// errors[].errorCode), Shopify (errors[].extensions.code).
type refusal struct {
	Code      json.RawMessage `json:"code"`
	ErrorCode json.RawMessage `json:"errorCode"`
	ErrorType json.RawMessage `json:"errorType"`
	HTTPCode  json.RawMessage `json:"httpCode"`
	Error     json.RawMessage `json:"error"`
	Errors    json.RawMessage `json:"errors"`
}

// codesOf are the codes in the body of a refusal, in the order above.
func codesOf(body []byte) []string {
	var r refusal
	if json.Unmarshal(body, &r) != nil {
		return nil
	}
	var inner struct {
		Type json.RawMessage `json:"type"`
		Code json.RawMessage `json:"code"`
	}
	_ = json.Unmarshal(r.Error, &inner) // of another shape it has no codes
	var list []struct {
		ErrorCode  json.RawMessage `json:"errorCode"`
		Extensions struct {
			Code json.RawMessage `json:"code"`
		} `json:"extensions"`
	}
	_ = json.Unmarshal(r.Errors, &list)
	all := []json.RawMessage{inner.Type, inner.Code, r.Code, r.ErrorType, r.ErrorCode, r.HTTPCode}
	for _, one := range list {
		all = append(all, one.ErrorCode, one.Extensions.Code)
	}
	var codes []string
	for _, raw := range all {
		if code := Code(strings.Trim(string(raw), `"`)); code != "" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}
