//! `countersign user`: accounts.

use crate::argument::{Lifetime, account_name, lifetime, random, role, scope, secret_from};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::place::{Place, now, store, wait};
use clap::{Args, Subcommand};
use countersign::{Account, AccountName, AccountState, Secret};
use countersign_doctor::utc;
use countersign_sources::passwords;
use countersign_store::{NewAccount, Store, StoreError};
use serde::Serialize;
use serde_json::json;
use std::io;

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
    List(List),
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
}

#[derive(Args, Debug)]
struct Add {
    /// Its name; upper and lower case are the same
    #[arg(value_parser = account_name)]
    name: AccountName,
    /// A role; may be given several times
    #[arg(long = "role", value_name = "ROLE", value_parser = role)]
    roles: Vec<String>,
    /// A scope; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    scopes: Vec<String>,
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
struct List {
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
}

impl User {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.action {
            Action::Add(add) => add.run(output),
            Action::List(list) => list.run(output),
            Action::Passwd(passwd) => passwd.run(output),
            Action::Lock(named) => named.set(AccountState::Locked, output),
            Action::Unlock(named) => named.lift(AccountState::Locked, output),
            Action::Disable(named) => named.set(AccountState::Disabled, output),
            Action::Enable(named) => named.lift(AccountState::Disabled, output),
            Action::Remove(named) => named.remove(output),
        }
    }
}

impl Add {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let Add { name, roles, scopes, password, no_password, place } = self;
        let made = if no_password { None } else { Some(password.get()?) };
        let account = wait(async {
            let store = store(&place.make()?).await?;
            let hash = made.as_ref().map(|made| passwords::hash(&made.secret).into());
            let account = NewAccount { name, password: hash, roles, scopes, password_expires: password.expiry() };
            Ok(store.add_account(account, now()).await?)
        })?;
        tell(&account, made.as_ref(), "added", output)
    }
}

impl Passwd {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let Passwd { name, password, place } = self;
        let made = password.get()?;
        let account = wait(async {
            let store = store(&place.existing()?).await?;
            let account = find(&store, &name).await?;
            store.set_password(&name, &passwords::hash(&made.secret), password.expiry(), now()).await?;
            Ok(account)
        })?;
        tell(&account, Some(&made), "has a new password; its sessions ended", output)
    }
}

impl Named {
    fn set(self, state: AccountState, output: &Output) -> Result<(), Failure> {
        let what = if state == AccountState::Locked { "locked" } else { "disabled" };
        let name = wait(async {
            let store = store(&self.place.existing()?).await?;
            store.set_state(&self.name, state, now()).await?;
            Ok(self.name)
        })?;
        output.either(&json!({ "name": name, "state": state }), || format!("{} is {what}", name.as_str()))
    }

    /// Makes an account active that is in this state; unlocking must not enable what was disabled.
    fn lift(self, from: AccountState, output: &Output) -> Result<(), Failure> {
        let name = self.name.as_str().to_owned();
        let changed = wait(async {
            let store = store(&self.place.existing()?).await?;
            let account = find(&store, &self.name).await?;
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
        let name = wait(async {
            let store = store(&self.place.existing()?).await?;
            store.remove_account(&self.name, now()).await?;
            Ok(self.name)
        })?;
        output.either(&json!({ "name": name, "removed": true }), || format!("{} is removed, with its keys and sessions", name.as_str()))
    }
}

fn wrong_state(name: &str, state: &str, verb: &str) -> Failure {
    Failure::error("account-state", format!("{name} is {state}")).mend(format!("`countersign user {verb} {name}`"))
}

impl List {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let accounts = wait(async { Ok(store(&self.place.existing()?).await?.accounts().await?) })?;
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
    }
}

/// The account of this name.
pub(crate) async fn find(store: &Store, name: &AccountName) -> Result<Account, Failure> {
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
