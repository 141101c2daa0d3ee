//! Sessions: found by the hash of their cookie, and ended by their public id or their account.

use super::Store;
use super::row::{self, account_columns};
use crate::error::StoreError;
use countersign::{AccountName, Login, SecretHash, Session, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use std::sync::Arc;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.hash, s.created, s.expires, s.idle, s.revoked, s.last_seen, ",
            "s.provider AS session_provider, s.sid, s.acr, s.auth_time, s.renew_at, ",
            account_columns!(),
            " FROM session s JOIN account a ON a.id = s.account ",
            $rest
        )
    };
}

impl Store {
    /// The session whose cookie has this hash, and its last noted use; ended ones too, for a day.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn session(&self, hash: &SecretHash) -> Result<Option<(Session, Timestamp)>, StoreError> {
        let row = query(select!("WHERE s.hash = ?1")).bind(hash.0.as_slice()).fetch_optional(&self.readers).await?;
        row.as_ref().map(read).transpose()
    }

    /// The live sessions, the newest first, each with its last noted use.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sessions(&self) -> Result<Vec<(Session, Timestamp)>, StoreError> {
        const SQL: &str = select!(
            "WHERE s.revoked IS NULL AND s.expires > unixepoch() AND s.last_seen + s.idle > unixepoch() ORDER BY s.created DESC, s.id"
        );
        query(SQL).fetch_all(&self.readers).await?.iter().map(read).collect()
    }

    /// Adds a session; its account must be there.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`] if the account was removed in the meantime.
    pub async fn add_session(&self, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str =
            "INSERT INTO session (id, hash, account, created, expires, idle, revoked, last_seen, provider, sid, acr, auth_time, renew_at)
                           SELECT ?1, ?2, id, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 FROM account WHERE id = ?3";
        let name = session.account.name.as_str();
        let mut change = self.change().await?;
        let insert = query(SQL).bind(&session.id).bind(session.hash.0.as_slice()).bind(session.account.id).bind(session.created);
        let insert = insert.bind(session.expires).bind(session.idle).bind(session.revoked).bind(now);
        let login = session.login.as_deref();
        let insert = insert.bind(login.map(|login| login.provider.as_str())).bind(login.and_then(|login| login.sid.as_deref()));
        let insert = insert.bind(login.and_then(|login| login.acr.as_deref())).bind(login.and_then(|login| login.auth_time));
        let insert = insert.bind(login.and_then(|login| login.renew_at));
        if insert.execute(&mut *change).await?.rows_affected() == 0 {
            return Err(StoreError::AccountUnknown(name.to_owned()));
        }
        self.added(change, "session added", &format!("{} of {name}", session.id), now).await
    }

    /// Ends a session; one that has ended stays as it is.
    ///
    /// # Errors
    /// [`StoreError::SessionUnknown`].
    pub async fn revoke_session(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        let revoke = query("UPDATE session SET revoked = min(coalesce(revoked, ?2), ?2) WHERE id = ?1").bind(id).bind(now);
        if revoke.execute(&mut *change).await?.rows_affected() == 0 {
            return Err(StoreError::SessionUnknown(id.to_owned()));
        }
        self.changed(change, "session revoked", id, now).await
    }

    /// Ends all sessions of an account, and tells how many there were.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`].
    pub async fn revoke_sessions_of(&self, name: &AccountName, now: Timestamp) -> Result<u64, StoreError> {
        const SQL: &str = "UPDATE session SET revoked = ?2 WHERE account = ?1 AND revoked IS NULL AND expires > ?2";
        let mut change = self.change().await?;
        let account: Option<i64> =
            sqlx::query_scalar("SELECT id FROM account WHERE name = ?1").bind(name.as_str()).fetch_optional(&mut *change).await?;
        let account = account.ok_or_else(|| StoreError::AccountUnknown(name.as_str().to_owned()))?;
        let ended = query(SQL).bind(account).bind(now).execute(&mut *change).await?.rows_affected();
        self.changed(change, "sessions revoked", name.as_str(), now).await?;
        Ok(ended)
    }
}

fn read(row: &SqliteRow) -> Result<(Session, Timestamp), StoreError> {
    let session = Session {
        id: row.try_get("id")?,
        hash: row::hash(row)?,
        account: Arc::new(row::account(row)?),
        created: row.try_get("created")?,
        expires: row.try_get("expires")?,
        idle: row.try_get("idle")?,
        revoked: row.try_get("revoked")?,
        login: login(row)?.map(Arc::new),
    };
    Ok((session, row.try_get("last_seen")?))
}

fn login(row: &SqliteRow) -> Result<Option<Login>, StoreError> {
    let Some(provider) = row.try_get("session_provider")? else { return Ok(None) };
    let (sid, acr) = (row.try_get("sid")?, row.try_get("acr")?);
    Ok(Some(Login { provider, sid, acr, auth_time: row.try_get("auth_time")?, renew_at: row.try_get("renew_at")? }))
}
