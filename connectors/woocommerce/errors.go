package woocommerce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Remedies, as a person who runs the shop would look for them.
const (
	renewKey    = "in the shop's admin under WooCommerce, Settings, Advanced, REST API check that the key exists, has Read access and belongs to a shop manager or administrator; if it does, the web server drops the Authorization header (Apache: CGIPassAuth On)"
	letThrough  = "it is not WooCommerce that refuses: have the firewall, security plugin or password in front of the shop let this machine ask /wp-json/wc/v3/"
	openRoute   = "check that WooCommerce is active, that no plugin switches the REST API off, that permalinks are not set to plain (Settings, Permalinks), and that base_url is where WordPress stands"
	updateShop  = "update WooCommerce to 5.8 or newer"
	passHeaders = "have the proxy or cache in front of the shop pass X-WP-Total and X-WP-TotalPages on"
)

// refusal is what will be the same next time, with what to do about it.
type refusal struct {
	cause  error
	remedy string
}

func (r *refusal) Error() string { return fmt.Sprintf("%v; next: %s", r.cause, r.remedy) }

func (r *refusal) Unwrap() error { return r.cause }

// errorCode is what a WordPress error calls itself: {"code":"rest_no_route","message":…,"data":{"status":404}}.
var errorCode = regexp.MustCompile(`^\s*\{\s*"code"\s*:\s*"(\w+)"`)

func codeOf(body string) string {
	if m := errorCode.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}

// explain adds to a refused call what it means for a shop and what to do.
func explain(err error) error {
	var refused *rest.Error
	if !errors.As(err, &refused) {
		return err
	}
	code := codeOf(refused.Body)
	switch {
	case errors.Is(err, waybill.ErrAuth) && strings.HasPrefix(code, "woocommerce_"):
		return &refusal{cause: err, remedy: renewKey}
	case errors.Is(err, waybill.ErrAuth) && refused.Status != 0:
		return &refusal{cause: err, remedy: letThrough}
	case refused.Status == http.StatusNotFound:
		return noRoute(err.Error())
	case code == "rest_invalid_param":
		return &refusal{cause: err, remedy: updateShop}
	}
	return err
}

// noRoute is not waybill.ErrNotFound: nothing that was listed is gone, the API is.
func noRoute(text string) error { return &refusal{cause: errors.New(text), remedy: openRoute} }

// notFound is nil for WooCommerce's own 404, which is an answer about an order.
func notFound(a rest.Answer) error {
	if code := codeOf(string(a.Body)); code == "" || code == "rest_no_route" {
		return noRoute(fmt.Sprintf("GET %s: 404 %s", a.URL, a.Shape()))
	}
	return nil
}

// noList adds to an answer that is no list what came in its place.
func noList(a rest.Answer, unusable error) error {
	if start := bytes.TrimSpace(a.Body); len(start) > 0 && start[0] == '[' && !json.Valid(a.Body) {
		return fmt.Errorf("%w: the list ends early, after %d bytes", unusable, len(a.Body))
	}
	return fmt.Errorf("%w: %s is no list of JSON; a maintenance page, a firewall's question or a PHP notice stands before the answer", unusable, a.Shape())
}
