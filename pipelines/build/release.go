package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/models"
)

// releases says which snapshots of the marts belong together.
type releases struct {
	lake   *lake.Lake
	ledger *ledger.Ledger
	models *models.Project
	log    *zap.Logger
}

// standing is how the last build left the releases.
type standing struct {
	shown  ledger.Release // what readers see; without a number if they see none
	newest ledger.Release // the same, or a withheld one if nothing was ever shown since
}

func (r releases) standing(ctx context.Context) (standing, error) {
	var s standing
	var err error
	if s.shown, _, err = r.ledger.LatestRelease(ctx, ledger.Released); err != nil {
		return s, err
	}
	s.newest, _, err = r.ledger.NewestRelease(ctx)
	return s, err
}

// holds tells whether anything is held.
func (s standing) holds() bool { return s.newest.AnyArea() || len(s.newest.Held) > 0 }

// tried tells whether a build of the same came to what stands, so that another one would too.
func (s standing) tried(trial string, o Options) bool {
	if o.Full || o.ReleasedBy != "" || o.partial() || !s.holds() {
		return false
	}
	for _, a := range s.newest.Areas {
		if a.Tried != trial {
			return false
		}
	}
	return true
}

// area is what stands of an area. Of a release of before areas were told apart, it is of that one.
func (s standing) area(name string) ledger.Area {
	for _, a := range s.newest.Areas {
		if a.Area == name {
			return a
		}
	}
	if s.shown.ID != 0 && len(s.shown.Areas) == 0 {
		return ledger.Area{Area: name, OfRelease: s.shown.ID, AsOf: s.shown.AsOf}
	}
	return ledger.Area{Area: name}
}

// former reads marts as readers have them.
func (s standing) former(v *inputs.View) func(context.Context, waybill.TableName) (string, error) {
	return func(ctx context.Context, mart waybill.TableName) (string, error) {
		text, ok := s.shown.Tables[mart.String()]
		if !ok {
			return "", nil
		}
		snapshot, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", fmt.Errorf("release %d: snapshot of %s: %w", s.shown.ID, mart, err)
		}
		if snapshot == 0 {
			return "", nil // it had no row yet
		}
		return v.At(ctx, mart, snapshot)
	}
}

// outcome is what a build came to, to be released.
type outcome struct {
	options Options
	trial   string
	built   map[string]bool            // areas of which something was built
	areas   map[string]string          // held ones, with the cause
	units   map[string][]ledger.HeldBy // held ones, with the checks that named them
	held    []models.HeldUnit
}

// add names what readers are to see in one row: the snapshots of the marts as they are now, of the marts of held areas as they were. It adds none
// where the last one says the same.
func (r releases) add(ctx context.Context, out outcome, before standing, res *Result) error {
	tables, err := r.tables(ctx, out, before)
	if err != nil {
		return err
	}
	rel := ledger.Release{
		AsOf: out.options.AsOf.UTC(), Status: ledger.Released, Tables: tables, By: out.options.ReleasedBy, Why: out.options.Why,
		Areas: r.areas(out, before), Held: r.heldUnits(out, before),
	}
	if rel.Checks = before.newest.Checks; !out.options.partial() || before.newest.ID == 0 {
		if rel.Checks, err = r.models.Checks(); err != nil {
			return err
		}
	}
	if len(tables) == 0 && rel.AnyArea() {
		rel.Status = ledger.Withheld // readers would see nothing, not even what they had
	}
	for _, c := range res.Failed {
		rel.Failures += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	if same(before.newest, rel) {
		res.Release = before.newest
		if !before.holds() || out.options.partial() {
			return nil
		}
		return r.ledger.Tried(ctx, before.newest.ID, out.trial)
	}
	if res.Release, err = r.ledger.AddRelease(ctx, rel); err != nil {
		return err
	}
	rel = res.Release
	r.log.Info("release", zap.Int64("release", rel.ID), zap.Time("as_of", rel.AsOf), zap.String("status", rel.Status), zap.Int("marts", len(rel.Tables)),
		zap.Strings("held_areas", areasHeld(rel)), zap.Int("held_units", len(rel.Held)))
	return r.lake.Raise(ctx)
}

// tables are the snapshots to be shown.
func (r releases) tables(ctx context.Context, out outcome, before standing) (map[string]string, error) {
	tables := map[string]string{}
	for _, m := range r.models.Models() {
		if m.Name.Namespace != models.Marts {
			continue
		}
		if out.areas[m.Area] != "" {
			if was, ok := before.shown.Tables[m.Name.String()]; ok {
				tables[m.Name.String()] = was
			}
			continue
		}
		t, err := r.lake.Table(ctx, m.Name)
		if errors.Is(err, waybill.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", m.Name, err)
		}
		tables[m.Name.String()] = strconv.FormatInt(t.Snapshot, 10)
	}
	return tables, nil
}

// areas says of when each area is.
func (r releases) areas(out outcome, before standing) []ledger.Area {
	partial := out.options.partial()
	var all []ledger.Area
	for _, name := range r.models.Areas() {
		was := before.area(name)
		a := ledger.Area{Area: name, AsOf: out.options.AsOf.UTC(), Tried: out.trial}
		switch {
		case out.areas[name] != "":
			a.OfRelease, a.AsOf, a.Cause, a.HeldSince = was.OfRelease, was.AsOf, out.areas[name], was.HeldSince
		case partial && !out.built[name]:
			a = was
		}
		if partial {
			a.Tried = "" // not all of it was
		}
		all = append(all, a)
	}
	return all
}

// heldUnits says what is held, and since when. Where not all marts were built, what was held before is held still and was counted then; so it is where
// an area of its marts is held as a whole, whose checks may not have come to name it.
func (r releases) heldUnits(out outcome, before standing) []ledger.HeldUnit {
	var all []ledger.HeldUnit
	known, named := map[string]ledger.HeldUnit{}, map[string]bool{}
	for _, h := range out.held {
		named[h.Unit] = true
	}
	for _, was := range before.newest.Held {
		known[was.Unit] = was
		if out.options.partial() || !named[was.Unit] && slices.ContainsFunc(was.Marts, func(mart string) bool { return out.areas[r.areaOf(mart)] != "" }) {
			all = append(all, was)
		}
	}
	for _, h := range out.held {
		was, held := known[h.Unit]
		if held && out.options.partial() {
			continue
		}
		u := ledger.HeldUnit{Unit: h.Unit, Since: was.Since, Checks: out.units[h.Unit], Marts: h.Marts, Rows: h.Rows, Kept: h.Kept}
		for _, m := range h.AtStake {
			u.AtStake = append(u.AtStake, ledger.HeldMoney(m))
		}
		all = append(all, u)
	}
	return all
}

// areaOf is the area of a mart by its name; empty for one that is no more.
func (r releases) areaOf(mart string) string {
	for _, m := range r.models.Models() {
		if m.Name.String() == mart {
			return m.Area
		}
	}
	return ""
}

// same tells whether two releases show and hold the same.
func same(a, b ledger.Release) bool {
	return a.Status == b.Status && a.Checks == b.Checks && maps.Equal(a.Tables, b.Tables) && slices.Equal(causes(a), causes(b)) && slices.Equal(held(a), held(b))
}

func causes(r ledger.Release) []string {
	var out []string
	for _, a := range r.Areas {
		if a.Held() {
			out = append(out, a.Area+": "+a.Cause)
		}
	}
	return out
}

func held(r ledger.Release) []string {
	var out []string
	for _, u := range r.Held {
		out = append(out, fmt.Sprint(u.Unit, u.Checks, u.Rows, u.Kept, u.Marts, u.AtStake))
	}
	return out
}

// withheld is the error about held areas.
func withheld(r ledger.Release) error {
	return fmt.Errorf("%w: readers keep what they had of %s; next: waybill state release", ErrWithheld, strings.Join(areasHeld(r), ", "))
}

func areasHeld(r ledger.Release) []string {
	var areas []string
	for _, a := range r.Areas {
		if a.Held() {
			areas = append(areas, a.Area)
		}
	}
	return areas
}
