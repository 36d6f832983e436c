package changes

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/models"
)

// between are the two releases that are compared.
type between struct {
	since, until ledger.Release
	notes        []string
}

// shelf is all releases, and which snapshots of the lists can be read still. Maintenance keeps less of what is older, and forgetting a person leaves nothing
// of before.
type shelf struct {
	ledger *ledger.Ledger
	all    []ledger.Dated // the newest first
	kept   map[string]map[int64]bool
	newest map[string]string // snapshots of the newest release
}

func (c *Changes) shelf(ctx context.Context, lists []*models.Model) (*shelf, error) {
	s := &shelf{ledger: c.parts.Ledger, kept: map[string]map[int64]bool{}}
	for _, m := range lists {
		known, err := c.parts.Lake.Snapshots(ctx, m.Name)
		if err != nil {
			return nil, err
		}
		s.kept[m.Name.String()] = known
	}
	var err error
	s.all, err = c.parts.Ledger.Releases(ctx, time.Time{})
	if err == nil && len(s.all) == 0 {
		err = refuse("nothing is released yet; next: waybill run")
	}
	if err != nil {
		return nil, err
	}
	tables, err := s.tables(ctx, s.all[:1])
	s.newest = tables[s.all[0].ID]
	return s, err
}

// between finds the two releases of a question.
func (s *shelf) between(ctx context.Context, q Question) (b between, err error) {
	since, err := ParseMoment(q.Since, q.Zone)
	if err != nil {
		return b, err
	}
	newest := s.all[0]
	until := Moment{release: newest.ID}
	if q.Until != "" {
		if until, err = ParseMoment(q.Until, q.Zone); err != nil {
			return b, err
		}
	}
	if b.until, err = s.find(ctx, until, newest.AsOf, q.Zone, &b.notes); err != nil {
		return b, fmt.Errorf("until %s: %w", orNewest(q.Until), err)
	}
	if b.since, err = s.find(ctx, since, b.until.AsOf, q.Zone, &b.notes); err != nil {
		return b, fmt.Errorf("since %s: %w", q.Since, err)
	}
	switch {
	case b.since.ID == b.until.ID:
		return b, refuse("since %s and until %s are both release %d, as of %s, and nothing lies between; next: %s", q.Since, orNewest(q.Until), b.until.ID, b.until.AsOf.UTC().Format(minutes), s.earlier(b.until.ID))
	case b.since.ID > b.until.ID:
		return b, refuse("since %s is release %d and until %s the earlier release %d; turn them round", q.Since, b.since.ID, orNewest(q.Until), b.until.ID)
	}
	return b, nil
}

func orNewest(text string) string {
	if text == "" {
		return "now"
	}
	return text
}

// earlier is what to type to compare with the release before one.
func (s *shelf) earlier(id int64) string {
	i := slices.IndexFunc(s.all, func(d ledger.Dated) bool { return d.ID < id })
	if i < 0 {
		return "waybill run, since it is the only one"
	}
	return fmt.Sprintf("waybill changes --since %s%d", releasePrefix, s.all[i].ID)
}

// find is the release that a moment means, seen from another one's instant.
func (s *shelf) find(ctx context.Context, m Moment, other time.Time, zone *time.Location, notes *[]string) (ledger.Release, error) {
	if m.release > 0 {
		return s.numbered(ctx, m.release)
	}
	before := m.before(other, zone)
	first := slices.IndexFunc(s.all, func(d ledger.Dated) bool { return d.AsOf.Before(before) })
	if first < 0 {
		oldest := s.all[len(s.all)-1]
		return ledger.Release{}, refuse("no release is of before %s; the oldest is release %d, as of %s; next: waybill changes --since %s%d", before.UTC().Format(minutes), oldest.ID, oldest.AsOf.UTC().Format(minutes), releasePrefix, oldest.ID)
	}
	best, err := s.best(ctx, s.all[first:])
	if err != nil {
		return ledger.Release{}, err
	}
	if best < 0 {
		return ledger.Release{}, s.gone(ctx, s.all[first])
	}
	found := s.all[first+best]
	if best > 0 {
		*notes = append(*notes, fmt.Sprintf("release %d, as of %s, is not kept any more; release %d is the last before it that is", s.all[first].ID, s.all[first].AsOf.UTC().Format(minutes), found.ID))
	}
	rel, _, err := s.ledger.Release(ctx, found.ID)
	return rel, err
}

// numbered is a release by its number.
func (s *shelf) numbered(ctx context.Context, id int64) (ledger.Release, error) {
	rel, ok, err := s.ledger.Release(ctx, id)
	switch {
	case err != nil:
		return rel, err
	case !ok:
		return rel, refuse("there is no release %d; the newest is release %d", id, s.all[0].ID)
	case rel.Status != ledger.Released:
		return rel, refuse("release %d was never shown to readers (%s); next: waybill changes --since %s%d", id, rel.Status, releasePrefix, s.all[0].ID)
	}
	at := slices.IndexFunc(s.all, func(d ledger.Dated) bool { return d.ID == id })
	best, err := s.best(ctx, s.all[at:])
	switch {
	case err != nil:
		return rel, err
	case best < 0:
		return rel, s.gone(ctx, dated(rel))
	case best > 0:
		return rel, refuse("release %d, as of %s, is not kept any more, or not whole; next: waybill changes --since %s%d", id, rel.AsOf.UTC().Format(minutes), releasePrefix, s.all[at+best].ID)
	}
	return rel, nil
}

// farthest is how much older than the first fit the release may be that has more lists: beyond it nothing more is kept than before.
const farthest = 35 * 24 * time.Hour

// atOnce is how many releases are looked up together.
const atOnce = 100

// best is the place of the newest release of which as many lists as possible can be read; -1 where none can.
func (s *shelf) best(ctx context.Context, of []ledger.Dated) (int, error) {
	best, most := -1, 0
	for start := 0; start < len(of); start += atOnce {
		some := of[start:min(start+atOnce, len(of))]
		shown, err := s.tables(ctx, some)
		if err != nil {
			return -1, err
		}
		for i, d := range some {
			if best >= 0 && of[best].AsOf.Sub(d.AsOf) > farthest {
				return best, nil
			}
			k := s.keeps(shown[d.ID])
			if k.enough() && k.readable > most {
				best, most = start+i, k.readable
			}
			if k.enough() && k.readable == k.shown {
				return best, nil
			}
		}
	}
	return best, nil
}

func (s *shelf) tables(ctx context.Context, of []ledger.Dated) (map[int64]map[string]string, error) {
	ids := make([]int64, len(of))
	for i, d := range of {
		ids[i] = d.ID
	}
	return s.ledger.Tables(ctx, ids...)
}

// keeping is what is left of the lists of a release.
type keeping struct {
	shown, readable         int
	moved, movedButReadable int // of these, lists that are not as the newest release has them
}

// enough tells whether a comparison with the release can show anything: lists that never move can always be read.
func (k keeping) enough() bool { return k.readable > 0 && (k.moved == 0 || k.movedButReadable > 0) }

// keeps tells which of the lists can be read as a release showed them. Snapshot 0 is a table that had no row yet.
func (s *shelf) keeps(tables map[string]string) keeping {
	var k keeping
	for name, known := range s.kept {
		text, shown := tables[name]
		if !shown {
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		readable, moved := err == nil && known != nil && (id == 0 || known[id]), text != s.newest[name]
		k.shown++
		if moved {
			k.moved++
		}
		if readable {
			k.readable++
		}
		if readable && moved {
			k.movedButReadable++
		}
	}
	return k
}

// gone says that a release cannot be read any more, and which is the oldest that can.
func (s *shelf) gone(ctx context.Context, rel ledger.Dated) error {
	for end := len(s.all); end > 0; end -= atOnce { // the oldest first
		some := s.all[max(0, end-atOnce):end]
		shown, err := s.tables(ctx, some)
		if err != nil {
			return err
		}
		for i := len(some) - 1; i >= 0; i-- {
			d := some[i]
			if !s.keeps(shown[d.ID]).enough() {
				continue
			}
			next := fmt.Sprintf("waybill changes --since %s%d", releasePrefix, d.ID)
			if d.ID == s.all[0].ID {
				next = "the same after the next run that brings something new"
			}
			return refuse("release %d, as of %s, is not kept any more; the oldest that is kept is release %d, as of %s; next: %s", rel.ID, rel.AsOf.UTC().Format(minutes), d.ID, d.AsOf.UTC().Format(minutes), next)
		}
	}
	return refuse("no release can be read any more; next: waybill build")
}
