//! Numbers for the operator: requests, their latency, and what lies in the store, in the Prometheus text format.
//!
//! The recorder of the `metrics` crate is global to the process, so it is installed once and every [`Metrics`] shares it.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher as Names, PrometheusBuilder, PrometheusHandle};

static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();

/// Upper bounds in seconds. The promise is an answer within 3 seconds.
const LATENCY_SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0];

const REQUESTS: &str = "huice_http_requests_total";
const LATENCY: &str = "huice_http_request_seconds";
const SHED: &str = "huice_http_shed_total";

/// The process-wide recorder.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder, or gives the one that is installed.
    ///
    /// Where another recorder was installed by somebody else, numbers go there and this one stays empty.
    #[must_use]
    pub fn install() -> Self {
        let handle = INSTALLED.get_or_init(|| {
            let builder = PrometheusBuilder::new();
            let builder = match PrometheusBuilder::new().set_buckets_for_metric(Names::Full(LATENCY.to_owned()), LATENCY_SECONDS)
            {
                Ok(with_buckets) => with_buckets,
                Err(_) => builder,
            };
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is installed; /metrics will stay empty");
            }
            describe_counter!(REQUESTS, "requests by method, route and status");
            describe_histogram!(LATENCY, "time to answer in seconds by route");
            describe_counter!(SHED, "requests refused because too many were in work");
            describe_gauge!("huice_store_items", "items in the store by kind");
            describe_gauge!("huice_outbox_messages", "messages in the outbox by state");
            describe_gauge!("huice_index_policies", "policies in the search index");
            handle
        });
        Self { handle: handle.clone() }
    }

    /// Counts one answered request.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        // Method names come from outside; only known ones may become label values.
        let method = match method {
            "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS" => method.to_owned(),
            _ => "other".to_owned(),
        };
        counter!(REQUESTS, "method" => method, "route" => route.to_owned(), "status" => status.to_string()).increment(1);
        histogram!(LATENCY, "route" => route.to_owned()).record(took.as_secs_f64());
    }

    /// Counts one refused request.
    pub fn shed(&self) {
        counter!(SHED).increment(1);
    }

    /// Sets the number of stored items of a kind.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn stored(&self, kind: &str, count: u64) {
        gauge!("huice_store_items", "kind" => kind.to_owned()).set(count as f64);
    }

    /// Sets the number of messages in a state.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn messages(&self, state: &'static str, count: u64) {
        gauge!("huice_outbox_messages", "state" => state).set(count as f64);
    }

    /// Sets the number of indexed policies.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn indexed(&self, count: u64) {
        gauge!("huice_index_policies").set(count as f64);
    }

    /// Everything in the Prometheus text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Metrics")
    }
}
