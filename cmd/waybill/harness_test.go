package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// asWaybill in the environment makes this test binary be waybill, so that a test can start it, stop it and kill it.
const asWaybill = "WAYBILL_TEST_AS_WAYBILL"

func TestMain(m *testing.M) {
	if os.Getenv(asWaybill) == "1" {
		os.Exit(start(&commandLine{stdout: people{os.Stdout}, stderr: people{os.Stderr}, received: worldClock(os.Args)}))
	}
	os.Exit(m.Run())
}

// worldClock is the wall clock of the simulated world that a command of a test is part of: it stands at the instant that --as-of says, since that is
// how far the world has come. Without one it is the machine's.
func worldClock(args []string) func() time.Time {
	for i, a := range args[:len(args)-1] {
		if at, err := time.Parse(time.RFC3339, args[i+1]); a == "--as-of" && err == nil && args[1] == "run" {
			return func() time.Time { return at }
		}
	}
	return nil
}

// outcome is what one command came to.
type outcome struct {
	code     int
	out, err string
}

func (o outcome) String() string { return o.out + o.err }

// command prepares waybill as a process of its own.
func command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(append(os.Environ(), asWaybill+"=1", "NO_COLOR=1"), env...)
	return c
}

// waybillWith runs a command line with more environment.
func waybillWith(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := command(t.Context(), env, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("waybill %s: %v", strings.Join(args, " "), err)
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// office is a folder with a waybill.yaml and what its commands need.
type office struct {
	*testing.T
	dir string
	env []string
}

func (p *office) config() string { return filepath.Join(p.dir, "waybill.yaml") }

// run runs a command on the project, whatever it comes to.
func (p *office) run(args ...string) outcome {
	p.Helper()
	return waybillWith(p.T, p.env, append(args, "-c", p.config())...)
}

// must runs a command that has to end with the exit code.
func (p *office) must(code int, args ...string) outcome {
	p.Helper()
	o := p.run(args...)
	if o.code != code {
		p.Fatalf("waybill %s: exit %d, want %d\n%s", strings.Join(args, " "), o.code, code, o)
	}
	return o
}

// report runs a command with --json that has to end with the exit code, and reads its answer.
func (p *office) report(code int, into any, args ...string) outcome {
	p.Helper()
	o := p.must(code, append(args, "--json")...)
	if err := json.Unmarshal([]byte(o.out), into); err != nil {
		p.Fatalf("waybill %s --json: %v\n%s", strings.Join(args, " "), err, o)
	}
	return o
}

// ask runs a query over the published marts and returns its only value as text.
func (p *office) ask(query string) string {
	p.Helper()
	var rows []map[string]any
	p.report(exitDone, &rows, "query", query)
	if len(rows) != 1 || len(rows[0]) != 1 {
		p.Fatalf("%s: want one value, got %v", query, rows)
	}
	for _, v := range rows[0] {
		text, err := json.Marshal(v)
		if err != nil {
			p.Fatal(err)
		}
		return strings.Trim(string(text), `"`)
	}
	return ""
}

// open opens the project in this process, to look at its lake and ledger.
func (p *office) open() *project.Project {
	p.Helper()
	l := &commandLine{stdout: p.Output(), stderr: p.Output(), configPath: p.config()}
	a, err := l.open(p.Context(), nil)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { a.Close() })
	return a
}

// snapshots are the snapshot ids of every table of the lake.
func (p *office) snapshots() map[string]string {
	p.Helper()
	var rows [][]string
	p.report(exitDone, &rows, "state", "tables")
	ids := map[string]string{}
	for _, r := range rows {
		ids[r[0]] = r[1]
	}
	return ids
}

// edit changes one of the project's files.
func (p *office) edit(name, from, to string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		p.Fatalf("%s has no %q", name, from)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		p.Fatal(err)
	}
}

// small is the smallest world that has everything.
func small(seed uint64) world.Options {
	return world.Options{Seed: seed, Days: 10, OrdersPerDay: 10, Defects: 1}
}

// startWorld puts a world on the wire for one test.
func startWorld(t *testing.T, o world.Options) *sandbox.Sandbox {
	t.Helper()
	box, err := sandbox.Start(context.Background(), sandbox.Options{Dir: t.TempDir(), World: o}) // it ends in the clean-up, after the commands that t.Context ends
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	return box
}

// join makes a project that pulls from a sandbox. Its files need not settle: the sandbox's are whole when they appear.
func join(t *testing.T, box *sandbox.Sandbox) *office {
	t.Helper()
	p := &office{T: t, dir: t.TempDir()}
	if err := writeDemoConfig(demoFlags{dir: p.dir}, box); err != nil {
		t.Fatal(err)
	}
	p.edit("pipelines/northgate.yaml", "stable_for: 1s", "stable_for: 0s")
	return p
}

// advance moves the world's clock.
func advance(t *testing.T, box *sandbox.Sandbox, at time.Time) {
	t.Helper()
	if err := box.Advance(at); err != nil {
		t.Fatal(err)
	}
}

// stamp is an instant as --as-of takes it.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
