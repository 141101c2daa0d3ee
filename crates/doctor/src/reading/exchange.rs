//! A recorded exchange in the forms in which people paste them: what curl, wget, HTTPie, git, kubectl, Postman, browsers and
//! the debug logs of HTTP libraries print, and requests and responses as HTTP writes them, one after another.
//!
//! No part of it judges: a head that ends early, a body without length and a response without request are read as far as
//! they go.
//!
//! ```text
//!  text ─► lines (each tool's marks become curl's: `> `, `< `, `* `) ─► Transcript (heads, bodies, failures) ─► Dossier
//! ```

mod lines;
mod note;
mod start;
mod transcript;

use super::{ReadFault, redaction};
use crate::dossier::Dossier;
use std::borrow::Cow;
use transcript::Transcript;

/// Is there a start line, or a failure that a tool reported, that can be nothing else?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = name;
    let transcript = transcribe(text);
    transcript.certain || transcript.exchanges.iter().any(|exchange| exchange.response.is_some() || exchange.failure.is_some())
}

/// Reads all exchanges, the oldest first.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let _ = name;
    dossier(transcribe(text))
}

/// Reads a file of requests, in which a start line needs no version, from numbered lines with their variables filled in.
pub(super) fn read_requests<'a>(lines: impl Iterator<Item = (usize, Cow<'a, str>)>) -> Result<Dossier, ReadFault> {
    let mut transcript = Transcript::of_requests();
    lines.for_each(|(number, line)| transcript.feed(number, &line));
    transcript.end();
    dossier(transcript)
}

fn transcribe(text: &str) -> Transcript {
    let mut transcript = Transcript::default();
    lines::each(text, &mut |number, line| transcript.feed(number, line));
    transcript.end();
    transcript
}

fn dossier(transcript: Transcript) -> Result<Dossier, ReadFault> {
    let Transcript { exchanges, documents, mut not_seen, .. } = transcript;
    if exchanges.is_empty() {
        return Err(ReadFault::Unrecognised);
    }
    redaction::note(&exchanges, &mut not_seen);
    not_seen.dedup();
    Ok(Dossier { exchanges, documents, not_seen, now: None })
}

#[cfg(test)]
mod tests;
