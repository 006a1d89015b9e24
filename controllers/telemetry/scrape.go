// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// scrapePatience is how long a scrape waits for the store.
const scrapePatience = 2 * time.Second

// Sources are what a scrape looks at.
type Sources struct {
	// Store holds the events.
	Store eventcore.Store
	// Executor returns the figures of the process's executor.
	Executor func() eventcore.Stats
	// Circuits are those of the providers, by service.
	Circuits map[saga.Service]func() map[string]guard.Circuits
	// CaughtUp, Open and Lag are the feed's. Until the feed has caught up nothing is said of orders: another replica says
	// it.
	CaughtUp func() bool
	Open     func() (map[saga.OrderID]saga.OpenOrder, error)
	Lag      func(ctx context.Context) (events uint64, age time.Duration, err error)
}

// Watch has every scrape look at the sources, until the returned function is called. There is one set of sources at a
// time: while there is none, the store is said to be down.
func (t *Telemetry) Watch(sources Sources) (unwatch func()) {
	t.scrape.sources.Store(&sources)
	return func() { t.scrape.sources.CompareAndSwap(&sources, nil) }
}

// scrape is what is true at a moment.
type scrape struct {
	logger  logr.Logger
	sources atomic.Pointer[Sources]
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

var (
	storeUp       = desc("store_up", "1 if the event store answers, else 0.")
	storePosition = desc("store_position", "Position of the last event in the store.")
	cacheHits     = desc("cache_hits_total", "States of streams that were found in memory.")
	cacheMisses   = desc("cache_misses_total", "States of streams that had to be read from the store.")
	cachedStreams = desc("cached_streams", "Streams of which a state is in memory.")
	feedLagEvents = desc("feed_lag_events", "Events that the feed has still to pass on.")
	feedLag       = desc("feed_lag_seconds", "Age of the oldest event that the feed has still to pass on, else 0.")
	circuitState  = desc("circuit_state",
		"Whether a provider is called: 0 if its circuit is closed, 1 if half-open, 2 if open; by kind, name and class of calls.",
		"kind", "name", "calls")
	ordersOpen    = desc("orders_open", "Orders that have not ended.")
	ordersWaiting = desc("orders_waiting", "Open orders that wait for something that is not there, by reason.", "reason")
	ordersAsking  = desc("orders_needing_attention", "Orders about which a person has to decide, by reason.", "reason")
)

// Describe implements prometheus.Collector.
func (s *scrape) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		storeUp, storePosition, cacheHits, cacheMisses, cachedStreams, feedLagEvents, feedLag, circuitState,
		ordersOpen, ordersWaiting, ordersAsking,
	} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (s *scrape) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	sources := s.sources.Load()
	if sources == nil {
		gauge(storeUp, 0)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	sources.collectStore(ctx, gauge)
	sources.collectExecutor(metrics, gauge)
	sources.collectCircuits(gauge)
	if !sources.CaughtUp() {
		return
	}
	if err := sources.collectOrders(gauge); err != nil {
		s.logger.Error(err, "The open orders can't be counted")
	}
}

type gauging func(d *prometheus.Desc, value float64, labels ...string)

func (s *Sources) collectStore(ctx context.Context, gauge gauging) {
	head, err := s.Store.Head(ctx)
	gauge(storeUp, asNumber(err == nil))
	if err != nil {
		return
	}
	gauge(storePosition, float64(head))
	if !s.CaughtUp() {
		return
	}
	if events, age, err := s.Lag(ctx); err == nil { // else store_up says it at the next scrape
		gauge(feedLagEvents, float64(events))
		gauge(feedLag, age.Seconds())
	}
}

func (s *Sources) collectExecutor(metrics chan<- prometheus.Metric, gauge gauging) {
	stats := s.Executor()
	metrics <- prometheus.MustNewConstMetric(cacheHits, prometheus.CounterValue, float64(stats.CacheHits))
	metrics <- prometheus.MustNewConstMetric(cacheMisses, prometheus.CounterValue, float64(stats.CacheMisses))
	gauge(cachedStreams, float64(stats.CachedStreams))
}

var stateNumbers = map[guard.State]float64{guard.Closed: 0, guard.HalfOpen: 1, guard.Open: 2}

var classNames = map[guard.Class]string{guard.Acting: "acting", guard.LookingUp: "looking_up", guard.Undoing: "undoing"}

func (s *Sources) collectCircuits(gauge gauging) {
	for service, circuits := range s.Circuits {
		for name, of := range circuits() {
			for class, called := range classNames {
				gauge(circuitState, stateNumbers[of.Of(class).State], kindOf(service), name, called)
			}
		}
	}
}

// Reasons that are always there: the first order that waits for one is a rise.
var (
	waitingReasons = []string{
		saga.ReasonWaitingForProduct, saga.ReasonWaitingForGateway, saga.ReasonWaitingForCarrier, saga.ReasonWaitingForOrder,
		saga.ReasonGatewayUnavailable, saga.ReasonCarrierUnavailable,
	}
	askingReasons = []string{
		saga.ReasonRefundRefused, saga.ReasonCancelRefused, saga.ReasonVoidRefused, saga.ReasonOutcomeUnknown,
		saga.ReasonUndoFailing, saga.ReasonCallFailing, saga.ReasonShippedUnpaid, saga.ReasonHappenedTwice,
	}
)

func (s *Sources) collectOrders(gauge gauging) error {
	rows, err := s.Open()
	if err != nil {
		return err
	}
	open, waiting, asking := 0, zero(waitingReasons), zero(askingReasons)
	for _, row := range rows {
		if !row.Ended {
			open++
		}
		if row.Waiting != nil {
			waiting[row.Waiting.Reason]++
		}
		if row.Attention != nil {
			asking[row.Attention.Reason]++
		}
	}
	gauge(ordersOpen, float64(open))
	for reason, orders := range waiting {
		gauge(ordersWaiting, float64(orders), reason)
	}
	for reason, orders := range asking {
		gauge(ordersAsking, float64(orders), reason)
	}
	return nil
}

func zero(reasons []string) map[string]int {
	counts := make(map[string]int, len(reasons))
	for _, reason := range reasons {
		counts[reason] = 0
	}
	return counts
}

func asNumber(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
