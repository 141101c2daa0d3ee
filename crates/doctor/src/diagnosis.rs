//! From clues to a verdict: causes are weighed against each other, and where none stands out the doctor abstains.

use crate::catalogue::Code;
use crate::clue::Clue;
use serde::Serialize;

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Nothing stands out.
    Unknown,
    /// It explains what is seen; so would others.
    Possible,
    /// It would be a surprise if it were another.
    Likely,
    /// It is stated or can be computed from what was given.
    Certain,
}

/// A cause with what speaks for it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// The cause.
    pub code: Code,
    /// Its share of a hundred.
    pub score: f64,
    /// What speaks for it, the strongest first.
    pub clues: Vec<Clue>,
}

/// Weighs the clues: candidates, the likeliest first.
pub(crate) fn weigh(clues: Vec<Clue>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for clue in clues {
        match candidates.iter_mut().find(|candidate| candidate.code == clue.code) {
            Some(candidate) => candidate.clues.push(clue),
            None => candidates.push(Candidate { code: clue.code, score: 0.0, clues: vec![clue] }),
        }
    }
    for candidate in &mut candidates {
        candidate.clues.sort_by_key(|clue| std::cmp::Reverse(clue.weight));
        let against = candidate.clues.iter().map(|clue| 1.0 - f64::from(clue.weight.min(99)) / 100.0).product::<f64>();
        candidate.score = 1.0 - against;
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    candidates
}

/// How sure the first candidate is, given the others.
pub(crate) fn confidence(candidates: &[Candidate]) -> Confidence {
    let Some(first) = candidates.first() else { return Confidence::Unknown };
    let rival =
        candidates.iter().skip(1).filter(|other| other.code.family() != first.code.family()).map(|other| other.score).fold(0.0, f64::max);
    let lead = first.score - rival * rival / 2.0;
    match lead {
        lead if lead >= 0.92 => Confidence::Certain,
        lead if lead >= 0.62 => Confidence::Likely,
        lead if lead >= 0.30 => Confidence::Possible,
        _ => Confidence::Unknown,
    }
}
