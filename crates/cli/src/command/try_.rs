//! `countersign try`: the combinations of credentials that a person would click through, one request each, and what each got.
//! Secrets are read from files, the environment, the terminal or standard input, never from the argument list.

mod secret;

use super::explain::probe::{fault, options};
use crate::failure::{Class, Failure};
use crate::output::{Output, table};
use clap::Args;
use countersign_doctor::{Dossier, Exchange, Explanation, clean, explain};
use countersign_probe::{Outcome, Secrets, run, trials};
use secret::Sources;
use serde_json::{Value, json};
use std::path::PathBuf;

/// How wide a challenge may be in the table.
const CHALLENGE: usize = 48;

/// Arguments of `try`.
#[derive(Args, Debug)]
#[command(
    after_help = "A SECRET is `-` for the next line of standard input, the name of a file, or the name of an environment variable.\n\
                        A password is tried once; nothing is followed, and nothing goes to another origin than the URL's."
)]
pub(crate) struct Try {
    /// What to ask, with GET
    #[arg(value_name = "URL")]
    url: String,
    /// A user, and where the password is; without it, it is asked for on the terminal or read from standard input
    #[arg(long, value_name = "NAME[:SECRET]")]
    user: Option<String>,
    /// Where a token is
    #[arg(long, value_name = "SECRET")]
    bearer: Option<String>,
    /// Where an API key is
    #[arg(long, value_name = "SECRET")]
    key: Option<String>,
    /// A field for every request; may be given several times. A value of the form $NAME is that environment variable's
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Go on after the first that is admitted
    #[arg(long)]
    all: bool,
    /// Show what would be asked, and ask nothing
    #[arg(long)]
    dry_run: bool,
    /// Ask through a proxy; none is taken from the environment
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Trust these authorities besides the public ones; certificates as PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Try {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let options = options(self.proxy.clone(), self.ca.as_deref())?;
        let plan = trials(&self.url, &self.secrets()?, &options).map_err(fault)?;
        if self.dry_run {
            return output.either(&json!({ "most": plan.most(), "requests": plan.steps }), || plan.describe());
        }
        output.remark(&plan.describe());
        let all = self.all;
        let outcome = run(&plan, &mut |exchange| !all && is_admitted(exchange));
        let outcome = outcome.map_err(|error| Failure::error("system", format!("cannot start: {error}")))?;
        let rows = rows(&outcome);
        let admitted = rows.iter().any(|row| row.admitted);
        let value = json!({
            "url": plan.steps.first().map(|step| &step.url),
            "requests": outcome.requests,
            "admitted": admitted,
            "tried": rows.iter().map(Row::value).collect::<Vec<_>>(),
            "not_seen": outcome.found.not_seen,
        });
        output.either(&value, || told(&rows, &outcome, plan.steps.len()))?;
        if admitted { Ok(()) } else { Err(Failure::Printed(Class::Error)) }
    }

    fn secrets(&self) -> Result<Secrets, Failure> {
        let mut sources = Sources::default();
        let user = match self.user.as_deref().map(|user| user.split_once(':').unwrap_or((user, ""))) {
            Some((name, "")) => Some((name.to_owned(), sources.password(name)?)),
            Some((name, source)) => Some((name.to_owned(), sources.read(source, "the password")?)),
            None => None,
        };
        let bearer = self.bearer.as_deref().map(|source| sources.read(source, "the token")).transpose()?;
        let key = self.key.as_deref().map(|source| sources.read(source, "the key")).transpose()?;
        let fields = self.headers.iter().map(|header| secret::field(header)).collect::<Result<_, _>>()?;
        Ok(Secrets { user, bearer, key, fields })
    }
}

/// What one combination got.
struct Row {
    tried: String,
    status: Option<u16>,
    challenge: Option<String>,
    came: String,
    admitted: bool,
    explanation: Option<Explanation>,
}

fn rows(outcome: &Outcome) -> Vec<Row> {
    let tried = outcome.found.exchanges.iter().zip(&outcome.tried);
    tried.map(|(exchange, name)| Row::of(name, exchange)).collect()
}

fn is_admitted(exchange: &Exchange) -> bool {
    exchange.response.as_ref().is_some_and(|response| (200..300).contains(&response.status))
}

impl Row {
    fn of(name: &str, exchange: &Exchange) -> Self {
        let response = exchange.response.as_ref();
        let field = |name: &str| response.and_then(|response| response.headers.get(name)).map(clean);
        let status = response.map(|response| response.status);
        let came = match (status, field("location")) {
            (Some(status @ 300..=399), Some(location)) => format!("{status} to {location}"),
            (Some(status), _) => status.to_string(),
            (None, _) => clean(exchange.failure.as_deref().unwrap_or("nothing")),
        };
        let admitted = is_admitted(exchange);
        let alone = Dossier { exchanges: vec![Exchange { probe: None, ..exchange.clone() }], now: exchange.at, ..Dossier::default() };
        let explanation = (!admitted).then(|| explain(&alone));
        Self { tried: clean(name), status, challenge: field("www-authenticate"), came, admitted, explanation }
    }

    fn cause(&self) -> Option<String> {
        let verdict = &self.explanation.as_ref()?.verdict;
        verdict.cause.map(|cause| cause.code().to_owned())
    }

    fn value(&self) -> Value {
        let verdict = self.explanation.as_ref().map(|explanation| &explanation.verdict);
        json!({ "tried": self.tried, "status": self.status, "came": self.came, "challenge": self.challenge, "admitted": self.admitted, "verdict": verdict })
    }

    fn cells(&self) -> [String; 4] {
        let challenge = self.challenge.clone().unwrap_or_default();
        let short =
            if challenge.chars().count() > CHALLENGE { challenge.chars().take(CHALLENGE - 1).chain(['…']).collect() } else { challenge };
        let cause = if self.admitted { "admitted".to_owned() } else { self.cause().unwrap_or_else(|| "-".to_owned()) };
        [self.tried.clone(), self.came.clone(), short, cause]
    }
}

fn told(rows: &[Row], outcome: &Outcome, planned: usize) -> String {
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    let mut text = table(["sent", "got", "challenge", "cause"], &cells);
    let admitted: Vec<_> = rows.iter().filter(|row| row.admitted).map(|row| row.tried.as_str()).collect();
    text.push('\n');
    text.push_str(&match admitted.as_slice() {
        [] => format!("Of {} tried none was admitted.\n", outcome.requests),
        ["nothing", ..] => "No credentials are needed for a GET of this.\n".to_owned(),
        [first, ..] => format!("Admitted: {first}.\n"),
    });
    if rows.len() < planned && !admitted.is_empty() {
        text.push_str(&format!("Sent {} of {planned}; --all sends the others too.\n", rows.len()));
    }
    for missing in &outcome.found.not_seen {
        text.push_str(&format!("not seen: {missing}\n"));
    }
    text
}
