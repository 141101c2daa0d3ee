//! Why a reference could not be opened, for people and programs.

use countersign::reference::ReferenceFault;
use serde::Serialize;

/// A reference's fault as a report of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultReport {
    /// Stable: `not-a-reference`, `malformed`, `key-unknown`, `altered` or `too-old`.
    pub error: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: &'static str,
}

impl From<&ReferenceFault> for FaultReport {
    fn from(fault: &ReferenceFault) -> Self {
        let (error, fix) = match fault {
            ReferenceFault::NotAReference => {
                ("not-a-reference", "Copy the value of the header Countersign-Ref, or of `instance` in the problem document.")
            }
            ReferenceFault::Malformed(_) => {
                ("malformed", "Copy the whole reference: one word of letters, digits, `-` and `_`, without a line break.")
            }
            ReferenceFault::KeyUnknown(_) => {
                ("key-unknown", "Name the data directory of the gateway that refused: `--data DIR`, or one of its keys: `--key-file FILE`.")
            }
            ReferenceFault::Altered => {
                ("altered", "Copy the reference again from the answer; what the sender of this one says about the refusal proves nothing.")
            }
            ReferenceFault::TooOld { .. } => ("too-old", "Send the request again, and open the reference of its answer."),
        };
        Self { error, message: fault.to_string(), fix }
    }
}
