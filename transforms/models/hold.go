package models

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Schemas of a session beside those of models.
const (
	schemaFormer  = "former"   // marts as they stood before, as far as they were asked for
	schemaKeptOut = "kept_out" // rows of held units that were taken out of marts
)

// Tables of a session in which units are held.
const (
	heldUnits = "main.held_units" // their names
	heldRows  = "main.held_rows"  // what of them is kept out of each mart, and what stands there instead
	heldMoney = "main.held_money" // what is at stake
)

// held is what a session holds.
type held struct {
	units   []string
	changed map[waybill.TableName]bool // marts in which former rows stand, and models that read them
}

// HeldUnit is a unit whose rows were not taken over into the marts.
type HeldUnit struct {
	Unit    string
	Rows    int64    // new rows that are kept out
	Kept    int64    // former rows that stand in their place
	Marts   []string // where either are
	AtStake []Money
}

// Money is an exact amount.
type Money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// Hold puts the former rows of more units in the place of their new ones, in every built mart whose rows are of units, and builds anew what reads
// these marts. A unit without former rows is then in no mart. With a unit goes the one that a row of it belonged to before, or belongs to now: else
// the row would stand in both or in none. Models that could not be built again are returned as failed.
func (s *Session) Hold(ctx context.Context, units []string) ([]Built, error) {
	if err := s.addHeld(ctx, units); err != nil {
		return nil, fmt.Errorf("hold %s: %w", strings.Join(units, "; "), err)
	}
	if err := s.connect(ctx); err != nil {
		return nil, fmt.Errorf("hold what hangs together with %s: %w", strings.Join(units, "; "), err)
	}
	var failed []Built
	for _, m := range s.project.models {
		if s.have[m.Name] != builtTable || m.fact != nil {
			continue
		}
		var err error
		again := anyOf(s.held.changed, m.Deps) || s.lost(m)
		if again {
			s.held.changed[m.Name] = true
			if err := s.again(ctx, m); err != nil {
				if ctx.Err() != nil {
					return failed, err
				}
				failed = append(failed, Built{Model: m, Err: err})
				continue
			}
		}
		if !m.holdable() {
			continue
		}
		which := " in (select unit from " + heldUnits + " where is_new)"
		if again {
			which = " in (select unit from " + heldUnits + ")"
			err = s.forgetHeld(ctx, m)
		}
		if err = errors.Join(err, s.swap(ctx, m, which)); err != nil {
			return failed, fmt.Errorf("hold in %s: %w", m.Name, err)
		}
		if err := s.unlike[m.Name]; err != nil {
			failed = append(failed, Built{Model: m, Err: fmt.Errorf("hold units in %s: %w", m.Name, err)})
		}
	}
	return failed, nil
}

// Mixed tells whether a built model has rows of before in it, or was built from some.
func (s *Session) Mixed(m *Model) bool { return s.held != nil && s.held.changed[m.Name] }

// lost tells whether a model reads one that could not be built again.
func (s *Session) lost(m *Model) bool {
	for _, d := range m.Deps {
		if s.failed[d] != nil {
			return true
		}
	}
	return false
}

// again builds a model anew over what it reads now.
func (s *Session) again(ctx context.Context, m *Model) error {
	if err := s.exec(ctx, "drop table "+quoted(m.Name)); err != nil {
		return fmt.Errorf("build %s again: %w", m.Name, err)
	}
	delete(s.have, m.Name)
	return s.ensure(ctx, m.Name)
}

func (s *Session) addHeld(ctx context.Context, units []string) error {
	if s.held == nil {
		s.held = &held{changed: map[waybill.TableName]bool{}}
		setup := "create table " + heldUnits + " (unit varchar, is_new boolean); create table " + heldRows +
			" (unit varchar, mart varchar, rows_count bigint, kept_count bigint); create table " + heldMoney + " (unit varchar, place integer, mart varchar, amount decimal(38, 4), currency varchar)"
		if err := s.exec(ctx, setup); err != nil {
			return err
		}
	}
	if err := s.exec(ctx, "update "+heldUnits+" set is_new = false"); err != nil {
		return err
	}
	for _, u := range units {
		if err := s.exec(ctx, "insert into "+heldUnits+" values ("+duck.Literal(u)+", true)"); err != nil {
			return err
		}
	}
	s.held.units = append(s.held.units, units...)
	return nil
}

// connect adds the units to which rows of held units moved, or from which they came, until there are no more.
func (s *Session) connect(ctx context.Context) error {
	for {
		more, err := s.connected(ctx)
		if err != nil || len(more) == 0 {
			return err
		}
		s.held.units = append(s.held.units, more...)
		for _, u := range more {
			if err := s.exec(ctx, "insert into "+heldUnits+" values ("+duck.Literal(u)+", true)"); err != nil {
				return err
			}
		}
	}
}

// connected are units that are not held although a row was or is theirs of which a unit is held that came last.
func (s *Session) connected(ctx context.Context) ([]string, error) {
	var out []string
	for _, m := range s.project.models {
		if s.have[m.Name] != builtTable || !m.holdable() || len(m.Head.Key) == 0 {
			continue
		}
		former, err := s.former(ctx, m)
		if err != nil {
			return nil, err
		}
		if former == "" {
			continue
		}
		rows, err := s.conn.QueryContext(ctx, fmt.Sprintf(`select distinct case when own in (select unit from %[1]s where is_new) then was else own end as unit
			from (select %[2]s as own, %[3]s as was from %[4]s as n inner join %[5]s as o on %[6]s)
			where own <> was and (own in (select unit from %[1]s where is_new)) <> (was in (select unit from %[1]s where is_new))`,
			heldUnits, m.unit("n"), m.unit("o"), quoted(m.Name), former, equal("n", m.Head.Key, "o", m.Head.Key)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		_, lines, err := textRows(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		for _, l := range lines {
			if !contains(out, l[0]) && !contains(s.held.units, l[0]) {
				out = append(out, l[0])
			}
		}
	}
	return out, nil
}

// forgetHeld forgets what was noted of a mart that was built anew since.
func (s *Session) forgetHeld(ctx context.Context, m *Model) error {
	name := duck.Literal(m.Name.String())
	return s.exec(ctx, "delete from "+heldRows+" where mart = "+name+"; delete from "+heldMoney+" where mart = "+name+"; drop table if exists "+keptOut(m))
}

// swap takes the rows of some held units out of a mart and puts the former ones in; among is the condition on a unit.
func (s *Session) swap(ctx context.Context, m *Model, among string) error {
	own := m.unit(duck.Ident(m.Name.Name))
	if err := s.exec(ctx, "create table if not exists "+keptOut(m)+" as select * from "+quoted(m.Name)+" where false; insert into "+keptOut(m)+" select * from "+
		quoted(m.Name)+" where "+own+among); err != nil {
		return err
	}
	if err := s.note(ctx, m, quoted(m.Name), among, "count(*), 0"); err != nil {
		return err
	}
	deleted, err := s.count(ctx, "delete from "+quoted(m.Name)+" where "+own+among)
	if err != nil {
		return err
	}
	former, err := s.former(ctx, m)
	if err != nil {
		return err
	}
	var inserted int64
	if former != "" {
		if err := s.note(ctx, m, former, among, "0, count(*)"); err != nil {
			return err
		}
		columns, err := s.common(ctx, m, former)
		if err != nil {
			return err
		}
		inserted, err = s.count(ctx, "insert into "+quoted(m.Name)+" by name select "+columns+" from "+former+" as t where "+m.unit("t")+among)
		if err != nil {
			return err
		}
	}
	if deleted+inserted > 0 {
		s.held.changed[m.Name] = true
	}
	return nil
}

// keptOut is the table of a mart's rows that were taken out of it.
func keptOut(m *Model) string {
	return quoted(waybill.TableName{Namespace: schemaKeptOut, Name: m.Name.Name})
}

// note writes down how many rows of each held unit a relation with a mart's columns has, and what is at stake in them.
func (s *Session) note(ctx context.Context, m *Model, relation, among, counts string) error {
	from := " from (select *, " + m.unit("t") + " as held_unit from " + relation + " as t) where held_unit" + among
	name := duck.Literal(m.Name.String())
	if err := s.exec(ctx, "insert into "+heldRows+" select held_unit, "+name+", "+counts+from+" group by held_unit"); err != nil {
		return err
	}
	stake := m.Head.AtStake
	if stake == nil || (relation != quoted(m.Name) && !s.has(ctx, relation, stake)) {
		return nil
	}
	place := 1 // the mart whose rows are the units themselves says best what one is worth
	for _, of := range m.Head.Unit.Of {
		if len(of) <= len(m.Head.Key) && sameText(of, m.Head.Key[:len(of)]) {
			place = 0
		}
	}
	if relation != quoted(m.Name) {
		place += 2 // what it was worth, where nothing new tells
	}
	return s.exec(ctx, fmt.Sprintf("insert into %s select held_unit, %d, %s, sum(cast(%s as decimal(38, 4))), %s%s and %s is not null group by held_unit, %s", heldMoney, place, name,
		duck.Ident(stake.Amount), duck.Ident(stake.Currency), from, duck.Ident(stake.Amount), duck.Ident(stake.Currency)))
}

// has tells whether former rows have the columns with the money.
func (s *Session) has(ctx context.Context, relation string, stake *AtStake) bool {
	columns, err := s.describe(ctx, relation)
	found := 0
	for _, c := range columns {
		if c.name == stake.Amount || c.name == stake.Currency {
			found++
		}
	}
	return err == nil && found == 2
}

// common lists the columns that a mart and its former rows both have. What the mart has besides is null in these rows.
func (s *Session) common(ctx context.Context, m *Model, former string) (string, error) {
	now, err := s.describe(ctx, quoted(m.Name))
	before, err2 := s.describe(ctx, former)
	if err := errors.Join(err, err2); err != nil {
		return "", err
	}
	was := map[string]bool{}
	for _, c := range before {
		was[c.name] = true
	}
	var out []string
	for _, c := range now {
		if was[c.name] {
			out = append(out, fmt.Sprintf("cast(t.%[1]s as %[2]s) as %[1]s", duck.Ident(c.name), c.duckType))
		}
	}
	return strings.Join(out, ", "), nil
}

func (s *Session) count(ctx context.Context, statement string) (int64, error) {
	done, err := s.conn.ExecContext(ctx, statement)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// HeldUnits tells of everything that the session holds, sorted by name.
func (s *Session) HeldUnits(ctx context.Context) ([]HeldUnit, error) {
	if s.held == nil {
		return nil, nil
	}
	found := map[string]*HeldUnit{}
	var out []*HeldUnit
	for _, u := range s.held.units {
		found[u] = &HeldUnit{Unit: u}
		out = append(out, found[u])
	}
	if err := s.readHeldRows(ctx, found); err != nil {
		return nil, fmt.Errorf("read what is held: %w", err)
	}
	if err := s.readHeldMoney(ctx, found); err != nil {
		return nil, fmt.Errorf("read what is at stake: %w", err)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Unit < out[j].Unit })
	units := make([]HeldUnit, len(out))
	for i, u := range out {
		units[i] = *u
	}
	return units, nil
}

func (s *Session) readHeldRows(ctx context.Context, found map[string]*HeldUnit) error {
	rows, err := s.conn.QueryContext(ctx, "select unit, mart, cast(sum(rows_count) as bigint), cast(sum(kept_count) as bigint) from "+heldRows+" group by unit, mart order by unit, mart")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var unit, mart string
		var n, kept int64
		if err := rows.Scan(&unit, &mart, &n, &kept); err != nil {
			return err
		}
		u := found[unit]
		u.Rows, u.Kept, u.Marts = u.Rows+n, u.Kept+kept, append(u.Marts, mart)
	}
	return rows.Err()
}

func (s *Session) readHeldMoney(ctx context.Context, found map[string]*HeldUnit) error {
	rows, err := s.conn.QueryContext(ctx, "select unit, cast(amount as varchar), coalesce(currency, '') from "+heldMoney+
		" qualify dense_rank() over (partition by unit order by place, mart) = 1 order by unit, currency")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var unit string
		var m Money
		if err := rows.Scan(&unit, &m.Amount, &m.Currency); err != nil {
			return err
		}
		if whole, cents, ok := strings.Cut(m.Amount, "."); ok && len(cents) > 2 {
			m.Amount = whole + "." + cents[:2] + strings.TrimRight(cents[2:], "0") // a currency's usual two places, more where there are more
		}
		found[unit].AtStake = append(found[unit].AtStake, m)
	}
	return rows.Err()
}
