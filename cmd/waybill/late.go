package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// lateFeed is a feed whose file should be there by now.
type lateFeed struct {
	Source, Feed string
	ExpectedAt   time.Time
}

// lateFeeds asks the published feed_health which partners are late as of the run.
func lateFeeds(ctx context.Context, cfg *config) ([]lateFeed, error) {
	db, err := openMarts(cfg)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return collect(ctx, db, "select source, feed, expected_by_at from marts.feed_health where is_late order by 1, 2",
		func(r *sql.Rows, f *lateFeed) error { return r.Scan(&f.Source, &f.Feed, &f.ExpectedAt) })
}

// sayLate names the late feeds on standard error, where --json does not go.
func (s *session) sayLate(ctx context.Context, cfg *config) error {
	late, err := lateFeeds(ctx, cfg)
	if err != nil || len(late) == 0 {
		return err
	}
	for _, f := range late {
		fmt.Fprintf(s.stderr, "late: %s/%s was expected by %s\n", f.Source, f.Feed, f.ExpectedAt.UTC().Format("2006-01-02 15:04Z"))
	}
	return errLate
}
