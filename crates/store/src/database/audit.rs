//! The trail of changes: who did what to whom, and when. It is written in the transaction of the change itself.

use super::Store;
use crate::error::StoreError;
use countersign::Timestamp;
use sqlx::{Row, SqliteTransaction, query};

/// How many entries are kept.
const LIMIT: i64 = 100_000;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; they grow.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Through which program: `cli` or `gateway`.
    pub who: String,
    /// What was done.
    pub what: String,
    /// To which account, key or session.
    pub whom: String,
}

impl Store {
    /// The newest changes, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows =
            query("SELECT id, at, who, what, whom FROM audit ORDER BY id DESC LIMIT ?1").bind(limit).fetch_all(&self.readers).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            Ok(AuditEntry {
                id: row.try_get("id")?,
                at: row.try_get("at")?,
                who: row.try_get("who")?,
                what: row.try_get("what")?,
                whom: row.try_get("whom")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

pub(super) async fn write(
    change: &mut SqliteTransaction<'static>,
    who: &str,
    what: &str,
    whom: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let insert = query("INSERT INTO audit (at, who, what, whom) VALUES (?1, ?2, ?3, ?4)").bind(now).bind(who).bind(what).bind(whom);
    let newest = insert.execute(&mut **change).await?.last_insert_rowid();
    query("DELETE FROM audit WHERE id <= ?1").bind(newest - LIMIT).execute(&mut **change).await?;
    Ok(())
}
