//! The readers: from bytes of any of the forms that people have to a dossier. Each form is one file that says whether it
//! recognises the input and reads it; none fails on hostile input, none takes more than its bounds.

use crate::dossier::Dossier;
use thiserror::Error;

/// The most that is read of one input that is no log, in bytes.
pub const LIMIT: usize = 64 * 1024 * 1024;

/// Why there is nothing to explain in an input.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadFault {
    /// No reader recognises it.
    #[error("this is nothing that the doctor reads")]
    Unrecognised,
    /// A form was recognised, and what there is does not suffice.
    #[error("this looks like {form}, but {why}")]
    Broken {
        /// The form: `a HAR`, `a curl command`, ….
        form: &'static str,
        /// What is wrong, with line and column where there are some.
        why: String,
    },
}

/// Reads one input; `name` is its file's name, or `-`.
///
/// # Errors
/// [`ReadFault`] where there is nothing to explain in it.
pub fn read(name: &str, bytes: &[u8]) -> Result<Dossier, ReadFault> {
    let _ = (name, bytes);
    Err(ReadFault::Unrecognised)
}
