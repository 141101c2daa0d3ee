//! Starting, reloading and stopping the gateway.
//!
//! ```text
//! configuration ──► data directory ──► store ──► sources ──► first account ──► sockets ──► worker threads ──► ready
//!       └── watched: a change or SIGHUP is loaded as a whole, or not at all
//! ```

use crate::config::{self, Faults, Loaded, Overrides, Plan, Server, Source};
use crate::held::Holding;
use crate::metrics::Metrics;
use crate::sign_in::Renewals;
use crate::tls::{self, Secured, TlsError};
use crate::trail::Trail;
use crate::worker::{Shared, Worker, random};
use crate::{admin, listen};
use arc_swap::{ArcSwap, ArcSwapOption};
use aws_lc_rs::hmac;
use countersign::login::Sealer;
use countersign::{AccountName, Issuer, Secret, hex};
use countersign_sources::{Options as SourceOptions, Sources, passwords};
use countersign_store::{DataDir, NewAccount, Store, StoreError};
use rustls::pki_types::CertificateDer;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tracing::{error, info, warn};

/// The account that a first start without a file makes.
const FIRST_ACCOUNT: &str = "admin";
/// How often files are looked at for changes.
const WATCH: Duration = Duration::from_millis(500);

/// What to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the configuration comes from.
    pub source: Source,
    /// What the command line sets above it.
    pub overrides: Overrides,
}

/// What a started gateway tells.
#[derive(Debug)]
pub struct Ready {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where the administration listens.
    pub admin: SocketAddr,
    /// Is the listener TLS?
    pub secure: bool,
    /// The data directory.
    pub data: PathBuf,
    /// The first account and its password, told this once.
    pub first_account: Option<(String, Secret)>,
}

/// Why it does not start.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The configuration has faults.
    #[error("{0}")]
    Config(#[from] Faults),
    /// The data directory or its database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A certificate cannot be used.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// An address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The system refused something else.
    #[error("{0}: {1}")]
    System(&'static str, io::Error),
}

/// Serves until SIGTERM or SIGINT; calls `ready` when connections are accepted.
///
/// # Errors
/// [`ServeError`] if it cannot start. Nothing is served then.
pub fn run(options: &Options, ready: impl FnOnce(Ready)) -> Result<(), ServeError> {
    // Other crates would ask which provider is meant; a second call changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // Looked at before it is read, so that a change in between is not missed.
    let seen = stamp_of_config(options);
    let Loaded { plan, warnings } = load(options)?;
    for warning in &warnings {
        warn!("{warning}");
    }
    let data = DataDir::open(&plan.server.data)?;
    let background = Builder::new_multi_thread().worker_threads(1).thread_name("background").enable_all().build();
    let background = background.map_err(|error| ServeError::System("cannot start a thread", error))?;
    // Whoever is told that it is ready may signal at once.
    let listen_for = |kind| {
        let _context = background.enter();
        signal(kind).map_err(|error| ServeError::System("cannot listen for signals", error))
    };
    let (mut terminate, mut interrupt) = (listen_for(SignalKind::terminate())?, listen_for(SignalKind::interrupt())?);
    let hangup = listen_for(SignalKind::hangup())?;
    let store = background.block_on(Store::open(&data))?.acting_as("gateway");
    let first_account = if matches!(options.source, Source::Default) { background.block_on(first_account(&store))? } else { None };
    let (shared, trail_thread) = share(plan, &data, store, background.handle())?;
    let plan = shared.plan.load_full();
    let certificate = plan.server.tls.as_ref().map(tls::secured).transpose()?;
    let certificate = Arc::new(ArcSwapOption::from(certificate));
    let listeners = bind_all(plan.server.listen, plan.server.workers)?;
    let admin = background
        .block_on(TcpListener::bind(plan.server.admin_listen))
        .map_err(|error| ServeError::Listen(plan.server.admin_listen, error))?;
    let told = Ready {
        listen: listeners.first().map_or(Ok(plan.server.listen), std::net::TcpListener::local_addr).unwrap_or(plan.server.listen),
        admin: admin.local_addr().unwrap_or(plan.server.admin_listen),
        secure: plan.server.tls.is_some(),
        data: data.path().to_owned(),
        first_account,
    };
    let (stop, stopped) = watch::channel(false);
    let workers = start_workers(&shared, listeners, &certificate, &stopped)?;
    background.spawn(admin::run(shared.clone(), admin));
    background.spawn(watch_files(shared.clone(), options.clone(), data, certificate, seen, hangup));
    ready(told);
    background.block_on(async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    });
    info!("stopping: what is being answered ends first");
    let _ = stop.send(true);
    for worker in workers {
        let _ = worker.join();
    }
    background.block_on(shared.sources.flush());
    background.shutdown_timeout(Duration::from_secs(1));
    drop(shared);
    let _ = trail_thread.join();
    Ok(())
}

fn load(options: &Options) -> Result<Loaded, Faults> {
    config::load(&options.source, &options.overrides, &|name| std::env::var(name).ok())
}

/// Everything that all threads share.
fn share(
    plan: Plan,
    data: &DataDir,
    store: Store,
    background: &tokio::runtime::Handle,
) -> Result<(Arc<Shared>, JoinHandle<()>), ServeError> {
    let own = Arc::new(own_issuer(&plan, data));
    let plan = plan.with_own_issuer(own.clone());
    data.keep_revision(&plan.revision, &plan.file, &plan.text)?;
    let options = SourceOptions {
        own: Some((own, Arc::new(data.token_key()?.key_set()))),
        extra_roots: plan.server.issuer_authorities.as_deref().map_or(Ok(Vec::new()), issuer_roots)?,
        ..SourceOptions::new(data.fingerprint_key()?)
    };
    let sources = Sources::start(store, options, background.clone());
    background.block_on(keep_digest_spaces(sources.store(), &plan))?;
    sources.prefetch(&plan.issuers);
    let metrics = Arc::new(Metrics::new());
    let trail = Trail::start(&data.path().join("trail"), metrics.clone());
    let (trail, thread) = trail.map_err(|error| ServeError::System("cannot write the trail", error))?;
    let shared = Shared {
        sources,
        background: background.clone(),
        seals: ArcSwap::from_pointee(data.seal_ring(now())?),
        csrf: hmac::Key::new(hmac::HMAC_SHA256, &data.csrf_key()?),
        login: Sealer::new(&data.login_key()?),
        renewals: Renewals::default(),
        node: data.node(),
        trail,
        metrics,
        holding: Holding::default(),
        upstream_tls: TlsConnector::from(tls::client_config(plan.server.upstream_authorities.as_deref())?),
        plan: ArcSwap::from_pointee(plan),
    };
    Ok((Arc::new(shared), thread))
}

fn issuer_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    config::authorities::read(path).map_err(|reason| TlsError::File { path: path.to_owned(), reason })
}

/// Tokens of `countersign token issue` are for trying things out on every site, so they may name any audience of the plan.
fn own_issuer(plan: &Plan, data: &DataDir) -> Issuer {
    let mut audiences: Vec<String> = plan.issuers.iter().flat_map(|issuer| issuer.audiences.iter().cloned()).collect();
    audiences.extend(plan.sites.iter().map(|site| site.realm.clone()));
    Issuer {
        name: "countersign".into(),
        issuer: data.own_issuer(),
        audiences,
        algorithms: vec![countersign::token::Algorithm::EdDsa],
        leeway: 30,
        access_token_type: true,
        binding: countersign::TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    }
}

/// Says in the store for what new passwords leave Digest secrets, since the command line may not see this configuration.
async fn keep_digest_spaces(store: &Store, plan: &Plan) -> Result<(), StoreError> {
    store.set_digest_spaces(&plan.digest_spaces(), now()).await?;
    if plan.digest.is_none() {
        let left = store.accounts_with_digest().await?;
        if left > 0 {
            warn!("{left} accounts have Digest secrets, which no rule asks for: `countersign user forget-digest` removes them");
        }
    }
    Ok(())
}

async fn first_account(store: &Store) -> Result<Option<(String, Secret)>, StoreError> {
    if !store.accounts().await?.is_empty() {
        return Ok(None);
    }
    let mut bytes = [0; 12];
    random(&mut bytes);
    let password = Secret::new(hex(&bytes));
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let account = NewAccount {
        name: AccountName::new(FIRST_ACCOUNT),
        password: Some(passwords::hash(&password).into()),
        roles: texts(&["staff"]),
        scopes: texts(&["sample:read", "sample:write"]),
        password_expires: None,
    };
    store.add_account(account, now()).await?;
    Ok(Some((FIRST_ACCOUNT.to_owned(), password)))
}

/// One socket for each worker, all on the same address; port 0 is chosen once.
fn bind_all(address: SocketAddr, workers: usize) -> Result<Vec<std::net::TcpListener>, ServeError> {
    let fault = |error| ServeError::Listen(address, error);
    // A second gateway on the same address would share its requests: taken must mean taken.
    drop(std::net::TcpListener::bind(address).map_err(fault)?);
    let first = listen::bind(address).map_err(fault)?;
    let chosen = first.local_addr().map_err(fault)?;
    let rest = (1..workers.max(1)).map(|_| listen::bind(chosen));
    std::iter::once(Ok(first)).chain(rest).collect::<Result<_, _>>().map_err(fault)
}

fn start_workers(
    shared: &Arc<Shared>,
    listeners: Vec<std::net::TcpListener>,
    certificate: &Arc<ArcSwapOption<Secured>>,
    stopped: &watch::Receiver<bool>,
) -> Result<Vec<JoinHandle<()>>, ServeError> {
    let start = |(number, listener): (usize, std::net::TcpListener)| {
        let (shared, certificate, stopped) = (shared.clone(), certificate.clone(), stopped.clone());
        std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || work(shared, listener, certificate, stopped))
    };
    let threads: io::Result<Vec<_>> = listeners.into_iter().enumerate().map(start).collect();
    threads.map_err(|error| ServeError::System("cannot start a thread", error))
}

/// One worker thread: a runtime of its own, on which nothing is ever moved to another thread.
fn work(shared: Arc<Shared>, listener: std::net::TcpListener, certificate: Arc<ArcSwapOption<Secured>>, stopped: watch::Receiver<bool>) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return error!("a worker has no runtime: {error}"),
    };
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        let worker = Worker::new(shared);
        let flusher = worker.clone();
        tokio::task::spawn_local(async move {
            let mut often = tokio::time::interval(Duration::from_millis(100));
            loop {
                often.tick().await;
                flusher.trail.flush();
            }
        });
        if let Err(error) = listen::run(worker, listener, certificate, stopped).await {
            error!("a worker cannot listen: {error}");
        }
    });
}

/// Reloads the configuration and the certificate when their files change, or on SIGHUP; rotates the sealing key.
async fn watch_files(
    shared: Arc<Shared>,
    options: Options,
    data: DataDir,
    certificate: Arc<ArcSwapOption<Secured>>,
    config: Option<Stamp>,
    mut hangup: Signal,
) {
    let mut seen = (config, stamps_of_tls(&shared));
    let mut seals_checked = now();
    loop {
        let asked = tokio::select! {
            _ = hangup.recv() => true,
            () = tokio::time::sleep(WATCH) => false,
        };
        let stamps_now = (stamp_of_config(&options), stamps_of_tls(&shared));
        if asked || stamps_now != seen {
            reload(&shared, &options, &data, &certificate);
            // As they were before loading: a change in between is noticed at the next look.
            seen = stamps_now;
        }
        if now() - seals_checked > 3600 {
            seals_checked = now();
            match data.seal_ring(now()) {
                Ok(ring) => shared.seals.store(Arc::new(ring)),
                Err(error) => error!("the sealing keys cannot be read: {error}"),
            }
        }
    }
}

/// All of the new plan takes effect, or nothing of it.
fn reload(shared: &Shared, options: &Options, data: &DataDir, certificate: &ArcSwapOption<Secured>) {
    let Loaded { plan, warnings } = match load(options) {
        Ok(loaded) => loaded,
        Err(faults) => return error!("the configuration is not taken over, the one before stays in force:\n{faults}"),
    };
    for warning in warnings {
        warn!("{warning}");
    }
    match plan.server.tls.as_ref().map(tls::secured).transpose() {
        Ok(renewed) => certificate.store(renewed),
        Err(error) => return error!("the configuration is not taken over, the one before stays in force: {error}"),
    }
    let before = shared.plan.load_full();
    for key in fixed_at_start(&before.server, &plan.server) {
        warn!("`{key}` takes effect at the next start");
    }
    let own = Arc::new(own_issuer(&plan, data));
    let plan = plan.with_own_issuer(own);
    if let Err(error) = data.keep_revision(&plan.revision, &plan.file, &plan.text) {
        error!("the configuration could not be kept for explaining: {error}");
    }
    shared.sources.prefetch(&plan.issuers);
    let (store, kept) = (shared.sources.store().clone(), plan.clone());
    shared.background.spawn(async move {
        if let Err(error) = keep_digest_spaces(&store, &kept).await {
            error!("the realms of Digest could not be kept: {error}");
        }
    });
    shared.sources.changed();
    info!(revision = hex(&plan.revision), "the configuration is in force");
    shared.plan.store(Arc::new(plan));
}

/// The keys that differ and are read only once.
fn fixed_at_start(before: &Server, after: &Server) -> Vec<&'static str> {
    let differs = [
        ("server.listen", before.listen != after.listen),
        ("server.admin_listen", before.admin_listen != after.admin_listen),
        ("server.data", before.data != after.data),
        ("server.workers", before.workers != after.workers),
        ("server.upstream_authorities", before.upstream_authorities != after.upstream_authorities),
        ("server.issuer_authorities", before.issuer_authorities != after.issuer_authorities),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}

/// Time and size of a file, to notice changes by.
type Stamp = (SystemTime, u64);

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn stamp_of_config(options: &Options) -> Option<Stamp> {
    match &options.source {
        Source::File(path) => stamp(path),
        Source::Default => None,
    }
}

fn stamps_of_tls(shared: &Shared) -> Vec<Option<Stamp>> {
    let plan = shared.plan.load();
    plan.server
        .tls
        .iter()
        .flat_map(|tls| [stamp(&tls.certificate), stamp(&tls.key), tls.client_authorities.as_deref().and_then(stamp)])
        .collect()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
