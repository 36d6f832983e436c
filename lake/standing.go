package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fourmarketing/waybill"
)

// ErrReadOnly says that root and catalog do not fit together: what there is can be read, and nothing is changed.
var ErrReadOnly = errors.New("the lake is read-only")

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Standing is how root and catalog stand to one another.
type Standing struct {
	Identity                         // as the root has it
	CatalogID    string              // as the catalog has it
	CatalogEpoch int64               //
	Elsewhere    []waybill.TableName // tables of the catalog that do not lie below the root
	Filling      string              // what a rebuild has begun and not finished
	Problem      string              // why nothing may be changed, and what to do; empty: they fit
	IsCopy       bool                // the root was copied or moved from where it was made
}

// Standing reads both sides. It ends a raising of the epoch that was cut off, and gives an identity to a lake that is new, or of before there were any.
func (l *Lake) Standing(ctx context.Context) (Standing, error) {
	for attempt := range commitAttempts {
		s, err := l.stand(ctx)
		if !errors.Is(err, errChanged) { // else another process wrote the identity between the two looks
			return s, err
		}
		if err := pause(ctx, attempt); err != nil {
			return s, err
		}
	}
	return Standing{}, fmt.Errorf("look at the lake's identity: %w: it changes all the time", waybill.ErrTemporary)
}

func (l *Lake) stand(ctx context.Context) (Standing, error) {
	b, err := l.readBook(ctx) // first: what the root has is never older than what the catalog had before
	if err != nil {
		return Standing{}, err
	}
	root, state, err := l.readIdentity(ctx)
	if err != nil {
		return Standing{}, err
	}
	elsewhere, all, err := l.placed(ctx)
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Elsewhere: elsewhere}
	if b.ID == "" && root.ID == "" {
		if s.Problem, err = l.unfitForID(ctx, elsewhere, all); err != nil || s.Problem != "" {
			s.IsCopy = len(elsewhere) > 0
			return s, err
		}
		b = book{Name: catalogName, ID: uuid.NewString(), Raising: uuid.NewString()}
		if _, err := l.catalog.bun.NewInsert().Model(&b).On("CONFLICT (name) DO NOTHING").Exec(ctx); err != nil {
			return s, fmt.Errorf("write which lake the catalog is of: %w", temporary(err))
		}
		return l.stand(ctx) // whoever was first
	}
	cutOff := b.Raising != "" && (root.Raise == b.Raising || root.Epoch == b.Epoch) && (root.ID == b.ID || (root.ID == "" && b.Epoch == 0))
	if cutOff && (root.Root == "" || root.Root == l.place()) {
		if b, root, err = l.finishRaise(ctx, b, root, state); err != nil {
			return s, err
		}
	}
	s.Identity, s.CatalogID, s.CatalogEpoch, s.Filling = root, b.ID, b.Epoch, b.Filling
	s.IsCopy = root.ID != "" && root.Root != l.place()
	if s.Problem = l.problem(s); s.Problem != "" {
		if now, err := l.readBook(ctx); err != nil || now != b {
			return s, errors.Join(err, errChanged) // another process raised the epoch between the two looks
		}
	}
	return s, nil
}

// unfitForID says why a root and a catalog without an identity do not become a lake.
func (l *Lake) unfitForID(ctx context.Context, elsewhere []waybill.TableName, tables int) (string, error) {
	if len(elsewhere) > 0 {
		return fmt.Sprintf("%s of the catalog lie elsewhere: the root %s is a copy, or the catalog is of another one. Mend lake.root or lake.catalog, or `waybill rebuild` makes the tables anew below this root",
			names(elsewhere), l.Root()), nil
	}
	if tables > 0 {
		return "", nil // a lake of before there were identities
	}
	for _, part := range []string{keptRoot, "tables", journalRoot} {
		some, err := l.any(ctx, part)
		if err != nil {
			return "", err
		}
		if some {
			return fmt.Sprintf("the root %s has been used (%s/ is there), and the catalog knows nothing of it: it was lost, or lake.catalog names another one. Put the catalog back, or `waybill rebuild` makes it from the root",
				l.Root(), part), nil
		}
	}
	return "", nil
}

// problem says what does not fit, and what to do about it.
func (l *Lake) problem(s Standing) string {
	at := l.Root()
	switch {
	case s.CatalogID == "":
		return fmt.Sprintf("the root %s is lake %s, and the catalog knows nothing of it: it was lost, or lake.catalog names another one. Put the catalog back, or `waybill rebuild` makes it from the root", at, s.ID)
	case s.ID == "":
		return fmt.Sprintf("the catalog is of lake %s, and at the root %s is no lake.json: lake.root names another place, or the file was removed. Mend lake.root or put the file back, or `waybill adopt` takes the root", s.CatalogID, at)
	case s.ID != s.CatalogID:
		return fmt.Sprintf("the root %s is lake %s, and the catalog is of another one, %s. Mend lake.root or lake.catalog; if this root is meant and its catalog was lost, set lake.catalog to an empty one and `waybill rebuild` makes it", at, s.ID, s.CatalogID)
	case s.IsCopy:
		return fmt.Sprintf("the root %s is a copy of lake %s, which was made at %s. If this is to be a lake of its own: `waybill adopt`", at, s.ID, s.Root)
	case s.Epoch > s.CatalogEpoch:
		return fmt.Sprintf("the root %s is ahead of the catalog (epoch %d, the catalog's is %d): an older catalog was put back. Put the newest one back, or `waybill adopt` takes the root and brings back from journal and kept bytes what the catalog lacks",
			at, s.Epoch, s.CatalogEpoch)
	case s.Epoch < s.CatalogEpoch:
		return fmt.Sprintf("the catalog is ahead of the root %s (epoch %d, the root's is %d): an older copy of the root was put back. Put the newest one back, or `waybill rebuild` makes catalog and tables from what the root has; what only the catalog knows is asked of the partners again",
			at, s.CatalogEpoch, s.Epoch)
	case s.Filling != "":
		return fmt.Sprintf("a rebuild of %s was begun and did not end; next: waybill rebuild%s", s.Filling, ofTable(s.Filling))
	}
	return ""
}

func ofTable(filling string) string {
	if filling == Everything {
		return ""
	}
	return " --table " + filling
}

func names(tables []waybill.TableName) string {
	const most = 3
	if len(tables) > most {
		return fmt.Sprintf("%d tables (%s, …)", len(tables), tables[0])
	}
	texts := make([]string, len(tables))
	for i, t := range tables {
		texts[i] = t.String()
	}
	return "the tables " + strings.Join(texts, ", ")
}

// placed reads off the catalog how many tables there are, and which of them do not lie below the root.
func (l *Lake) placed(ctx context.Context) (elsewhere []waybill.TableName, all int, err error) {
	rows, err := l.catalog.bun.QueryContext(ctx, "select table_namespace, table_name, coalesce(metadata_location, '') from iceberg_tables where catalog_name = ?", catalogName)
	if err != nil {
		return nil, 0, fmt.Errorf("look where the tables lie: %w", temporary(err))
	}
	defer rows.Close()
	for rows.Next() {
		var name waybill.TableName
		var location string
		if err := rows.Scan(&name.Namespace, &name.Name, &location); err != nil {
			return nil, 0, fmt.Errorf("look where the tables lie: %w", err)
		}
		all++
		if _, ok := l.objects.key(location); !ok {
			elsewhere = append(elsewhere, name)
		}
	}
	slices.SortFunc(elsewhere, func(a, b waybill.TableName) int { return strings.Compare(a.String(), b.String()) })
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("look where the tables lie: %w", temporary(err))
	}
	return elsewhere, all, nil
}

// refused is the error about a standing in which nothing may be changed; what a rebuild fills, the rebuild itself may.
func (l *Lake) refused(s Standing) error {
	if s.Problem == "" || (s.Filling != "" && l.filling.Load()) {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrReadOnly, s.Problem)
}

// Writable is ErrReadOnly, with what to do, where root and catalog do not fit. It is asked before work is begun that would be refused later.
func (l *Lake) Writable(ctx context.Context) error {
	s, err := l.Standing(ctx)
	if err != nil {
		return err
	}
	return l.refused(s)
}

// Begin lets this process change the lake, as its first change would do by itself. It is for who is about to change the catalog's database and the lake in one
// transaction, within which the epoch cannot be raised.
func (l *Lake) Begin(ctx context.Context) error { return l.mayWrite(ctx) }

// mayWrite lets a change begin. At the first one of a process the epoch is raised, so that a catalog of before it is known for what it is.
func (l *Lake) mayWrite(ctx context.Context) error {
	l.mu.Lock()
	may := l.may
	l.mu.Unlock()
	if may {
		return nil
	}
	if err := l.Raise(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	l.may = true
	l.mu.Unlock()
	return nil
}

// mayRemove lets something be removed from a table: both sides are read anew, and the table has to lie below the root.
func (l *Lake) mayRemove(ctx context.Context, name waybill.TableName) error {
	s, err := l.Standing(ctx)
	if err != nil {
		return err
	}
	if err := l.refused(s); err != nil {
		return err
	}
	if slices.Contains(s.Elsewhere, name) {
		return fmt.Errorf("%w: table %s does not lie below the root %s; next: waybill rebuild --table %s", ErrReadOnly, name, l.Root(), name)
	}
	return nil
}
