//! Reads one form of input; not written yet.

use super::ReadFault;
use crate::dossier::Dossier;

/// Is this text of this form?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = (name, text);
    false
}

/// Reads it.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let _ = (name, text);
    Err(ReadFault::Unrecognised)
}
