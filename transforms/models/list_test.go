package models_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/transforms/models"
)

// headOf is a mart whose head says the list, from line 5 on.
func headOf(list string) string {
	return "/*\ndescription: d\ngrain: one row per x\nkey: [check_id, document]\n" + list + `
owner: data
unit: none
columns:
  check_id: it
  document: it
  state: {description: it, accepted: [open, closed]}
  severity: {description: it, accepted: [low, high]}
  units: it
  amount: it
  currency: it
  age_hours: it
  detail: it
*/
with m as (select 1 as check_id, 1 as document, 'open' as state, 'low' as severity, 1 as units, 1 as amount, 'GBP' as currency, 1 as age_hours, 'x' as detail)

select * from m`
}

const wholeList = "list: {where: state <> 'closed', by: [check_id], worse: {severity: [low, high], units: more}, amount: amount, currency: currency, clock: [age_hours], show: [detail]}"

func TestAListIsRead(t *testing.T) {
	t.Parallel()
	fsys := files("marts/a/m.sql", headOf(wholeList), "marts/a/none.sql", fullHead+"with none as (select 1 as x) select * from none")
	p := read(t, fsys)
	if names(p.Lists()) != "m" || fmt.Sprint(p.ListTables()) != "[marts.m]" {
		t.Errorf("lists are %s, %v", names(p.Lists()), p.ListTables())
	}
	l := p.Lists()[0].Head.List
	if got := fmt.Sprint(l.Where, l.WhereReads, l.By, l.Worse, l.Amount, l.Currency, l.Clock, l.Show); got != "state <> 'closed'[state] [check_id] [{severity [low high]} {units []}]amountcurrency[age_hours] [detail]" {
		t.Error(got)
	}
	if errs := models.CheckStyle(fsys); len(errs) > 0 {
		t.Error(errs)
	}
}

// TestListsSayWhereAndWhat has every way in which a head may say a list wrong.
func TestListsSayWhereAndWhat(t *testing.T) {
	t.Parallel()
	in := func(path, list string) []string { return []string{path, headOf(list)} }
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"unknown key":        {in("marts/a/m.sql", "list: {whre: state}"), "m.sql:5: unknown key whre (did you mean where?)"},
		"unknown column":     {in("marts/a/m.sql", "list:\n  amount: amout\n  currency: currency"), "m.sql:6: list: the head has no column amout (did you mean amount?)"},
		"clock":              {in("marts/a/m.sql", "list:\n  show: [detail]\n  clock: [age_hour]"), "m.sql:7: list: the head has no column age_hour (did you mean age_hours?)"},
		"where":              {in("marts/a/m.sql", "list:\n  where: stat <> 'closed'"), "m.sql:6: list: the head has no column stat (did you mean state?)"},
		"where is no SQL":    {in("marts/a/m.sql", "list:\n  where: state <>"), "m.sql:6: syntax error"},
		"where reads tables": {in("marts/a/m.sql", "list:\n  where: state in (select k from raw.b)"), "m.sql:6: list: where: it is about the mart's own columns"},
		"amount alone":       {in("marts/a/m.sql", "list: {amount: amount}"), "m.sql:5: list: amount and currency are named together"},
		"by":                 {in("marts/a/m.sql", "list:\n  by: [documents]"), "m.sql:6: list: by: documents is no column of the key (did you mean document?)"},
		"word":               {in("marts/a/m.sql", "list:\n  worse: {severity: [low, hihg]}"), "m.sql:6: list: worse: severity is never hihg (did you mean high?)"},
		"one word":           {in("marts/a/m.sql", "list:\n  worse: {severity: [low]}"), "m.sql:6: list: worse: severity needs its words from good to bad"},
		"less":               {in("marts/a/m.sql", "list:\n  worse: {units: less}"), "m.sql:6: list: worse: units needs its words from good to bad"},
		"clock of the key":   {in("marts/a/m.sql", "list:\n  clock: [document]"), "m.sql:6: list: clock: document says more than how much time went by"},
		"clock of severity":  {in("marts/a/m.sql", "list:\n  worse: {units: more}\n  clock: [units]"), "list: clock: units says more"},
		"no mart":            {in("intermediate/int_m.sql", "list: {}"), "int_m.sql:5: list: only marts are lists"},
		"no key":             {[]string{"marts/a/m.sql", "/*\ndescription: d\nlist: {}\n*/\nselect 1 as x"}, "m.sql:3: list: rows of two releases are told to be the same by the key"},
	} {
		_, err := models.Read(files(c.files...))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v\nwant %s", name, err, c.want)
		} else if n := strings.Count(err.Error(), "\n"); n > 0 {
			t.Errorf("%s: %d errors for one mistake:\n%v", name, n+1, err)
		}
	}
	errs := models.CheckStyle(files("marts/a/m.sql", headOf("list: {}")))
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "m.sql:16: list: column age_hours moves with the clock: name it in clock") {
		t.Errorf("style: %v", errs)
	}
}
