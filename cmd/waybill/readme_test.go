package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blockOf is the README's block of code that holds the words, line by line.
func blockOf(t *testing.T, words string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(string(text), "```") {
		if i%2 == 1 && strings.Contains(block, words) {
			return strings.Split(strings.TrimSpace(block), "\n")
		}
	}
	t.Fatalf("README.md has no block with %q", words)
	return nil
}

// spans are what a sample leaves open: how long things took.
var spans = regexp.MustCompile(`\([0-9ms.]+\)`)

// shown says that every line of a sample stands in what is really printed, in this order; an ellipsis stands for anything.
func shown(t *testing.T, sample []string, printed string) {
	t.Helper()
	plain := func(text string) string { return strings.Join(strings.Fields(spans.ReplaceAllString(text, "")), " ") }
	lines := strings.Split(printed, "\n")
	next := 0
	for _, want := range sample {
		var parts []string
		for part := range strings.SplitSeq(plain(want), "…") {
			parts = append(parts, regexp.QuoteMeta(strings.TrimSpace(part)))
		}
		if strings.Contains(want, "──") || strings.Join(parts, "") == "" {
			continue
		}
		like := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
		found := false
		for i := next; i < len(lines) && !found; i++ {
			if found = like.MatchString(plain(lines[i])); found {
				next = i + 1
			}
		}
		if !found {
			t.Errorf("README.md shows a line that is not printed, or not there:\n%s", want)
		}
	}
}

// TestReadme runs what the README tells a newcomer to type, in the world that it speaks of, and compares what it shows with what is printed.
func TestReadme(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	o := waybillWith(t, nil, "demo", "--dir", dir)
	if o.code != exitDone {
		t.Fatalf("the demo ended with %d:\n%s", o.code, o)
	}
	shown(t, blockOf(t, "Compared with what really happened"), o.out)

	tools := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec %q \"$@\"\n", asWaybill, os.Args[0])
	if err := os.WriteFile(filepath.Join(tools, "waybill"), []byte(script), 0o700); err != nil { //nolint:gosec // it has to be run
		t.Fatal(err)
	}
	all := typeIn(t, dir, tools, blockOf(t, "alias waybill=../bin/waybill"))
	if len(all) < 10 {
		t.Fatalf("only %d commands were found", len(all))
	}
	for _, one := range all {
		switch {
		case strings.HasPrefix(one.line, "waybill trace AV1004"):
			shown(t, blockOf(t, "18 steps, 0 gaps"), one.out)
		case strings.HasPrefix(one.line, "waybill changes"):
			shown(t, blockOf(t, "from release 3 (as of"), one.out)
		}
	}

	morning := ""
	for _, one := range typeIn(t, dir, tools, blockOf(t, "waybill changes --since yesterday ")) {
		morning += one.out
	}
	shown(t, blockOf(t, "past_promise  2026-"), morning)
}

// typed is a command and what it printed.
type typed struct{ line, out string }

// typeIn types the commands of a block in a folder; none may fail or be silent.
func typeIn(t *testing.T, dir, tools string, block []string) []typed {
	t.Helper()
	var all []typed
	for _, line := range block {
		if !strings.HasPrefix(line, "waybill ") {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-c", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s\n%v\n%s", line, err, out)
		}
		if len(out) == 0 {
			t.Errorf("%s: prints nothing", line)
		}
		all = append(all, typed{line, string(out)})
	}
	return all
}
