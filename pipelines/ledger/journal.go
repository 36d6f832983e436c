package ledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Journal keeps, in the lake, what a lost ledger is made again from. Names are <month>/<day>/<number>-<hash of its text>.json and contracts/<hash>.json.
type Journal interface {
	Note(ctx context.Context, name string, body []byte) error
	IsNoted(ctx context.Context, name string) (bool, error)
	Begin(ctx context.Context) error // before a transaction within which something is noted
}

// Noted is an entry of the journal: one event, with every row of the ledger as it is after it. Later ones (by Number) say more than earlier ones.
type Noted struct {
	Number   int64     `json:"number"`            // in the order in which they were meant, under the lease of what they are about
	At       time.Time `json:"at"`                // wall clock
	Settled  string    `json:"settled,omitempty"` // id of the file that was settled: its loads are those that are named here, and no others
	LoadID   string    `json:"load_id,omitempty"` // of its loading
	LoadedAt time.Time `json:"loaded_at,omitzero"`

	Typed     map[string]time.Time `json:"typed,omitempty"` // the same of many loadings, by their id
	Files     []File               `json:"files,omitempty"`
	Loads     []Load               `json:"loads,omitempty"`
	Gone      []Load               `json:"gone,omitempty"` // which files tell no more
	Seen      []Sighting           `json:"seen,omitempty"` // what the partner's listing showed
	Release   *Release             `json:"release,omitempty"`
	Forgotten *forgetting          `json:"forgotten,omitempty"`
	Moved     *Moving              `json:"moved,omitempty"`
}

// forgetting is a request to forget people, with its marks, which are told to nobody else.
type forgetting struct {
	Forgotten
	Marks []string `json:"marks"`
}

// counter is the number of the newest entry.
type counter struct {
	bun.BaseModel `bun:"table:waybill_journal"`

	Name string `bun:",pk"`
	Last int64  `bun:",notnull"`
}

const journalCounter = "journal"

// KeepJournal has everything that is entered from now on noted in a journal first. Without one nothing is noted.
func (l *Ledger) KeepJournal(j Journal) { l.journal = j }

// next gives the number of an entry.
func next(ctx context.Context, tx bun.IDB) (int64, error) {
	c := counter{Name: journalCounter, Last: 1}
	_, err := tx.NewInsert().Model(&c).On("CONFLICT (name) DO UPDATE").Set("last = counter.last + 1").Returning("last").Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("number an entry of the journal: %w", err)
	}
	return c.Last, nil
}

// Mean writes what is about to become of files and loads, so that a run that is cut off is gone on with, and numbers the event. Nothing of it is noted:
// it is no outcome yet.
func (l *Ledger) Mean(ctx context.Context, e Entry) (number int64, err error) {
	err = l.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if number, err = next(ctx, tx); err != nil {
			return err
		}
		return enter(ctx, tx, e)
	})
	if err != nil {
		return 0, fmt.Errorf("write ledger: %w", err)
	}
	return number, nil
}

// Note puts an outcome into the journal, before any of it is done. The entry that it returns is entered without being noted once more.
func (l *Ledger) Note(ctx context.Context, number int64, e Entry) (Entry, error) {
	n := Noted{
		Number: number, Settled: e.Settled, LoadID: e.LoadID, LoadedAt: e.LoadedAt, Files: e.Files, Loads: e.Loads, Gone: e.Forget, Seen: e.Seen,
	}
	e.noted = true
	return e, l.note(ctx, n)
}

func (l *Ledger) note(ctx context.Context, n Noted) error {
	if l.journal == nil {
		return nil
	}
	if n.Number == 1 {
		if err := l.noteAll(ctx, 0, nil); err != nil {
			return err
		}
	}
	return l.put(ctx, n)
}

// put puts an entry into the journal.
func (l *Ledger) put(ctx context.Context, n Noted) error {
	n.At = l.now().UTC()
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("note in the journal: %w", err)
	}
	sum := sha256.Sum256(body) // the name has it, so that a changed entry is found (waybill verify)
	name := fmt.Sprintf("%s/%012d-%s.json", n.At.Format("2006-01/02"), n.Number, hex.EncodeToString(sum[:8]))
	return l.journal.Note(ctx, name, append(body, '\n'))
}

// NoteAll notes everything that the ledger says of files and releases, where entries of the journal were lost. typed says when the rows of loads were
// typed, by their ids, which only the rows know.
func (l *Ledger) NoteAll(ctx context.Context, typed map[string]time.Time) error {
	number, err := next(ctx, l.db)
	if err != nil {
		return err
	}
	return l.noteAll(ctx, number, typed)
}

// noteAll notes everything as of one number. What is on its way is no outcome and left out; so a ledger that begins has nothing to note, and one of before
// there were journals has all.
func (l *Ledger) noteAll(ctx context.Context, number int64, typed map[string]time.Time) error {
	files, err := l.Files(ctx, Filter{})
	if err != nil {
		return err
	}
	loads, err := l.Loads(ctx)
	if err != nil {
		return err
	}
	n := Noted{Number: number, Typed: map[string]time.Time{}, Files: slices.DeleteFunc(files, func(f File) bool { return f.Status == Received })}
	done := map[string]bool{}
	for _, f := range n.Files {
		done[f.ID] = true
	}
	n.Loads = slices.DeleteFunc(loads, func(load Load) bool { return !done[load.File] })
	if len(n.Files) == 0 {
		return nil
	}
	for _, load := range n.Loads {
		if at, ok := typed[load.LoadID]; ok {
			n.Typed[load.Base] = at
		}
	}
	if err := l.db.NewSelect().Model(&n.Seen).Where("fetched").Scan(ctx); err != nil {
		return fmt.Errorf("read sightings: %w", err)
	}
	if err := l.put(ctx, n); err != nil {
		return err
	}
	var releases []Release
	if err := l.db.NewSelect().Model(&releases).Order("id").Scan(ctx); err != nil {
		return fmt.Errorf("read releases: %w", err)
	}
	for i := range releases {
		if err := l.put(ctx, Noted{Number: number, Release: &releases[i]}); err != nil {
			return err
		}
	}
	return nil
}

// NoteContract keeps the text of a contract under its hash, once.
func (l *Ledger) NoteContract(ctx context.Context, hash string, text []byte) error {
	if l.journal == nil {
		return nil
	}
	if _, known := l.contracts.Load(hash); known {
		return nil
	}
	name := path.Join("contracts", hash+".json")
	noted, err := l.journal.IsNoted(ctx, name)
	if err == nil && !noted {
		err = l.journal.Note(ctx, name, text)
	}
	if err != nil {
		return fmt.Errorf("note a contract: %w", err)
	}
	l.contracts.Store(hash, true)
	return nil
}

// ReadNoted reads an entry of the journal by its name and text; ok is false for what is no event (contracts).
func ReadNoted(name string, body []byte) (n Noted, ok bool, err error) {
	if strings.HasPrefix(name, "contracts/") {
		return n, false, nil
	}
	if err := json.Unmarshal(body, &n); err != nil {
		return n, false, fmt.Errorf("read journal/%s: %w", name, err)
	}
	return n, true, nil
}

// Restored is what a ledger was made again from.
type Restored struct {
	Files    int
	LoadedAt map[string]time.Time // by the id of a file's loading: when its rows were typed, which they say
}

// Restore puts what a journal says over what the ledger says, in one transaction: rows that the journal names become as it has them, others stay.
// Releases come without what they showed: their tables are to be built anew.
func (l *Ledger) Restore(ctx context.Context, notes []Noted) (Restored, error) {
	slices.SortStableFunc(notes, func(a, b Noted) int { return cmp.Or(cmp.Compare(a.Number, b.Number), a.At.Compare(b.At)) })
	s, err := l.account(ctx)
	if err != nil {
		return Restored{}, err
	}
	for _, n := range notes {
		s.apply(n)
	}
	err = l.write(ctx, func(ctx context.Context, tx bun.Tx) error { return s.write(ctx, tx) })
	if err != nil {
		return Restored{}, fmt.Errorf("restore ledger: %w", err)
	}
	return Restored{Files: len(s.files), LoadedAt: s.loadedAt}, nil
}

// LoadedAt says of each loading when its rows were typed.
func LoadedAt(notes []Noted) map[string]time.Time {
	at := map[string]time.Time{}
	for _, n := range notes {
		maps.Copy(at, n.Typed)
		if n.LoadID != "" {
			at[n.LoadID] = n.LoadedAt
		}
	}
	return at
}

// Empty forgets all files, what they told, and what listings showed.
func (l *Ledger) Empty(ctx context.Context) error {
	err := l.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		for _, t := range []any{(*File)(nil), (*Load)(nil), (*Sighting)(nil)} {
			if _, err := tx.NewDelete().Model(t).Where("1 = 1").Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("empty ledger: %w", err)
	}
	return nil
}

type fileKey struct {
	source, feed, name string
	version            int64
}

type loadKey struct {
	fileKey
	document string
}

func keyOf(f File) fileKey { return fileKey{f.Source, f.Feed, f.Name, f.Version} }
func keyOfLoad(l Load) loadKey {
	return loadKey{fileKey{l.Source, l.Feed, l.Name, l.Version}, l.Document}
}

// account is what a ledger says of files, in memory.
type account struct {
	files    map[fileKey]File
	loads    map[loadKey]Load
	byFile   map[string]map[loadKey]bool
	seen     map[string]Sighting
	loadedAt map[string]time.Time
	moved    map[string]string // kept objects that others stand for
	asked    map[string]Forgotten
	releases map[int64]Release
	last     int64
}

func (l *Ledger) account(ctx context.Context) (*account, error) {
	s := &account{
		files: map[fileKey]File{}, loads: map[loadKey]Load{}, byFile: map[string]map[loadKey]bool{}, seen: map[string]Sighting{},
		loadedAt: map[string]time.Time{}, moved: map[string]string{}, asked: map[string]Forgotten{}, releases: map[int64]Release{},
	}
	files, err := l.Files(ctx, Filter{})
	if err != nil {
		return nil, err
	}
	loads, err := l.Loads(ctx)
	if err != nil {
		return nil, err
	}
	s.apply(Noted{Files: files, Loads: loads})
	return s, nil
}

func (s *account) apply(n Noted) {
	s.last = max(s.last, n.Number)
	maps.Copy(s.loadedAt, n.Typed)
	if n.LoadID != "" {
		s.loadedAt[n.LoadID] = n.LoadedAt
	}
	if n.Settled != "" {
		for key := range s.byFile[n.Settled] {
			delete(s.loads, key)
		}
	}
	for _, gone := range n.Gone {
		delete(s.loads, keyOfLoad(gone))
	}
	for _, f := range n.Files {
		s.files[keyOf(f)] = f
	}
	for _, load := range n.Loads {
		key := keyOfLoad(load)
		s.loads[key] = load
		if s.byFile[load.File] == nil {
			s.byFile[load.File] = map[loadKey]bool{}
		}
		s.byFile[load.File][key] = true
	}
	for _, seen := range n.Seen {
		s.seen[seen.Source+"/"+seen.Feed+"/"+seen.Name] = seen
	}
	if n.Release != nil {
		r := *n.Release
		r.Tables, r.Areas, r.Held = map[string]string{}, nil, nil
		s.releases[r.ID] = r
	}
	if n.Moved != nil {
		s.move(*n.Moved)
	}
	if n.Forgotten != nil {
		r := n.Forgotten.Forgotten
		r.Marks = n.Forgotten.Marks
		s.asked[r.ID] = r
		for _, kept := range r.Replaced {
			s.moved[kept.Was] = kept.Is
		}
	}
}

// write puts the account into the ledger's tables.
func (s *account) write(ctx context.Context, tx bun.Tx) error {
	for _, t := range []any{(*File)(nil), (*Load)(nil)} {
		if _, err := tx.NewDelete().Model(t).Where("1 = 1").Exec(ctx); err != nil {
			return err
		}
	}
	e := Entry{}
	for _, f := range s.files {
		for to, ok := s.moved[f.KeptPath]; ok; to, ok = s.moved[f.KeptPath] {
			f.KeptPath = to
		}
		e.Files = append(e.Files, f)
	}
	for _, load := range s.loads {
		e.Loads = append(e.Loads, load)
	}
	for _, seen := range s.seen {
		e.Seen = append(e.Seen, seen)
	}
	c := counter{Name: journalCounter, Last: s.last}
	_, err := tx.NewInsert().Model(&c).On("CONFLICT (name) DO UPDATE").Set("last = EXCLUDED.last").Exec(ctx)
	err = errors.Join(err, enter(ctx, tx, e), s.writeReleases(ctx, tx))
	for _, r := range s.asked {
		err = errors.Join(err, forget(ctx, tx, r))
	}
	return err
}

// writeReleases enters the numbers and instants of releases that this ledger does not know, so that targets that show one are known for this lake's.
func (s *account) writeReleases(ctx context.Context, tx bun.Tx) error {
	for _, r := range s.releases {
		r.Status = Former
		if _, err := tx.NewInsert().Model(&r).On("CONFLICT (id) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
	}
	if tx.Dialect().Name().String() != "pg" || len(s.releases) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "select setval(pg_get_serial_sequence('waybill_releases', 'id'), (select max(id) from waybill_releases))")
	return err
}
