package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// contract is the feed that the measurements load: the shape of a warehouse's despatch report, typed, checked, rejected.
const contract = `pipeline: bench
sources: [bench]
feeds:
  - feed: despatch
    file: {match: ["*.csv"]}
    format: {type: csv, delimiter: ",", encoding: utf-8, header: true}
    supersede: {mode: file}
    limits: {max_rejected: 1%}
    tables:
      raw.bench_despatch:
        columns:
          order_ref: {from: ["Salesorder number"], type: text, required: true}
          despatch_ref: {from: ["Despatch number"], type: text, required: true}
          carrier_code: {from: ["Carrier"], type: text}
          service_code: {from: ["Service"], type: text}
          despatched_at: {from: ["Despatch date"], type: timestamp, formats: ["%d/%m/%Y %H:%M:%S"], zone: Europe/London, required: true}
          tracking_no: {from: ["Tracking number"], type: text}
          sku: {from: ["Item code"], type: text, required: true}
          item_name: {from: ["Item name"], type: text}
          qty: {from: ["No of items"], type: integer, required: true, min: 0, max: 999}
          ship_cost: {from: ["Shipping cost"], type: "decimal(18,2)"}
`

// typedSelect is the peer's work on the same file: DuckDB alone, typed by hand, without lines, rejects or checks.
const typedSelect = `select "Salesorder number" as order_ref, "Despatch number" as despatch_ref, "Carrier" as carrier_code, "Service" as service_code,
	timezone('Europe/London', strptime("Despatch date", '%d/%m/%Y %H:%M:%S')) as despatched_at, "Tracking number" as tracking_no, "Item code" as sku,
	"Item name" as item_name, cast("No of items" as integer) as qty, cast("Shipping cost" as decimal(18, 2)) as ship_cost`

// writeDespatches writes a despatch report of so many rows, about 122 bytes each, one nullable column.
func writeDespatches(path string, rows int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,Item code,Item name,No of items,Shipping cost")
	day := time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)
	names := []string{"Linen shirt, white", "Merino jumper", "Wide leg trousers", "Silk scarf", "Denim jacket"}
	services := []string{"standard", "express"}
	for i := range rows {
		tracking := fmt.Sprintf("JD00%014d", i)
		if i%9 == 0 {
			tracking = ""
		}
		fmt.Fprintf(w, "AV%08d,DN%09d,DHL,%s,%s,%s,AV-%04d-%s,%q,%d,%d.%02d\n", i/2, i, services[i%7/6],
			day.Add(time.Duration(i%7_000_000)*time.Second).Format("02/01/2006 15:04:05"), tracking, i%5000, []string{"S", "M", "L"}[i%3], names[i%5], 1+i%4, 3+i%5, i%100)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// project writes a Waybill project of one feed over the given connection and returns its configuration file.
func (b *bench) project(name, connection string) (string, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Join(dir, "pipelines"), 0o755); err != nil {
		return "", err
	}
	config := fmt.Sprintf("name: bench\nlake: {root: lake}\nmemory: 512MB\npii_salt: none\nconnections:\n  bench: %s\n", connection)
	for path, text := range map[string]string{"waybill.yaml": config, "pipelines/bench.yaml": contract} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "waybill.yaml"), nil
}
