package main

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/project"
)

// standing tells Prometheus, each time it asks, how the releases stand: of when each area is, what is held, and what each target shows. It is read from
// the ledger, so that other processes' runs count and a restart forgets nothing.
type standing struct {
	project *project.Project
}

// scrapeTime is how long the ledger may take to answer.
const scrapeTime = 5 * time.Second

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("waybill_"+name, help, labels, nil)
}

var (
	areaRelease   = describe("area_release", "Release of which the area's marts are shown; 0 for none yet.", "area")
	areaAsOf      = describe("area_as_of_timestamp_seconds", "Instant that the area's marts answer.", "area")
	areaHeld      = describe("area_held", "1 if the area stays as it was because of a check or a model.", "area")
	unitsHeld     = describe("held_units", "Units whose rows stay as they were, by the check that named them.", "model", "check")
	rowsHeld      = describe("held_rows", "New rows of held units that are kept out of the marts.")
	amountHeld    = describe("held_amount", "Money at stake in held units.", "currency")
	oldestHeld    = describe("held_oldest_timestamp_seconds", "Since when the unit is held that is held longest.")
	releaseNewest = describe("release", "The newest release.")
	filesHeld     = describe("files_held", "Files that are held now: nothing of them is in the tables.", "source", "feed", "rule")
	targetRelease = describe("target_release", "Release that a target shows; 0 for none yet.", "target")
)

// Describe names the metrics.
func (s standing) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{areaRelease, areaAsOf, areaHeld, unitsHeld, rowsHeld, amountHeld, oldestHeld, releaseNewest, targetRelease, filesHeld} {
		ch <- d
	}
}

// Collect reads the ledger. What cannot be read is an invalid metric, which Prometheus shows as an error of the scrape.
func (s standing) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	newest, _, err := s.project.Ledger.NewestRelease(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(releaseNewest, err)
		return
	}
	targets, err := s.project.Publisher.Shown(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(targetRelease, err)
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	held, err := s.project.Ledger.Files(ctx, ledger.Filter{Status: ledger.Held})
	if err != nil {
		ch <- prometheus.NewInvalidMetric(filesHeld, err)
		return
	}
	files := map[[3]string]float64{}
	for _, f := range held {
		files[[3]string{f.Source, f.Feed, f.Rule}]++
	}
	for of, n := range files {
		gauge(filesHeld, n, of[0], of[1], of[2])
	}
	gauge(releaseNewest, float64(newest.ID))
	for _, a := range newest.Areas {
		gauge(areaRelease, float64(a.OfRelease), a.Area)
		gauge(areaAsOf, seconds(a.AsOf), a.Area)
		held := 0.0
		if a.Held() {
			held = 1
		}
		gauge(areaHeld, held, a.Area)
	}
	for _, t := range targets {
		gauge(targetRelease, float64(t.Release), t.Target)
	}
	heldIn(newest, gauge)
}

// heldIn tells of a release's held units.
func heldIn(r ledger.Release, gauge func(*prometheus.Desc, float64, ...string)) {
	by := map[[2]string]float64{}
	amounts := map[string]float64{}
	var rows int64
	var oldest time.Time
	for _, u := range r.Held {
		rows += u.Rows
		if oldest.IsZero() || u.Since.Before(oldest) {
			oldest = u.Since
		}
		for _, c := range u.Checks {
			by[[2]string{c.Model, c.Check}]++
		}
		for _, m := range u.AtStake {
			if amount, err := strconv.ParseFloat(m.Amount, 64); err == nil { // exact digits are in state held
				amounts[m.Currency] += amount
			}
		}
	}
	gauge(rowsHeld, float64(rows))
	gauge(oldestHeld, seconds(oldest))
	for check, n := range by {
		gauge(unitsHeld, n, check[0], check[1])
	}
	for currency, amount := range amounts {
		gauge(amountHeld, amount, currency)
	}
}

// seconds are those since 1970, 0 for no time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
