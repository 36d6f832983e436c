package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/project"
)

// narrow reads what --source and --feed say, in the forms that lists print (source/feed, in either of the two), and refuses what names nothing:
// an empty list would read as if nothing had come. A feed that is no longer configured is known while the ledger has files of it.
func narrow(ctx context.Context, p *project.Project, source, feed *string) error {
	for _, flag := range []*string{source, feed} {
		before, after, both := strings.Cut(*flag, "/")
		if !both {
			continue
		}
		if (flag == feed && *source != "" && *source != before) || (flag == source && *feed != "" && *feed != after) {
			return fmt.Errorf("%w: --source %s and --feed %s name two feeds", errUsage, *source, *feed)
		}
		*source, *feed = before, after
	}
	if *source == "" && *feed == "" {
		return nil
	}
	tasks, err := pipelines.Pick(p.Pipelines, nil)
	if err != nil {
		return err
	}
	var words []string
	for _, t := range tasks {
		if (*source == "" || *source == t.Source) && (*feed == "" || *feed == t.Feed.Name) {
			return nil
		}
		switch {
		case *feed == "":
			words = append(words, t.Source)
		case *source == "":
			words = append(words, t.Feed.Name)
		default:
			words = append(words, t.String())
		}
	}
	files, err := p.Ledger.Files(ctx, ledger.Filter{Source: *source, Feed: *feed})
	if err != nil || len(files) > 0 {
		return err
	}
	word := strings.Trim(*source+"/"+*feed, "/")
	slices.Sort(words)
	near := pipelines.Nearest(word, words)
	if near != "" {
		near = fmt.Sprintf("; the nearest is %q", near)
	}
	return fmt.Errorf("%w %q%s (waybill plan lists the feeds)", pipelines.ErrSelector, word, near)
}
