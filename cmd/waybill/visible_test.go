package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/questions"
)

// evil retitles a window, clears a screen, rings, turns letters round, goes back to the line's start and has a byte that old terminals obey.
const evil = "\x1b]0;owned\x07\x1b[2J\u202efdp.\u2066\rX\u009b31m\x7f"

// harmless fails where an output has what a terminal obeys.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%s prints %U: %q", what, r, text[max(0, i-40):min(len(text), i+40)])
			return
		}
	}
}

// TestPartnersTextIsPrintedVisibly: whatever partners call their files and write into them, no command for people prints what a terminal obeys; and
// what programs read has it exactly.
func TestPartnersTextIsPrintedVisibly(t *testing.T) {
	t.Parallel()
	p := depot(t)
	// A reference refuses such text; what stays in the tables is a text that is none.
	p.edit("pipelines/depot.yaml", `from: ["Tracking number"], type: text, reference: true`, `from: ["Tracking number"], type: text`)
	good, cut, later := "DESP_"+evil+".csv", "DESP_cut\nheld: depot/despatch forged"+evil+".csv", "DESP_z"+evil+".csv"
	value := strings.ReplaceAll(evil, "\r", "") + "\tparcel"
	text := despatch(goodLine, "AV1002,07/04/2026 10:15,1,"+value, "AV"+value+",07/04/2026 10:15,1,JD1")
	p.write("in/"+good, text)
	p.write("in/"+cut, "Order,Despatch date,No of items,Tracking number,New"+value+"\nAV1003,07/04/2026 10:15,1,JD2,\n")
	p.write("in/"+later, "Order"+value+",Despatch date,No of items,Tracking number\nAV1003,07/04/2026 10:15,1,JD2\nTRL,1\n")
	held := ""
	for _, args := range [][]string{
		{"plan"},
		{"run"},
		{"plan"},
		{"files", "list"},
		{"files", "why", good},
		{"files", "why", cut},
		{"files", "why", later},
		{"files", "why", "none" + evil},
		{"files", "reload", cut},
		{"rejects", "list"},
		{"rejects", "show"},
		{"rejects", "replay"},
		{"query", "select * from marts.fct_despatch"},
		{"query", "select tracking_no as \"a" + value + "\" from marts.fct_despatch"},
		{"query", "select error('" + value + "')"},
		{"trace", "none" + value},
		{"state", "runs"},
		{"run", "--verbose"},
	} {
		o := p.run(args...)
		harmless(t, strings.Join(args, " "), o.String())
		held += o.out
	}
	says(t, held, `DESP_\u001b]0;owned\u0007`, `AV\u001b]0;owned`, `\u202e`, `\u009b31m`, `\r`)
	for _, line := range strings.Split(held, "\n") {
		if strings.HasPrefix(line, "held: depot/despatch forged") {
			t.Errorf("a file's name makes a line of its own: %q", line)
		}
	}

	var files []ledger.File
	p.report(exitDone, &files, "files", "list", "--name", good)
	if len(files) != 1 || files[0].Rejected != 1 {
		t.Fatalf("the ledger has of the file %+v", files)
	}
	if o := p.must(exitDone, "files", "show", files[0].ID); o.out != text {
		t.Errorf("files show gives %q, want %q", o.out, text)
	}
	query := "select tracking_no from marts.fct_despatch where order_ref = 'AV1002'"
	var rows []map[string]string
	p.report(exitDone, &rows, "query", query)
	if len(rows) != 1 || rows[0]["tracking_no"] != value {
		t.Errorf("as JSON the value is %q, want %q", rows, value)
	}
	if o := p.must(exitDone, "query", query, "--format", "csv"); o.out != "tracking_no\n"+value+"\n" {
		t.Errorf("as CSV the value is %q, want %q", o.out, value)
	}
}

// TestTraceIsPrintedVisibly is the same for what trace finds.
func TestTraceIsPrintedVisibly(t *testing.T) {
	t.Parallel()
	one := questions.Traced{
		Kind: "order", Ref: evil, ID: evil, Name: evil + "\nforged", Brand: evil, Goods: evil, Money: evil, Found: []string{"order of " + evil}, Gaps: []string{evil + "\nforged"},
		Steps: []questions.Step{{At: time.Unix(0, 0), System: evil, What: evil, Detail: evil + "\nforged", File: "0123456789", Line: 1}},
	}
	for _, found := range [][]questions.Traced{{one}, {one, one}} {
		var out bytes.Buffer
		if err := (&commandLine{stdout: people{&out}}).printTrace("1001", found); err != nil {
			t.Fatal(err)
		}
		harmless(t, "trace", out.String())
		if strings.Contains(out.String(), "\nforged") {
			t.Errorf("a value makes a line of its own:\n%s", out.String())
		}
	}
}

// TestVisible: of any text nothing that a terminal obeys is left, nothing else is changed, and JSON means the same behind it.
func TestVisible(t *testing.T) {
	t.Parallel()
	pieces := rapid.SampledFrom([]string{"a", "é", "北", "👩‍👩‍👧", "\x1b", "\x9b", "\r", "\n", "\t", "\u009b", "\u202e", "\u2069", "\u2028", "\ufffd", "\xff", `\`, "x1b", "\x00"})
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOf(pieces).Draw(rt, "text"), "")
		shown := visible(text)
		harmless(t, "visible", strings.ReplaceAll(shown, "\ufffd", ""))
		if strings.ContainsAny(shown, "\n\t") {
			rt.Fatalf("%q is shown as %q", text, shown)
		}
		plain := strings.Map(func(r rune) rune {
			if hidden(r) {
				return -1
			}
			return r
		}, text)
		if visible(plain) != plain {
			rt.Fatalf("%q is shown as %q", plain, visible(plain))
		}
		var out bytes.Buffer
		if err := printJSON(people{&out}, text); err != nil {
			rt.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back != strings.ToValidUTF8(text, "\ufffd") && strings.ToValidUTF8(text, "") == text {
			rt.Fatalf("%q is written as %s, and read as %q: %v", text, out.String(), back, err)
		}
	})
}
