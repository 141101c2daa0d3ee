//! `countersign user`: accounts.

use crate::argument::{Lifetime, Rights, account_name, lifetime, random, secret_from};
use crate::failure::Failure;
use crate::output::{Output, has, table};
use crate::place::{Place, now, store, wait};
use clap::{ArgGroup, Args, Subcommand};
use countersign::{Account, AccountName, AccountState, DigestSecret, Secret};
use countersign_doctor::utc;
use countersign_sources::passwords;
use countersign_store::{DigestSpace, NewAccount, Store, StoreError};
use serde::Serialize;
use serde_json::json;
use std::io;
use std::sync::Arc;

/// Accounts.
#[derive(Args, Debug)]
pub(crate) struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add an account
    Add(Add),
    /// List all accounts
    List(Place),
    /// Give an account roles and scopes
    Grant(Change),
    /// Take roles and scopes from an account
    Revoke(Change),
    /// Set a new password, which ends the account's sessions
    Passwd(Passwd),
    /// Lock an account
    Lock(Named),
    /// Unlock an account
    Unlock(Named),
    /// Disable an account
    Disable(Named),
    /// Enable an account
    Enable(Named),
    /// Remove an account with its keys and sessions
    Remove(Named),
    /// Remove what is kept of passwords for Digest, of all accounts
    ForgetDigest(Place),
}

#[derive(Args, Debug)]
struct Add {
    /// Its name; upper and lower case are the same
    #[arg(value_parser = account_name)]
    name: AccountName,
    #[command(flatten)]
    rights: Rights,
    #[command(flatten)]
    password: Password,
    /// Without a password: for API keys only
    #[arg(long, conflicts_with_all = ["password_stdin", "password_expires"])]
    no_password: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Password {
    /// Read the password from standard input; without this one is made and shown once
    #[arg(long)]
    password_stdin: bool,
    /// How long the password is good [default: never ends]
    #[arg(long, value_name = "DURATION", value_parser = lifetime)]
    password_expires: Option<Lifetime>,
}

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("what").args(["roles", "scopes"]).required(true).multiple(true)))]
struct Change {
    /// The account
    #[arg(value_parser = account_name)]
    name: AccountName,
    #[command(flatten)]
    rights: Rights,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Passwd {
    /// The account
    #[arg(value_parser = account_name)]
    name: AccountName,
    #[command(flatten)]
    password: Password,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Named {
    /// The account
    #[arg(value_parser = account_name)]
    name: AccountName,
    #[command(flatten)]
    place: Place,
}

/// An account as it is listed.
#[derive(Serialize)]
struct Row<'a> {
    id: i64,
    name: &'a AccountName,
    state: AccountState,
    since: String,
    roles: &'a [String],
    scopes: &'a [String],
    password: bool,
    password_expires: Option<String>,
    /// Who it is at the provider that the person signs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    federated: Option<&'a countersign::Federated>,
}

impl User {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.action {
            Action::Add(add) => add.run(output),
            Action::List(place) => list(&place, output),
            Action::Grant(change) => change.run(true, output),
            Action::Revoke(change) => change.run(false, output),
            Action::Passwd(passwd) => passwd.run(output),
            Action::Lock(named) => named.set(AccountState::Locked, output),
            Action::Unlock(named) => named.lift(AccountState::Locked, output),
            Action::Disable(named) => named.set(AccountState::Disabled, output),
            Action::Enable(named) => named.lift(AccountState::Disabled, output),
            Action::Remove(named) => named.remove(output),
            Action::ForgetDigest(place) => forget_digest(&place, output),
        }
    }
}

impl Add {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let Add { name, rights: Rights { roles, scopes }, password, no_password, place } = self;
        let made = if no_password { None } else { Some(password.get()?) };
        let account = wait(async {
            let store = store(&place.make()?).await?;
            let hash: Option<Arc<str>> = made.as_ref().map(|made| passwords::hash(&made.secret).into());
            let account = NewAccount { name, password: hash.clone(), roles, scopes, password_expires: password.expiry() };
            let account = store.add_account(account, now()).await?;
            if let (Some(made), Some(hash)) = (&made, &hash) {
                keep_digest(&store, &place, &account.name, made, hash).await?;
            }
            Ok(account)
        })?;
        tell(&account, made.as_ref(), "added", output)
    }
}

impl Passwd {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let Passwd { name, password, place } = self;
        let made = password.get()?;
        let account = place.work(async |store| {
            let account = find(store, &name).await?;
            let hash = passwords::hash(&made.secret);
            store.set_password(&name, &hash, password.expiry(), now()).await?;
            keep_digest(store, &place, &name, &made, &hash).await?;
            Ok(account)
        })?;
        tell(&account, Some(&made), "has a new password; its sessions ended", output)
    }
}

impl Change {
    fn run(self, grant: bool, output: &Output) -> Result<(), Failure> {
        let Change { name, rights: Rights { roles, scopes }, place } = self;
        let rights = countersign_store::Rights { roles, scopes };
        let (account, changed) = place.work(async |store| {
            let turned = if grant {
                store.grant_to_account(&name, &rights, now()).await
            } else {
                store.revoke_from_account(&name, &rights, now()).await
            };
            Ok(turned?)
        })?;
        let value = json!({ "name": account.name, "roles": account.roles, "scopes": account.scopes, "changed": changed });
        let held: [(_, &[String]); 2] = [("roles", &account.roles), ("scopes", &account.scopes)];
        output.either(&value, || format!("{} {}", account.name.as_str(), has(changed, &held)))
    }
}

impl Named {
    fn set(self, state: AccountState, output: &Output) -> Result<(), Failure> {
        let what = if state == AccountState::Locked { "locked" } else { "disabled" };
        self.place.work(async |store| Ok(store.set_state(&self.name, state, now()).await?))?;
        output.either(&json!({ "name": self.name, "state": state }), || format!("{} is {what}", self.name.as_str()))
    }

    /// Makes an account active that is in this state; unlocking must not enable what was disabled.
    fn lift(self, from: AccountState, output: &Output) -> Result<(), Failure> {
        let name = self.name.as_str().to_owned();
        let changed = self.place.work(async |store| {
            let account = find(store, &self.name).await?;
            match account.state {
                AccountState::Active => Ok(false),
                state if state == from => {
                    store.set_state(&self.name, AccountState::Active, now()).await?;
                    Ok(true)
                }
                AccountState::Locked => Err(wrong_state(&name, "locked, not disabled", "unlock")),
                AccountState::Disabled => Err(wrong_state(&name, "disabled, not locked", "enable")),
            }
        })?;
        let text = if changed { format!("{name} is active") } else { format!("{name} was active already") };
        output.either(&json!({ "name": name, "state": AccountState::Active, "changed": changed }), || text)
    }

    fn remove(self, output: &Output) -> Result<(), Failure> {
        self.place.work(async |store| Ok(store.remove_account(&self.name, now()).await?))?;
        let text = || format!("{} is removed, with its keys and sessions", self.name.as_str());
        output.either(&json!({ "name": self.name, "removed": true }), text)
    }
}

fn wrong_state(name: &str, state: &str, verb: &str) -> Failure {
    Failure::error("account-state", format!("{name} is {state}")).mend(format!("`countersign user {verb} {name}`"))
}

/// Keeps what Digest needs of a new password, for every realm in which some rule asks for it.
async fn keep_digest(store: &Store, place: &Place, name: &AccountName, made: &Made, hash: &str) -> Result<(), Failure> {
    let spaces = place.digest_spaces(store).await?;
    if spaces.is_empty() {
        return Ok(());
    }
    let secret = |(realm, algorithm): &DigestSpace| DigestSecret::of(name, realm, made.secret.expose(), *algorithm);
    let secrets: Vec<DigestSecret> = spaces.iter().map(secret).collect();
    Ok(store.keep_digest_secrets(name, hash, &secrets, now()).await?)
}

fn forget_digest(place: &Place, output: &Output) -> Result<(), Failure> {
    let count = place.work(async |store| Ok(store.forget_digest(now()).await?))?;
    output.either(&json!({ "accounts": count }), || format!("Digest secrets of {count} accounts are removed"))
}

fn list(place: &Place, output: &Output) -> Result<(), Failure> {
    let accounts = place.work(async |store| Ok(store.accounts().await?))?;
    let rows: Vec<_> = accounts.iter().map(row).collect();
    output.either(&rows, || {
        let line = |row: &Row<'_>| {
            let state = if row.state == AccountState::Active {
                "active".to_owned()
            } else {
                format!("{:?} since {}", row.state, row.since).to_lowercase()
            };
            let password = match (&row.password_expires, row.password) {
                (Some(expires), _) => format!("until {expires}"),
                (None, true) => "set".to_owned(),
                (None, false) => "none".to_owned(),
            };
            [row.name.as_str().to_owned(), state, password, row.roles.join(" "), row.scopes.join(" ")]
        };
        table(["NAME", "STATE", "PASSWORD", "ROLES", "SCOPES"], &rows.iter().map(line).collect::<Vec<_>>())
    })
}

fn row(account: &Account) -> Row<'_> {
    Row {
        id: account.id,
        name: &account.name,
        state: account.state,
        since: utc(account.state_since),
        roles: &account.roles,
        scopes: &account.scopes,
        password: account.password.is_some(),
        password_expires: account.password_expires.map(utc),
        federated: account.federated.as_deref(),
    }
}

/// The account of this name.
async fn find(store: &Store, name: &AccountName) -> Result<Account, Failure> {
    store.account(name).await?.ok_or_else(|| StoreError::AccountUnknown(name.as_str().to_owned()).into())
}

/// A password, and whether its owner knows it already.
struct Made {
    secret: Secret,
    shown: bool,
}

impl Password {
    fn get(&self) -> Result<Made, Failure> {
        if self.password_stdin {
            return Ok(Made { secret: secret_from(io::stdin().lock())?, shown: false });
        }
        Ok(Made { secret: Secret::new(random(15)?), shown: true })
    }

    fn expiry(&self) -> Option<i64> {
        self.password_expires.and_then(|Lifetime(seconds)| seconds).map(|seconds| now() + seconds)
    }
}

/// Says what was done; a password that was made here is data, and shown this once.
fn tell(account: &Account, made: Option<&Made>, what: &str, output: &Output) -> Result<(), Failure> {
    let name = account.name.as_str();
    let password = made.filter(|made| made.shown).map(|made| made.secret.expose());
    if output.is_json() {
        let mut value = json!({ "id": account.id, "name": name, "roles": account.roles, "scopes": account.scopes });
        if let (Some(password), Some(members)) = (password, value.as_object_mut()) {
            members.insert("password".to_owned(), password.into());
        }
        return output.json(&value);
    }
    match password {
        Some(password) => {
            output.remark(&format!("{name} {what}; the password, shown this once:"));
            output.text(password)
        }
        None => output.text(&format!("{name} {what}")),
    }
}
