//! From clues to a verdict: causes are weighed against each other, and where none stands out the doctor abstains.

use crate::catalogue::Code;
use crate::clue::Clue;
use crate::dossier::Dossier;
use crate::finding;
use countersign::{Cause, Family, ForeignCause};
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
    /// How much speaks for it, from 0 to 1.
    pub score: f64,
    /// The same for all causes of its family together.
    pub family_score: f64,
    /// What speaks for it, the strongest first; never empty.
    pub clues: Vec<Clue>,
}

/// From this score on a family is said to be certain, provided that one of its clues is proof.
const CERTAIN: f64 = 0.90;
const LIKELY: f64 = 0.80;
const POSSIBLE: f64 = 0.30;
/// The weight of a clue that is proof.
const PROOF: u8 = 95;

/// Findings that read a server's words and challenges without knowing whose language they are.
const WORDS: &[&str] =
    &["account", "bearer-error", "permission", "refused", "revoked", "session", "token-words", "endpoint", "rate", "scheme"];
/// The finding that knows whose language it is.
const DIALECT: &str = "dialect";
/// From this weight on a product's own language is taken to settle what its words mean.
const SETTLES: u8 = 60;

/// Where the product is known and its language says what the words mean, what they would mean elsewhere counts half.
pub(crate) fn in_its_language(mut clues: Vec<Clue>) -> Vec<Clue> {
    let told = |clue: &&Clue| clue.finding == DIALECT && clue.product.is_some() && clue.weight >= SETTLES;
    if clues.iter().any(|clue| told(&clue)) {
        let meant: Vec<Code> = clues.iter().filter(|clue| clue.finding == DIALECT).map(|clue| clue.code).collect();
        for clue in clues.iter_mut().filter(|clue| WORDS.contains(&clue.finding) && !meant.contains(&clue.code)) {
            clue.weight /= 2;
        }
    }
    clues
}

/// Many servers say that nothing came when they mean that nothing came which they could use. Where the request is seen to
/// carry credentials, that is what is believed.
pub(crate) fn seeing_the_request(mut clues: Vec<Clue>, dossier: &Dossier) -> Vec<Clue> {
    let request = dossier.refusal().and_then(|(_, exchange)| exchange.request.as_ref());
    let missing = Code::from(Cause::CredentialsMissing);
    explain_away(&mut clues);
    if request.is_some_and(finding::sent_only_cookies) {
        return cookies_alone(clues);
    }
    // Who gives a token for the password has no second factor to add.
    if request.is_some_and(finding::sent_token_as_password) {
        let factor = Code::from(ForeignCause::SecondFactorMissing);
        clues.iter_mut().filter(|clue| clue.code == factor).for_each(|clue| clue.weight /= 2);
    }
    if request.is_some_and(finding::sent_nothing) {
        nobody_asked(&mut clues);
    }
    if !request.map(finding::sent_credentials).unwrap_or_default() {
        return clues;
    }
    let mut weighed = None;
    for clue in clues.iter_mut().filter(|clue| clue.code == missing && clue.finding == DIALECT) {
        weighed = weighed.max(Some(clue.weight));
        clue.weight /= 3;
    }
    if let Some(weight) = weighed {
        let because = "The server says that no credentials came, and some did: those that it cannot use count as none.";
        clues.push(Clue::new("credentials", ForeignCause::CredentialsInvalid, weight * 2 / 3, because));
    }
    clues
}

/// That credentials are invalid is what a server says of damaged ones, and of those that were meant for another server.
fn explain_away(clues: &mut [Clue]) {
    let explains = |clue: &Clue| match clue.finding {
        "garbled" | "placeholder" => clue.weight >= SETTLES && clue.code.family() == Family::MalformedCredentials,
        "refused" => clue.code == Code::from(ForeignCause::ServerMisconfigured),
        _ => false,
    };
    // An account's state is the reason; that one may not is what follows from it.
    if clues.iter().any(|clue| clue.finding == "account" && clue.weight >= 85) {
        for clue in clues.iter_mut().filter(|clue| clue.code.family() == Family::InsufficientPermissions) {
            clue.weight /= 2;
        }
    }
    if clues.iter().any(explains) {
        for clue in clues.iter_mut().filter(|clue| clue.code.family() == Family::InvalidCredentials) {
            clue.weight = clue.weight * 2 / 3;
        }
    }
}

/// A request that says nothing of who asks was not refused for what one may do, where the product's language has another reading.
fn nobody_asked(clues: &mut [Clue]) {
    let other = clues.iter().any(|clue| clue.finding == DIALECT && clue.code.family() == Family::MisconfigurationOther);
    for clue in clues.iter_mut().filter(|clue| other && clue.code.family() == Family::InsufficientPermissions) {
        clue.weight /= 2;
    }
}

/// Where cookies are all that came: words that mean either nothing or a session that is over mean the session, and a key that
/// is refused is none of the caller's.
fn cookies_alone(mut clues: Vec<Clue>) -> Vec<Clue> {
    let session = clues.iter().any(|clue| clue.finding == DIALECT && clue.code.family() == Family::ExpiredSession);
    let missing = Code::from(Cause::CredentialsMissing);
    for clue in clues.iter_mut().filter(|clue| session && clue.code == missing) {
        clue.weight /= 2;
    }
    let key = Code::from(Cause::ApiKeyUnknown);
    let mut told = false;
    for clue in clues.iter_mut().filter(|clue| clue.code == key) {
        clue.weight /= 2;
        told = true;
    }
    if told {
        let because = "The server refuses a key, and the request carries none: something between the caller and the server adds one.";
        clues.push(Clue::new("credentials", ForeignCause::ServerMisconfigured, 58, because));
    }
    clues
}

/// What the judge says of the request counts where no finding has said as much; it would be the same fact twice.
pub(crate) fn judged(mut clues: Vec<Clue>, judge: Option<Clue>) -> Vec<Clue> {
    clues.extend(judge.filter(|judge| !clues.iter().any(|clue| clue.code == judge.code && clue.weight >= judge.weight)));
    clues
}

/// Weighs the clues: candidates, the likeliest family first, and within it the likeliest cause.
pub(crate) fn weigh(clues: Vec<Clue>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for clue in clues {
        match candidates.iter_mut().find(|candidate| candidate.code == clue.code) {
            Some(candidate) => candidate.clues.push(clue),
            None => candidates.push(Candidate { code: clue.code, score: 0.0, family_score: 0.0, clues: vec![clue] }),
        }
    }
    for candidate in &mut candidates {
        candidate.clues.sort_by_key(|clue| std::cmp::Reverse(clue.weight));
        candidate.score = together(candidate.clues.iter().map(|clue| clue.weight));
    }
    let families: Vec<(Family, f64)> = candidates
        .iter()
        .map(|candidate| {
            let family = candidate.code.family();
            let kin = candidates.iter().filter(|other| other.code.family() == family);
            let mut weights: Vec<u8> = kin.flat_map(|other| other.clues.iter().map(|clue| clue.weight)).collect();
            weights.sort_unstable_by_key(|weight| std::cmp::Reverse(*weight));
            (family, together(weights.into_iter()))
        })
        .collect();
    for (candidate, (_, score)) in candidates.iter_mut().zip(families) {
        candidate.family_score = score;
    }
    candidates.sort_by(|a, b| b.family_score.total_cmp(&a.family_score).then(b.score.total_cmp(&a.score)));
    candidates
}

/// Several clues for one thing, the strongest first. Findings often see the same fact in two ways, so that each further
/// clue counts half as much as it would alone.
fn together(weights: impl Iterator<Item = u8>) -> f64 {
    let mut share = 1.0;
    let against: f64 = weights
        .map(|weight| {
            let against = 1.0 - share * f64::from(weight.min(99)) / 100.0;
            share /= 2.0;
            against
        })
        .product();
    1.0 - against
}

/// How sure the first candidate is, given the others.
pub(crate) fn confidence(candidates: &[Candidate]) -> Confidence {
    let Some(first) = candidates.first() else { return Confidence::Unknown };
    let rivals = candidates.iter().filter(|other| other.code.family() != first.code.family());
    let rival = rivals.map(|other| other.family_score).fold(0.0, f64::max);
    let lead = first.family_score - rival * rival / 2.0;
    let proof = first.clues.iter().any(|clue| clue.weight >= PROOF);
    match lead {
        lead if lead >= CERTAIN && proof => Confidence::Certain,
        // Proof stands, whatever else could be: only how sure it is suffers.
        lead if lead >= LIKELY || (proof && rival < 0.9) => Confidence::Likely,
        lead if lead >= POSSIBLE => Confidence::Possible,
        _ => Confidence::Unknown,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign::{Cause, ForeignCause};

    #[track_caller]
    fn check(clues: &[(Code, u8)], expect: Option<Family>, sure: Confidence) {
        let clues = clues.iter().map(|(code, weight)| Clue::new("test", *code, *weight, "")).collect();
        let candidates = weigh(clues);
        assert_eq!(candidates.first().map(|first| first.code.family()), expect);
        assert_eq!(confidence(&candidates), sure);
    }

    #[test]
    fn clues_are_weighed() {
        let expired = Code::from(Cause::TokenExpired);
        let invalid = Code::from(ForeignCause::CredentialsInvalid);
        let revoked = Code::from(ForeignCause::TokenRevoked);
        check(&[], None, Confidence::Unknown);
        check(&[(expired, 97)], Some(Family::ExpiredToken), Confidence::Certain);
        check(&[(expired, 90), (expired, 90)], Some(Family::ExpiredToken), Confidence::Likely);
        check(&[(invalid, 70), (revoked, 45)], Some(Family::InvalidCredentials), Confidence::Possible);
        check(&[(invalid, 20)], Some(Family::InvalidCredentials), Confidence::Unknown);
        check(&[(invalid, 85), (expired, 97)], Some(Family::ExpiredToken), Confidence::Likely);
    }
}
