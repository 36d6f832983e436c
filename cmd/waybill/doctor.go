package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/project"
)

func newDoctor(l *commandLine) *cobra.Command {
	var trust string
	c := &cobra.Command{
		Use:   "doctor [SOURCE…]",
		Short: "Check configuration, lake, every connection and credential, and say what to do",
		Long: `Read the configuration and the models, open the lake, and try each connection without changing anything there.
--trust SOURCE shows the server's SSH host key and, after you have compared it with what the partner told you, prints the setting that
pins it. Exit codes: 0 all well · 1 something is not`,
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

// examine tries everything; what it finds wrong are findings, not errors.
func (l *commandLine) examine(ctx context.Context, cfg *project.Config, sources []string) ([]waybill.Finding, error) {
	findings := []waybill.Finding{{Subject: "configuration " + cfg.Path(), OK: true, Detail: plural(len(cfg.Connections), "connection")}}
	for _, name := range sources {
		if _, ok := cfg.Connections[name]; !ok {
			return nil, fmt.Errorf("%w: %s has no connection %q; it has %s", errUsage, cfg.Path(), name, strings.Join(sourceNames(cfg), ", "))
		}
	}
	p, err := l.openConfig(ctx, cfg, nil)
	if err != nil {
		findings = append(findings, waybill.Finding{Subject: "lake, pipelines and models", Detail: err.Error(), Remedy: "mend what the message names"})
	} else {
		defer p.Close()
		findings = append(append(findings, examineLake(ctx, p)), examineSQL(ctx, p)...)
	}
	if len(sources) == 0 {
		sources = sourceNames(cfg)
	}
	found := make([][]waybill.Finding, len(sources))
	var asking sync.WaitGroup
	for i, name := range sources { // side by side: one that does not answer is waited for
		asking.Go(func() { found[i] = examineSource(ctx, cfg, name) })
	}
	asking.Wait()
	return append(findings, slices.Concat(found...)...), nil
}

func sourceNames(cfg *project.Config) []string {
	names := make([]string, 0, len(cfg.Connections))
	for name := range cfg.Connections {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// examineLake lists tables and proves that the cache folder takes files.
func examineLake(ctx context.Context, p *project.Project) waybill.Finding {
	f := waybill.Finding{Subject: "lake " + p.Config.Lake.Root}
	names, err := p.Lake.Tables(ctx)
	if err == nil {
		probe := filepath.Join(p.Config.Lake.Cache, "doctor-probe")
		err = errors.Join(os.MkdirAll(p.Config.Lake.Cache, 0o755), os.WriteFile(probe, []byte("probe"), 0o600), os.Remove(probe))
	}
	if err != nil {
		f.Detail, f.Remedy = err.Error(), "check lake.root, lake.catalog, lake.cache and the S3 keys in "+p.Config.Path()
		return f
	}
	f.OK, f.Detail = true, plural(len(names), "table")
	return f
}

func examineSource(ctx context.Context, cfg *project.Config, name string) []waybill.Finding {
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
	return findings
}

func (l *commandLine) printFindings(findings []waybill.Finding) error {
	bad := 0
	for _, f := range findings {
		mark := "ok  "
		if !f.OK {
			mark = "BAD "
			bad++
		}
		if l.json {
			continue
		}
		fmt.Fprintf(l.stdout, "%s %s: %s\n", mark, f.Subject, f.Detail)
		if f.Remedy != "" && !f.OK {
			fmt.Fprintln(l.stdout, "     do:", f.Remedy)
		}
	}
	if l.json {
		if err := printJSON(l.stdout, findings); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(l.stdout, "%s checked, %d not well\n", plural(len(findings), "thing"), bad)
	}
	if bad > 0 {
		return fmt.Errorf("%s not well", plural(bad, "thing"))
	}
	return nil
}

// trust shows what a person has to compare before a host key is trusted.
func (l *commandLine) trust(ctx context.Context, cfg *project.Config, name string) error {
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
