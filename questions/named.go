package questions

import (
	"context"
	"database/sql"
)

// Named is a carrier or an account that partners' files name, with how much there is of it.
type Named struct {
	Kind   string // carrier or account
	Source string // of an account
	Name   string
	Count  int64 // parcels of a carrier, settlements of an account
}

// Named lists the carriers of parcels and the accounts of settlements in the published marts; whether the group has links for them, the
// configuration says.
func (m *Marts) Named(ctx context.Context) ([]Named, error) {
	return collect(ctx, m, `select 'carrier', '', carrier, count(*) from marts.fct_shipments group by carrier
		union all select 'account', source, account, settlements_count from marts.dim_psp_accounts where settlements_count > 0
		order by 1, 2, 3`,
		func(r *sql.Rows, n *Named) error { return r.Scan(&n.Kind, &n.Source, &n.Name, &n.Count) })
}
