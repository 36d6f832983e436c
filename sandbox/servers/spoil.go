package servers

import (
	"io"
	"net/http"
	"strconv"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// Spoil answers a call in place of the API where the world says so, and tells whether it did. cut is how an answer of the API begins.
func Spoil(w http.ResponseWriter, how world.Spoilt, cut string) bool {
	kind, body := "application/json", ""
	switch how {
	case world.NotSpoilt:
		return false
	case world.SpoiltPage:
		kind, body = "text/html; charset=utf-8", "<!DOCTYPE html><title>Sorry</title><h1>We will be back soon</h1>"
	case world.SpoiltCut:
		body = cut
	case world.SpoiltEmpty:
	case world.SpoiltError:
		body = `{"error":{"code":"INTERNAL","message":"Something went wrong"}}`
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = io.WriteString(w, body) // a client that went away needs no answer
	return true
}
