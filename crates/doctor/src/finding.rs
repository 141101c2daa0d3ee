//! The findings: pure functions from a dossier to clues, one file each, each with a page in `docs/findings`. Like lint
//! rules they know nothing of one another; weighing is the diagnosis's.

mod configuration;
mod discovery;
mod key_set;
mod lone_token;
mod saml;

use crate::clue::Clue;
use crate::dossier::Dossier;

/// A finding: its name, which is its page's, and what it sees.
pub(crate) struct Finding {
    /// The page's name.
    pub name: &'static str,
    /// What it sees in a dossier.
    pub see: fn(&Dossier) -> Vec<Clue>,
}

/// All of them.
pub(crate) const ALL: &[Finding] = &[
    Finding { name: "configuration", see: configuration::see },
    Finding { name: "discovery", see: discovery::see },
    Finding { name: "key-set", see: key_set::see },
    Finding { name: "lone-token", see: lone_token::see },
    Finding { name: "saml", see: saml::see },
];

/// Everything that the findings see.
pub(crate) fn clues(dossier: &Dossier) -> Vec<Clue> {
    ALL.iter().flat_map(|finding| (finding.see)(dossier)).collect()
}
