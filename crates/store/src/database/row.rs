//! From columns to values, and the few types that take another form in a column.

use crate::error::StoreError;
use countersign::{Account, AccountName, AccountState, Federated, SecretHash};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;

/// The columns that [`account`] reads, of a table that the query calls `a`.
macro_rules! account_columns {
    () => {
        "a.id AS account_id, a.name AS account_name, a.password, a.roles, a.scopes AS account_scopes, a.state, a.state_since, a.password_expires, a.provider AS account_provider, a.subject, a.display_name, a.email"
    };
}
pub(super) use account_columns;

pub(super) fn account(row: &SqliteRow) -> Result<Account, StoreError> {
    let state: String = row.try_get("state")?;
    let password: Option<String> = row.try_get("password")?;
    let name: String = row.try_get("account_name")?;
    Ok(Account {
        id: row.try_get("account_id")?,
        name: AccountName::new(&name),
        password: password.map(Arc::from),
        roles: texts(row, "roles")?,
        scopes: texts(row, "account_scopes")?,
        state: STATES.into_iter().find(|known| state_text(*known) == state).ok_or(StoreError::Row("account.state"))?,
        state_since: row.try_get("state_since")?,
        password_expires: row.try_get("password_expires")?,
        federated: federated(row)?,
    })
}

fn federated(row: &SqliteRow) -> Result<Option<Arc<Federated>>, StoreError> {
    let (Some(provider), Some(subject)) = (row.try_get("account_provider")?, row.try_get("subject")?) else { return Ok(None) };
    Ok(Some(Arc::new(Federated { provider, subject, display_name: row.try_get("display_name")?, email: row.try_get("email")? })))
}

const STATES: [AccountState; 3] = [AccountState::Active, AccountState::Locked, AccountState::Disabled];

pub(super) fn state_text(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Locked => "locked",
        AccountState::Disabled => "disabled",
    }
}

pub(super) fn texts(row: &SqliteRow, column: &'static str) -> Result<Vec<String>, StoreError> {
    let json: String = row.try_get(column)?;
    serde_json::from_str(&json).map_err(|_| StoreError::Row(column))
}

pub(super) fn texts_json(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

pub(super) fn hash(row: &SqliteRow) -> Result<SecretHash, StoreError> {
    let hash: Vec<u8> = row.try_get("hash")?;
    hash.try_into().map(SecretHash).map_err(|_| StoreError::Row("hash"))
}
