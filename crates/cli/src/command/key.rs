//! `countersign key`: API keys. A key's value is shown when it is made, and never again.

use crate::argument::{Lifetime, account_name, duration, identifier, lifetime, random_bytes, scope};
use crate::failure::Failure;
use crate::output::{Output, has, table};
use crate::place::{Place, now};
use clap::{Args, Subcommand};
use countersign::{AccountName, ApiKey, SecretHash, Timestamp, write_api_key};
use countersign_doctor::utc;
use countersign_store::{NewApiKey, Store, StoreError};
use serde::Serialize;
use serde_json::json;

/// API keys.
#[derive(Args, Debug)]
pub(crate) struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key
    Add(Add),
    /// List all keys
    List(Place),
    /// Give a key scopes
    Grant(Grant),
    /// Make a key that takes another one's place; both work for a while
    Rotate(Rotate),
    /// Revoke a key at once, or take scopes from it
    Revoke(Revoke),
}

#[derive(Args, Debug)]
struct Add {
    /// The account that the key acts for
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    user: AccountName,
    /// A scope of the key; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    scopes: Vec<String>,
    /// How long the key is good, or `never` for no end
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = lifetime)]
    expires: Lifetime,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Grant {
    /// The key's identifier
    id: String,
    /// A scope; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope, required = true)]
    scopes: Vec<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Rotate {
    /// The key's identifier
    id: String,
    /// How long the new key is good, or `never` for no end
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = lifetime)]
    expires: Lifetime,
    /// How long the old key still works
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = duration)]
    overlap: i64,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Revoke {
    /// The key's identifier
    id: String,
    /// Only this scope of it; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    scopes: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// A key as it is listed.
#[derive(Serialize)]
struct Row {
    id: String,
    user: String,
    scopes: Vec<String>,
    created: String,
    expires: Option<String>,
    revoked: Option<String>,
    last_used: Option<String>,
    state: &'static str,
}

impl Key {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.action {
            Action::Add(add) => add.run(output),
            Action::List(place) => list(&place, output),
            Action::Grant(grant) => grant.run(output),
            Action::Rotate(rotate) => rotate.run(output),
            Action::Revoke(revoke) => revoke.run(output),
        }
    }
}

impl Add {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let environment = self.place.environment()?;
        let made = async |store: &Store| make(store, &environment, self.user.clone(), self.scopes.clone(), self.expires).await;
        let (value, key) = self.place.work(made)?;
        tell(&value, &key, "", output)
    }
}

impl Rotate {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let environment = self.place.environment()?;
        let (value, key, ends) = self.place.work(async |store| {
            let old = find_key(store, &self.id).await?;
            let (value, key) = make(store, &environment, old.account.name.clone(), old.scopes.clone(), self.expires).await?;
            let ends = old.revoked.into_iter().chain(old.expires).chain([now() + self.overlap]).min().unwrap_or_default();
            if old.revoked.is_none() {
                store.revoke_api_key(&old.id, ends.max(now()), now()).await?;
            }
            Ok((value, key, ends))
        })?;
        tell(&value, &key, &format!("; {} works until {}", self.id, utc(ends)), output)
    }
}

impl Grant {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let (key, changed) = self.place.work(async |store| Ok(store.grant_to_api_key(&self.id, self.scopes.clone(), now()).await?))?;
        tell_scopes(&key, changed, output)
    }
}

impl Revoke {
    fn run(self, output: &Output) -> Result<(), Failure> {
        if !self.scopes.is_empty() {
            let (key, changed) =
                self.place.work(async |store| Ok(store.revoke_from_api_key(&self.id, self.scopes.clone(), now()).await?))?;
            return tell_scopes(&key, changed, output);
        }
        self.place.work(async |store| Ok(store.revoke_api_key(&self.id, now(), now()).await?))?;
        output.either(&json!({ "id": self.id, "revoked": true }), || format!("the key {} is revoked", self.id))
    }
}

fn list(place: &Place, output: &Output) -> Result<(), Failure> {
    let keys = place.work(async |store| Ok(store.api_keys().await?))?;
    let rows: Vec<_> = keys.iter().map(|(key, used)| row(key, *used, now())).collect();
    output.either(&rows, || {
        let line = |row: &Row| {
            let expires = row.expires.clone().unwrap_or_else(|| "never".to_owned());
            let used = row.last_used.clone().unwrap_or_else(|| "never".to_owned());
            [row.id.clone(), row.user.clone(), row.state.to_owned(), expires, used, row.scopes.join(" ")]
        };
        table(["ID", "USER", "STATE", "EXPIRES", "LAST USED", "SCOPES"], &rows.iter().map(line).collect::<Vec<_>>())
    })
}

fn row(key: &ApiKey, used: Option<Timestamp>, now: Timestamp) -> Row {
    let state = match (key.revoked, key.expires) {
        (Some(revoked), _) if revoked <= now => "revoked",
        (_, Some(expires)) if expires <= now => "expired",
        (Some(_), _) => "being replaced",
        _ => "active",
    };
    Row {
        id: key.id.clone(),
        user: key.account.name.as_str().to_owned(),
        scopes: key.scopes.clone(),
        created: utc(key.created),
        expires: key.expires.map(utc),
        revoked: key.revoked.map(utc),
        last_used: used.map(utc),
        state,
    }
}

async fn make(
    store: &Store,
    environment: &str,
    account: AccountName,
    scopes: Vec<String>,
    expires: Lifetime,
) -> Result<(String, ApiKey), Failure> {
    let value = write_api_key(environment, &random_bytes()?);
    let now = now();
    let key =
        NewApiKey { account, hash: SecretHash::of(&value), id: identifier(6)?, scopes, expires: expires.0.map(|seconds| now + seconds) };
    let key = store.add_api_key(key, now).await?;
    Ok((value, key))
}

async fn find_key(store: &Store, id: &str) -> Result<ApiKey, Failure> {
    let unknown = || StoreError::ApiKeyUnknown(id.to_owned()).into();
    store.api_keys().await?.into_iter().map(|(key, _)| key).find(|key| key.id == id).ok_or_else(unknown)
}

fn tell(value: &str, key: &ApiKey, more: &str, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        let user = key.account.name.as_str();
        return output.json(&json!({ "key": value, "id": key.id, "user": user, "scopes": key.scopes, "expires": key.expires.map(utc) }));
    }
    output.remark(&format!("the key {} of {}, shown this once{more}:", key.id, key.account.name.as_str()));
    output.text(value)
}

/// Says which scopes a key has now.
fn tell_scopes(key: &ApiKey, changed: bool, output: &Output) -> Result<(), Failure> {
    let value = json!({ "id": key.id, "user": key.account.name.as_str(), "scopes": key.scopes, "changed": changed });
    output.either(&value, || format!("the key {} {}", key.id, has(changed, &[("scopes", &key.scopes)])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::{Account, AccountState};
    use std::sync::Arc;

    #[track_caller]
    fn check(expires: Option<i64>, revoked: Option<i64>, expect: &str) {
        let account = Account {
            id: 1,
            name: AccountName::new("ann"),
            password: None,
            roles: Vec::new(),
            scopes: Vec::new(),
            state: AccountState::Active,
            state_since: 0,
            password_expires: None,
            federated: None,
        };
        let key = ApiKey { id: "1".into(), account: Arc::new(account), scopes: Vec::new(), created: 0, expires, revoked };
        assert_eq!(row(&key, None, 100).state, expect);
    }

    #[test]
    fn states_of_keys() {
        check(None, None, "active");
        check(Some(101), None, "active");
        check(Some(100), None, "expired");
        check(Some(200), Some(100), "revoked");
        check(Some(200), Some(150), "being replaced");
        check(Some(90), Some(150), "expired");
    }
}
