//! Why a command did not do what was asked: a stable code, what is wrong, how to mend it, and the exit code of its class.

use countersign_doctor::FaultReport;
use countersign_gateway::ServeError;
use countersign_gateway::config::Faults;
use countersign_store::StoreError;
use serde::{Serialize, Serializer};
use serde_json::json;
use std::fmt::Write;
use std::io;
use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something is wrong; the class decides the exit code.
    Said { class: Class, code: &'static str, message: String, mend: Option<String> },
    /// The configuration has faults.
    Config(Faults),
    /// Everything is said on standard output already; the exit code alone is left.
    Printed(Class),
    /// Whoever read standard output has gone: nobody is left to be told.
    ReaderGone,
}

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// 1
    Error,
    /// 2, as for wrong arguments too.
    CannotKnow,
    /// 3
    NothingToExplain,
}

impl Failure {
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(Class::Error, code, message)
    }

    pub(crate) fn of(class: Class, code: &'static str, message: impl Into<String>) -> Self {
        Self::Said { class, code, message: message.into(), mend: None }
    }

    /// Says how to mend it.
    #[must_use]
    pub(crate) fn mend(mut self, how: impl Into<String>) -> Self {
        if let Self::Said { mend, .. } = &mut self {
            *mend = Some(how.into());
        }
        self
    }

    /// Standard output that was closed is no error; a full disk is.
    pub(crate) fn from_output(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::error("output", format!("cannot write to standard output: {error}")),
        }
    }

    pub(crate) fn reference(class: Class, fault: FaultReport) -> Self {
        Self::of(class, fault.error, fault.message).mend(fault.fix)
    }

    pub(crate) fn exit(&self) -> ExitCode {
        match self {
            Self::Said { class: Class::CannotKnow, .. } | Self::Printed(Class::CannotKnow) => ExitCode::from(2),
            Self::Said { class: Class::NothingToExplain, .. } | Self::Printed(Class::NothingToExplain) => ExitCode::from(3),
            Self::ReaderGone => ExitCode::SUCCESS,
            Self::Said { class: Class::Error, .. } | Self::Printed(Class::Error) | Self::Config(_) => ExitCode::FAILURE,
        }
    }

    pub(crate) fn render(&self, colour: bool) -> String {
        match self {
            Self::Config(faults) => faults.render(colour),
            Self::Printed(_) | Self::ReaderGone => String::new(),
            Self::Said { message, mend, .. } => {
                let mut text = if colour { format!("\u{1b}[1;31merror:\u{1b}[0m {message}") } else { format!("error: {message}") };
                if let Some(mend) = mend {
                    // Writing to a string does not fail.
                    let _ = write!(text, "\n  {mend}");
                }
                text
            }
        }
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = match self {
            Self::Said { code, message, mend, .. } => json!({ "error": code, "message": message, "fix": mend }),
            Self::Config(faults) => json!({ "error": "configuration", "message": "the configuration has faults", "faults": faults }),
            Self::Printed(_) => json!(null),
            Self::ReaderGone => json!({ "error": "output", "message": "standard output was closed" }),
        };
        value.serialize(serializer)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::AccountExists(name) => Self::error("account-exists", format!("there is an account called {name} already"))
                .mend(format!("`countersign user passwd {name}` sets a new password")),
            StoreError::AccountUnknown(name) => {
                Self::error("account-unknown", format!("no account is called {name}")).mend("`countersign user list` shows them")
            }
            StoreError::ApiKeyUnknown(id) => {
                Self::error("api-key-unknown", format!("no API key has the identifier {id}")).mend("`countersign key list` shows them")
            }
            StoreError::SessionUnknown(id) => {
                Self::error("session-unknown", format!("no session has the identifier {id}")).mend("`countersign session list` shows them")
            }
            StoreError::AccountName(_) => Self::error("account-name", error.to_string()),
            StoreError::File { .. } | StoreError::Content { .. } => Self::error("data", error.to_string()),
            StoreError::Randomness => Self::error("system", error.to_string()),
            StoreError::Database(_) | StoreError::Newer { .. } | StoreError::Row(_) => Self::error("store", error.to_string()),
        }
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Config(faults)
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let message = error.to_string();
        match error {
            ServeError::Config(faults) => Self::Config(faults),
            ServeError::Listen(..) => {
                Self::error("listen", message).mend("`--listen ADDRESS` and `--admin-listen ADDRESS` name others; port 0 takes a free one")
            }
            ServeError::Store(error) => error.into(),
            ServeError::Tls(_) => Self::error("tls", message),
            ServeError::System(..) => Self::error("system", message),
        }
    }
}
