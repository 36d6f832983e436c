package questions

import (
	"context"
	"database/sql"
	"time"
)

// LateFeed is a feed whose file should be there by now.
type LateFeed struct {
	Source, Feed string
	ExpectedAt   time.Time
}

// LateFeeds asks the published feed_health which partners are late as of the run that it was built for.
func (m *Marts) LateFeeds(ctx context.Context) ([]LateFeed, error) {
	return collect(ctx, m, "select source, feed, expected_by_at from marts.feed_health where is_late order by 1, 2",
		func(r *sql.Rows, f *LateFeed) error { return r.Scan(&f.Source, &f.Feed, &f.ExpectedAt) })
}
