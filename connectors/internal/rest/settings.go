package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// DecodeSettings lays a feed's own settings over the values that are already in out. An unknown key is an error.
func DecodeSettings(settings map[string]any, out any) error {
	if len(settings) == 0 {
		return nil
	}
	raw, err := yaml.Marshal(settings)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(out); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("settings: %w", err)
	}
	return nil
}

// Sleep waits for d or until ctx ends, and then says so.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	bound.Step(ctx, "pause between two questions", d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
