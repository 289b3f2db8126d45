//! The web pages and the JSON API.
//!
//! Shows what store, index and matcher know; starts no crawl and sends nothing itself: it puts work in the queue.
//! Handlers read (`pages`, `api`), `backend` is their only way to blocking calls, `layers` surrounds every request.
//! Accounts and permissions do not exist yet: the server is meant for the loopback address, see [`layers::Hosts`].

pub mod api;
pub mod assets;
mod backend;
mod findings;
mod history;
pub mod layers;
pub mod marks;
pub mod metrics;
mod ops;
mod pages;
pub mod params;
pub mod problem;
#[cfg(test)]
mod tests;
pub mod vocabulary;
pub mod wording;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use model::{Clock, Regions, Source};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use layers::Hosts;
pub use metrics::Metrics;
pub use problem::Problem;
pub use vocabulary::Vocabulary;

/// Longest body anybody may send: forms here carry no fields at all.
const MOST_BODY_BYTES: usize = 64 * 1024;
/// Longest address anybody may ask for.
const MOST_ADDRESS_BYTES: usize = 8 * 1024;
/// Longest time one request may take.
const LONGEST_REQUEST: Duration = Duration::from_secs(20);
/// Most requests in work at once.
const MOST_REQUESTS: usize = 512;

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Policies, enterprises, messages, queue.
    pub store: Arc<store::Store>,
    /// The search index.
    pub index: Arc<search::Index>,
    /// Reads texts to compare them; without it only their sentences are compared.
    pub annotator: Option<Arc<annotate::Annotator>>,
    /// Conditions × enterprises.
    pub matcher: Arc<matcher::Matcher>,
    /// Names of places.
    pub regions: Arc<Regions>,
    /// The time.
    pub clock: Clock,
    /// Numbers for `/metrics`.
    pub metrics: Metrics,
    /// Names of indicators and tags.
    pub vocabulary: Arc<Vocabulary>,
    /// The sources as configured, for `/sources`.
    pub sources: Arc<Vec<Source>>,
    /// Host names that are answered.
    pub hosts: Hosts,
    permits: backend::Permits,
    places: Arc<Semaphore>,
}

impl App {
    /// An application over these stages, answering on loopback names only.
    #[must_use]
    pub fn new(
        store: Arc<store::Store>,
        index: Arc<search::Index>,
        matcher: Arc<matcher::Matcher>,
        regions: Arc<Regions>,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            index,
            annotator: None,
            matcher,
            regions,
            clock,
            metrics: Metrics::install(),
            vocabulary: Arc::default(),
            sources: Arc::default(),
            hosts: Hosts::default(),
            permits: backend::Permits::default(),
            places: Arc::new(Semaphore::new(MOST_REQUESTS)),
        }
    }

    /// With names for indicators and tags.
    #[must_use]
    pub fn with_vocabulary(mut self, vocabulary: Vocabulary) -> Self {
        self.vocabulary = Arc::new(vocabulary);
        self
    }

    /// With what reads old texts anew, to compare what they ask and give.
    #[must_use]
    pub fn with_annotator(mut self, annotator: Arc<annotate::Annotator>) -> Self {
        self.annotator = Some(annotator);
        self
    }

    /// With the configured sources.
    #[must_use]
    pub fn with_sources(mut self, sources: Vec<Source>) -> Self {
        self.sources = Arc::new(sources);
        self
    }

    /// With other host names than those of the loopback address.
    #[must_use]
    pub fn with_hosts(mut self, hosts: Hosts) -> Self {
        self.hosts = hosts;
        self
    }
}

/// Every page, the API and what machines ask, with all layers around them.
pub fn router(app: App) -> Router {
    let (api, openapi) = api::routes();
    let described = axum::Json(openapi);
    let refuse = |_: ProtectionError| Problem::of_status(StatusCode::FORBIDDEN).into_response();
    Router::new()
        .route("/", get(pages::search::page))
        .route("/policies/{id}", get(pages::policy::page))
        .route("/policies/{id}/diff", get(pages::difference::page))
        .route("/enterprises", get(pages::enterprises::list))
        .route("/enterprises/{id}", get(pages::enterprises::page))
        .route("/enterprises/{id}/match", post(pages::enterprises::queue_match))
        .route("/enterprises/{id}/messages/{message}/open", post(pages::enterprises::open))
        .route("/sources", get(pages::sources::page))
        .route("/proposals", get(pages::proposals::page))
        .route("/sources/{id}/crawl", post(pages::sources::queue_crawl))
        .route("/sources/{id}/pause", post(pages::sources::pause))
        .route("/sources/{id}/resume", post(pages::sources::resume))
        .route("/assets/{version}/{name}", get(assets::serve))
        .route("/healthz", get(ops::health))
        .route("/readyz", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        .merge(api)
        .route("/api/v1/openapi.json", get(move || async move { described }))
        .fallback(|| async { Problem::of_status(StatusCode::NOT_FOUND) })
        // Layers: the last one sees a request first.
        .layer(CsrfLayer::new().with_rejection_response(refuse))
        .layer((DefaultBodyLimit::disable(), RequestBodyLimitLayer::new(MOST_BODY_BYTES)))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_REQUEST))
        .layer(from_fn(layers::check_address))
        .layer(from_fn_with_state(app.clone(), layers::check_host))
        .layer(from_fn_with_state(app.clone(), layers::shed_load))
        .layer(CatchPanicLayer::custom(layers::after_panic))
        .layer(from_fn_with_state(app.clone(), layers::observe))
        .layer(CompressionLayer::new())
        .with_state(app)
}

/// Serves until `stop` resolves, then lets the requests in work finish.
///
/// # Errors
/// Those of the listener.
pub async fn serve(
    listener: tokio::net::TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(app)).with_graceful_shutdown(stop).await
}
