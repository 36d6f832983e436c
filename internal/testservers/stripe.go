package testservers

import (
	"os/exec"
	"syscall"
	"testing"
)

// StartStripeMock starts Stripe's own mock of its API (github.com/stripe/stripe-mock) and returns its base URL. It answers by Stripe's
// API definition: it refuses parameters and versions that this does not have and shows one fixture for each object.
func StartStripeMock(t testing.TB) string {
	t.Helper()
	bin := find("stripe-mock")
	if bin == "" {
		missing(t, "stripe-mock", "go install github.com/stripe/stripe-mock@v0.203.0 with GOBIN set to the repository's bin folder")
	}
	addr := loopback(FreePort(t))
	// Without an address for HTTPS it would listen for that on every interface. It is ended by the test's clean-up, later than the
	// test's context.
	cmd := exec.Command(bin, "-http-addr", addr, "-https-addr", loopback(FreePort(t)), "-strict-version-check")
	start(t, cmd, syscall.SIGTERM, listens(addr))
	return "http://" + addr
}
