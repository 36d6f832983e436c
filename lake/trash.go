package lake

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"
)

// What maintenance takes out of tables goes to trash/<day>/<where it lay>, and is removed when it has lain there for the time of grace. Whoever finds
// out within that time that it was needed moves it back.
const trashRoot = "trash"

// trash moves an object away.
func (l *Lake) trash(ctx context.Context, key string) error {
	to := path.Join(trashRoot, l.now().UTC().Format(time.DateOnly), key)
	if err := l.objects.move(ctx, key, to); err != nil {
		return fmt.Errorf("move %s to %s: %w", key, to, temporary(err))
	}
	return nil
}

// EmptyTrash removes what has lain in the trash for the time of grace, counted from the end of its day in UTC; it tells how many objects and bytes.
func (l *Lake) EmptyTrash(ctx context.Context, grace time.Duration) (objects int, bytes int64, err error) {
	if err := l.Writable(ctx); err != nil {
		return 0, 0, err
	}
	for o, err := range l.objects.list(ctx, trashRoot) {
		if err != nil {
			return objects, bytes, err
		}
		text, _, _ := strings.Cut(strings.TrimPrefix(o.key, trashRoot+"/"), "/")
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || l.now().Sub(day.AddDate(0, 0, 1)) < grace {
			continue // not ours, or too young
		}
		if err := l.objects.remove(ctx, o.key); err != nil {
			return objects, bytes, fmt.Errorf("remove %s: %w", o.key, err)
		}
		objects, bytes = objects+1, bytes+o.bytes
	}
	return objects, bytes, nil
}

// trashAll moves everything below a key away.
func (l *Lake) trashAll(ctx context.Context, prefix string) error {
	for o, err := range l.objects.list(ctx, prefix) {
		if err != nil {
			return err
		}
		if err := l.trash(ctx, o.key); err != nil {
			return err
		}
	}
	return nil
}
