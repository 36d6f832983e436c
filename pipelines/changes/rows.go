package changes

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Count is how many rows of one part of a list are in one state, in one currency. Over all states the rows of before and now are the list's of before
// and now, and so is the money.
type Count struct {
	By       []*string `json:"by,omitempty"` // values of the columns that divide the list
	State    State     `json:"state"`
	Currency string    `json:"currency,omitempty"`
	RowsWas  int64     `json:"rows_was"` // of a row whose currency changed one is here and the other there
	RowsNow  int64     `json:"rows_now"`
	Was      string    `json:"was,omitempty"` // the sum; empty where there is no amount
	Now      string    `json:"now,omitempty"`
	Change   string    `json:"change,omitempty"`
	Unknown  int64     `json:"amount_unknown,omitempty"` // rows of now, or of before of those that are gone, of which nobody knows what they are worth
}

// Rows is how many rows the count is of: those of now, or of before where they are gone.
func (c Count) Rows() int64 {
	if c.State == StateGone {
		return c.RowsWas
	}
	return c.RowsNow
}

// counts sums a list's table up. Money of two currencies never adds.
func counts(ctx context.Context, db *sql.DB, table string) ([]Count, error) {
	was, now := "coalesce(sum(amount) filter (is_was), 0)", "coalesce(sum(amount) filter (not is_was), 0)"
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`with sides as (
			select "by", state, true as is_was, was_currency as currency, was_amount as amount from %[1]s where is_was
			union all
			select "by", state, false, now_currency, now_amount from %[1]s where is_now
		)
		select cast("by" as varchar), state, coalesce(currency, ''), count(*) filter (is_was), count(*) filter (not is_was), count(amount), %[2]s, %[3]s, %[4]s,
			count(*) filter (amount is null and currency is not null and is_was = (state = 'gone'))
		from sides group by "by", state, currency order by 1, 3, 2`, table, amountText(was), amountText(now), amountText(now+" - "+was)))
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	defer rows.Close()
	all := []Count{}
	for rows.Next() {
		var c Count
		var by string
		var known int64
		if err := rows.Scan(&by, &c.State, &c.Currency, &c.RowsWas, &c.RowsNow, &known, &c.Was, &c.Now, &c.Change, &c.Unknown); err != nil {
			return nil, fmt.Errorf("count: %w", err)
		}
		if err := json.Unmarshal([]byte(by), &c.By); err != nil {
			return nil, fmt.Errorf("count: %w", err)
		}
		if known == 0 {
			c.Was, c.Now, c.Change = "", "", ""
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// Row is one row of a list.
type Row struct {
	List  string `json:"list"`
	State State  `json:"state"`
	Key   Values `json:"key"`
	Brand string `json:"brand,omitempty"`
	Was   *Money `json:"was,omitempty"`
	Now   *Money `json:"now,omitempty"`
	Moved []Move `json:"moved,omitempty"` // where both releases have the row; of a row that is ageing what the clock moved
	About Values `json:"about,omitempty"` // what the list shows of it besides
}

// Money is an exact amount.
type Money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// Move is a column that moved; null is no value.
type Move struct {
	Column string  `json:"column"`
	Was    *string `json:"was"`
	Now    *string `json:"now"`
}

// Value is one column's value.
type Value struct {
	Column string  `json:"column"`
	Value  *string `json:"value"`
}

// Values are columns with their values, in the order of the list. In JSON they are one object.
type Values []Value

// MarshalJSON writes {"order_id": "aster-vale:5000000001"}.
func (v Values) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range v {
		name, err := json.Marshal(one.Column)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.Value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Wanted chooses rows.
type Wanted struct {
	States []State
	Most   int // of each state; 0 = all
}

// Rows hands over rows of a list one by one: by state, in each the worst first, and of these the most money. Money of several currencies is not compared:
// the most of each currency come first.
func (a *Answer) Rows(ctx context.Context, l Listed, w Wanted, each func(Row) error) error {
	if l.Problem != "" {
		return nil
	}
	var names, places []string
	for i, s := range States() {
		places = append(places, fmt.Sprintf("when '%s' then %d", s, i))
		if slices.Contains(w.States, s) {
			names = append(names, "'"+string(s)+"'")
		}
	}
	if len(names) == 0 {
		return nil
	}
	const order = "badness desc nulls last, currency is null, place, currency, id"
	limit := ""
	if w.Most > 0 {
		limit = fmt.Sprintf("qualify row_number() over (partition by state order by %s) <= %d", order, w.Most)
	}
	rows, err := a.db.QueryContext(ctx, fmt.Sprintf(`with named as (
			select *, coalesce(now_amount, was_amount) as amount, coalesce(now_currency, was_currency) as currency, cast("key" as varchar) as id from %s where state in (%s)
		),
		placed as (
			select *, row_number() over (partition by state, badness, currency order by abs(amount) desc nulls last, id) as place from named
		)
		select state, id, brand, %s, was_currency, %s, now_currency, cast(case when state = 'ageing' then clock_moved else moved end as varchar), cast(about as varchar)
		from placed %s
		order by case state %s end, %s`, l.table, strings.Join(names, ", "), amountText("was_amount"), amountText("now_amount"), limit, strings.Join(places, " "), order))
	if err != nil {
		return fmt.Errorf("read rows of %s: %w", l.List, err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := readRow(rows)
		if err != nil {
			return fmt.Errorf("read rows of %s: %w", l.List, err)
		}
		r.List = l.List
		if err := each(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

func readRow(rows *sql.Rows) (Row, error) {
	var r Row
	var key, about string
	var brand, was, wasIn, now, nowIn, moved sql.NullString
	if err := rows.Scan(&r.State, &key, &brand, &was, &wasIn, &now, &nowIn, &moved, &about); err != nil {
		return r, err
	}
	r.Brand = brand.String
	if was.Valid {
		r.Was = &Money{was.String, wasIn.String}
	}
	if now.Valid {
		r.Now = &Money{now.String, nowIn.String}
	}
	for _, part := range []struct {
		text string
		into any
	}{{key, &r.Key}, {about, &r.About}, {moved.String, &r.Moved}} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return r, err
		}
	}
	return r, nil
}
