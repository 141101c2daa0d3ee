//! Accounts: found by their canonical name, and changed by it.

use super::Store;
use super::rights::{Rights, Turn};
use super::row::{self, account_columns};
use crate::error::StoreError;
use countersign::{Account, AccountName, AccountState, Timestamp};
use sqlx::query;
use std::sync::Arc;

/// An account to be added.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub name: AccountName,
    /// The password's hash in PHC form; without one no password is right.
    pub password: Option<Arc<str>>,
    /// Roles, as rules name them.
    pub roles: Vec<String>,
    /// Scopes, as rules name them.
    pub scopes: Vec<String>,
    /// From when on the password is refused as expired.
    pub password_expires: Option<Timestamp>,
}

impl Store {
    /// The account with this name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account(&self, name: &AccountName) -> Result<Option<Account>, StoreError> {
        const SQL: &str = concat!("SELECT ", account_columns!(), " FROM account a WHERE a.name = ?1");
        query(SQL).bind(name.as_str()).fetch_optional(&self.readers).await?.as_ref().map(row::account).transpose()
    }

    /// The account with this number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn account_by_id(&self, id: i64) -> Result<Option<Account>, StoreError> {
        const SQL: &str = concat!("SELECT ", account_columns!(), " FROM account a WHERE a.id = ?1");
        query(SQL).bind(id).fetch_optional(&self.readers).await?.as_ref().map(row::account).transpose()
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        const SQL: &str = concat!("SELECT ", account_columns!(), " FROM account a ORDER BY a.name");
        query(SQL).fetch_all(&self.readers).await?.iter().map(row::account).collect()
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::AccountExists`] if the name is taken, [`StoreError::AccountName`] if it cannot be one.
    pub async fn add_account(&self, new: NewAccount, now: Timestamp) -> Result<Account, StoreError> {
        const SQL: &str = "INSERT INTO account (name, password, roles, scopes, state, state_since, password_expires, created)
                           VALUES (?1, ?2, ?3, ?4, 'active', ?5, ?6, ?5) ON CONFLICT (name) DO NOTHING";
        let NewAccount { name, password, roles, scopes, password_expires } = new;
        let text = name.as_str();
        if text.is_empty() || text.chars().any(|c| c == ':' || c.is_control()) {
            return Err(StoreError::AccountName(text.to_owned()));
        }
        let mut change = self.change().await?;
        let insert = query(SQL).bind(text).bind(password.as_deref()).bind(row::texts_json(&roles)).bind(row::texts_json(&scopes));
        let inserted = insert.bind(now).bind(password_expires).execute(&mut *change).await?;
        if inserted.rows_affected() == 0 {
            return Err(StoreError::AccountExists(text.to_owned()));
        }
        self.added(change, "account added", text, now).await?;
        let (id, state) = (inserted.last_insert_rowid(), AccountState::Active);
        Ok(Account { id, name, password, roles, scopes, state, state_since: now, password_expires, federated: None })
    }

    /// Sets another password, given as its hash in PHC form, and ends the account's sessions. Digest secrets go with the one
    /// before: [`keep_digest_secrets`](Self::keep_digest_secrets) keeps new ones.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`].
    pub async fn set_password(&self, name: &AccountName, phc: &str, expires: Option<Timestamp>, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        let set = query("UPDATE account SET password = ?2, password_expires = ?3 WHERE name = ?1").bind(name.as_str()).bind(phc);
        known(name, set.bind(expires).execute(&mut *change).await?)?;
        // They are of the password before; new ones are kept by whoever knows the new password.
        let forget = query("DELETE FROM digest_secret WHERE account = (SELECT id FROM account WHERE name = ?1)").bind(name.as_str());
        forget.execute(&mut *change).await?;
        let end = query("UPDATE session SET revoked = ?2 WHERE account = (SELECT id FROM account WHERE name = ?1) AND revoked IS NULL");
        end.bind(name.as_str()).bind(now).execute(&mut *change).await?;
        self.changed(change, "password set", name.as_str(), now).await
    }

    /// Sets whether the account may be used.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`].
    pub async fn set_state(&self, name: &AccountName, state: AccountState, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        let set = query("UPDATE account SET state = ?2, state_since = ?3 WHERE name = ?1").bind(name.as_str());
        known(name, set.bind(row::state_text(state)).bind(now).execute(&mut *change).await?)?;
        let what = match state {
            AccountState::Active => "account activated",
            AccountState::Locked => "account locked",
            AccountState::Disabled => "account disabled",
        };
        self.changed(change, what, name.as_str(), now).await
    }

    /// Gives an account roles and scopes; tells what it is then, and whether it lacked any of them.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`].
    pub async fn grant_to_account(&self, name: &AccountName, rights: &Rights, now: Timestamp) -> Result<(Account, bool), StoreError> {
        self.turn_account(name, Turn::Grant, rights, now).await
    }

    /// Takes roles and scopes from an account; tells what it is then, and whether it had any of them.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`].
    pub async fn revoke_from_account(&self, name: &AccountName, rights: &Rights, now: Timestamp) -> Result<(Account, bool), StoreError> {
        self.turn_account(name, Turn::Revoke, rights, now).await
    }

    async fn turn_account(&self, name: &AccountName, turn: Turn, rights: &Rights, now: Timestamp) -> Result<(Account, bool), StoreError> {
        const FIND: &str = concat!("SELECT ", account_columns!(), " FROM account a WHERE a.name = ?1");
        const SET: &str = "UPDATE account SET roles = ?2, scopes = ?3 WHERE id = ?1";
        let mut change = self.change().await?;
        let row = query(FIND).bind(name.as_str()).fetch_optional(&mut *change).await?;
        let mut account = row::account(&row.ok_or_else(|| StoreError::AccountUnknown(name.as_str().to_owned()))?)?;
        let Some(turned) = turn.apply(rights, &mut account.roles, &mut account.scopes) else { return Ok((account, false)) };
        let set = query(SET).bind(account.id).bind(row::texts_json(&account.roles)).bind(row::texts_json(&account.scopes));
        set.execute(&mut *change).await?;
        self.changed(change, &format!("account rights {}", turn.past()), &format!("{}: {turned}", name.as_str()), now).await?;
        Ok((account, true))
    }

    /// Removes an account, and its API keys and sessions with it.
    ///
    /// # Errors
    /// [`StoreError::AccountUnknown`].
    pub async fn remove_account(&self, name: &AccountName, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        known(name, query("DELETE FROM account WHERE name = ?1").bind(name.as_str()).execute(&mut *change).await?)?;
        self.changed(change, "account removed", name.as_str(), now).await
    }
}

fn known(name: &AccountName, changed: sqlx::sqlite::SqliteQueryResult) -> Result<(), StoreError> {
    if changed.rows_affected() == 0 { Err(StoreError::AccountUnknown(name.as_str().to_owned())) } else { Ok(()) }
}
