package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// ServeHTTP serves an API of a partner on a port of its own until the partner closes, and returns its base URL. The
// name is what faults call it.
func (s Stage) ServeHTTP(p *Partner, name string, api http.Handler) (string, error) {
	l, err := listen()
	if err != nil {
		return "", fmt.Errorf("serve %s: %w", name, err)
	}
	srv := &http.Server{Handler: &faulty{name, api, s.Faults}, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	p.AtClose(func() error {
		err := srv.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
	return "http://" + l.Addr().String(), nil
}

func listen() (net.Listener, error) {
	var c net.ListenConfig
	return c.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// faulty stands in front of an API and lets calls go wrong that were asked to.
type faulty struct {
	name   string
	api    http.Handler
	faults *Faults
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d := f.faults.delay(); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return
		}
	}
	h, ok := f.faults.takeHTTP(f.name + r.URL.Path)
	switch {
	case !ok:
		f.api.ServeHTTP(w, r)
	case h.Status != 0:
		if h.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(h.RetryAfter.Round(time.Second).Seconds())))
		}
		http.Error(w, http.StatusText(h.Status), h.Status)
	case h.Truncate > 0:
		f.api.ServeHTTP(&cutWriter{ResponseWriter: w, left: h.Truncate, silent: true}, r)
	default:
		f.api.ServeHTTP(&cutWriter{ResponseWriter: w, left: h.CutAfter}, r)
		cutConnection(w)
	}
}

// cutConnection sends what was written so far and breaks off.
func cutConnection(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	if err := c.Flush(); err != nil {
		return // the client broke off first
	}
	conn, _, err := c.Hijack()
	if err != nil {
		return
	}
	_ = conn.Close()
}
