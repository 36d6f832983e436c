package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/project"
)

// commandLine is what every command gets: where to write and what the global flags say.
type commandLine struct {
	stdout, stderr io.Writer
	configPath     string
	json           bool
	asOf           string
	verbose        bool
	logJSON        bool // the log is for programs, and says what is done and not only what no result says

	received func() time.Time // the wall clock of what arrives, where a simulated world has one of its own; nil: the machine's
}

func (l *commandLine) readConfig() (*project.Config, error) {
	return project.Read(l.configPath, os.LookupEnv)
}

// open reads the configuration and opens what it describes. watch may be nil.
func (l *commandLine) open(ctx context.Context, watch func(pipelines.Event)) (*project.Project, error) {
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	return l.openConfig(ctx, cfg, watch)
}

func (l *commandLine) openConfig(ctx context.Context, cfg *project.Config, watch func(pipelines.Event)) (*project.Project, error) {
	return project.Open(ctx, cfg, project.Options{Log: l.logger(), Watch: watch, Now: time.Now, Received: l.received})
}

// logger prints warnings, which are what no result says; with --verbose it prints everything. A service's is lines of JSON, with what it does.
func (l *commandLine) logger() *zap.Logger {
	if l.logJSON {
		level := zapcore.InfoLevel
		if l.verbose {
			level = zapcore.DebugLevel
		}
		enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
			TimeKey: "time", LevelKey: "level", MessageKey: "msg", LineEnding: zapcore.DefaultLineEnding, EncodeTime: zapcore.RFC3339NanoTimeEncoder,
			EncodeLevel: zapcore.CapitalLevelEncoder, EncodeDuration: zapcore.StringDurationEncoder,
		})
		return zap.New(zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(l.stderr)), level))
	}
	if !l.verbose {
		enc := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{
			MessageKey: "M", LevelKey: "L", ConsoleSeparator: " ", EncodeDuration: zapcore.StringDurationEncoder,
			EncodeLevel: func(_ zapcore.Level, to zapcore.PrimitiveArrayEncoder) { to.AppendString("waybill: warning:") },
		})
		return zap.New(zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(l.stderr)), zap.LevelEnablerFunc(func(at zapcore.Level) bool { return at == zapcore.WarnLevel })))
	}
	enc := zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())
	return zap.New(zapcore.NewCore(enc, zapcore.AddSync(l.stderr), zapcore.DebugLevel))
}

// clockStep is how coarse the default "now" is, so that two runs shortly after one another ask about the same instant.
const clockStep = 15 * time.Minute

// furthestAhead is how far an instant that is asked about may lie ahead of the clock: no further than the farthest zone, and some hours.
const furthestAhead = 48 * time.Hour

// now is the run's as-of: the flag, or the last full quarter of an hour.
func (l *commandLine) now() (time.Time, error) {
	if l.asOf == "" {
		return time.Now().UTC().Truncate(clockStep), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		t, err := time.Parse(layout, l.asOf)
		if err == nil && t.After(time.Now().Add(furthestAhead)) {
			return time.Time{}, fmt.Errorf("%w: --as-of %q is %d days ahead of the clock: whatever is open would look late", errUsage, l.asOf, int(time.Until(t).Hours()/24))
		}
		if err == nil {
			return t.UTC(), nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, l.asOf); err == nil {
			return time.Time{}, fmt.Errorf("%w: --as-of %q does not say where: write %[3]sZ for UTC, or %[3]s+01:00 for a place one hour ahead", errUsage, l.asOf, t.Format("2006-01-02T15:04:05"))
		}
	}
	return time.Time{}, fmt.Errorf("%w: --as-of %q is no instant such as 2026-04-08T07:00:00+01:00", errUsage, l.asOf)
}
