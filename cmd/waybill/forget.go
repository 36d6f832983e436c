package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/fourmarketing/waybill/pipelines/forget"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/run"
	"github.com/fourmarketing/waybill/project"
)

// forgetFlags are what `waybill forget` takes.
type forgetFlags struct {
	person              forget.Person
	dryRun, yes, resume bool
}

func newForget(l *commandLine) *cobra.Command {
	var f forgetFlags
	c := &cobra.Command{
		Use:   "forget",
		Short: "Erase one person from kept bytes, tables, history and published marts",
		Long: `Erase one person (GDPR, Article 17): everybody's records with the e-mail address, and the orders named, with all that other partners sent about
their parcels, payments and returns. Of these records goes what the contract calls personal and what no column takes; amounts, counts and numbers of documents
stay, as books have to be kept, and every mart is as before. The kept bytes are rewritten, the files loaded again, the marts built and published, and the history
of all tables is removed. Who is forgotten is remembered by keyed hashes alone, and what partners send of them later is masked when it arrives.

It cannot be undone. --dry-run shows what there is and changes nothing. What was cut off is finished by the next run, or by --resume.
Copies that others have made (backups, versions that a bucket keeps, replicas of the catalog's database) are not reached.`,
		Example: `  waybill forget --email jane@example.com --dry-run
  waybill forget --email jane@example.com
  waybill forget --order AV1002 --order AV1007 --yes
  waybill forget --resume`,
		Args: noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			d := l.newDisplay()
			p, err := l.open(c.Context(), d.watch)
			if err != nil {
				return err
			}
			defer p.Close()
			if f.resume {
				return l.resumeForgetting(c.Context(), p, d)
			}
			return l.forget(c.Context(), p, f, d)
		},
	}
	c.Flags().StringSliceVar(&f.person.Emails, "email", nil, "the person's e-mail address (repeatable)")
	c.Flags().StringSliceVar(&f.person.Orders, "order", nil, "an order of the person: its name, number or id (repeatable)")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "show what there is of the person, and change nothing")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&f.resume, "resume", false, "finish what was cut off")
	return c
}

func (f forgetFlags) check() error {
	named := len(f.person.Emails) + len(f.person.Orders)
	if f.resume && (named > 0 || f.dryRun) {
		return fmt.Errorf("%w: --resume finishes what was asked before, and takes no person", errUsage)
	}
	if !f.resume && named == 0 {
		return fmt.Errorf("%w: say who: --email jane@example.com, or --order AV1002", errUsage)
	}
	for _, address := range f.person.Emails {
		if name, host, ok := strings.Cut(strings.TrimSpace(address), "@"); !ok || name == "" || !strings.Contains(host, ".") {
			return fmt.Errorf("%w: --email %q is no address such as jane@example.com", errUsage, address)
		}
	}
	return nil
}

// forget finds the person, asks, and erases.
func (l *commandLine) forget(ctx context.Context, p *project.Project, f forgetFlags, d *display) error {
	found, err := p.Forgetter.Find(ctx, f.person)
	d.stop()
	if several := new(forget.SeveralError); errors.As(err, &several) || errors.Is(err, forget.ErrNobody) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err != nil {
		return err
	}
	records, erase := found.Records()
	if f.dryRun && l.json {
		return printJSON(l.stdout, found)
	}
	if !l.json {
		l.printFound(found)
	}
	switch {
	case f.dryRun && records == 0 && len(found.Orders) == 0:
		fmt.Fprintln(l.stdout, "nothing of the person is in the kept bytes, and nothing was changed; next: waybill trace REF, to find an order of theirs")
		return nil
	case f.dryRun:
		fmt.Fprintln(l.stdout, "nothing was changed; next: the same without --dry-run")
		return nil
	case records == 0 && len(found.Orders) == 0:
		return errors.New("nothing of the person is in the kept bytes, so nothing was erased nor is remembered; next: waybill trace REF, to find an order of theirs")
	case !f.yes:
		if err := l.confirm(erase); err != nil {
			return err
		}
	}
	if err := underTodaysContract(ctx, p, found); err != nil {
		return err
	}
	asked, err := p.Forgetter.Ask(ctx, found)
	if err != nil {
		return err
	}
	return l.carryOut(ctx, p, asked)
}

// underTodaysContract refuses while files of the person's feeds are loaded under another contract than today's: loaded again they might come to other rows.
func underTodaysContract(ctx context.Context, p *project.Project, found forget.Found) error {
	var feeds []string
	for _, f := range found.Feeds {
		feeds = append(feeds, f.Source+"/"+f.Feed)
	}
	if len(feeds) == 0 {
		return nil
	}
	old, err := p.Puller.Outdated(ctx, feeds)
	if err != nil {
		return err
	}
	old = slices.DeleteFunc(old, func(f ledger.File) bool { return f.Status != ledger.Loaded })
	if len(old) == 0 {
		return nil
	}
	return fmt.Errorf("%s of these feeds are loaded under another contract than today's, and would come to other rows now; next: waybill files reload --outdated --source %s, look at what changes, then the same again",
		plural(len(old), "file"), strings.Join(feeds, " --source "))
}

func (l *commandLine) printFound(found forget.Found) {
	rows := make([][]string, len(found.Feeds))
	for i, f := range found.Feeds {
		rows[i] = []string{f.Source + "/" + f.Feed, count(int64(f.Files)), count(f.Records), count(f.Erase)}
	}
	grid(l.stdout, []string{"feed", "files", "records", "lines to erase in"}, rows)
	records, _ := found.Records()
	fmt.Fprintf(l.stdout, "%s of the person in %s, %s", plural(records, "record"), plural(len(found.Feeds), "feed"), plural(len(found.Orders), "order"))
	if len(found.Orders) > 0 {
		fmt.Fprintf(l.stdout, ": %s", visible(strings.Join(found.Orders, ", ")))
	}
	fmt.Fprintln(l.stdout)
	for _, u := range found.Unread {
		fmt.Fprintf(l.stdout, "not looked through: %s/%s %s: %s; next: waybill files show %s\n", u.File.Source, u.File.Feed, visible(u.File.Name), visible(u.Reason), u.File.ID[:8])
	}
	if len(found.Blind) > 0 {
		fmt.Fprintf(l.stdout, "only addresses are found in %s: no column of their contracts has a subject; next: mark those that name an order, a parcel, a payment or a return (subject: order)\n", strings.Join(found.Blind, ", "))
	}
	if found.Gone > 0 {
		fmt.Fprintf(l.stdout, "not looked through: %s of feeds that no definition describes any more; next: put their definitions back\n", plural(found.Gone, "kept file"))
	}
}

// confirm asks whoever sits at the terminal.
func (l *commandLine) confirm(lines int64) error {
	if l.json || !term.IsTerminal(int(os.Stdin.Fd())) {
		return fmt.Errorf("%w: this cannot be undone: add --yes to do it, or --dry-run to look", errUsage)
	}
	fmt.Fprintf(l.stdout, "Erase in %s? It cannot be undone. Type yes: ", plural(lines, "line"))
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

// carryOut does what was asked and says what it came to.
func (l *commandLine) carryOut(ctx context.Context, p *project.Project, asked ledger.Forgotten) error {
	done, err := p.Runner.Forget(ctx, asked)
	if l.json {
		return errors.Join(printJSON(l.stdout, done), err)
	}
	l.printForgot(done)
	if err != nil && done.Request.State != ledger.ForgetDone {
		return fmt.Errorf("%w; what is left is done by the next run, or by: waybill forget --resume", err)
	}
	return err
}

func (l *commandLine) printForgot(done run.Forgot) {
	for _, u := range done.Unread {
		fmt.Fprintf(l.stdout, "not looked through: %s/%s %s: %s\n", u.File.Source, u.File.Feed, visible(u.File.Name), visible(u.Reason))
	}
	fmt.Fprintf(l.stdout, "request %s %s: erased in %s of %s, %s loaded again into %s, %s built, %s expired", done.Request.ID[:8], done.Request.State,
		plural(done.Request.Records, "line"), plural(len(done.Request.Replaced), "kept file"), plural(done.Loaded, "file"), plural(len(done.Request.Touched), "table"),
		plural(done.Marts, "mart"), plural(done.Expired, "snapshot"))
	if len(done.Published) > 0 {
		fmt.Fprintf(l.stdout, ", published to %s", strings.Join(done.Published, ", "))
	}
	fmt.Fprintln(l.stdout)
}

// resumeForgetting finishes what was cut off.
func (l *commandLine) resumeForgetting(ctx context.Context, p *project.Project, d *display) error {
	open, err := p.Forgetter.Open(ctx)
	if err != nil {
		return err
	}
	defer d.stop()
	if len(open) == 0 && !l.json {
		fmt.Fprintln(l.stdout, "nothing to finish: whoever was to be forgotten is")
	}
	var problems []error
	for _, asked := range open {
		problems = append(problems, l.carryOut(ctx, p, asked))
	}
	return errors.Join(problems...)
}
