package api

import (
	"database/sql"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/internal/cache"
	"parley/messaging"
	"parley/realtime"
)

// Metrics is what Parley tells Prometheus. All names begin with parley_, save those
// of the Go runtime and the process.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	refused  *prometheus.CounterVec
	lag      prometheus.Histogram
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
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_refusals_total",
			Help: "What members wanted and were refused, by the rule that refused it.",
		}, []string{"reason"}),
	}
	m.lag = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "parley_realtime_lag_seconds",
		Help:    "Time from the commit of an event to its delivery, for every client it was delivered to.",
		Buckets: []float64{.001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60, 600},
	})
	for reason := range refusals {
		m.refused.WithLabelValues(string(reason)) // from 0, so that the first one is an increase
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "parley_build_info", Help: "1, labelled with the version.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.seconds, m.inFlight, m.refused, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Refused counts a refusal.
func (m *Metrics) Refused(r messaging.Reason) { m.refused.WithLabelValues(string(r)).Inc() }

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

// Messaging adds what a Service counts.
func (m *Metrics) Messaging(counts func() messaging.Counts, searchBytes func() int64) {
	m.Counter("messages_sent_total", "Messages members sent, first ones of conversations included.",
		func() float64 { return float64(counts().Messages) })
	m.Counter("conversations_started_total", "Conversations that are new; those that were reused are not among them.",
		func() float64 { return float64(counts().Conversations) })
	m.Counter("events_written_total", "Events written with the changes they tell of.",
		func() float64 { return float64(counts().Events) })
	m.Gauge("search_cache_bytes", "Memory for searching messages that is in use.", func() float64 { return float64(searchBytes()) })
}

// RealtimeLag counts how long a stored event took from its commit to a client.
func (m *Metrics) RealtimeLag(lag time.Duration) { m.lag.Observe(lag.Seconds()) }

// Realtime adds what a Hub counts.
func (m *Metrics) Realtime(stats func() realtime.Stats) {
	m.registry.MustRegister(m.lag)
	for kind, open := range map[realtime.Kind]func(realtime.Stats) int64{
		realtime.WebSocket:    func(s realtime.Stats) int64 { return s.WebSockets },
		realtime.ServerEvents: func(s realtime.Stats) int64 { return s.ServerEvents },
		realtime.LongPoll:     func(s realtime.Stats) int64 { return s.Polls },
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parley_realtime_connections",
			Help: "Connections open, by how the client is connected.", ConstLabels: prometheus.Labels{"kind": string(kind)}},
			func() float64 { return float64(open(stats())) }))
	}
	m.Counter("realtime_events_total", "Committed events taken in, whomever they were for.", func() float64 { return float64(stats().Events) })
	m.Counter("realtime_frames_total", "Frames written to clients.", func() float64 { return float64(stats().Frames) })
	m.Counter("realtime_dropped_total", "Connections cut because their reader was too slow.", func() float64 { return float64(stats().Dropped) })
	m.Counter("realtime_resumes_total", "Clients that came back with a position.", func() float64 { return float64(stats().Resumes) })
	m.Counter("realtime_resets_total", "Clients whose position was too old.", func() float64 { return float64(stats().Resets) })
	for _, way := range []realtime.RelayWay{realtime.NoWay, realtime.ByTable, realtime.ByBus} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parley_realtime_relay",
			Help: "1 for the way hints take to the other nodes now, else 0.", ConstLabels: prometheus.Labels{"way": string(way)}},
			func() float64 {
				if stats().Signals.Way == way {
					return 1
				}
				return 0
			}))
	}
	m.Counter("realtime_signals_published_total", "Hints given to other nodes.", func() float64 { return float64(stats().Signals.Published) })
	m.Counter("realtime_signals_received_total", "Hints other nodes gave.", func() float64 { return float64(stats().Signals.Received) })
	m.Counter("realtime_signals_dropped_total", "Hints that could not be given to other nodes.", func() float64 { return float64(stats().Signals.Dropped) })
	m.registry.MustRegister(endingCollector(stats))
}

// endingCollector reads why connections ended, and clients were refused.
type endingCollector func() realtime.Stats

var (
	realtimeEnded = prometheus.NewDesc("parley_realtime_ended_total",
		"Connections that ended, by the reason docs/realtime.md lists.", []string{"reason"}, nil)
	realtimeRefused = prometheus.NewDesc("parley_realtime_refused_total",
		"Clients that were not let in, by the reason docs/realtime.md lists.", []string{"reason"}, nil)
)

// Describe implements prometheus.Collector.
func (endingCollector) Describe(out chan<- *prometheus.Desc) {
	out <- realtimeEnded
	out <- realtimeRefused
}

// Collect implements prometheus.Collector.
func (c endingCollector) Collect(out chan<- prometheus.Metric) {
	s := c()
	for desc, counts := range map[*prometheus.Desc]map[string]int64{realtimeEnded: s.Ended, realtimeRefused: s.Refused} {
		for reason, n := range counts {
			out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), reason)
		}
	}
}

// Caches adds the counters of caches, labelled by name. Each function is asked once
// at every scrape, and must always answer the same names.
func (m *Metrics) Caches(stats ...func() map[string]cache.Stats) {
	m.registry.MustRegister(cacheCollector(stats))
}

// cacheCollector reads the counters of caches when they are asked for.
type cacheCollector []func() map[string]cache.Stats

func cacheDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("parley_cache_"+name, help, []string{"cache"}, nil)
}

var (
	cacheHits      = cacheDesc("hits_total", "Values that were in memory, by cache.")
	cacheMisses    = cacheDesc("misses_total", "Values that had to be read, by cache.")
	cacheEvictions = cacheDesc("evictions_total", "Values that had to make room before their time, by cache.")
	cacheSize      = cacheDesc("entries", "Values in memory, by cache.")
)

// Describe implements prometheus.Collector.
func (cacheCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{cacheHits, cacheMisses, cacheEvictions, cacheSize} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c cacheCollector) Collect(out chan<- prometheus.Metric) {
	for _, stats := range c {
		for name, s := range stats() {
			out <- prometheus.MustNewConstMetric(cacheHits, prometheus.CounterValue, float64(s.Hits), name)
			out <- prometheus.MustNewConstMetric(cacheMisses, prometheus.CounterValue, float64(s.Misses), name)
			out <- prometheus.MustNewConstMetric(cacheEvictions, prometheus.CounterValue, float64(s.Evictions), name)
			out <- prometheus.MustNewConstMetric(cacheSize, prometheus.GaugeValue, float64(s.Size), name)
		}
	}
}

// handler answers /metrics.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
