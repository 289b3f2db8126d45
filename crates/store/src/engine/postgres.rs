//! The engine contract on `PostgreSQL`, for several machines over one store: a table per [`Table`], JSON where it is JSON.
//!
//! - One writer at a time, on all machines: a change is computed and applied in a transaction that holds an advisory lock to
//!   its end. So what it read is still true, and the change sequence is committed in its order: a reader sees no gaps.
//! - The server commits with a sync, so what was applied is durable and `settle` has nothing left to do.
//! - A machine that dies loses its connection, and with it its transaction, its locks and its leadership. One that hangs
//!   inside a change is cut off by the server after a minute.
//! - A `jsonb` gives its keys in another order and its numbers in another form: values are compared as `jsonb`, and nothing
//!   hashes stored bytes. What `jsonb` cannot hold (a NUL, no JSON at all) lies in the column `raw` as it is.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;

use crate::engine::{KeyRange, Table};
use crate::error::{Result, StoreError};

mod scan;
mod schema;
mod session;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use self::scan::Scan;
pub(crate) use self::session::{Lane, Session};

/// Connections of one process. More would only wait for the one writer.
const MOST_CONNECTIONS: usize = 16;
/// How long a connection may take to be made or to become free.
const PATIENCE: Duration = Duration::from_secs(30);
/// A server that does not acknowledge for so long is taken for gone.
const SILENCE: Duration = Duration::from_secs(30);
/// How often a call is begun again on another connection when the one it had turned out dead: a server that was restarted
/// leaves a pool full of those.
const MOST_CONNECTS: usize = MOST_CONNECTIONS + 1;
/// Settings of every connection: every statement of ours finds rows by their keys, whatever the planner guesses of a table
/// that was empty when it looked; and a commit waits for the disk, whatever the server's default.
const OPTIONS: &str = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c synchronous_commit=on \
                       -c client_min_messages=warning";

/// An open engine. Any number of processes may have the same one open.
pub(crate) struct Engine(Arc<Shared>);

/// What sessions share.
pub(super) struct Shared {
    pool: Pool,
    /// Drives the connections; gone only while the engine is dropped.
    runtime: Option<tokio::runtime::Runtime>,
    /// The URL without its secret part.
    name: PathBuf,
    can_skip_locked: bool,
    /// A connection of its own that holds what this process leads, and what that is.
    leading: Mutex<Option<(ClientWrapper, BTreeSet<String>)>>,
}

impl Engine {
    /// Connects to the server and makes the tables if need be.
    pub(crate) fn open(config: &Config, name: &str) -> Result<Self> {
        Self::open_for(config, name, &schema::Purpose::Use)
    }

    /// The same for a restore, which fills an empty database: until [`Engine::restored`] nobody else can open it.
    pub(crate) fn open_to_restore(config: &Config, name: &str) -> Result<Self> {
        Self::open_for(config, name, &schema::Purpose::Restore)
    }

    fn open_for(config: &Config, name: &str, purpose: &schema::Purpose) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().thread_name("postgres").build();
        let runtime = runtime.map_err(|source| StoreError::io(Path::new(name), source))?;
        let shared = Shared {
            pool: pool(config, name)?,
            runtime: Some(runtime),
            name: name.into(),
            can_skip_locked: true,
            leading: Mutex::default(),
        };
        let mut engine = Self(Arc::new(shared));
        let version = schema::prepare(&engine.0, purpose)?;
        if let Some(shared) = Arc::get_mut(&mut engine.0) {
            shared.can_skip_locked = sql::can_skip_locked(version);
        }
        Ok(engine)
    }

    /// Tells that a restore is whole.
    pub(crate) fn restored(&self) -> Result<()> {
        schema::restored(&self.0)
    }

    /// Behaves as on a server that lacks `SKIP LOCKED`.
    #[cfg(test)]
    pub(super) fn without_skip_locked(mut self) -> Self {
        Arc::get_mut(&mut self.0).expect("no session is open").can_skip_locked = false;
        self
    }

    /// Reads what is newest at each call.
    pub(crate) fn now(&self) -> Session {
        Session::now(&self.0)
    }

    /// Reads one moment.
    pub(crate) fn snapshot(&self) -> Result<Session> {
        Session::begin(&self.0, Lane::Read)
    }

    /// Reads for computing a change while no other machine does.
    pub(crate) fn writer(&self) -> Result<Session> {
        Session::begin(&self.0, Lane::Write)
    }

    /// Reads for taking jobs, which several machines may do at once.
    pub(crate) fn claimer(&self) -> Result<Session> {
        let lane = if self.0.can_skip_locked { Lane::Claim } else { Lane::Write };
        Session::begin(&self.0, lane)
    }

    /// The highest number of the change sequence.
    pub(crate) fn sequence(&self) -> Result<u64> {
        let last = self.now().scan(Table::Changes, &KeyRange::all())?.step(true).transpose()?;
        Ok(last.and_then(|(place, _)| place.try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// Whether this process is the one of all on this store that has a duty. It keeps it until it ends or loses its connection.
    pub(crate) fn leads(&self, duty: &str) -> Result<bool> {
        let shared = &self.0;
        let mut leading = shared.leading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((client, duties)) = leading.as_ref() {
            // A connection that still answers still holds its locks.
            match shared.wait(client.simple_query("SELECT 1")) {
                Ok(_) if duties.contains(duty) => return Ok(true),
                Ok(_) => {}
                Err(_) => {
                    tracing::warn!(server = %shared.name.display(), ?duties, "the connection that held these duties is gone");
                    *leading = None;
                }
            }
        }
        if leading.is_none() {
            // Out of the pool: what it holds must not end with the next user of the connection.
            *leading = Some((Object::take(shared.connection()?), BTreeSet::new()));
        }
        let Some((client, duties)) = leading.as_mut() else { return Ok(false) };
        let duty_number = i32::from_le_bytes(crc32fast::hash(duty.as_bytes()).to_le_bytes());
        let asked = shared.wait(client.query_one("SELECT pg_try_advisory_lock($1, $2)", &[&sql::LEADER_LOCK, &duty_number]));
        let has_it = asked.and_then(|row| row.try_get(0)).map_err(|error| shared.failed(&error))?;
        if has_it {
            duties.insert(duty.to_owned());
        }
        Ok(has_it)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.name
    }
}

fn pool(config: &Config, name: &str) -> Result<Pool> {
    let mut config = config.clone();
    let options = [OPTIONS, config.get_options().unwrap_or_default()].join(" ");
    config.options(options).application_name("huice").connect_timeout(PATIENCE).tcp_user_timeout(SILENCE);
    config.keepalives_idle(SILENCE).keepalives_interval(Duration::from_secs(10)).keepalives_retries(3);
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if config.get_ssl_mode() == SslMode::Require {
        Manager::from_config(config, encryption(name)?, recycling)
    } else {
        Manager::from_config(config, tokio_postgres::NoTls, recycling)
    };
    let pool = Pool::builder(manager).max_size(MOST_CONNECTIONS).runtime(Runtime::Tokio1);
    let pool = pool.wait_timeout(Some(PATIENCE)).create_timeout(Some(PATIENCE)).recycle_timeout(Some(PATIENCE));
    pool.build().map_err(|error| StoreError::Url { url: name.to_owned(), reason: error.to_string() })
}

/// TLS with the roots of this machine.
fn encryption(name: &str) -> Result<tokio_postgres_rustls::MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let wrong = |reason: String| StoreError::Url { url: name.to_owned(), reason };
    if added == 0 {
        return Err(wrong("sslmode=require needs root certificates, and this machine has none".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| wrong(error.to_string()))?.with_root_certificates(roots).with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}

impl Shared {
    /// Waits for the server on this thread. The runtime beside it drives the connections, so this may also be called from
    /// within another runtime.
    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let _inside = self.runtime.as_ref().map(tokio::runtime::Runtime::enter);
        pollster::block_on(future)
    }

    /// A connection nobody else uses.
    fn connection(&self) -> Result<Object> {
        self.wait(self.pool.get()).map_err(|error| match error {
            PoolError::Backend(error) => self.failed(&error),
            other => self.unreachable(other.to_string()),
        })
    }

    fn unreachable(&self, detail: String) -> StoreError {
        StoreError::Unreachable { server: self.name.clone(), detail }
    }

    fn failed(&self, error: &tokio_postgres::Error) -> StoreError {
        let Some(said) = error.as_db_error() else {
            // The outer text is only a heading.
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            return self.unreachable(format!("{error}{cause}"));
        };
        let detail = said.message().to_owned();
        match said.code() {
            &SqlState::DISK_FULL | &SqlState::OUT_OF_MEMORY | &SqlState::INSUFFICIENT_RESOURCES => {
                StoreError::DiskFull { path: self.name.clone(), detail }
            }
            // Somebody else was there first; the change is computed again.
            &SqlState::UNIQUE_VIOLATION | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE => {
                StoreError::Conflict
            }
            &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => StoreError::Damaged { folder: self.name.clone(), detail },
            // Wrong names and passwords.
            code if code.code().starts_with("28") || *code == SqlState::UNDEFINED_DATABASE => StoreError::Url {
                url: self.name.display().to_string(),
                reason: format!("{detail}; check --store and HUICE_SECRET_STORE"),
            },
            code => self.unreachable(format!("{detail} ({})", code.code())),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.pool.close();
        if let Some(runtime) = self.runtime.take() {
            // Not waited for: this may be dropped within another runtime, which must not block.
            runtime.shutdown_background();
        }
    }
}
