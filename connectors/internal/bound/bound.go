package bound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fourmarketing/waybill"
)

// grace is how long a call may take to notice that its context has ended.
const grace = 2 * time.Second

// Connector is a connector within bounds.
type Connector struct {
	inner  waybill.Connector
	bounds waybill.Bounds
}

// keyed is a Connector whose server proves itself by a key, asked one whose feeds have settings of their own.
type (
	keyed struct{ *Connector }
	asked struct{ *Connector }
)

// Within puts a connector into its bounds. What else it can do, it can do from there.
func Within(inner waybill.Connector, b waybill.Bounds) waybill.Connector {
	c := &Connector{inner: inner, bounds: b.Or(waybill.DefaultBounds())}
	switch inner.(type) {
	case waybill.HostKeyer:
		return keyed{c}
	case waybill.FeedChecker:
		return asked{c}
	}
	return c
}

// List lists within the bounds of silence and entries.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	items, err := during(ctx, c.bounds.Timeouts.Silence, "list", func(ctx context.Context) ([]waybill.Item, error) {
		return c.inner.List(ctx, r)
	}, nil)
	if err == nil && len(items) > c.bounds.Limits.Entries {
		return nil, TooMany(len(items), c.bounds.Limits.Entries)
	}
	return items, err
}

// Open opens within the bound of silence; the body is bounded by it as well, and by limits.file_bytes.
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	if most := c.bounds.Limits.FileBytes; it.Size > most {
		return nil, tooLarge(it.Name, it.Size, most)
	}
	own, w := newWatch(ctx, c.bounds.Timeouts.Silence, "open "+it.Name)
	inner, err := await(own, ctx, func() (io.ReadCloser, error) { return c.inner.Open(own, it) }, func(late io.ReadCloser) { _ = late.Close() })
	if err != nil {
		w.end()
		return nil, err
	}
	w.begin("read "+it.Name, 0)
	w.pause()
	return &body{inner: inner, watch: w, own: own, caller: ctx, item: it, most: c.bounds.Limits.FileBytes}, nil
}

// Close gives back what the connector has. What does not end is left behind.
func (c *Connector) Close() error {
	_, err := during(context.Background(), c.bounds.Timeouts.Silence, "close", func(context.Context) (struct{}, error) { return struct{}{}, c.inner.Close() }, nil)
	return err
}

// Check is the connector's own, within the bound of silence. Without one the settings are all that can be said.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	checker, ok := c.inner.(waybill.Checker)
	if !ok {
		return []waybill.Finding{{OK: true, Subject: "settings", Detail: "are complete; this kind has no further check"}}
	}
	own, w := newWatch(ctx, c.bounds.Timeouts.Silence, "check")
	defer w.end()
	findings, err := await(own, ctx, func() ([]waybill.Finding, error) { return checker.Check(own), nil }, nil)
	if err == nil && silent(own) == nil {
		return findings
	}
	if s := silent(own); s != nil {
		err = s
	}
	for i, f := range findings {
		if !f.OK { // what it says is that its context has ended
			findings = findings[:i]
			break
		}
	}
	return append(findings, waybill.Finding{Subject: "answers", Detail: err.Error(), Remedy: "see whether the server is well and lets this machine in; a slow one takes a larger timeouts.silence"})
}

// CheckFeed is the connector's own. It asks nobody.
func (a asked) CheckFeed(resource string, settings map[string]any) error {
	checker, ok := a.inner.(waybill.FeedChecker)
	if !ok {
		return errors.ErrUnsupported
	}
	return checker.CheckFeed(resource, settings)
}

// HostKey is the connector's own, within the bound of silence.
func (k keyed) HostKey(ctx context.Context) (waybill.HostKey, error) {
	return during(ctx, k.bounds.Timeouts.Silence, "see the host key", func(ctx context.Context) (waybill.HostKey, error) {
		keyer, ok := k.inner.(waybill.HostKeyer)
		if !ok {
			return waybill.HostKey{}, errors.ErrUnsupported
		}
		return keyer.HostKey(ctx)
	}, nil)
}

// during runs one call with a watch of its own.
func during[T any](ctx context.Context, silence time.Duration, step string, call func(context.Context) (T, error), discard func(T)) (T, error) {
	own, w := newWatch(ctx, silence, step)
	defer w.end()
	return await(own, ctx, func() (T, error) { return call(own) }, discard)
}

// await waits for a call until it returns, or for a moment after own has ended. An error that only came of that end gives way to its reason.
func await[T any](own, caller context.Context, call func() (T, error), discard func(T)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := call()
		answers <- answer{value, err}
	}()
	var none T
	select {
	case a := <-answers:
		return a.value, because(own, caller, a.err)
	case <-own.Done():
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case a := <-answers:
		if a.err == nil {
			return a.value, nil
		}
		return none, because(own, caller, a.err)
	case <-late.C:
		go func() {
			if a := <-answers; a.err == nil && discard != nil {
				discard(a.value)
			}
		}()
		return none, because(own, caller, context.Cause(own))
	}
}

// because puts silence in the place of what it led to.
func because(own, caller context.Context, err error) error {
	if s := silent(own); s != nil && err != nil && caller.Err() == nil && !errors.Is(err, waybill.ErrLimit) {
		return s
	}
	return err
}

// TooMany is the error of a listing that shows more than limits.entries.
func TooMany(met, most int) error {
	return fmt.Errorf("%w: the listing shows %d names or more, limits.entries of the connection is %d; ask the partner to clear the folder, narrow root and file.match, or raise it", waybill.ErrLimit, met, most)
}

// TooDeep is the error of folders within folders beyond limits.depth.
func TooDeep(dir string, most int) error {
	return fmt.Errorf("%w: folder %s lies deeper than limits.depth of the connection, %d; does a folder contain itself? Narrow file.match, or raise it", waybill.ErrLimit, dir, most)
}

func tooLarge(name string, met, most int64) error {
	return fmt.Errorf("open %s: %w: %d bytes or more, limits.file_bytes of the connection is %d; ask the partner for smaller files, or raise it (%w)", name, waybill.ErrLimit, met, most, waybill.ErrUnreadable)
}
