//! API keys.

use super::{Store, account, account_columns, list, text};
use crate::error::StoreError;
use countersign::{AccountName, ApiKey, SecretHash, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;

/// An API key to be.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Its public identifier.
    pub id: String,
    /// Its secret's hash.
    pub hash: SecretHash,
    /// The account that it acts for.
    pub account: AccountName,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// From when on it is refused as expired.
    pub expires: Option<Timestamp>,
}

/// The columns that [`api_key`] reads, after those of the account.
macro_rules! key_columns {
    () => {
        concat!("select ", account_columns!(), ", api_key.id, api_key.scopes, api_key.created, api_key.expires, api_key.revoked, api_key.used from api_key join account on account.id = api_key.account")
    };
}

impl Store {
    /// The API key with this hash.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn api_key(&self, hash: &SecretHash) -> Result<Option<ApiKey>, StoreError> {
        let query = sqlx::query(concat!(key_columns!(), " where api_key.hash = ?")).bind(hash.0.to_vec());
        query.fetch_optional(&self.pool).await?.as_ref().map(api_key).transpose()
    }

    /// All API keys with the time of their last use, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn api_keys(&self) -> Result<Vec<(ApiKey, Option<Timestamp>)>, StoreError> {
        let rows = sqlx::query(concat!(key_columns!(), " order by api_key.created desc, api_key.id")).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((api_key(row)?, row.try_get(13)?))).collect()
    }

    /// Makes an API key.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`], [`StoreError::Database`].
    pub async fn add_api_key(&self, new: NewApiKey, now: Timestamp) -> Result<ApiKey, StoreError> {
        let unknown = || StoreError::AccountUnknown(new.account.as_str().to_owned());
        let account = self.account(&new.account).await?.ok_or_else(unknown)?;
        let mut change = self.begin().await?;
        let insert = sqlx::query("insert into api_key (id, hash, account, scopes, created, expires) values (?, ?, ?, ?, ?, ?)")
            .bind(&new.id)
            .bind(new.hash.0.to_vec())
            .bind(account.id)
            .bind(text(&new.scopes))
            .bind(now)
            .bind(new.expires);
        insert.execute(&mut *change).await?;
        self.commit_addition(change, "key add", &new.id, now).await?;
        Ok(ApiKey { id: new.id, account: Arc::new(account), scopes: new.scopes, created: now, expires: new.expires, revoked: None })
    }

    /// Revokes an API key from `at` on, which may lie ahead: that is how a rotation overlaps. One that is revoked
    /// earlier stays so.
    ///
    /// # Errors
    /// [`StoreError::ApiKeyUnknown`], [`StoreError::Database`].
    pub async fn revoke_api_key(&self, id: &str, at: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.begin().await?;
        let update = sqlx::query("update api_key set revoked = min(coalesce(revoked, ?), ?) where id = ?").bind(at).bind(at).bind(id);
        if update.execute(&mut *change).await?.rows_affected() == 0 {
            return Err(StoreError::ApiKeyUnknown(id.to_owned()));
        }
        self.commit(change, "key revoke", id, now).await
    }
}

fn api_key(row: &SqliteRow) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        account: Arc::new(account(row)?),
        id: row.try_get(8)?,
        scopes: list(row.try_get(9)?)?,
        created: row.try_get(10)?,
        expires: row.try_get(11)?,
        revoked: row.try_get(12)?,
    })
}
