package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"github.com/fourmarketing/waybill/pipelines"
)

// display shows progress: a bar per feed or stage on a terminal, nothing elsewhere (the summary follows either way).
type display struct {
	mu       sync.Mutex
	writer   progress.Writer
	trackers map[string]*progress.Tracker
}

// newDisplay draws on stderr when that is a terminal and colours are not refused (NO_COLOR turns off colour only).
func (l *commandLine) newDisplay() *display {
	d := &display{trackers: map[string]*progress.Tracker{}}
	f, ok := unescaped(l.stderr).(*os.File)
	if !ok || l.json || l.verbose || !term.IsTerminal(int(f.Fd())) {
		return d
	}
	d.writer = progress.NewWriter()
	d.writer.SetOutputWriter(f)
	d.writer.SetAutoStop(false)
	d.writer.SetTrackerLength(24)
	d.writer.SetUpdateFrequency(100 * time.Millisecond)
	d.writer.SetStyle(progress.StyleBlocks)
	d.writer.Style().Visibility.Speed = false
	d.writer.Style().Visibility.Value = true
	go d.writer.Render()
	return d
}

// watch takes one event of a run; safe for several goroutines.
func (d *display) watch(e pipelines.Event) {
	if d.writer == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := string(e.Stage)
	if e.Stage == pipelines.StageFetch {
		key = e.Subject
	}
	t := d.trackers[key]
	if t == nil {
		if e.Total == 0 {
			return
		}
		t = &progress.Tracker{Message: visible(key), Total: int64(e.Total)}
		d.trackers[key] = t
		d.writer.AppendTracker(t)
	}
	t.UpdateTotal(int64(max(e.Total, e.Done)))
	t.SetValue(int64(e.Done))
	if e.Done >= e.Total {
		t.MarkAsDone()
	}
}

// say prints a line above the bars, or to w where there are none, and begins new bars.
func (d *display) say(w io.Writer, line string) {
	if d.writer == nil {
		fmt.Fprintln(w, line)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.trackers {
		t.MarkAsDone()
	}
	d.trackers = map[string]*progress.Tracker{}
	d.writer.Log("%s", visible(line))
}

// stop draws the last state and leaves the terminal to what follows.
func (d *display) stop() {
	if d.writer == nil {
		return
	}
	d.mu.Lock()
	for _, t := range d.trackers {
		t.MarkAsDone()
	}
	d.mu.Unlock()
	time.Sleep(150 * time.Millisecond) // one more refresh
	d.writer.Stop()
}

// grid prints rows as a table people can read, each on one line.
func grid(w io.Writer, header []string, rows [][]string) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Options.DrawBorder = false
	t.Style().Options.SeparateColumns = false
	t.Style().Format.Header = text.FormatDefault
	head := make(table.Row, len(header))
	for i, h := range header {
		head[i] = visible(h)
	}
	t.AppendHeader(head)
	for _, r := range rows {
		row := make(table.Row, len(r))
		for i, v := range r {
			row[i] = visible(v)
		}
		t.AppendRow(row)
	}
	t.Render()
}

// printJSON writes one indented JSON value.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// count writes 12345 as 12,345.
func count[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes "1 file", "2 files".
func plural[N int | int64](n N, noun string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", noun)
	}
	return count(n) + " " + noun + "s"
}

// took rounds a duration for people.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}
