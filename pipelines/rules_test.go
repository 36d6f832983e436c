package pipelines_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fourmarketing/waybill/transforms/models"
)

// A rule that begins on a later day changes nothing of what was promised, nor by which rule, for what was asked for and could be begun before.
func TestLaterRulesChangeNoEarlierOrder(t *testing.T) {
	t.Parallel()
	project, schemas := shapes(t)
	first := time.Date(2026, time.March, 20, 0, 0, 0, 0, time.UTC)
	for seed := range uint64(8) { // each is two builds
		rng := rand.New(rand.NewPCG(seed, 11))
		change := first.AddDate(0, 0, 1+rng.IntN(14))
		var terms strings.Builder
		terms.WriteString("order_id,brand,promised_service,ship_country,destination_calendar,destination_region,placed_at,releasable_at,site,site_zone\n")
		earlier := map[string]bool{}
		for i := range 40 {
			placed := first.Add(time.Duration(rng.IntN(15*24*60)) * time.Minute)
			begun := placed.Add(time.Duration(rng.IntN(2*24*60)) * time.Minute)
			id := fmt.Sprintf("o%d", i)
			earlier[id] = begun.Before(change.Add(-time.Hour)) // in London it is at most an hour later than in UTC
			fmt.Fprintf(&terms, "%s,b1,standard,GB,GB-SCT,%s,%s,%s,s1,Europe/London\n", id, []string{"mainland", "highlands_islands"}[rng.IntN(2)],
				placed.Format(time.RFC3339), begun.Format(time.RFC3339))
		}
		until, days := change.Format(time.DateOnly), rng.IntN(10)
		promises := "rule_id,brand,service,site,destination,base,transit_working_days,valid_from,valid_to,source\n"
		cutOffs := "rule_id,site,service,monday,tuesday,wednesday,thursday,friday,saturday,sunday,valid_from,valid_to,source\n"
		files := fstest.MapFS{}
		given := func(name, end, laterPromises, laterCutOffs string) {
			for table, text := range map[string]string{
				"ops.sites.csv":                    "site,source,time_zone,calendar\ns1,w,Europe/London,GB-EAW\n",
				"canonical.orders.csv":             "source,order_id,ship_country,ship_postcode_area\ns,o,GB,IV\n",
				"intermediate.int_order_terms.csv": terms.String(),
				"seeds.promise_rules.csv":          promises + "p,*,*,*,*,releasable,3,2015-01-01," + end + ",s\n" + laterPromises,
				"seeds.cut_off_rules.csv":          cutOffs + "c,s1,*,14:00,14:00,14:00,14:00,14:00,,,2015-01-01," + end + ",s\n" + laterCutOffs,
			} {
				files["int_promised_days/"+name+"/given/"+table] = &fstest.MapFile{Data: []byte(text)}
			}
			files["int_promised_days/"+name+"/clock.txt"] = &fstest.MapFile{Data: []byte("2026-04-30T06:00:00Z\n")}
		}
		given("before", "", "", "")
		given("after", until,
			fmt.Sprintf("p2,*,*,*,*,placed,%d,%s,,s\nq,b1,standard,s1,GB:highlands_islands,releasable,%d,%s,,s\n", days, until, days+1, until),
			fmt.Sprintf("c2,s1,*,09:00,,09:00,,09:00,23:00,,%s,,s\nd,s1,standard,,,,,,10:00,10:00,%s,,s\n", until, until))
		rows := map[string]map[string]string{"before": {}, "after": {}}
		for _, r := range models.RunCases(t.Context(), project, files, schemas) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			for _, line := range strings.Split(strings.TrimSpace(string(r.Got)), "\n")[1:] {
				id, _, _ := strings.Cut(line, ",")
				rows[r.Case][id] = line
			}
		}
		before, after := rows["before"], rows["after"]
		changed := 0
		for id, line := range before {
			switch {
			case earlier[id] && after[id] != line:
				t.Fatalf("the rules of %s change order %s\n  from %s\n  to   %s", until, id, line, after[id])
			case after[id] != line:
				changed++
			}
		}
		if len(before) != 40 || changed == 0 {
			t.Fatalf("%d orders of 40, and %d have other days since %s", len(before), changed, until)
		}
	}
}
