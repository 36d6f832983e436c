package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/project"
)

// moveReport is a move as --json prints it, of one feed.
type moveReport struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Moved    int    `json:"moved_files"`
	Reloaded int    `json:"reloaded_files"`
}

func newFilesMove(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "move OLD NEW",
		Short: "Make the documents of a renamed feed or connection those of its new name",
		Long: `After a feed or a connection was renamed in the configuration: its files, and what is loaded of them, become those of the new name. What bears the former
one is loaded again from the kept bytes; no partner is asked. Without it a run would take the partner's files for new ones, and they would count
twice; where that has happened already, they become versions of one another. OLD and NEW are source/feed, or sources, of which all feeds move
that no definition names any more. Killed in the middle, it goes on when it is run again.`,
		Example: "  waybill files move dhl/tracking dhl-uk/tracking\n  waybill files move northgate northgate-ng1 && waybill build",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 || strings.Contains(args[0], "/") != strings.Contains(args[1], "/") {
				return fmt.Errorf("%w: %s takes the former and the new name, both source/feed or both sources; waybill plan shows which there are", errUsage, c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			feeds, err := movesOf(c, p, args[0], args[1])
			if err != nil {
				return err
			}
			var done []moveReport
			for _, m := range feeds {
				moved, reloaded, err := p.Puller.Move(c.Context(), m[0], m[1])
				if errors.Is(err, pull.ErrMove) {
					err = fmt.Errorf("%w: %w", errUsage, err)
				}
				if err != nil {
					return err
				}
				done = append(done, moveReport{m[0].String(), m[1].String(), moved, len(reloaded)})
				if !l.json {
					fmt.Fprintf(l.stdout, "%s of %s moved to %s, %s loaded again\n", plural(moved, "file"), m[0], m[1], plural(len(reloaded), "file"))
				}
			}
			if l.json {
				return printJSON(l.stdout, done)
			}
			return l.afterMove(c.Context(), p, done)
		},
	}
}

// afterMove says what is next. Where nothing bore the former name it was moved before, or mistyped: then which names there are to move.
func (l *commandLine) afterMove(ctx context.Context, p *project.Project, done []moveReport) error {
	for _, m := range done {
		if m.Moved+m.Reloaded > 0 {
			fmt.Fprintln(l.stdout, "next: waybill build")
			return nil
		}
	}
	nameless, err := p.Puller.Nameless(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(l.stdout, "no file bears the former name: it was moved before, or never came under it; "+plural(len(nameless), "feed")+" with files and without a definition")
	for _, n := range nameless {
		fmt.Fprintln(l.stdout, "nameless", visible(n.String()))
	}
	return nil
}

// movesOf are the feeds that two names mean: one, or all of a source that no definition names or whose move was begun.
func movesOf(c *cobra.Command, p *project.Project, from, to string) ([][2]ledger.FeedName, error) {
	if source, feed, one := strings.Cut(from, "/"); one {
		newSource, newFeed, _ := strings.Cut(to, "/")
		return [][2]ledger.FeedName{{{Source: source, Feed: feed}, {Source: newSource, Feed: newFeed}}}, nil
	}
	var out [][2]ledger.FeedName
	for _, d := range p.Pipelines {
		for _, source := range d.Sources {
			for _, f := range d.Feeds {
				if source == to {
					out = append(out, [2]ledger.FeedName{{Source: from, Feed: f.Name}, {Source: to, Feed: f.Name}})
				}
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: no pipeline pulls from %s; waybill plan lists the feeds", errUsage, to)
	}
	nameless, err := p.Puller.Nameless(c.Context())
	if err != nil {
		return nil, err
	}
	for _, n := range nameless {
		known := false
		for _, m := range out {
			known = known || m[0] == ledger.FeedName{Source: n.Source, Feed: n.Feed}
		}
		if n.Source == from && !known {
			return nil, fmt.Errorf("%w: %s has no feed %s; move that one by itself: waybill files move %s/%s %s/FEED", errUsage, to, n.Feed, from, n.Feed, to)
		}
	}
	return out, nil
}
