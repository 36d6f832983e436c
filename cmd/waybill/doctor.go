package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/project"
)

func newDoctor(l *commandLine) *cobra.Command {
	var trust string
	c := &cobra.Command{
		Use:   "doctor [SOURCE…]",
		Short: "Check configuration, lake, every connection and credential, and say what to do",
		Long: `Resolve every name in the configuration and the pipelines, build the models over the contracts' columns, open the lake, try each
connection and each place that marts are shown in, without changing anything there. Notes say which marts will be empty or without a part,
and who could tell of it; nothing is wrong with that.
--trust SOURCE shows the server's SSH host key and, after you have compared it with what the partner told you, prints the setting that
pins it. Exit codes: 0 all well, whatever the notes say · 1 something is not`,
		Example: `  waybill doctor
  waybill doctor northgate
  waybill doctor --trust northgate`,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := l.readConfig()
			if err != nil {
				return err
			}
			if trust != "" {
				return l.trust(c.Context(), cfg, trust)
			}
			findings, err := l.examine(c.Context(), cfg, args)
			if err != nil {
				return err
			}
			return l.printFindings(findings)
		},
	}
	c.Flags().StringVar(&trust, "trust", "", "show this source's SSH host key and the known_hosts line that trusts it")
	return c
}

// connected refuses a name that no connection has.
func connected(cfg *project.Config, name string) error {
	if _, ok := cfg.Connections[name]; ok {
		return nil
	}
	near := pipelines.Nearest(name, cfg.Sources())
	if near != "" {
		near = fmt.Sprintf("; the nearest is %q", near)
	}
	return fmt.Errorf("%w: %s has no connection %q%s; it has %s", errUsage, cfg.Path(), name, near, strings.Join(cfg.Sources(), ", "))
}

// examine tries everything; what it finds wrong are findings, not errors. One thing that is wrong keeps nothing else from being looked at.
func (l *commandLine) examine(ctx context.Context, cfg *project.Config, sources []string) ([]waybill.Finding, error) {
	for _, name := range sources {
		if err := connected(cfg, name); err != nil {
			return nil, err
		}
	}
	findings, err := examineDefinitions(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defs, _ := cfg.ReadPipelines() // what is wrong with them was said
	looks := []look{
		{"lake " + cfg.Lake.Root, func(ctx context.Context) []waybill.Finding { return l.examineLake(ctx, cfg) }},
		{"feeds", func(ctx context.Context) []waybill.Finding { return examineFeeds(ctx, cfg, defs) }},
		{"publish", func(ctx context.Context) []waybill.Finding { return cfg.CheckTargets(ctx, time.Now) }},
		{"published marts", func(ctx context.Context) []waybill.Finding { return examineMarts(ctx, cfg) }},
	}
	if len(sources) == 0 {
		sources = cfg.Sources()
	}
	for _, name := range sources {
		looks = append(looks, look{name, func(ctx context.Context) []waybill.Finding { return examineSource(ctx, cfg, defs, name) }})
	}
	found := make([][]waybill.Finding, len(looks))
	var asking sync.WaitGroup
	for i, one := range looks { // side by side: one that does not answer is waited for
		asking.Go(func() { found[i] = one.within(ctx, cfg) })
	}
	asking.Wait()
	return append(findings, slices.Concat(found...)...), nil
}

// look is one thing that doctor tries.
type look struct {
	subject string
	try     func(context.Context) []waybill.Finding
}

// within waits for what is tried as long as connecting and some silent answers may take. What does not end then is left behind, and is a finding.
func (o look) within(ctx context.Context, cfg *project.Config) []waybill.Finding {
	most := 2 * (cfg.Timeouts.Connect + cfg.Timeouts.Silence)
	limited, stop := context.WithTimeout(ctx, most)
	defer stop()
	found := make(chan []waybill.Finding, 1)
	go func() { found <- o.try(limited) }()
	select {
	case findings := <-found:
		return findings
	case <-limited.Done():
	}
	select {
	case findings := <-found:
		return findings
	case <-time.After(lookGrace):
		return []waybill.Finding{{
			Subject: o.subject, Detail: fmt.Sprintf("did not answer within %s, twice timeouts.connect and timeouts.silence", most),
			Remedy: "see whether its server is well and lets this machine in; a slow one takes larger timeouts in " + cfg.Path(),
		}}
	}
}

// lookGrace is how long what is tried may take to notice that its time is over.
const lookGrace = 3 * time.Second

// examineDefinitions resolves every name, holds the models against the contracts, and says what the marts will be like.
func examineDefinitions(ctx context.Context, cfg *project.Config) ([]waybill.Finding, error) {
	defs, err := cfg.Load(time.Now)
	findings := cfg.UnreadSQL()
	told := len(findings)
	for _, fault := range pipelines.Flatten(err) {
		findings = append(findings, waybill.Finding{Subject: "configuration", Detail: fault.Error(), Remedy: "mend what the message names; no run starts before"})
	}
	if len(findings) > told {
		return findings, nil
	}
	findings = append(findings, waybill.Finding{
		Subject: "configuration " + cfg.Path(), OK: true, Detail: plural(len(cfg.Connections), "connection") + ", " + plural(len(defs.Pipelines), "pipeline"),
	})
	fit, err := defs.CheckModels(ctx)
	if err != nil {
		return nil, err
	}
	notes, err := cfg.Outlook(defs)
	if err != nil {
		return nil, err
	}
	return slices.Concat(findings, fit, examineSQL(ctx, cfg, defs.Active()), notes), nil
}

// examineLake lists tables and proves that the cache folder takes files.
func (l *commandLine) examineLake(ctx context.Context, cfg *project.Config) []waybill.Finding {
	f := waybill.Finding{Subject: "lake " + cfg.Lake.Root}
	names, err := cfg.LakeTables(ctx, time.Now)
	if err == nil {
		probe := filepath.Join(cfg.Lake.Cache, "doctor-probe")
		err = errors.Join(os.MkdirAll(cfg.Lake.Cache, 0o700), os.WriteFile(probe, []byte("probe"), 0o600), os.Remove(probe))
	}
	if err != nil {
		f.Detail, f.Remedy = err.Error(), "check lake.root, lake.catalog, lake.cache and the S3 keys in "+cfg.Path()
		return []waybill.Finding{f}
	}
	f.OK, f.Detail = true, plural(len(names), "table")
	return []waybill.Finding{f, examineStanding(ctx, cfg)}
}

// examineStanding says whether root and catalog fit together.
func examineStanding(ctx context.Context, cfg *project.Config) waybill.Finding {
	f := waybill.Finding{Subject: "identity of the lake"}
	s, err := cfg.LakeStanding(ctx, time.Now)
	switch {
	case err != nil:
		f.Detail, f.Remedy = err.Error(), "check lake.root and lake.catalog in "+cfg.Path()
	case s.Problem != "":
		f.Detail, f.Remedy = s.Problem, "as it says; until then nothing is changed, and what there is can be read"
	default:
		f.OK, f.Detail = true, fmt.Sprintf("%s, epoch %d", s.ID, s.Epoch)
	}
	return f
}

// examineMarts looks, in the marts that are published, for carriers and accounts that the data names and no link takes up.
func examineMarts(ctx context.Context, cfg *project.Config) []waybill.Finding {
	if path, err := cfg.MartsFile(); err != nil || !isFile(path) {
		return nil // nothing is published yet
	}
	marts, err := openMarts(cfg)
	if err != nil {
		return []waybill.Finding{{Subject: "published marts", Detail: err.Error(), Remedy: "remove the file; the next run writes it again"}}
	}
	defer marts.Close()
	named, err := marts.Named(ctx)
	if err != nil {
		return []waybill.Finding{{Subject: "published marts", OK: true, Note: true, Detail: err.Error(), Remedy: "waybill build publishes them again"}}
	}
	var notes []waybill.Finding
	for _, n := range named {
		note := waybill.Finding{OK: true, Note: true}
		switch {
		case n.Kind == "carrier" && n.Name == "unknown":
			note.Subject, note.Detail = "carriers", plural(n.Count, "parcel")+" of carriers that neither a word nor the number's form tells"
			note.Remedy = "add what the warehouse calls them to the words of a carrier in " + cfg.Path()
		case n.Kind == "carrier" && !slices.ContainsFunc(cfg.Carriers, func(c pipelines.Carrier) bool { return c.Carrier == n.Name }):
			note.Subject, note.Detail = "carrier "+n.Name, plural(n.Count, "parcel")+", and no carrier of that name is configured: nobody is asked about them"
			note.Remedy = "add it under carriers in " + cfg.Path()
		case n.Kind == "account" && !hasAccount(cfg, n.Source, n.Name):
			note.Subject, note.Detail = n.Source+": account "+n.Name, plural(n.Count, "settlement")+" of an account that no brand has"
			note.Remedy = "add it under accounts in " + cfg.Path()
		default:
			continue
		}
		notes = append(notes, note)
	}
	return notes
}

// hasAccount tells whether an account is linked; an account without a name is that of its source.
func hasAccount(cfg *project.Config, source, account string) bool {
	return slices.ContainsFunc(cfg.Accounts, func(a pipelines.Account) bool {
		return a.Source == source && (a.Account == account || (a.Account == "" && account == source))
	})
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// examineFeeds finds files of feeds that no definition names. What keeps the ledger from being read, the lake's finding says.
func examineFeeds(ctx context.Context, cfg *project.Config, defs []pipelines.Pipeline) []waybill.Finding {
	nameless, err := cfg.NamelessFeeds(ctx, defs, time.Now)
	if err != nil {
		return nil
	}
	var notes []waybill.Finding
	for _, n := range nameless {
		what, next, _ := strings.Cut(n.String(), "; was it renamed? next: ")
		notes = append(notes, waybill.Finding{Subject: "ledger", OK: true, Note: true, Detail: what, Remedy: "if it was renamed: " + next})
	}
	return notes
}

func examineSource(ctx context.Context, cfg *project.Config, defs []pipelines.Pipeline, name string) []waybill.Finding {
	conn, err := cfg.Connect(name, time.Now)
	if err != nil {
		return []waybill.Finding{{Subject: name, Detail: err.Error(), Remedy: "mend the connection in " + cfg.Path()}}
	}
	defer conn.Close()
	checker, ok := conn.(waybill.Checker)
	if !ok {
		return []waybill.Finding{{Subject: name, OK: true, Detail: "settings are complete; this kind has no further check"}}
	}
	findings := checker.Check(ctx)
	for i := range findings {
		findings[i].Subject = name + ": " + findings[i].Subject
		findings[i].Remedy = strings.ReplaceAll(findings[i].Remedy, "<source>", name)
	}
	if slices.ContainsFunc(findings, func(f waybill.Finding) bool { return !f.OK }) {
		return findings
	}
	return append(findings, examineStrays(ctx, conn, defs, name)...)
}

// examineStrays finds files that lie where a source's feeds look and that none of them takes.
func examineStrays(ctx context.Context, conn waybill.Connector, defs []pipelines.Pipeline, name string) []waybill.Finding {
	tasks, err := pipelines.Pick(defs, nil)
	if err != nil {
		return nil
	}
	s := pull.StraysOf(ctx, conn, name, tasks)
	if s.Files == 0 || s.Error != "" {
		return nil // why it cannot be listed, a run says
	}
	return []waybill.Finding{{
		Subject: name + ": files", OK: true, Note: true, Detail: strings.TrimPrefix(s.String(), name+": "),
		Remedy: "mend file.match of the feed that they are of, add a feed (waybill infer FILE writes one to start from), or name them in file.ignore",
	}}
}

func (l *commandLine) printFindings(findings []waybill.Finding) error {
	bad, notes := 0, 0
	for _, f := range findings {
		mark := "ok  "
		switch {
		case !f.OK:
			mark = "BAD "
			bad++
		case f.Note:
			mark = "note"
			notes++
		}
		if l.json {
			continue
		}
		fmt.Fprintf(l.stdout, "%s %s: %s\n", mark, f.Subject, f.Detail)
		if f.Remedy != "" && (!f.OK || f.Note) {
			fmt.Fprintln(l.stdout, "     do:", f.Remedy)
		}
	}
	if l.json {
		if err := printJSON(l.stdout, findings); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(l.stdout, "%s checked, %d not well, %s\n", plural(len(findings)-notes, "thing"), bad, plural(notes, "note"))
	}
	if bad > 0 {
		return fmt.Errorf("%s not well", plural(bad, "thing"))
	}
	return nil
}

// trust shows what a person has to compare before a host key is trusted.
func (l *commandLine) trust(ctx context.Context, cfg *project.Config, name string) error {
	if err := connected(cfg, name); err != nil {
		return err
	}
	conn, err := cfg.Connect(name, time.Now)
	if err != nil {
		return err
	}
	defer conn.Close()
	keyer, ok := conn.(waybill.HostKeyer)
	if !ok {
		return fmt.Errorf("%w: %s has no SSH host key", errUsage, name)
	}
	key, err := keyer.HostKey(ctx)
	if err != nil {
		return err
	}
	if l.json {
		return printJSON(l.stdout, key)
	}
	fmt.Fprintf(l.stdout, "%s shows %s %s\n", key.Host, key.Type, key.SHA256)
	if key.KnownAs != "" && key.KnownAs != key.SHA256 {
		fmt.Fprintf(l.stdout, "trusted so far: %s (%s): THE KEY HAS CHANGED. Ask the partner before you trust it.\n", key.KnownAs, key.KnownInFile)
	}
	fmt.Fprintf(l.stdout, "Compare it with what the partner told you. Then set in %s:\n  connections: {%s: {host_key: %q}}\nor add to your known_hosts file:\n  %s\n",
		cfg.Path(), name, key.SHA256, key.Line)
	return nil
}
