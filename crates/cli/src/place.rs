//! Which installation a command works on: its data directory, and the store in it.

use crate::failure::{Class, Failure};
use clap::Args;
use countersign::Timestamp;
use countersign_gateway::config::{Overrides, Source, load};
use countersign_store::{DataDir, DigestSpace, Store};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The options that name an installation.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Place {
    /// The data directory [default: that of the configuration, else $COUNTERSIGN_DATA, else ~/.local/state/countersign]
    #[arg(long, value_name = "DIR", help_heading = "Installation")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration file, which names the data directory
    #[arg(long, value_name = "FILE", help_heading = "Installation")]
    pub(crate) config: Option<PathBuf>,
}

impl Place {
    /// The data directory's path, without touching it.
    pub(crate) fn path(&self) -> Result<PathBuf, Failure> {
        match &self.data {
            Some(data) => Ok(data.clone()),
            None => Ok(load(&self.source(), &Overrides::default(), &environment)?.plan.server.data),
        }
    }

    /// The environment that its API keys carry; empty for none.
    pub(crate) fn environment(&self) -> Result<String, Failure> {
        Ok(load(&self.source(), &Overrides::default(), &environment)?.plan.api_key_environment)
    }

    pub(crate) fn source(&self) -> Source {
        self.config.clone().map_or(Source::Default, Source::File)
    }

    /// The data directory, made if there is none yet.
    pub(crate) fn make(&self) -> Result<DataDir, Failure> {
        Ok(DataDir::open(&self.path()?)?)
    }

    /// The data directory, which must be there: a slip in its name must not make another one.
    pub(crate) fn existing(&self) -> Result<DataDir, Failure> {
        let path = self.path()?;
        if !path.is_dir() {
            let failure = Failure::of(Class::CannotKnow, "no-data", format!("there is no data directory at {}", path.display()));
            return Err(failure.mend("`--data DIR` names another one; `countersign serve` makes it"));
        }
        Ok(DataDir::open(&path)?)
    }

    /// Works on the store of the data directory, which must be there.
    pub(crate) fn work<T>(&self, work: impl AsyncFnOnce(&Store) -> Result<T, Failure>) -> Result<T, Failure> {
        wait(async { work(&store(&self.existing()?).await?).await })
    }

    /// For what a new password leaves Digest secrets: what the named configuration says, else what the gateway that last
    /// started on this data directory was told.
    pub(crate) async fn digest_spaces(&self, store: &Store) -> Result<Vec<DigestSpace>, Failure> {
        match &self.config {
            Some(_) => Ok(load(&self.source(), &Overrides::default(), &environment)?.plan.digest_spaces()),
            None => Ok(store.digest_spaces().await?),
        }
    }

    /// Its option for commands to copy, where it was needed here too.
    pub(crate) fn option(&self) -> Option<String> {
        let named = self.data.is_some() || self.config.is_some();
        if named { self.path().ok().map(|path| absolute(&path)) } else { None }
    }
}

/// A path that means the same in another directory.
pub(crate) fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs what has to wait for the store.
pub(crate) fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::error("system", format!("cannot start: {error}")))?.block_on(work)
}

/// The store of a data directory.
pub(crate) async fn store(data: &DataDir) -> Result<Store, Failure> {
    Ok(Store::open(data).await?)
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The program as the person called it.
pub(crate) fn program() -> String {
    std::env::args_os().next().map_or_else(|| "countersign".to_owned(), |name| name.to_string_lossy().into_owned())
}
