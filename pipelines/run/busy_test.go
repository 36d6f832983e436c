package run_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/pipelines/run"
)

// TestBusyFeeds: a feed that another run pulls is nothing wrong beside one that was pulled; a lease lost under way always is, and so is a
// run that found nothing free.
func TestBusyFeeds(t *testing.T) {
	t.Parallel()
	busy := fmt.Errorf("feed: %w", &ledger.BusyError{Name: "feed:a/b", Holder: "other"})
	lost := fmt.Errorf("renew lease: %w", ledger.ErrLeased)
	for name, c := range map[string]struct {
		feeds []error
		want  error
	}{
		"busy beside pulled": {[]error{busy, nil}, nil},
		"busy beside failed": {[]error{busy, errors.ErrUnsupported}, errors.ErrUnsupported},
		"lost beside pulled": {[]error{lost, nil}, ledger.ErrLeased},
		"all busy":           {[]error{busy, busy}, ledger.ErrLeased},
	} {
		var r run.Result
		for _, err := range c.feeds {
			r.Feeds = append(r.Feeds, pull.Result{Err: err})
		}
		if got := r.Err(); !errors.Is(got, c.want) || (c.want == nil) != (got == nil) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
