package forget_test

import (
	"os"
	"testing"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// A person has several orders with one shop, and a source has several names in the records that bear an address: each of them leads to its order.
func TestEachNameOfASourceLeadsToItsOrder(t *testing.T) {
	t.Parallel()
	query, err := os.ReadFile("orders.sql")
	if err != nil {
		t.Fatal(err)
	}
	db := duck.Open(duck.Config{TempDir: t.TempDir()})
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range []string{
		"create schema canonical", "create schema intermediate",
		"create table canonical.orders as select * from (values ('shop', 'AV1', '1', 'shop:1'), ('shop', 'AV2', '2', 'shop:2'), ('other', 'AV3', '3', 'other:3')) as t (source, order_name, order_no, order_id)",
		"create table intermediate.int_order_keys as select * from (values ('wms', 'AV1', 'shop:1'), ('wms', 'AV3', 'other:3')) as t (source, order_ref, order_id)",
	} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	wanted := `[{"source": "shop", "name": "AV1"}, {"source": "shop", "name": "AV2"}, {"source": "shop", "name": "AV3"}, {"source": "wms", "name": "DN1"}, {"source": "wms", "name": "AV3"}, {"source": "", "name": "2"}]`
	rows, err := db.QueryContext(t.Context(), string(query), wanted)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := ""
	for rows.Next() {
		var name, id string
		if err := rows.Scan(&name, &id); err != nil {
			t.Fatal(err)
		}
		got += name + "=" + id + " "
	}
	if want := "2=shop:2 AV1=shop:1 AV2=shop:2 AV3=other:3 "; got != want || rows.Err() != nil {
		t.Errorf("got %q, want %q, %v", got, want, rows.Err())
	}
}
