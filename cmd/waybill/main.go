// Command waybill pulls what an ecommerce group's partners send, keeps every byte, loads it into a lake, and builds
// checked marts from it. This package is the command line, one file per command: the only place that sees every other
// room, and the only one that reads flags and the environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/build"
)

func main() { os.Exit(start(&commandLine{stdout: people{os.Stdout}, stderr: people{os.Stderr}})) }

// start runs the process's command line.
func start(l *commandLine) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	tuneMemory()
	return l.do(ctx, os.Args[1:])
}

// Go's heap is small beside DuckDB's, and most of it is network packets that live for a moment: collecting it less often saves a tenth of a
// load's time. As the heap nears the limit it is collected as often as needed.
const (
	gcPercent   = 400
	memoryLimit = 512 << 20
)

// tuneMemory leaves alone what the environment sets.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// Exit codes, the same for every command and printed in its help.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitWithheld    = 3
	exitLate        = 4
	exitInterrupted = 130
)

// errLate: everything worked, but a partner's file is overdue.
var errLate = errors.New("a partner is late")

// errUsage marks what the person typed wrong.
var errUsage = errors.New("usage")

// do runs one command line and returns its exit code.
func (l *commandLine) do(ctx context.Context, args []string) int {
	began := false
	root := newRoot(l)
	restore := func() {}
	root.PersistentPreRun = func(*cobra.Command, []string) {
		began = true
		restore = zap.RedirectStdLog(l.logger()) // what libraries print there belongs to the log of --verbose
	}
	defer func() { restore() }()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !began && !errors.Is(err, errUsage) { // an unknown command, too many arguments: no command has run
		err = fmt.Errorf("%w: %w; `waybill --help` shows what there is", errUsage, err)
	}
	if err != nil && !errors.Is(err, errLate) {
		fmt.Fprintln(l.stderr, "waybill: "+err.Error())
	}
	return exitCode(ctx, err)
}

func exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.Is(err, errUsage), errors.Is(err, pipelines.ErrSelector):
		return exitUsage
	case errors.Is(err, build.ErrWithheld):
		return exitWithheld
	case errors.Is(err, errLate):
		return exitLate
	default:
		return exitFailed
	}
}

// flagMeant names the command's flag that is nearest to one that it has not.
func flagMeant(c *cobra.Command, err error) string {
	none := new(pflag.NotExistError)
	if !errors.As(err, &none) {
		return ""
	}
	var known []string
	for _, flags := range []*pflag.FlagSet{c.LocalFlags(), c.InheritedFlags()} {
		flags.VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	}
	near := pipelines.Nearest("--"+none.GetSpecifiedName(), known)
	if near == "" || none.GetSpecifiedShortnames() != "" {
		return ""
	}
	return "; did you mean " + near + "?"
}

func newRoot(l *commandLine) *cobra.Command {
	root := &cobra.Command{
		Use:   "waybill",
		Short: "The operations warehouse of ecommerce groups",
		Long: `Waybill pulls what your warehouses, carriers, shops and payment providers send, keeps every byte,
loads it into an Iceberg lake, and builds checked marts for fulfilment, returns, claims and payments.

Exit codes: 0 done · 1 failed · 2 usage · 3 areas are held by a check or a broken model · 4 a partner is late · 130 interrupted`,
		Example: `  waybill demo                              everything, against a sandbox on this machine
  waybill init && waybill doctor            start your own
  waybill run                               pull, load, build, check, publish what is due
  waybill query "select * from marts.orders_at_risk where risk_state = 'breached'"
  waybill trace AV1001                      one order through every system`,
		Args:          cobra.ArbitraryArgs,
		RunE:          oneOf,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetOut(l.stdout)
	root.SetErr(l.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w%s; `%s --help` shows what there is", errUsage, err, flagMeant(c, err), c.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.StringVarP(&l.configPath, "config", "c", "waybill.yaml", "configuration file")
	flags.BoolVar(&l.json, "json", false, "print JSON for programs")
	flags.StringVar(&l.asOf, "as-of", "", "the instant that \"now\" means, such as 2026-04-08T07:00:00+01:00 (default: the last quarter of an hour)")
	flags.BoolVarP(&l.verbose, "verbose", "v", false, "log each step to standard error")
	root.AddCommand(commands(l)...)
	return root
}
