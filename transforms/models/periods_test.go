package models_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/transforms/models"
)

const rulesYAML = `promises:
  description: d
  key: [rule_id]
  periods: {by: [brand, destination]}
  names: {brand: brand, destination: destination, days: days}
  columns: {rule_id: VARCHAR, brand: VARCHAR, destination: VARCHAR, days: INTEGER, valid_from: DATE, valid_to: DATE, source: VARCHAR}
destination_areas:
  description: d
  columns: {country: VARCHAR, calendar: VARCHAR, region: VARCHAR}
`

// readRules reads a project whose only seed has these rows.
func readRules(rows ...string) (*models.Project, error) {
	text := "rule_id,brand,destination,days,valid_from,valid_to,source\n" + strings.Join(rows, "\n") + "\n"
	return models.Read(fstest.MapFS{
		"seeds/seeds.yaml":            {Data: []byte(rulesYAML)},
		"seeds/promises.csv":          {Data: []byte(text)},
		"seeds/destination_areas.csv": {Data: []byte("country,calendar,region\nGB,GB-SCT,highlands_islands\nGB,GB-SCT,mainland\nGB,GB-NIR,northern_ireland\n")},
	})
}

func TestRulesOfWhichOneHolds(t *testing.T) {
	t.Parallel()
	p, err := readRules(
		"a,*,*,3,2015-01-01,2026-04-01,terms",
		"b,*,*,2,2026-04-01,,terms",
		"c,b1,*,2,2020-01-01,,terms",
		"d,*,GB,2,2020-01-01,2021-01-01,terms",
		"e,b1,GB,2,2020-01-01,2021-01-01,terms",
		"f,*,GB:highlands_islands,2,2020-01-01,,terms",
		"g,b1,GB:highlands_islands,2,2015-01-01,,terms",
		"h,*,NL,2,2015-01-01,2016-01-01,terms",
		"i,*,GB-NIR,2,2021-01-01,,terms",
		"j,b1,GB-NIR,2,2021-01-01,,terms",
		"k,b2,GB-NIR,2,2021-01-01,,terms", // none of the Highlands
	)
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Seed("promises"); fmt.Sprint(s.Periods, s.Names) != "[brand destination] [{brand brand} {destination destination} {days days}]" {
		t.Errorf("declared: %v %v", s.Periods, s.Names)
	}
}

func TestRulesThatCannotBeTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows []string
		want []string
	}{
		"overlap":      {[]string{"a,*,*,3,2015-01-01,2026-05-01,s", "b,*,*,3,2026-04-01,,s"}, []string{"promises.csv:3: rule b begins on 2026-04-01 while rule a of line 2", "holds until 2026-05-01", "end that on 2026-04-01"}},
		"without end":  {[]string{"b,*,*,3,2026-04-01,,s", "a,*,*,3,2015-01-01,,s"}, []string{"promises.csv:2: rule b begins", "rule a of line 3", "write valid_to 2026-04-01 there"}},
		"gap":          {[]string{"a,*,*,3,2015-01-01,2026-03-01,s", "b,*,*,3,2026-04-01,,s"}, []string{"promises.csv:3: from 2026-03-01 to 2026-04-01 no rule holds"}},
		"same day":     {[]string{"a,*,*,3,2015-01-01,,s", "b,*,*,3,2015-01-01,,s"}, []string{"promises.csv:3: rule b begins on 2015-01-01 while rule a of line 2"}},
		"no day":       {[]string{"a,*,*,3,2015-01-01,2015-01-01,s"}, []string{"promises.csv:2: valid_to 2015-01-01 is not after valid_from"}},
		"no date":      {[]string{"a,*,*,3,1/1/2015,,s"}, []string{`promises.csv:2: valid_from "1/1/2015" is no date`, "2026-03-01"}},
		"no beginning": {[]string{"a,*,*,3,,,s"}, []string{`valid_from "" is no date`}},
		"no source":    {[]string{"a,*,*,3,2015-01-01,, "}, []string{"promises.csv:2: source is blank"}},
		"no id":        {[]string{",*,*,3,2015-01-01,,s"}, []string{`rule_id "" is blank`}},
		"id twice":     {[]string{"a,*,NL,3,2015-01-01,,s", "a,*,GB,3,2015-01-01,,s"}, []string{`promises.csv:3: rule_id "a" stands on line 2 already`}},
		"blank key":    {[]string{"a,,*,3,2015-01-01,,s"}, []string{"promises.csv:2: brand is blank; write * for any"}},
		"tie":          {[]string{"a,b1,*,3,2015-01-01,,s", "b,*,GB,3,2020-01-01,,s"}, []string{"promises.csv:3: rule b and rule a of line 2 both fit brand b1, destination GB", "from 2020-01-01"}},
		"tie for some time": {
			[]string{"a,b1,*,3,2015-01-01,,s", "b,*,GB,3,2015-01-01,2020-01-01,s", "c,b1,GB,3,2016-01-01,,s"},
			[]string{"rule b and rule a of line 2 both fit"},
		},
		"tie of a region in a nation": {[]string{"a,b1,GB-SCT,3,2015-01-01,,s", "b,*,GB:highlands_islands,3,2015-01-01,,s"}, []string{"both fit brand b1, destination GB:highlands_islands"}},
		"tie in a country":            {[]string{"a,b1,GB,3,2015-01-01,,s", "b,*,GB-NIR,3,2015-01-01,,s"}, []string{"both fit brand b1, destination GB-NIR"}},
	} {
		_, err := readRules(c.rows...)
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v\n  lacks %s", name, err, w)
			}
		}
	}
}

// On any set of rules that is read without complaint, each day has at most one rule for a key, and the rules of a key leave no day out between them.
func TestRulesOfAKeyFollowOneAnother(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	day := func(n int) string { return first.AddDate(0, 0, n).Format(time.DateOnly) }
	rapid.Check(t, func(t *rapid.T) {
		type period struct{ from, to int }
		var rows []string
		var all []period
		for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
			p := period{from: rapid.IntRange(0, 6).Draw(t, "from"), to: rapid.IntRange(0, 7).Draw(t, "to")}
			to := day(p.to)
			if p.to == 7 { // without end
				p.to, to = 20, ""
			}
			all, rows = append(all, p), append(rows, fmt.Sprintf("r%d,*,*,1,%s,%s,s", i, day(p.from), to))
		}
		good := true
		begun, ended := 20, 0
		for _, p := range all {
			good = good && p.from < p.to
			begun, ended = min(begun, p.from), max(ended, p.to)
		}
		for d := begun; d < ended; d++ {
			n := 0
			for _, p := range all {
				if p.from <= d && d < p.to {
					n++
				}
			}
			good = good && n == 1
		}
		if _, err := readRules(rows...); (err == nil) != good {
			t.Fatalf("%v: good is %v, and reading says %v", rows, good, err)
		}
	})
}

func TestRulesNeedTheirColumns(t *testing.T) {
	t.Parallel()
	_, err := models.Read(fstest.MapFS{
		"seeds/seeds.yaml":   {Data: []byte("promises:\n  description: d\n  periods: {by: [brand]}\n  names: {brnd: brand}\n  columns: {rule_id: VARCHAR, brand: VARCHAR}\n")},
		"seeds/promises.csv": {Data: []byte("rule_id,brand\n")},
	})
	for _, want := range []string{"no column valid_from", "no column source", "no column brnd", "did you mean brand?"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\n  lacks %s", err, want)
		}
	}
}
