//! The database: how it is opened and changed. What is in it is in the modules below, one for each kind of record.
//!
//! WAL with `synchronous=FULL`: what a change acknowledged is on the disk. One connection writes, two read. A change is
//! one transaction that also writes its row of the audit table, and moves the epoch if a remembered record is now untrue.

mod accounts;
mod api_keys;
mod audit;
mod digest;
mod federated;
mod rights;
mod row;
mod sessions;

pub use accounts::NewAccount;
pub use api_keys::NewApiKey;
pub use audit::AuditEntry;
pub use digest::DigestSpace;
pub use federated::Person;
pub use rights::Rights;

use crate::dir::DataDir;
use crate::error::StoreError;
use countersign::{SecretHash, Timestamp};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlitePool, SqliteTransaction, query, query_scalar, raw_sql};
use std::fs::File;
use std::time::Duration;

/// The forms of the database, in order; the place of the last applied one is its `user_version`.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_records.sql"),
    include_str!("../migrations/0002_digest.sql"),
    include_str!("../migrations/0003_federated.sql"),
];
/// How long another process may hold the database up.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a session that is over stays in the table.
const OVER_FOR: Timestamp = 86_400;

/// The records of an installation. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    who: &'static str,
}

impl Store {
    /// Opens the database, and brings it into the newest form. Several processes may do so at once.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be used, [`StoreError::Newer`] if a newer version has changed it.
    pub async fn open(dir: &DataDir) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(dir.database())
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .foreign_keys(true);
        let pool = |connections| {
            let pool = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
            pool.idle_timeout(None).max_lifetime(None).test_before_acquire(false).before_acquire(|connection, _| {
                // On a full disk SQLite ends a transaction by itself; sqlx cannot end it again, and takes it for open ever after.
                let over = !connection.is_in_transaction();
                Box::pin(async move { Ok(over) })
            })
        };
        // The change to WAL is not one that SQLite waits for: one process at a time.
        let lock = dir.lock();
        let held = File::create(&lock).and_then(|file| file.lock().map(|()| file)).map_err(StoreError::at(&lock))?;
        let writer = pool(1).connect_with(options.clone()).await?;
        migrate(&writer).await?;
        drop(held);
        let readers = pool(2).connect_with(options.pragma("query_only", "ON")).await?;
        Ok(Self { writer, readers, who: "cli" })
    }

    /// The same store, whose changes the audit table ascribes to `who`; without this, to `cli`.
    #[must_use]
    pub fn acting_as(mut self, who: &'static str) -> Self {
        self.who = who;
        self
    }

    /// A number that grows with every change that makes a remembered record untrue, by whichever process: who remembers
    /// records forgets them when it has moved. Added records and last uses do not move it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn epoch(&self) -> Result<i64, StoreError> {
        Ok(query_scalar("SELECT value FROM epoch").fetch_one(&self.readers).await?)
    }

    /// Notes when sessions and API keys (by their ids) were last used. An earlier time than the noted one changes
    /// nothing; what is not there any more is passed over.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing was noted.
    pub async fn touch(&self, sessions: &[(SecretHash, Timestamp)], keys: &[(String, Timestamp)]) -> Result<(), StoreError> {
        let mut change = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for (hash, at) in sessions {
            let touch = query("UPDATE session SET last_seen = max(last_seen, ?2) WHERE hash = ?1").bind(hash.0.as_slice()).bind(at);
            touch.execute(&mut *change).await?;
        }
        for (id, at) in keys {
            let touch = query("UPDATE api_key SET last_used = max(coalesce(last_used, 0), ?2) WHERE id = ?1").bind(id).bind(at);
            touch.execute(&mut *change).await?;
        }
        Ok(change.commit().await?)
    }

    /// Removes sessions that have been over for more than a day.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let prune = query("DELETE FROM session WHERE expires < ?1 OR revoked < ?1 OR last_seen + idle < ?1").bind(now - OVER_FOR);
        prune.execute(&self.writer).await?;
        Ok(())
    }

    /// Begins a change; what is read in it stays true until it is committed.
    async fn change(&self) -> Result<SqliteTransaction<'static>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Commits a change that only adds.
    async fn added(&self, mut change: SqliteTransaction<'static>, what: &str, whom: &str, now: Timestamp) -> Result<(), StoreError> {
        audit::write(&mut change, self.who, what, whom, now).await?;
        Ok(change.commit().await?)
    }

    /// Commits a change that makes remembered records untrue.
    async fn changed(&self, mut change: SqliteTransaction<'static>, what: &str, whom: &str, now: Timestamp) -> Result<(), StoreError> {
        query("UPDATE epoch SET value = value + 1").execute(&mut *change).await?;
        self.added(change, what, whom, now).await
    }
}

async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let mut change = writer.begin_with("BEGIN IMMEDIATE").await?;
    let found: i64 = query_scalar("PRAGMA user_version").fetch_one(&mut *change).await?;
    let known = MIGRATIONS.len() as i64;
    let pending = usize::try_from(found).ok().and_then(|applied| MIGRATIONS.get(applied..)).ok_or(StoreError::Newer { found, known })?;
    for migration in pending {
        raw_sql(*migration).execute(&mut *change).await?;
    }
    if !pending.is_empty() {
        // PRAGMA takes no parameters; the number is ours.
        raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {known}"))).execute(&mut *change).await?;
    }
    Ok(change.commit().await?)
}

#[cfg(test)]
mod tests;
