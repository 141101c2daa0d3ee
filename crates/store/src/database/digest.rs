//! Digest secrets, and for which realms and algorithms they are kept. A new password takes all of its account's along.

use super::Store;
use super::row::{self, account_columns};
use crate::error::StoreError;
use countersign::digest::Algorithm;
use countersign::{AccountName, DigestKey, DigestRecord, DigestSecret, DigestUser, Secret, Timestamp};
use sqlx::{Row, query, query_scalar};
use std::sync::Arc;

/// A realm, and an algorithm that is used in it. One and its `-sess` are the same here.
pub type DigestSpace = (String, Algorithm);

impl Store {
    /// What is kept for answering Digest. A user named by a hash is known only where a secret is kept; one named by name also
    /// without.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn digest(&self, key: &DigestKey) -> Result<Option<DigestRecord>, StoreError> {
        const BY_NAME: &str = concat!(
            "SELECT d.ha1, ",
            account_columns!(),
            " FROM account a LEFT JOIN digest_secret d ON d.account = a.id AND d.realm = ?2 AND d.algorithm = ?3 WHERE a.name = ?1"
        );
        const BY_HASH: &str = concat!(
            "SELECT d.ha1, ",
            account_columns!(),
            " FROM digest_secret d JOIN account a ON d.account = a.id WHERE d.userhash = ?1 AND d.realm = ?2 AND d.algorithm = ?3"
        );
        let (sql, user) = match &key.user {
            DigestUser::Name(name) => (BY_NAME, name.as_str()),
            DigestUser::Hash(hash) => (BY_HASH, hash.as_str()),
        };
        let find = query(sql).bind(user).bind(&key.realm).bind(kept_name(key.algorithm));
        let Some(found) = find.fetch_optional(&self.readers).await? else { return Ok(None) };
        let ha1: Option<String> = found.try_get("ha1")?;
        Ok(Some(DigestRecord { account: Arc::new(row::account(&found)?), ha1: ha1.map(Secret::new) }))
    }

    /// Keeps the Digest secrets of a password, in place of any others. `phc` is the hash under which the password is kept: where
    /// another one was set in the meantime, nothing is changed.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`] if there is no such account with that hash.
    pub async fn keep_digest_secrets(
        &self,
        name: &AccountName,
        phc: &str,
        secrets: &[DigestSecret],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const KEEP: &str = "INSERT INTO digest_secret (account, realm, algorithm, ha1, userhash) VALUES (?1, ?2, ?3, ?4, ?5)
                            ON CONFLICT (account, realm, algorithm) DO UPDATE SET ha1 = excluded.ha1, userhash = excluded.userhash";
        let mut change = self.change().await?;
        let find = query_scalar("SELECT id FROM account WHERE name = ?1 AND password = ?2").bind(name.as_str()).bind(phc);
        let id: Option<i64> = find.fetch_optional(&mut *change).await?;
        let id = id.ok_or_else(|| StoreError::AccountUnknown(name.as_str().to_owned()))?;
        query("DELETE FROM digest_secret WHERE account = ?1").bind(id).execute(&mut *change).await?;
        for secret in secrets {
            let keep = query(KEEP).bind(id).bind(&secret.realm).bind(kept_name(secret.algorithm));
            keep.bind(secret.ha1.expose()).bind(&secret.userhash).execute(&mut *change).await?;
        }
        self.changed(change, "digest secrets kept", name.as_str(), now).await
    }

    /// The realms and algorithms for which a new password leaves Digest secrets.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn digest_spaces(&self) -> Result<Vec<DigestSpace>, StoreError> {
        let rows = query("SELECT realm, algorithm FROM digest_space ORDER BY realm, algorithm").fetch_all(&self.readers).await?;
        let space = |row: &sqlx::sqlite::SqliteRow| {
            let name: String = row.try_get("algorithm")?;
            Ok((row.try_get("realm")?, Algorithm::named(&name).ok_or(StoreError::Row("digest_space.algorithm"))?))
        };
        rows.iter().map(space).collect()
    }

    /// Sets them. Secrets that are kept stay, whether they are asked for or not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_digest_spaces(&self, spaces: &[DigestSpace], now: Timestamp) -> Result<(), StoreError> {
        let mut wanted: Vec<DigestSpace> = spaces.iter().map(|(realm, algorithm)| (realm.clone(), algorithm.base())).collect();
        wanted.sort_by(|one, other| (&one.0, one.1.name()).cmp(&(&other.0, other.1.name())));
        wanted.dedup();
        if wanted == self.digest_spaces().await? {
            return Ok(());
        }
        let mut change = self.change().await?;
        query("DELETE FROM digest_space").execute(&mut *change).await?;
        for (realm, algorithm) in &wanted {
            let add = query("INSERT INTO digest_space (realm, algorithm) VALUES (?1, ?2)").bind(realm).bind(algorithm.name());
            add.execute(&mut *change).await?;
        }
        let named = wanted.iter().map(|(realm, algorithm)| format!("{realm} {}", algorithm.name())).collect::<Vec<_>>();
        self.added(change, "digest realms set", &named.join(", "), now).await
    }

    /// How many accounts have Digest secrets.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn accounts_with_digest(&self) -> Result<i64, StoreError> {
        Ok(query_scalar("SELECT count(DISTINCT account) FROM digest_secret").fetch_one(&self.readers).await?)
    }

    /// Removes all Digest secrets; tells of how many accounts.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_digest(&self, now: Timestamp) -> Result<i64, StoreError> {
        let mut change = self.change().await?;
        let count: i64 = query_scalar("SELECT count(DISTINCT account) FROM digest_secret").fetch_one(&mut *change).await?;
        query("DELETE FROM digest_secret").execute(&mut *change).await?;
        self.changed(change, "digest secrets removed", "all accounts", now).await?;
        Ok(count)
    }
}

fn kept_name(algorithm: Algorithm) -> &'static str {
    algorithm.base().name()
}

#[cfg(test)]
mod tests;
