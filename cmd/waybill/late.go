package main

import (
	"context"
	"fmt"

	"github.com/fourmarketing/waybill/project"
)

// sayLate names the late feeds on standard error, where --json does not go.
func (l *commandLine) sayLate(ctx context.Context, cfg *project.Config) error {
	db, err := openMarts(cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	late, err := db.LateFeeds(ctx)
	if err != nil || len(late) == 0 {
		return err
	}
	for _, f := range late {
		fmt.Fprintf(l.stderr, "late: %s/%s was expected by %s\n", f.Source, f.Feed, f.ExpectedAt.UTC().Format("2006-01-02 15:04Z"))
	}
	return errLate
}
