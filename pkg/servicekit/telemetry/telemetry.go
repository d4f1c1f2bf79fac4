// Package telemetry makes a service's tracer, meter, logger and metrics registry. They are passed in, never
// global, so that four services can live in one process.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// Config of telemetry.
type Config struct {
	// Endpoint of an OTLP gRPC collector, host:port; empty exports nothing.
	Endpoint string `koanf:"otlp_endpoint"`
	// Insecure speaks to the collector without TLS.
	Insecure bool `koanf:"otlp_insecure"`
	// LogLevel is debug, info, warn or error; default info.
	LogLevel string `koanf:"log_level"`
	// LogFormat is json or text; default json.
	LogFormat string `koanf:"log_format"`
}

// Validate reports every fault of c.
func (c Config) Validate() error {
	var errs []error
	if _, err := c.level(); err != nil {
		errs = append(errs, err)
	}
	if c.LogFormat != "" && c.LogFormat != "json" && c.LogFormat != "text" {
		errs = append(errs, fmt.Errorf("telemetry.log_format: %q is neither json nor text", c.LogFormat))
	}
	return errors.Join(errs...)
}

func (c Config) level() (slog.Level, error) {
	var l slog.Level
	if c.LogLevel == "" {
		return slog.LevelInfo, nil
	}
	if err := l.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return 0, fmt.Errorf("telemetry.log_level: %q is none of debug, info, warn, error", c.LogLevel)
	}
	return l, nil
}

// Telemetry is what a service reports with. The zero value is not usable; Discard is for tests.
type Telemetry struct {
	// Service is the service's name: the logger's and the resource's.
	Service string
	Tracer  trace.Tracer
	Meter   metric.Meter
	Log     *slog.Logger
	// Metrics serves the Prometheus scrape, OpenMetrics with exemplars.
	Metrics http.Handler
}

// Options are what only a test or the all-in-one sets.
type Options struct {
	// Log replaces the logger on standard error; lines get their trace id all the same.
	Log *slog.Logger
	// Spans gets every finished span beside the exporter.
	Spans sdktrace.SpanProcessor
}

// New starts exporting; stop flushes and ends it. An unreachable collector is no error: exporting retries in
// the background and drops what it cannot deliver.
func New(ctx context.Context, service string, cfg Config, opts Options) (tel *Telemetry, stop func(context.Context) error, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, nil, err
	}
	res := resource.NewSchemaless(attribute.String("service.name", service), attribute.String("service.namespace", "frontdesk"))
	tp, err := traces(ctx, cfg, res, opts.Spans)
	if err != nil {
		return nil, nil, err
	}
	mp, handler, err := metrics(ctx, cfg, res)
	if err != nil {
		return nil, nil, errors.Join(err, tp.Shutdown(ctx))
	}
	log := newLog(cfg)
	if opts.Log != nil {
		log = slog.New(withTrace(opts.Log.Handler()))
	}
	tel = &Telemetry{
		Service: service, Tracer: tp.Tracer(scope), Meter: mp.Meter(scope),
		Log: log.With("service", service), Metrics: handler,
	}
	return tel, func(ctx context.Context) error {
		return errors.Join(tp.Shutdown(ctx), mp.Shutdown(ctx))
	}, nil
}

const scope = "github.com/frontdesk/frontdesk"

func traces(ctx context.Context, cfg Config, res *resource.Resource, extra sdktrace.SpanProcessor) (*sdktrace.TracerProvider, error) {
	opts := []sdktrace.TracerProviderOption{sdktrace.WithResource(res), sdktrace.WithIDGenerator(idGenerator{})}
	if extra != nil {
		opts = append(opts, sdktrace.WithSpanProcessor(extra))
	}
	if cfg.Endpoint == "" {
		if extra == nil {
			// Nobody looks at the spans: none is recorded, but trace ids still travel.
			opts = append(opts, sdktrace.WithSampler(sdktrace.NeverSample()))
		}
		return sdktrace.NewTracerProvider(opts...), nil
	}
	o := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(cfg.Endpoint)}
	if cfg.Insecure {
		o = append(o, otlptracegrpc.WithInsecure())
	}
	exp, err := otlptracegrpc.New(ctx, o...)
	if err != nil {
		return nil, fmt.Errorf("preparing the trace exporter to %s: %w", cfg.Endpoint, err)
	}
	return sdktrace.NewTracerProvider(append(opts, sdktrace.WithBatcher(exp))...), nil
}

func metrics(ctx context.Context, cfg Config, res *resource.Resource) (*sdkmetric.MeterProvider, http.Handler, error) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(goCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	prom, err := otelprom.New(otelprom.WithRegisterer(reg))
	if err != nil {
		return nil, nil, fmt.Errorf("preparing the metrics registry: %w", err)
	}
	opts := []sdkmetric.Option{sdkmetric.WithResource(res), sdkmetric.WithReader(prom)}
	if cfg.Endpoint != "" {
		o := []otlpmetricgrpc.Option{otlpmetricgrpc.WithEndpoint(cfg.Endpoint)}
		if cfg.Insecure {
			o = append(o, otlpmetricgrpc.WithInsecure())
		}
		exp, err := otlpmetricgrpc.New(ctx, o...)
		if err != nil {
			return nil, nil, fmt.Errorf("preparing the metric exporter to %s: %w", cfg.Endpoint, err)
		}
		opts = append(opts, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exp, sdkmetric.WithInterval(15*time.Second))))
	}
	return sdkmetric.NewMeterProvider(opts...), promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}), nil
}

// goCollector has, beside its usual metrics, go_gc_heap_live_bytes: what the last collection found in use, which shows a leak
// where the heap and the resident memory go up and down with the garbage.
func goCollector() prometheus.Collector {
	return collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
		collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/gc/heap/live:bytes$`)}))
}

func newLog(cfg Config) *slog.Logger {
	level, _ := cfg.level() // validated by New
	o := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "text" {
		return slog.New(withTrace(slog.NewTextHandler(os.Stderr, o)))
	}
	return slog.New(withTrace(slog.NewJSONHandler(os.Stderr, o)))
}

// Discard reports to nobody.
func Discard() *Telemetry {
	return &Telemetry{
		Service: "test", Tracer: tracenoop.NewTracerProvider().Tracer(scope),
		Meter: metricnoop.NewMeterProvider().Meter(scope), Log: slog.New(slog.DiscardHandler),
		Metrics: http.NotFoundHandler(),
	}
}
