//! Patterns of a dialect: plain text in which `*` stands for any run of characters. Matching is linear in the text.
//!
//! Where a pattern is searched for, it matches whole words, so that `AADSTS50058` is not found in `AADSTS500581`; `^` at its
//! beginning and `$` at its end stand for the ends of the text.

use super::grams::{self, Grams};
use super::scene::normal;
use serde::Deserialize;
use std::ops::Range;

/// A pattern, in lower case.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Pattern {
    /// What stands between the stars.
    pieces: Vec<String>,
    /// The runs of four bytes in them.
    grams: Vec<u32>,
    from_start: bool,
    to_end: bool,
    /// As it was written.
    #[cfg(test)]
    pub written: String,
}

impl From<String> for Pattern {
    fn from(written: String) -> Self {
        let lower = normal(&written).lower;
        let inner = lower.strip_prefix('^').unwrap_or(&lower);
        let core = inner.strip_suffix('$').unwrap_or(inner);
        Self {
            pieces: core.split('*').map(str::to_owned).collect(),
            grams: core.split('*').flat_map(grams::hashes).collect(),
            from_start: inner.len() < lower.len(),
            to_end: core.len() < inner.len(),
            #[cfg(test)]
            written,
        }
    }
}

impl Pattern {
    /// Does the whole of a value in lower case fit? The empty pattern fits the empty value only.
    pub(super) fn fits(&self, value: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| only == value);
        };
        let Some(rest) = value.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        for piece in middle {
            let Some(at) = rest.find(piece.as_str()) else { return false };
            rest = rest.get(at + piece.len()..).unwrap_or_default();
        }
        true
    }

    /// Is it the pattern that asks for a field's absence?
    pub(super) fn is_absence(&self) -> bool {
        self.pieces.iter().all(String::is_empty) && self.pieces.len() < 2
    }

    /// Can it occur in a text with these runs?
    pub(super) fn may_occur(&self, grams: &Grams) -> bool {
        grams.may_have(&self.grams)
    }

    /// Where it occurs first in a text that is in lower case.
    pub(super) fn find(&self, lower: &str) -> Option<Range<usize>> {
        let mut at = 0;
        let mut start = None;
        let last = self.pieces.len().saturating_sub(1);
        for (index, piece) in self.pieces.iter().enumerate().filter(|(_, piece)| !piece.is_empty()) {
            let ends_here = index == last;
            let found = occurrence(lower, at, piece, |from, to| {
                (index > 0 || if self.from_start { from == 0 } else { begins_word(lower, from) })
                    && (!ends_here || if self.to_end { to == lower.len() } else { ends_word(lower, to) })
            })?;
            start.get_or_insert(found);
            at = found + piece.len();
        }
        Some(start.unwrap_or(0)..at)
    }
}

fn occurrence(text: &str, from: usize, piece: &str, fits: impl Fn(usize, usize) -> bool) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.match_indices(piece).map(|(at, _)| from + at).find(|at| fits(*at, at + piece.len()))
}

fn begins_word(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    !(word(before.chars().next_back()) && word(after.chars().next()))
}

fn ends_word(text: &str, at: usize) -> bool {
    begins_word(text, at)
}

fn word(char: Option<char>) -> bool {
    char.is_some_and(|char| char.is_alphanumeric() || char == '_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, found: bool, fits: bool) {
        let pattern = Pattern::from(pattern.to_owned());
        let lower = normal(text).lower;
        assert_eq!(pattern.find(&lower).is_some(), found, "found in {text}");
        assert!(!found || pattern.may_occur(&Grams::of([lower.as_str()].into_iter())), "may occur in {text}");
        assert_eq!(pattern.fits(&text.to_lowercase()), fits, "fits {text}");
    }

    #[test]
    fn patterns_match() {
        check("Bad credentials", "{\"message\":\"bad Credentials\"}", true, false);
        check("AADSTS50058", "AADSTS500581: x", false, false);
        check("AADSTS50058*", "AADSTS500581: x", true, true);
        check("jwt * expired", "the JWT has expired", true, false);
        check("jwt * expired", "expired jwt", false, false);
        check("basic *", "Basic abc", true, true);
        check("*.example.com", "a.example.com", true, true);
        check("*.example.com", "example.com", false, false);
        check("", "", true, true);
        check("^unauthorized$", " unauthorized\n", true, false);
        check("^unauthorized$", "unauthorized access", false, false);
        check("*", "anything", true, true);
        check("a*a", "a", false, false);
        check("can't verify", "Can\\u0027t verify", true, false);
        check("can't verify", "Can&#39;t  verify", true, false);
        check("\"error\": \"x\"", "{\"error\" :\n\"x\"}", true, false);
    }
}
