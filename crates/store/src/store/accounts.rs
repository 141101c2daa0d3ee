//! Accounts.

use super::{Store, account, account_columns, text};
use crate::error::StoreError;
use countersign::{Account, AccountName, AccountState, Timestamp};
use sqlx::Row;
use std::sync::Arc;

/// An account to be.
#[derive(Clone)]
pub struct NewAccount {
    /// Its name.
    pub name: AccountName,
    /// Its password's hash in PHC form; without one it cannot log in.
    pub password: Option<Arc<str>>,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// From when on the password is refused as expired.
    pub password_expires: Option<Timestamp>,
}

impl Store {
    /// The account of this name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account(&self, name: &AccountName) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query(concat!("select ", account_columns!(), " from account where name = ?")).bind(name.as_str());
        query.fetch_optional(&self.pool).await?.as_ref().map(account).transpose()
    }

    /// The account with this number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account_by_id(&self, id: i64) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query(concat!("select ", account_columns!(), " from account where id = ?")).bind(id);
        query.fetch_optional(&self.pool).await?.as_ref().map(account).transpose()
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query(concat!("select ", account_columns!(), " from account order by name")).fetch_all(&self.pool).await?;
        rows.iter().map(account).collect()
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`StoreError::AccountExists`], [`StoreError::Database`].
    pub async fn add_account(&self, new: NewAccount, now: Timestamp) -> Result<Account, StoreError> {
        let mut change = self.begin().await?;
        let insert = sqlx::query("insert into account (name, password, roles, scopes, state, state_since, password_expires) values (?, ?, ?, ?, 'active', ?, ?)")
            .bind(new.name.as_str())
            .bind(new.password.as_deref())
            .bind(text(&new.roles))
            .bind(text(&new.scopes))
            .bind(now)
            .bind(new.password_expires);
        let inserted = insert.execute(&mut *change).await.map_err(|error| match error.as_database_error() {
            Some(known) if known.is_unique_violation() => StoreError::AccountExists(new.name.as_str().to_owned()),
            _ => error.into(),
        })?;
        self.commit_addition(change, "user add", new.name.as_str(), now).await?;
        let NewAccount { name, password, roles, scopes, password_expires } = new;
        Ok(Account { id: inserted.last_insert_rowid(), name, password, roles, scopes, state: AccountState::Active, state_since: now, password_expires })
    }

    /// Sets a password, and ends the account's sessions: whoever knew the old one may have begun them.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`], [`StoreError::Database`].
    pub async fn set_password(&self, name: &AccountName, hash: &str, expires: Option<Timestamp>, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.begin().await?;
        let update = sqlx::query("update account set password = ?, password_expires = ? where name = ?").bind(hash).bind(expires).bind(name.as_str());
        found(update.execute(&mut *change).await?.rows_affected(), name)?;
        end_sessions(&mut change, name, now).await?;
        self.commit(change, "user passwd", name.as_str(), now).await
    }

    /// Locks, unlocks, disables or enables an account.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`], [`StoreError::Database`].
    pub async fn set_state(&self, name: &AccountName, state: AccountState, now: Timestamp) -> Result<(), StoreError> {
        let (word, what) = match state {
            AccountState::Active => ("active", "user activate"),
            AccountState::Locked => ("locked", "user lock"),
            AccountState::Disabled => ("disabled", "user disable"),
        };
        let mut change = self.begin().await?;
        let update = sqlx::query("update account set state = ?, state_since = ? where name = ?").bind(word).bind(now).bind(name.as_str());
        found(update.execute(&mut *change).await?.rows_affected(), name)?;
        self.commit(change, what, name.as_str(), now).await
    }

    /// Removes an account with its API keys and sessions.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`], [`StoreError::Database`].
    pub async fn remove_account(&self, name: &AccountName, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.begin().await?;
        let removed = sqlx::query("delete from account where name = ?").bind(name.as_str()).execute(&mut *change).await?;
        found(removed.rows_affected(), name)?;
        self.commit(change, "user remove", name.as_str(), now).await
    }

    /// Ends all sessions of an account; tells how many.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`], [`StoreError::Database`].
    pub async fn revoke_sessions_of(&self, name: &AccountName, now: Timestamp) -> Result<u64, StoreError> {
        let mut change = self.begin().await?;
        let known = sqlx::query("select count(*) from account where name = ?").bind(name.as_str()).fetch_one(&mut *change).await?;
        found(u64::try_from(known.try_get::<i64, _>(0)?).unwrap_or_default(), name)?;
        let ended = end_sessions(&mut change, name, now).await?;
        self.commit(change, "session revoke", name.as_str(), now).await?;
        Ok(ended)
    }
}

async fn end_sessions(change: &mut sqlx::Transaction<'static, sqlx::Sqlite>, name: &AccountName, now: Timestamp) -> Result<u64, StoreError> {
    let update = sqlx::query("update session set revoked = ? where revoked is null and account = (select id from account where name = ?)");
    Ok(update.bind(now).bind(name.as_str()).execute(&mut **change).await?.rows_affected())
}

fn found(rows: u64, name: &AccountName) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::AccountUnknown(name.as_str().to_owned())) } else { Ok(()) }
}
