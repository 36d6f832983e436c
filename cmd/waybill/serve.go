package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/run"
	"github.com/fourmarketing/waybill/project"
)

func newServe(l *commandLine) *cobra.Command {
	listen, drain := "127.0.0.1:8099", 10*time.Minute
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run every pipeline on its schedule; /healthz and Prometheus /metrics",
		Long: `Run each pipeline on the schedule of its definition, never two runs of one feed at once (also across machines that share the
catalog), with retries, and catch up on what was due while it was stopped. SIGTERM stops scheduling and lets what runs finish.
What it does is logged to standard error, a line of JSON each: runs, feeds with their counts, releases, publications, failures with what to type next.`,
		Example: "  waybill serve\n  waybill serve --listen 0.0.0.0:8099 --drain 5m",
		Args:    noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			l.logJSON = true
			h := newHealth(time.Now)
			p, err := l.open(c.Context(), h.watch)
			if err != nil {
				return err
			}
			defer p.Close()
			if l.asOf != "" {
				return fmt.Errorf("%w: serve asks about the present; --as-of goes with run", errUsage)
			}
			return l.serve(c.Context(), p, h, serveAt{listen, drain})
		},
	}
	c.Flags().StringVar(&listen, "listen", listen, "address of /healthz and /metrics")
	c.Flags().DurationVar(&drain, "drain", drain, "how long running work may go on after SIGTERM")
	return c
}

// serveAt is where and how to serve.
type serveAt struct {
	listen string
	drain  time.Duration
}

func (l *commandLine) serve(ctx context.Context, p *project.Project, h *health, how serveAt) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", how.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", how.listen, err)
	}
	m := newMetrics(p)
	scheduler := run.NewScheduler(p.Runner, func() time.Time { return time.Now().UTC().Truncate(clockStep) }, how.drain, m.record)
	server := &http.Server{Handler: m.handler(p, h), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(l.stdout, "serving %s; health and metrics on http://%s\n", plural(len(p.Pipelines), "pipeline"), listener.Addr())
	var web sync.WaitGroup
	var webErr error
	web.Go(func() { webErr = server.Serve(listener) })
	err = scheduler.Serve(ctx)
	err = errors.Join(err, server.Close())
	web.Wait()
	if !errors.Is(webErr, http.ErrServerClosed) {
		err = errors.Join(err, webErr)
	}
	fmt.Fprintln(l.stdout, "drained; every run has ended")
	return err
}

// metrics are what Prometheus reads.
type metrics struct {
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	rows     *prometheus.CounterVec
	files    *prometheus.CounterVec
	last     *prometheus.GaugeVec
	outdated *prometheus.GaugeVec
}

func newMetrics(p *project.Project) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		runs:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "waybill_runs_total", Help: "Runs by pipeline and outcome."}, []string{"pipeline", "outcome"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "waybill_run_seconds", Help: "Length of runs.", Buckets: prometheus.ExponentialBuckets(0.1, 3, 9)}, []string{"pipeline"}),
		rows:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "waybill_records_total", Help: "Records by feed and what became of them."}, []string{"source", "feed", "state"}),
		files:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "waybill_files_total", Help: "Received files by feed and status."}, []string{"source", "feed", "status"}),
		last:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "waybill_last_success_timestamp_seconds", Help: "End of the last run without error."}, []string{"pipeline"}),
		outdated: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "waybill_files_outdated", Help: "Files judged under another contract than today's."}, []string{"source", "feed"}),
	}
	m.registry.MustRegister(m.runs, m.seconds, m.rows, m.files, m.last, m.outdated, standing{project: p}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) record(pipeline string, res run.Result, err error) {
	outcome := ledger.RunDone
	switch {
	case errors.Is(err, build.ErrWithheld):
		outcome = ledger.RunWithheld
	case err != nil:
		outcome = ledger.RunFailed
	default:
		m.last.WithLabelValues(pipeline).SetToCurrentTime()
	}
	m.runs.WithLabelValues(pipeline, outcome).Inc()
	m.seconds.WithLabelValues(pipeline).Observe(res.Took.Seconds())
	for _, f := range res.Feeds {
		m.outdated.WithLabelValues(f.Source, f.Feed).Set(float64(f.Outdated))
		for _, file := range f.Files {
			m.files.WithLabelValues(f.Source, f.Feed, string(file.Status)).Inc()
			if file.Status == ledger.Loaded {
				m.rows.WithLabelValues(f.Source, f.Feed, "loaded").Add(float64(file.Loaded))
				m.rows.WithLabelValues(f.Source, f.Feed, "rejected").Add(float64(file.Rejected))
			}
		}
	}
}

func (m *metrics) handler(p *project.Project, h *health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		asking, stop := context.WithTimeout(r.Context(), scrapeTime)
		defer stop()
		if _, err := p.Ledger.Runs(asking, "", 1); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		h.say(w)
	})
	return mux
}
