package publish_test

import (
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/pipelines/publish"
	"github.com/fourmarketing/waybill/transforms/models"
)

// related are an area of orders and their lines, and marts of another area; fault is put into the lines' site.
func related(site string) []publish.Mart {
	orders := mart("fct_orders", "select 'AV' || n as order_id, 'ams' as site from range(10) as t (n)", "order_id")
	lines := mart("fct_order_lines", "select 'AV' || n // 2 as order_id, n as line, '"+site+"' as site, if(n > 3, 'x', null) as brand from range(20) as t (n)", "order_id", "line")
	parts := mart("fct_parts", "select 'AV' || n // 2 as order_id, n as line_no, 1 as part from range(20) as t (n)", "order_id", "line_no", "part")
	sites := mart("dim_sites", "select 'ams' as site, 'NL' as land", "site")
	brands := mart("dim_brands", "select 'b' as brand", "brand")
	refunds := mart("fct_refunds", "select 'AV1' as order_id, 7 as refund", "refund")
	relate := func(m publish.Mart, severity models.Severity, to, columns, fields string) {
		m.Model.Head.Checks = append(m.Model.Head.Checks, models.HeadCheck{
			Kind: models.CheckRelationship, Severity: severity, To: waybill.TableName{Namespace: "marts", Name: to}, Columns: strings.Fields(columns), Fields: strings.Fields(fields),
		})
	}
	relate(orders, models.SeverityError, "dim_sites", "site", "site")
	relate(lines, models.SeverityError, "fct_orders", "order_id", "order_id")
	relate(lines, models.SeverityError, "dim_sites", "site", "site")
	relate(lines, models.SeverityWarn, "dim_brands", "brand", "brand")
	relate(lines, models.SeverityError, "fct_nowhere", "brand", "brand")
	relate(lines, models.SeverityError, "dim_sites", "brand", "land") // no key
	relate(parts, models.SeverityError, "fct_order_lines", "line_no order_id", "line order_id")
	relate(refunds, models.SeverityError, "fct_orders", "order_id", "order_id")
	all := []publish.Mart{lines, parts, orders, sites, brands, refunds}
	for _, m := range all {
		m.Model.Area = "fulfilment"
	}
	refunds.Model.Area = "returns"
	return all
}

// TestForeignKeys publishes marts that relate to one another: inside an area the relationships are valid keys after each swap. What does not
// hold is published without a key, and the log says so.
func TestForeignKeys(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "related")
	user := d.connect("")
	const keys = `select string_agg(concat(conrelid::regclass, ' ', pg_get_constraintdef(oid), ' ', convalidated::text), E'\n' order by conrelid::regclass::text, conname) from pg_constraint
		where contype = 'f' and connamespace = 'marts'::regnamespace`
	const want = `marts.fct_order_lines FOREIGN KEY (order_id) REFERENCES marts.fct_orders(order_id) true
marts.fct_order_lines FOREIGN KEY (site) REFERENCES marts.dim_sites(site) true
marts.fct_orders FOREIGN KEY (site) REFERENCES marts.dim_sites(site) true
marts.fct_parts FOREIGN KEY (line_no, order_id) REFERENCES marts.fct_order_lines(line, order_id) true`
	for range 3 {
		d.mustPublish(d.postgres(""), related("ams")...)
		user.want(keys, want)
		user.want("select string_agg(nspname, ' ') from pg_namespace where nspname like 'marts%'", "marts")
		if told := d.told(); strings.Contains(told, "warn") {
			t.Error(told)
		}
	}
	d.mustPublish(d.postgres(""), related("rotterdam")...)
	user.want(keys, strings.Replace(want, "marts.fct_order_lines FOREIGN KEY (site) REFERENCES marts.dim_sites(site) true\n", "", 1))
	user.want("select count(*) from marts.fct_order_lines where site = 'rotterdam'", "20")
	told := d.told()
	for _, word := range []string{"warn", "without a foreign key", "marts.fct_order_lines", "marts.dim_sites", "site"} {
		if strings.Count(told, "\n") != 1 || !strings.Contains(told, word) {
			t.Errorf("the log does not say %q once: %s", word, told)
		}
	}
	d.mustPublish(d.postgres(""), related("ams")...)
	user.want(keys, want)
}
