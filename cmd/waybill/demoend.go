package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill/pipelines/definitions"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/sandbox"
)

// demoEnd is what the end of a demo looks at.
type demoEnd struct {
	flags   demoFlags
	project *project.Project
	box     *sandbox.Sandbox
	asOf    time.Time
	took    time.Duration
}

// writeDemoConfig makes the folder a Waybill project that every other command works on.
func writeDemoConfig(f demoFlags, box *sandbox.Sandbox) error {
	for _, dir := range []string{"pipelines", "secrets"} {
		if err := os.MkdirAll(filepath.Join(f.dir, dir), 0o700); err != nil {
			return fmt.Errorf("make demo folder: %w", err)
		}
	}
	for name, secret := range demoSecrets(box) {
		if err := os.WriteFile(filepath.Join(f.dir, "secrets", name), []byte(secret), 0o600); err != nil {
			return fmt.Errorf("write secret: %w", err)
		}
	}
	if err := copyDefinitions(filepath.Join(f.dir, "pipelines")); err != nil {
		return err
	}
	if err := writeDemoRules(f.dir); err != nil {
		return err
	}
	text, err := yaml.Marshal(demoConfig(f, box))
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return os.WriteFile(filepath.Join(f.dir, "waybill.yaml"), append([]byte("# Written by `waybill demo`.\n"), text...), 0o600)
}

func copyDefinitions(dir string) error {
	entries, err := definitions.Files.ReadDir(".")
	if err != nil {
		return fmt.Errorf("read definitions: %w", err)
	}
	for _, e := range entries {
		text, err := definitions.Files.ReadFile(e.Name())
		if err != nil {
			return fmt.Errorf("read definitions: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), text, 0o644); err != nil {
			return fmt.Errorf("write definitions: %w", err)
		}
	}
	return nil
}

func demoConfig(f demoFlags, box *sandbox.Sandbox) map[string]any {
	lakeBlock := map[string]any{"root": "lake"}
	if f.lake != "" {
		lakeBlock["root"] = f.lake
	}
	if f.catalog != "" {
		lakeBlock["catalog"] = f.catalog
	} else if isS3(f.lake) {
		lakeBlock["catalog"] = "sqlite:catalog.db"
	}
	if isS3(f.lake) {
		lakeBlock["s3"] = map[string]any{
			"endpoint": "${env:WAYBILL_S3_ENDPOINT}", "region": "us-east-1", "path_style": true,
			"access_key": "${env:AWS_ACCESS_KEY_ID}", "secret_key": "${env:AWS_SECRET_ACCESS_KEY}",
		}
	}
	publish := map[string]any{"duckdb": map[string]any{"path": "waybill.duckdb"}}
	if f.postgres != "" {
		publish["postgres"] = map[string]any{"url": f.postgres, "schema": "marts"}
	}
	all := map[string]any{
		"name": "demo group", "lake": lakeBlock, "memory": "1GB", "pii_salt": "${file:secrets/salt}", "pipelines": "pipelines", "sql": "sql",
		"publish": publish, "connections": demoConnections(box),
	}
	maps.Copy(all, demoGroup())
	return all
}

func isS3(root string) bool { return len(root) > 5 && root[:5] == "s3://" }

// finishDemo compares with the truth, shows the summary and says what to type next.
func (l *commandLine) finishDemo(ctx context.Context, e demoEnd) error {
	dir := filepath.Join(e.flags.dir, "truth")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make demo folder: %w", err)
	}
	var results []comparison
	err := e.project.Inputs.Query(ctx, e.asOf, func(q inputs.Querier) error {
		var err error
		results, err = compareTruth(ctx, q, e.project.Config.Publish.DuckDB.Path, e.box.World().Truth(e.asOf), dir)
		return err
	})
	if err != nil {
		return err
	}
	sum, err := readSummary(ctx, e.project.Config)
	if err != nil {
		return err
	}
	differs := false
	for _, r := range results {
		differs = differs || r.differs()
	}
	if l.json {
		err = printJSON(l.stdout, map[string]any{"seed": e.flags.seed, "as_of": e.asOf, "compared": results, "summary": sum, "equal": !differs})
	} else {
		printCompared(l.stdout, results)
		printSummary(l.stdout, sum)
		printNext(l.stdout, e)
	}
	if err == nil && differs {
		err = errDiffers
	}
	if err == nil && e.flags.serve {
		fmt.Fprintln(l.stdout, "the sandbox is running; Ctrl-C ends it")
		<-ctx.Done()
	}
	return err
}

func printCompared(w io.Writer, results []comparison) {
	fmt.Fprintln(w, "\nCompared with what really happened:")
	rows := make([][]string, len(results))
	for i, r := range results {
		verdict := "equal"
		if r.differs() {
			verdict = "DIFFERS"
		}
		rows[i] = []string{r.Mart, count(r.Rows), count(r.Rows * int64(r.Columns)), count(r.OnlyTruth), count(r.OnlyMart), count(r.Different), verdict}
	}
	grid(w, []string{"mart", "rows", "values", "missing", "invented", "different", ""}, rows)
	for _, r := range results {
		for _, ex := range r.Examples {
			fmt.Fprintf(w, "  %s: %s\n", r.Mart, ex)
		}
	}
}

func printNext(w io.Writer, e demoEnd) {
	config := filepath.Join(e.flags.dir, "waybill.yaml")
	fmt.Fprintf(w, `
Next:
  bin/waybill query -c %[1]s "select * from marts.orders_at_risk where risk_state = 'breached' limit 10"
  bin/waybill query -c %[1]s "select check_id, kind, count(*) from marts.fct_breaks group by all order by all"
  bin/waybill files list -c %[1]s --status held
  bin/waybill rejects list -c %[1]s
  bin/waybill trace -c %[1]s %[2]s
demo done in %[3]s; the lake and marts are in %[4]s
`, config, e.example(), took(e.took), e.flags.dir)
}

// example is an order worth tracing: one with a break if there is any.
func (e demoEnd) example() string {
	db, err := openMarts(e.project.Config)
	if err != nil {
		return "AV1001"
	}
	defer db.Close()
	var name string
	q := `select o.order_name from marts.fct_orders as o left join marts.fct_breaks as b on b.order_id = o.order_id
		order by b.order_id is null, o.split_count desc, o.order_name limit 1`
	if err := db.QueryRow(q).Scan(&name); err != nil { //nolint:noctx // one look-up at the end of a demo
		return "AV1001"
	}
	return name
}
