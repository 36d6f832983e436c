package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/questions"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// help: the binary's start.
func (b *bench) help(ctx context.Context) error {
	const limit = 100 * time.Millisecond
	walls, err := b.repeat(7, func() (spent, error) { return b.command(ctx, b.waybill, "--help") })
	if err != nil {
		return err
	}
	m := median(walls)
	b.results = append(b.results, result{"waybill --help", seconds(m), "", "", "under 0.10 s", m < limit})
	return nil
}

func (b *bench) repeat(n int, once func() (spent, error)) ([]time.Duration, error) {
	walls := make([]time.Duration, 0, n)
	for range n {
		s, err := once()
		if err != nil {
			return nil, err
		}
		walls = append(walls, s.wall)
	}
	return walls, nil
}

// load: SFTP to a committed Iceberg table, beside DuckDB's COPY of the same local file, in turn.
func (b *bench) load(ctx context.Context) error {
	served := filepath.Join(b.dir, "served")
	if err := os.MkdirAll(served, 0o755); err != nil {
		return err
	}
	file := filepath.Join(served, "DESP_5M.csv")
	if err := writeDespatches(file, b.rows); err != nil {
		return err
	}
	defer os.RemoveAll(served)
	server, err := b.startSSH(ctx, served)
	if err != nil {
		return err
	}
	defer server.stop()
	var ours, peers []time.Duration
	for i := range b.rounds {
		config, err := b.project(fmt.Sprintf("load-%d", i), server.connection())
		if err != nil {
			return err
		}
		s, err := b.command(ctx, b.waybill, "run", "-c", config, "claim_rules") // one mart of a seed alone: the load is what is measured
		if err != nil {
			return err
		}
		if err := b.loaded(ctx, config, int64(b.rows)); err != nil {
			return err
		}
		ours = append(ours, s.wall)
		wall, err := b.copyPeer(ctx, file)
		if err != nil {
			return err
		}
		peers = append(peers, wall)
		if err := os.RemoveAll(filepath.Dir(config)); err != nil {
			return err
		}
	}
	speed := median(peers).Seconds() / median(ours).Seconds()
	b.results = append(b.results, result{
		fmt.Sprintf("load of %d rows, %s to Iceberg", b.rows, server.name), seconds(median(ours)), "DuckDB COPY, local: " + seconds(median(peers)),
		fmt.Sprintf("%.2f of its speed", speed), "at least 0.8", speed >= 0.8,
	})
	return nil
}

// copyPeer is DuckDB alone in a process-local database with the measured default settings.
func (b *bench) copyPeer(ctx context.Context, file string) (time.Duration, error) {
	db := duck.Open(duck.Config{MemoryLimit: "2GB", TempDir: filepath.Join(b.dir, "spill")})
	defer db.Close()
	out := filepath.Join(b.dir, "peer.parquet")
	defer os.Remove(out)
	q := fmt.Sprintf("copy (%s from read_csv(%s, all_varchar = true, header = true)) to %s (format parquet, compression zstd)", typedSelect, duck.Literal(file), duck.Literal(out))
	if err := db.PingContext(ctx); err != nil { // it has started when the clock does
		return 0, err
	}
	start := time.Now()
	if _, err := db.ExecContext(ctx, q); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}

// loaded proves that the measured run did its work.
func (b *bench) loaded(ctx context.Context, config string, want int64) error {
	cfg, err := project.Read(config, os.LookupEnv)
	if err != nil {
		return err
	}
	p, err := project.Open(ctx, cfg, project.Options{Now: time.Now})
	if err != nil {
		return err
	}
	defer p.Close()
	scan, err := p.Lake.Scan(ctx, waybill.TableName{Namespace: "raw", Name: "bench_despatch"}, 0)
	if err != nil {
		return err
	}
	var n int64
	for _, f := range scan.Files {
		n += f.Rows
	}
	if n != want {
		return fmt.Errorf("the lake has %d rows, not %d", n, want)
	}
	return nil
}

// memory: the peak of the whole process while it loads a file of about 5 GB.
func (b *bench) memory(ctx context.Context) error {
	const limit = 1 << 30
	served := filepath.Join(b.dir, "big")
	if err := os.MkdirAll(served, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(served)
	file := filepath.Join(served, "DESP_BIG.csv")
	if err := writeDespatches(file, b.big); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	server, err := b.startSSH(ctx, served)
	if err != nil {
		return err
	}
	defer server.stop()
	config, err := b.project("memory", server.connection())
	if err != nil {
		return err
	}
	s, err := b.command(ctx, b.waybill, "run", "-c", config)
	if err != nil {
		return err
	}
	if err := b.loaded(ctx, config, int64(b.big)); err != nil {
		return err
	}
	b.results = append(b.results, result{
		"peak memory, file of " + megabytes(info.Size()), megabytes(s.memory), "in " + seconds(s.wall), "", "under 1024 MB", s.memory < limit,
	})
	return nil
}

// known: a run over a folder of files that are all known.
func (b *bench) known(ctx context.Context) error {
	const limit = 3 * time.Second
	folder := filepath.Join(b.dir, "known-files")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	head := []byte("Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,Item code,Item name,No of items,Shipping cost\n")
	for i := range b.files {
		row := fmt.Appendf(nil, "AV%08d,DN%08d,DHL,standard,30/03/2026 13:46:10,JD00%014d,AV-1-S,Shirt,1,3.00\n", i, i, i)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("DESP_%06d.csv", i)), bytes.Join([][]byte{head, row}, nil), 0o600); err != nil {
			return err
		}
	}
	server, err := b.startSSH(ctx, folder)
	if err != nil {
		return err
	}
	defer server.stop()
	config, err := b.project("known", server.connection())
	if err != nil {
		return err
	}
	first, err := b.command(ctx, b.waybill, "run", "-c", config)
	if err != nil {
		return err
	}
	walls, err := b.repeat(b.rounds, func() (spent, error) { return b.command(ctx, b.waybill, "run", "-c", config) })
	if err != nil {
		return err
	}
	m := median(walls)
	b.results = append(b.results, result{
		fmt.Sprintf("run over %d known files, no news", b.files), seconds(m), "first run: " + seconds(first.wall), "", "under 3 s", m < limit,
	})
	return nil
}

// trace: one order through every system, in a demo's marts.
func (b *bench) trace(ctx context.Context) error {
	const limit = 300 * time.Millisecond
	dir := filepath.Join(b.dir, "demo")
	if _, err := b.command(ctx, b.waybill, "demo", "--dir", dir, "--days", "21", "--orders-per-day", "200"); err != nil {
		return err
	}
	config := filepath.Join(dir, "waybill.yaml")
	db, err := questions.OpenMarts(filepath.Join(dir, "waybill.duckdb"))
	if err != nil {
		return err
	}
	var name string
	err = db.QueryRowContext(ctx, "select order_name from marts.fct_orders order by order_name limit 1").Scan(&name)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	walls, err := b.repeat(7, func() (spent, error) { return b.command(ctx, b.waybill, "trace", "-c", config, name) })
	if err != nil {
		return err
	}
	m := median(walls)
	b.results = append(b.results, result{"trace of one order among 4,200", seconds(m), "", "", "under 0.30 s", m < limit})
	return nil
}
