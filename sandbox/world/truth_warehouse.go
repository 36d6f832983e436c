package world

// warehouseEvents are the status events that files told.
func (w *witness) warehouseEvents() TruthTable {
	t := table("marts.fct_warehouse_events", "source order_ref status_raw occurred_at", "order_id brand site status reason_code reason_text progress _built_at")
	for _, k := range w.orders {
		o := k.o
		if o.test {
			continue
		}
		id, name := o.orderID(), o.brand.Name
		if o.phantom {
			id, name = "", ""
		}
		seen := map[[2]string]bool{}
		for i := range o.statuses {
			st := &o.statuses[i]
			key := [2]string{st.what, st.at.text()}
			if !st.tells(w.at) || seen[key] {
				continue
			}
			seen[key] = true
			t.add(o.site.Source, o.wmsRef(), o.site.tells(st.what), st.at.text(), id, name, o.site.Code, st.what, st.code, st.reason, itoa(progress(st.what)), w.at.text())
		}
	}
	return t
}

// progress puts the steps of a warehouse in the order in which they happen.
func progress(what string) int {
	for i, s := range []string{
		"received", "query", "allocated", "on_hold", "shortage", "picking", "picked", "packed", "part_despatched", "despatched", "cancelled",
	} {
		if s == what {
			return i + 1
		}
	}
	return 0
}
