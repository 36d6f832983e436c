package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/publish"
)

// mostShown is how many held units a run prints; state held has all.
const mostShown = 10

func newStateHeld(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use: "held", Short: "What stands in the marts as it was, because a check named it: units and areas, since when and why",
		Example: "  waybill state held\n  waybill query \"select * from ops.held_units\"", Args: noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			newest, _, err := p.Ledger.NewestRelease(c.Context())
			if err != nil {
				return err
			}
			if l.json {
				return printJSON(l.stdout, map[string]any{"areas": heldAreas(newest), "units": newest.Held})
			}
			printHeld(l.stdout, newest, len(newest.Held))
			fmt.Fprintf(l.stdout, "%s held, %s held\n", plural(len(newest.Held), "unit"), plural(len(heldAreas(newest)), "area"))
			return nil
		},
	}
}

func heldAreas(r ledger.Release) []ledger.Area {
	areas := []ledger.Area{}
	for _, a := range r.Areas {
		if a.Held() {
			areas = append(areas, a)
		}
	}
	return areas
}

// printHeld says what is held, why, and what to do about it; of units no more than most.
func printHeld(w io.Writer, r ledger.Release, most int) {
	for i, u := range r.Held {
		if i == most {
			fmt.Fprintf(w, "held: %s more; all of them: waybill state held\n", plural(len(r.Held)-most, "unit"))
			break
		}
		stake := ""
		if len(u.AtStake) > 0 {
			stake = ", " + u.Money() + " at stake"
		}
		fmt.Fprintf(w, "held: %s since %s: %s kept out, %s of before shown%s: %s\n      next: waybill check%s\n", visible(fmt.Sprint(u.Unit)), display1(u.Since),
			plural(u.Rows, "row"), plural(u.Kept, "row"), stake, u.By(), toCheck(u))
	}
	for _, a := range heldAreas(r) {
		fmt.Fprintf(w, "held: area %s since %s, shown %s: %s\n      next: waybill check\n", a.Area, display1(a.HeldSince), ofWhen(a), a.Cause)
	}
}

// toCheck names the models whose checks named a unit, as arguments.
func toCheck(u ledger.HeldUnit) string {
	text := ""
	for _, c := range u.Checks {
		if !strings.Contains(text+" ", " "+c.Model+" ") && !strings.HasPrefix(c.Model, "checks.") {
			text += " " + c.Model
		}
	}
	return text
}

// ofWhen says of which release and instant an area is.
func ofWhen(a ledger.Area) string {
	if a.OfRelease == 0 {
		return "not yet"
	}
	return fmt.Sprintf("of release %d, as of %s", a.OfRelease, display1(a.AsOf))
}

// printAreas says of when each area is, if they are of different releases.
func printAreas(w io.Writer, r ledger.Release) {
	rows := make([][]string, len(r.Areas))
	for i, a := range r.Areas {
		since := ""
		if a.Held() {
			since = display1(a.HeldSince)
		}
		rows[i] = []string{a.Area, fmt.Sprint(a.OfRelease), display1(a.AsOf), since}
		if a.OfRelease == 0 {
			rows[i][1], rows[i][2] = "none", ""
		}
	}
	grid(w, []string{"area", "of release", "as of", "held since"}, rows)
}

// printTargets says which release each target shows, and which of them lag behind.
func printTargets(w io.Writer, targets []publish.Shown, newest int64) {
	for _, t := range targets {
		switch t.Release {
		case newest:
			fmt.Fprintf(w, "%s shows release %d since %s\n", t.Target, t.Release, display1(t.At))
		case 0:
			fmt.Fprintf(w, "%s shows no release yet; next: waybill build\n", t.Target)
		default:
			fmt.Fprintf(w, "%s shows release %d since %s and lags behind %d; next: waybill build\n", t.Target, t.Release, display1(t.At), newest)
		}
	}
}
