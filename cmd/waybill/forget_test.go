package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines/forget"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/run"
	"github.com/fourmarketing/waybill/sandbox/world"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// customer is somebody who is to be forgotten, and what would tell of them.
type customer struct {
	email, name, order string
}

// customers are one of each of three shops, of both shop systems, whose parcel came or who had money back, with a name that nobody else has.
func customers(t *testing.T, w *world.World, at time.Time) []customer {
	t.Helper()
	wanted := []string{"oxbow-lark", "aster-vale", "norre-studio"}
	names := map[string]int{}
	for _, b := range w.Group().Brands {
		for _, o := range w.ShopOrders(b.Shop, at) {
			names[o.CustomerName]++
		}
	}
	var out []customer
	for _, shop := range wanted {
		var best *world.ShopOrder
		news := func(o *world.ShopOrder) int { return len(o.Refunds) + len(o.Returns) }
		for _, o := range w.ShopOrders(shop, at) {
			if names[o.CustomerName] == 1 && o.Email != "" && !o.Test && len(o.Fulfilments) > 0 && (best == nil || news(&o) > news(best)) {
				best = &o
			}
		}
		if best == nil {
			t.Fatalf("no customer of %s can be told from the others", shop)
		}
		out = append(out, customer{email: best.Email, name: best.CustomerName, order: fmt.Sprintf("%s:%d", shop, best.ID)})
	}
	return out
}

// hash is what a column of pii: hash has of the customer's address.
func (c customer) hash(p *office) string {
	salt, err := os.ReadFile(filepath.Join(p.dir, "secrets", "salt"))
	if err != nil {
		p.Fatal(err)
	}
	mac := hmac.New(sha256.New, bytes.TrimSpace(salt))
	mac.Write([]byte(strings.ToLower(c.email)))
	return hex.EncodeToString(mac.Sum(nil))
}

// signs are texts by which the customer would be known; of the hash as many digits as a manifest's bounds have.
func (c customer) signs(p *office) []string {
	return []string{c.email, strings.ReplaceAll(c.email, "@", "%40"), c.name, c.hash(p)[:16]}
}

// published are the cells of all published marts.
func (p *office) published() []byte {
	p.Helper()
	var all []byte
	db := openDuck(p.T)
	if _, err := db.ExecContext(p.Context(), "attach "+duck.Literal(filepath.Join(p.dir, "waybill.duckdb"))+" as shown (read_only)"); err != nil {
		p.Fatal(err)
	}
	for _, mart := range p.marts() {
		all = append(all, cells(p.T, db, "select columns(*)::varchar from shown.main."+mart)...)
	}
	return bytes.ToLower(all)
}

// isForgotten wants nothing of a customer anywhere, and the order still there.
func (p *office) isForgotten(c customer, others ...[]byte) {
	p.Helper()
	for text, where := range traces(p.T, p.dir, c.signs(p)) {
		p.Errorf("%s of %s is still in %q", text, c.order, where)
	}
	for _, content := range append(others, p.published()) {
		for _, text := range c.signs(p) {
			if bytes.Contains(content, []byte(strings.ToLower(text))) {
				p.Errorf("%s of %s is still published", text, c.order)
			}
		}
	}
	if got := p.ask("select count(*) from marts.fct_orders where order_id = '" + c.order + "'"); got != "1" {
		p.Errorf("%s orders of %s are left", got, c.order)
	}
}

// sameMarts holds that all marts of two projects have the same rows, and their raw tables as many.
func sameMarts(t *testing.T, want, got *office) {
	t.Helper()
	db := openDuck(t)
	left, right := want.relations(), got.relations()
	rows := 0
	for name, a := range left {
		b := right[name]
		switch {
		case (a == "") != (b == ""):
			t.Errorf("%s: empty in one lake and not in the other", name)
		case a != "" && strings.HasPrefix(name, "marts."):
			rows += sameRelation(t, db, name, [2]string{a, b}, wallClock)
		case a != "" && strings.HasPrefix(name, "raw."):
			count := func(of string) string { return string(cells(t, db, "select count(*)::varchar from ("+of+")")) }
			if count(a) != count(b) {
				t.Errorf("%s has %s rows, want %s", name, count(b), count(a))
			}
		}
	}
	if rows == 0 {
		t.Error("nothing was compared")
	}
}

// TestForget forgets a customer of each shop in the middle of a world, by address and by order, one of them in spite of kills at every step. Nothing of them may be left in
// any byte, then nor after partners have sent more of them, and every mart is as in a project that forgot nobody.
func TestForget(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(31))
	calm, p := join(t, box), join(t, box)
	points := box.World().Checkpoints()
	var gone []customer
	for i, at := range points {
		advance(t, box, at)
		calm.must(exitDone, "run", "--as-of", stamp(at))
		p.must(exitDone, "run", "--as-of", stamp(at))
		if i != len(points)-2 {
			continue
		}
		gone = customers(t, box.World(), at)
		for n, c := range gone {
			before := traces(t, p.dir, c.signs(p))
			if len(before) < 2 {
				t.Fatalf("of %s there are traces only by %v: nothing can be shown", c.order, before)
			}
			forgetOne(p, c, n)
			p.isForgotten(c)
		}
		sameMarts(t, calm, p)
	}
	for _, c := range gone {
		p.isForgotten(c)
	}
	sameMarts(t, calm, p)
	var looked forget.Found
	p.report(exitDone, &looked, "forget", "--email", gone[0].email, "--dry-run")
	if _, erase := looked.Records(); erase != 0 {
		t.Errorf("there is something left to erase: %+v", looked)
	}
}

// forgetOne forgets a customer: the first by address, the second by order, the third by address while the process is killed again and again.
func forgetOne(p *office, c customer, n int) {
	p.Helper()
	var done run.Forgot
	switch n {
	case 0:
		p.report(exitDone, &done, "forget", "--email", strings.ToUpper(c.email), "--yes")
	case 1:
		_, id, _ := strings.Cut(c.order, ":") // as people copy it from the shop
		p.report(exitDone, &done, "forget", "--order", id, "--yes")
	default:
		p.killWhile("forget", "--email", c.email, "--yes")
		for delay := 100 * time.Millisecond; p.killAfter(delay, "forget", "--resume"); delay *= 2 {
		}
		p.must(exitDone, "forget", "--resume")
		return
	}
	if done.Request.State != ledger.ForgetDone || done.Request.Records == 0 || len(done.Request.Replaced) == 0 || done.Expired == 0 {
		p.Errorf("%+v", done)
	}
}

// killWhile kills a command as soon as a request is recorded.
func (p *office) killWhile(args ...string) {
	p.Helper()
	a := p.open()
	known, err := a.Ledger.Forgotten(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	c := command(p.Context(), p.env, append(args, "-c", p.config())...)
	if err := c.Start(); err != nil {
		p.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if now, err := a.Ledger.Forgotten(p.Context()); err == nil && len(now) > len(known) {
			break
		}
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	if now, err := a.Ledger.Forgotten(p.Context()); err != nil || len(now) != len(known)+1 || now[len(now)-1].State == ledger.ForgetDone {
		p.Fatalf("%v, %v: it was not killed in the middle", now, err)
	}
}

// killAfter kills a command after a time; false if it had ended by then.
func (p *office) killAfter(delay time.Duration, args ...string) bool {
	p.Helper()
	c := command(p.Context(), p.env, append(args, "-c", p.config())...)
	if err := c.Start(); err != nil {
		p.Fatal(err)
	}
	timer := time.AfterFunc(delay, func() { _ = c.Process.Kill() })
	_ = c.Wait()
	timer.Stop()
	return !c.ProcessState.Exited()
}

// forgetfulDepot is the depot with an address and a name in its despatches, and a column that nobody maps.
func forgetfulDepot(t *testing.T) *office {
	t.Helper()
	p := depot(t)
	p.edit("pipelines/depot.yaml", `tracking_no: {from: ["Tracking number"], type: text, reference: true}`, `tracking_no: {from: ["Tracking number"], type: text, subject: parcel}
          email: {from: ["Email"], type: text, pii: hash, optional: true}
          name: {from: ["Name"], type: text, pii: drop, optional: true}`)
	p.edit("pipelines/depot.yaml", `status: {from: ["Status"], type: text, required: true}`, `status: {from: ["Status"], type: text, required: true}
          tracking_no: {from: ["Parcel"], type: text, subject: parcel, optional: true}`)
	return p
}

// sent is a despatch report with addresses.
func sent(lines ...string) string {
	return "Order,Despatch date,No of items,Tracking number,Email,Name,Phone\n" + strings.Join(lines, "\n") + fmt.Sprintf("\nTRL,%d\n", len(lines))
}

// TestForgottenStayForgotten has a partner send somebody again who was forgotten: the same file again, under another name, corrected, and a new one with the address alone.
func TestForgottenStayForgotten(t *testing.T) {
	t.Parallel()
	p := forgetfulDepot(t)
	jane, joan := "AA1,07/04/2026 10:15,2,JD000001,Jane@Example.com,Jane Doe,+4412345", "AA2,07/04/2026 10:15,1,JD000002,joan@example.com,Joan Roe,+4467890"
	first := sent(jane, joan)
	p.write("in/DESP_1.csv", first)
	p.pull(exitDone)
	p.must(exitDone, "forget", "--email", "jane@example.com", "--yes")
	gone := []string{"jane@example.com", "jane doe", "+4412345"}
	nothingOf := func(when string, rows string) {
		t.Helper()
		for text, where := range traces(t, filepath.Join(p.dir, "lake"), gone) {
			t.Errorf("%s: %q is in %q", when, text, where)
		}
		if got := p.ask("select count(*) || ' ' || sum(qty) from marts.fct_despatch"); got != rows {
			t.Errorf("%s: rows and units %s, want %s", when, got, rows)
		}
	}
	nothingOf("forgotten", "2 3")
	if left := traces(t, filepath.Join(p.dir, "lake"), []string{"joan@example.com", "+4467890"}); len(left) != 2 {
		t.Errorf("of somebody else is left only %v", left)
	}
	p.write("in/DESP_1.csv", first) // another time, the same bytes
	p.write("in/DESP_1 (1).csv", first)
	p.pull(exitDone)
	nothingOf("the same again", "2 3")
	for name, want := range map[string]ledger.Status{"DESP_1.csv": ledger.Loaded, "DESP_1 (1).csv": ledger.Duplicate} {
		var files []ledger.File
		p.report(exitDone, &files, "files", "list", "--name", name)
		if len(files) != 1 || files[0].Status != want || files[0].SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte(first))) || files[0].Size != int64(len(first)) {
			t.Errorf("%s: %+v, want one file, %s, known by the bytes as received", name, files, want)
		}
	}
	p.write("in/DESP_1.csv", sent(jane, strings.Replace(joan, ",1,", ",5,", 1)))
	p.write("in/DESP_2.csv", sent("AA3,07/04/2026 11:00,4,JD000003,JANE@EXAMPLE.COM,Jane Doe,+4412345"))
	p.pull(exitDone)
	nothingOf("corrected, and new", "5 14") // the other name tells what nothing else does any more
	if o := p.must(exitDone, "files", "why", "DESP_2.csv"); !strings.Contains(o.out, "forgotten: 1 record") {
		t.Errorf("nothing says that somebody was masked: %s", o)
	}
	p.write("in/STAT_1.csv", "Order,Status,Status date,Parcel,Remark\nAA3,left,07/04/2026 11:00,JD000003,with Jane Doe\nAA2,left,07/04/2026 11:00,n/a,with Joan Roe\n")
	p.pull(exitDone)
	nothingOf("a parcel by its number alone", "5 14")
	if left := traces(t, filepath.Join(p.dir, "lake"), []string{"with joan roe"}); len(left) != 1 {
		t.Errorf("of somebody else's remark is left only %v", left)
	}
	p.must(exitDone, "files", "reload", "--outdated")
	nothingOf("loaded again", "5 14")
	if o := p.must(exitDone, "forget", "--resume"); !strings.Contains(o.out, "nothing to finish") {
		t.Errorf("%s", o)
	}
}

// TestForgetSaysWhatIsWrong tries what people mistype, and what must not be done without a word.
func TestForgetSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := forgetfulDepot(t)
	p.write("in/DESP_1.csv", sent("AA1,07/04/2026 10:15,2,JD001,jane@example.com,Jane Doe,+4412345"))
	p.pull(exitDone)
	before := p.snapshots()
	for _, tc := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "--email jane@example.com", []string{"forget"}},
		{exitUsage, "no address", []string{"forget", "--email", "jane"}},
		{exitUsage, "waybill trace AA9", []string{"forget", "--order", "AA9"}},
		{exitUsage, "--yes", []string{"forget", "--email", "jane@example.com"}},
		{exitUsage, "takes no person", []string{"forget", "--resume", "--email", "jane@example.com"}},
		{exitFailed, "nothing of the person", []string{"forget", "--email", "nobody@example.com", "--yes"}},
		{exitDone, "in the kept bytes, and nothing was changed; next: waybill trace REF", []string{"forget", "--email", "nobody@example.com", "--dry-run"}},
		{exitUsage, `waybill forget takes no "AA1"; see `, []string{"forget", "AA1"}},
		{exitDone, "nothing was changed; next: the same", []string{"forget", "--email", "jane@example.com", "--dry-run"}},
	} {
		if o := p.must(tc.code, tc.args...); !strings.Contains(o.String(), tc.says) {
			t.Errorf("%v: %s lacks %q", tc.args, o, tc.says)
		}
	}
	if after := p.snapshots(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("tables changed: %v, %v", before, after)
	}
	p.edit("pipelines/depot.yaml", "required: true, min: 0}", "required: true, min: 1}")
	if o := p.must(exitFailed, "forget", "--email", "jane@example.com", "--yes"); !strings.Contains(o.err, "files reload --outdated --source depot/despatch") {
		t.Errorf("%s", o)
	}
	p.edit("waybill.yaml", "pii_salt: not a secret\n", "")
	if o := p.must(exitFailed, "forget", "--email", "jane@example.com", "--yes"); !strings.Contains(o.err, "pii_salt") {
		t.Errorf("%s", o)
	}
}
