//! API keys: found by the hash of their value, and changed by their public id.

use super::Store;
use super::rights::{Rights, Turn};
use super::row::{self, account_columns};
use crate::error::StoreError;
use countersign::{AccountName, ApiKey, SecretHash, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};
use std::sync::Arc;

/// An API key to be added.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// The account that it acts for.
    pub account: AccountName,
    /// The hash of its value.
    pub hash: SecretHash,
    /// Its public identifier.
    pub id: String,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// From when on it is refused as expired.
    pub expires: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT k.id, k.scopes, k.created, k.expires, k.revoked, k.last_used, ",
            account_columns!(),
            " FROM api_key k JOIN account a ON a.id = k.account ",
            $rest
        )
    };
}

impl Store {
    /// The API key whose value has this hash, revoked ones too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn api_key(&self, hash: &SecretHash) -> Result<Option<ApiKey>, StoreError> {
        let row = query(select!("WHERE k.hash = ?1")).bind(hash.0.as_slice()).fetch_optional(&self.readers).await?;
        row.as_ref().map(read).transpose()
    }

    /// All API keys, the newest first, each with its last use.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn api_keys(&self) -> Result<Vec<(ApiKey, Option<Timestamp>)>, StoreError> {
        let rows = query(select!("ORDER BY k.created DESC, k.id")).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((read(row)?, row.try_get("last_used")?))).collect()
    }

    /// Adds an API key.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`].
    pub async fn add_api_key(&self, new: NewApiKey, now: Timestamp) -> Result<ApiKey, StoreError> {
        const ACCOUNT: &str = concat!("SELECT ", account_columns!(), " FROM account a WHERE a.name = ?1");
        const SQL: &str = "INSERT INTO api_key (id, hash, account, scopes, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let NewApiKey { account: name, hash, id, scopes, expires } = new;
        let mut change = self.change().await?;
        let row = query(ACCOUNT).bind(name.as_str()).fetch_optional(&mut *change).await?;
        let account = row::account(&row.ok_or_else(|| StoreError::AccountUnknown(name.as_str().to_owned()))?)?;
        let insert = query(SQL).bind(&id).bind(hash.0.as_slice()).bind(account.id).bind(row::texts_json(&scopes));
        insert.bind(now).bind(expires).execute(&mut *change).await?;
        self.added(change, "api key added", &format!("{id} of {}", name.as_str()), now).await?;
        Ok(ApiKey { id, account: Arc::new(account), scopes, created: now, expires, revoked: None })
    }

    /// Gives an API key scopes; tells what it is then, and whether it lacked any of them.
    ///
    /// # Errors
    /// [`StoreError::ApiKeyUnknown`].
    pub async fn grant_to_api_key(&self, id: &str, scopes: Vec<String>, now: Timestamp) -> Result<(ApiKey, bool), StoreError> {
        self.turn_api_key(id, Turn::Grant, scopes, now).await
    }

    /// Takes scopes from an API key; tells what it is then, and whether it had any of them.
    ///
    /// # Errors
    /// [`StoreError::ApiKeyUnknown`].
    pub async fn revoke_from_api_key(&self, id: &str, scopes: Vec<String>, now: Timestamp) -> Result<(ApiKey, bool), StoreError> {
        self.turn_api_key(id, Turn::Revoke, scopes, now).await
    }

    async fn turn_api_key(&self, id: &str, turn: Turn, scopes: Vec<String>, now: Timestamp) -> Result<(ApiKey, bool), StoreError> {
        let mut change = self.change().await?;
        let row = query(select!("WHERE k.id = ?1")).bind(id).fetch_optional(&mut *change).await?;
        let mut key = read(&row.ok_or_else(|| StoreError::ApiKeyUnknown(id.to_owned()))?)?;
        // A key has scopes only; its roles are its account's.
        let rights = Rights { roles: Vec::new(), scopes };
        let Some(turned) = turn.apply(&rights, &mut Vec::new(), &mut key.scopes) else { return Ok((key, false)) };
        let set = query("UPDATE api_key SET scopes = ?2 WHERE id = ?1").bind(id).bind(row::texts_json(&key.scopes));
        set.execute(&mut *change).await?;
        self.changed(change, &format!("api key scopes {}", turn.past()), &format!("{id}: {turned}"), now).await?;
        Ok((key, true))
    }

    /// Revokes an API key from `at` on, which may lie ahead, so that its successor can take over. An earlier revocation
    /// stays.
    ///
    /// # Errors
    /// [`StoreError::ApiKeyUnknown`].
    pub async fn revoke_api_key(&self, id: &str, at: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        let revoke = query("UPDATE api_key SET revoked = min(coalesce(revoked, ?2), ?2) WHERE id = ?1").bind(id).bind(at);
        if revoke.execute(&mut *change).await?.rows_affected() == 0 {
            return Err(StoreError::ApiKeyUnknown(id.to_owned()));
        }
        self.changed(change, if at > now { "api key ends" } else { "api key revoked" }, id, now).await
    }
}

fn read(row: &SqliteRow) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.try_get("id")?,
        account: Arc::new(row::account(row)?),
        scopes: row::texts(row, "scopes")?,
        created: row.try_get("created")?,
        expires: row.try_get("expires")?,
        revoked: row.try_get("revoked")?,
    })
}
