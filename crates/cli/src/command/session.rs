//! `countersign session`: browser sessions.

use crate::argument::account_name;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::place::{Place, now};
use clap::{Args, Subcommand};
use countersign::AccountName;
use countersign_doctor::utc;
use serde::Serialize;
use serde_json::json;

/// Browser sessions.
#[derive(Args, Debug)]
pub(crate) struct Session {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the live sessions
    List(Place),
    /// End a session, or all of an account
    Revoke(Revoke),
}

#[derive(Args, Debug)]
struct Revoke {
    /// The session's identifier
    #[arg(required_unless_present = "user", conflicts_with = "user")]
    id: Option<String>,
    /// All sessions of this account
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    user: Option<AccountName>,
    #[command(flatten)]
    place: Place,
}

/// A session as it is listed.
#[derive(Serialize)]
struct Row {
    id: String,
    user: String,
    created: String,
    last_seen: String,
    expires: String,
}

impl Session {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.action {
            Action::List(place) => list(&place, output),
            Action::Revoke(revoke) => revoke.run(output),
        }
    }
}

fn list(place: &Place, output: &Output) -> Result<(), Failure> {
    let sessions = place.work(async |store| Ok(store.sessions().await?))?;
    let row = |(session, seen): &(countersign::Session, i64)| Row {
        id: session.id.clone(),
        user: session.account.name.as_str().to_owned(),
        created: utc(session.created),
        last_seen: utc(*seen),
        expires: utc(session.expires),
    };
    let rows: Vec<_> = sessions.iter().map(row).collect();
    output.either(&rows, || {
        let line = |row: &Row| [&row.id, &row.user, &row.created, &row.last_seen, &row.expires].map(Clone::clone);
        table(["ID", "USER", "SINCE", "LAST SEEN", "ENDS"], &rows.iter().map(line).collect::<Vec<_>>())
    })
}

impl Revoke {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let ended = self.place.work(async |store| match (&self.id, &self.user) {
            (_, Some(user)) => Ok(store.revoke_sessions_of(user, now()).await?),
            (Some(id), None) => Ok(store.revoke_session(id, now()).await.map(|()| 1)?),
            (None, None) => Ok(0),
        })?;
        output.either(&json!({ "revoked": ended }), || format!("sessions ended: {ended}"))
    }
}
