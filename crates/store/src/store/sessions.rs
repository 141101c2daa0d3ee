//! Sessions.

use super::{Store, account, account_columns};
use crate::error::StoreError;
use countersign::{SecretHash, Session, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;

/// The columns that [`session`] reads, after those of the account.
macro_rules! session_columns {
    () => {
        concat!("select ", account_columns!(), ", session.id, session.hash, session.created, session.expires, session.idle, session.revoked, session.seen from session join account on account.id = session.account")
    };
}

impl Store {
    /// The session with this hash, and the time of its last use.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn session(&self, hash: &SecretHash) -> Result<Option<(Session, Timestamp)>, StoreError> {
        let query = sqlx::query(concat!(session_columns!(), " where session.hash = ?")).bind(hash.0.to_vec());
        query.fetch_optional(&self.pool).await?.as_ref().map(session).transpose()
    }

    /// The sessions that are not over, idle or revoked, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sessions(&self, now: Timestamp) -> Result<Vec<(Session, Timestamp)>, StoreError> {
        let live = concat!(session_columns!(), " where session.revoked is null and session.expires > ? and session.seen + session.idle > ? order by session.created desc");
        let rows = sqlx::query(live).bind(now).bind(now).fetch_all(&self.pool).await?;
        rows.iter().map(session).collect()
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_session(&self, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.begin().await?;
        let insert = sqlx::query("insert into session (id, hash, account, created, expires, idle, seen) values (?, ?, ?, ?, ?, ?, ?)")
            .bind(&session.id)
            .bind(session.hash.0.to_vec())
            .bind(session.account.id)
            .bind(session.created)
            .bind(session.expires)
            .bind(session.idle)
            .bind(now);
        insert.execute(&mut *change).await?;
        self.commit_addition(change, "session begin", session.account.name.as_str(), now).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError::SessionUnknown`], [`StoreError::Database`].
    pub async fn revoke_session(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.begin().await?;
        let update = sqlx::query("update session set revoked = coalesce(revoked, ?) where id = ?").bind(now).bind(id);
        if update.execute(&mut *change).await?.rows_affected() == 0 {
            return Err(StoreError::SessionUnknown(id.to_owned()));
        }
        self.commit(change, "session revoke", id, now).await
    }

    /// Keeps times of last use. They withdraw nothing, so the epoch stands.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn touch(&self, sessions: &[(SecretHash, Timestamp)], keys: &[(String, Timestamp)]) -> Result<(), StoreError> {
        let mut change = self.begin().await?;
        for (hash, seen) in sessions {
            sqlx::query("update session set seen = max(seen, ?) where hash = ?").bind(seen).bind(hash.0.to_vec()).execute(&mut *change).await?;
        }
        for (id, used) in keys {
            sqlx::query("update api_key set used = max(coalesce(used, 0), ?) where id = ?").bind(used).bind(id).execute(&mut *change).await?;
        }
        change.commit().await?;
        Ok(())
    }
}

fn session(row: &SqliteRow) -> Result<(Session, Timestamp), StoreError> {
    let hash: Vec<u8> = row.try_get(9)?;
    let hash = hash.try_into().map(SecretHash).map_err(|_| sqlx::Error::Decode("a session's hash has 32 bytes".into()))?;
    let session = Session {
        account: Arc::new(account(row)?),
        id: row.try_get(8)?,
        hash,
        created: row.try_get(10)?,
        expires: row.try_get(11)?,
        idle: row.try_get(12)?,
        revoked: row.try_get(13)?,
    };
    Ok((session, row.try_get(14)?))
}
