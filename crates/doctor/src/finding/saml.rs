//! Not written yet.

use crate::clue::Clue;
use crate::dossier::Dossier;

pub(crate) fn see(_: &Dossier) -> Vec<Clue> {
    Vec::new()
}
