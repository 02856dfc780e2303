package api

import (
	"database/sql"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is what Parley tells Prometheus. All names begin with parley_, save those
// of the Go runtime and the process.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

// NewMetrics makes the metrics of one running service. version labels parley_build_info.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_http_requests_total",
			Help: "Requests answered, by route pattern, method and status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "parley_http_request_duration_seconds",
			Help:    "How long requests took, by route pattern and method.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "parley_http_requests_in_flight",
			Help: "Requests being answered.",
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "parley_build_info", Help: "1, labelled with the version.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.seconds, m.inFlight, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gauge adds a value that is asked for at each scrape.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parley_" + name, Help: help}, value))
}

// Counter adds a running total that is asked for at each scrape.
func (m *Metrics) Counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "parley_" + name, Help: help}, value))
}

// Database adds what is known of the pool, of the database's availability and of the
// statements sent.
func (m *Metrics) Database(stats func() sql.DBStats, available func() bool, statements func() int64) {
	m.Gauge("database_available", "1 while the database answers, else 0.", func() float64 {
		if available() {
			return 1
		}
		return 0
	})
	m.Counter("database_statements_total", "Statements sent, without BEGIN, COMMIT and ROLLBACK.",
		func() float64 { return float64(statements()) })
	m.Gauge("database_connections_open", "Connections open.", func() float64 { return float64(stats().OpenConnections) })
	m.Gauge("database_connections_in_use", "Connections at work.", func() float64 { return float64(stats().InUse) })
	m.Gauge("database_connections_max", "Most connections that may be open.", func() float64 { return float64(stats().MaxOpenConnections) })
	m.Counter("database_waits_total", "Times a connection had to be waited for.", func() float64 { return float64(stats().WaitCount) })
	m.Counter("database_wait_seconds_total", "Time spent waiting for connections.", func() float64 { return stats().WaitDuration.Seconds() })
}

// handler answers /metrics.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
