//! The commands: their arguments as one tree, which help, completions and man pages are made from too.

mod check;
mod completions;
mod explain;
mod key;
mod man;
mod serve;
mod session;
mod token;
mod try_;
mod user;

use crate::failure::Failure;
use crate::output::Output;
use clap::{Parser, Subcommand};

const EXIT_CODES: &str = "Exit codes: 0 done, 1 error, 2 wrong arguments or cannot know, 3 nothing to explain.";

/// A gateway whose every refusal can be explained
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Print JSON on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway
    Serve(serve::Serve),
    /// Explain a refusal: a reference (cs1_…), a cause (token-expired), an exchange, a HAR, a token, a log, …
    Explain(Box<explain::Explain>),
    /// Try combinations of credentials at a URL, and say what each got
    Try(try_::Try),
    /// Accounts: add, list, grant, revoke, passwd, lock, unlock, disable, enable, remove, forget-digest
    User(user::User),
    /// API keys: add, list, grant, rotate, revoke
    Key(key::Key),
    /// Browser sessions: list, revoke
    Session(session::Session),
    /// Tokens of the gateway's own key, for trying things out
    Token(token::Token),
    /// Check a configuration
    Check(check::Check),
    /// Print completions for a shell
    Completions(completions::Completions),
    /// Print the man page, or write all of them to a directory
    Man(man::Man),
}

impl Command {
    /// Does the command ask for JSON in another way than by `--json`?
    pub(crate) fn as_json(&self) -> bool {
        matches!(self, Command::Explain(explain) if explain.as_json())
    }

    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self {
            Command::Serve(serve) => serve.run(output),
            Command::Explain(explain) => explain.run(output),
            Command::Try(try_) => try_.run(output),
            Command::User(user) => user.run(output),
            Command::Key(key) => key.run(output),
            Command::Session(session) => session.run(output),
            Command::Token(token) => token.run(output),
            Command::Check(check) => check.run(output),
            Command::Completions(completions) => completions.run(output),
            Command::Man(man) => man.run(output),
        }
    }
}

#[cfg(test)]
mod tests;
