//! The database. Every change is one transaction that also writes the audit trail, and it is on disk when
//! it is acknowledged. One that may withdraw something also moves the epoch.

mod accounts;
mod api_keys;
mod sessions;

use crate::data_dir::DataDir;
use crate::error::StoreError;
use countersign::{Account, AccountName, AccountState, Timestamp};
pub use accounts::NewAccount;
pub use api_keys::NewApiKey;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{Row, Sqlite, Transaction};
use std::sync::Arc;
use std::time::Duration;

/// The steps by which the schema came to be what it is; a step that was released is never changed.
const STEPS: &[&str] = &[include_str!("../migrations/1_begin.sql")];
/// The most lines of the audit trail that are kept.
const AUDIT_LIMIT: i64 = 100_000;
/// For how long sessions that are over are kept, so that they can be told from ones that never were, in seconds.
const SESSION_MEMORY: i64 = 86_400;

/// The database of accounts, API keys, sessions and their history. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    who: &'static str,
}

/// A line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Which program: `cli` or `gateway`.
    pub who: String,
    /// What was done.
    pub what: String,
    /// To whom or what.
    pub whom: String,
}

impl Store {
    /// Opens the database of a data directory, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be opened, or was written by a later version.
    pub async fn open(data: &DataDir) -> Result<Self, StoreError> {
        let path = data.path().join("countersign.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(5)).connect_with(options).await?;
        let store = Self { pool, who: "cli" };
        store.migrate().await?;
        Ok(store)
    }

    /// The same store, whose changes are audited as the gateway's.
    #[must_use]
    pub fn as_gateway(mut self) -> Self {
        self.who = "gateway";
        self
    }

    /// A number that grows with every change that may withdraw something, by whichever process.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn epoch(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query("select value from epoch").fetch_one(&self.pool).await?.try_get(0)?)
    }

    /// The newest lines of the audit trail.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query("select at, who, what, whom from audit order by id desc limit ?").bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(AuditEntry { at: row.try_get(0)?, who: row.try_get(1)?, what: row.try_get(2)?, whom: row.try_get(3)? })).collect()
    }

    /// Forgets sessions that have been over for a day, and the oldest lines of the audit trail.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("delete from session where expires < ?").bind(now - SESSION_MEMORY).execute(&self.pool).await?;
        sqlx::query("delete from audit where id <= (select max(id) from audit) - ?").bind(AUDIT_LIMIT).execute(&self.pool).await?;
        Ok(())
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("begin immediate").await?;
        let version: i64 = sqlx::query("pragma user_version").fetch_one(&mut *transaction).await?.try_get(0)?;
        let done = usize::try_from(version).unwrap_or_default();
        if done > STEPS.len() {
            return Err(sqlx::Error::Protocol("the database was written by a later version of countersign".into()).into());
        }
        for step in STEPS.iter().skip(done) {
            sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        }
        if done < STEPS.len() {
            // A pragma takes no parameters; the number is ours.
            let statement = format!("pragma user_version = {}", STEPS.len());
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin_with("begin immediate").await?)
    }

    /// Ends a change that may withdraw something: audit, epoch, disk.
    async fn commit(&self, mut change: Transaction<'static, Sqlite>, what: &'static str, whom: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("update epoch set value = value + 1").execute(&mut *change).await?;
        self.commit_addition(change, what, whom, now).await
    }

    /// Ends a change that only adds: what others have at hand stays true.
    async fn commit_addition(&self, mut change: Transaction<'static, Sqlite>, what: &'static str, whom: &str, now: Timestamp) -> Result<(), StoreError> {
        let line = sqlx::query("insert into audit (at, who, what, whom) values (?, ?, ?, ?)").bind(now).bind(self.who).bind(what).bind(whom);
        line.execute(&mut *change).await?;
        change.commit().await?;
        Ok(())
    }
}

/// The columns of an account, in the order that [`account`] reads them.
macro_rules! account_columns {
    () => {
        "account.id, account.name, account.password, account.roles, account.scopes, account.state, account.state_since, account.password_expires"
    };
}
use account_columns;

fn account(row: &SqliteRow) -> Result<Account, StoreError> {
    let password: Option<String> = row.try_get(2)?;
    let state: String = row.try_get(5)?;
    Ok(Account {
        id: row.try_get(0)?,
        name: AccountName::new(row.try_get(1)?),
        password: password.map(Arc::from),
        roles: list(row.try_get(3)?)?,
        scopes: list(row.try_get(4)?)?,
        state: match state.as_str() {
            "active" => AccountState::Active,
            "locked" => AccountState::Locked,
            _ => AccountState::Disabled,
        },
        state_since: row.try_get(6)?,
        password_expires: row.try_get(7)?,
    })
}

/// Lists are kept as JSON.
fn list(text: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()).into())
}

fn text(list: &[String]) -> String {
    serde_json::json!(list).to_string()
}
