//! Recordings whose decisive part was taken out. Redacted is never missing.

use super::credentials::hides_credentials;
use super::refusal::Refusal;
use super::said::Said;
use super::sent;
use crate::catalogue::Code::{self, Foreign};
use crate::clue::Clue;
use crate::dossier::Dossier;
use countersign::ForeignCause;

const NAME: &str = "redacted";
const REDACTED: Code = Foreign(ForeignCause::EvidenceRedacted);

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let sent = refusal.request().map(sent::credentials).unwrap_or_default();
    let masked = sent.iter().find(|sent| is_masked(&sent.value));
    let hidden = hides_credentials(dossier);
    if masked.is_none() && !hidden {
        return Vec::new();
    }
    // Where the server says why, what was taken out decides nothing.
    let told = !Said::of(dossier).is_silent() || refusal.challenge_tells_error();
    let weight = if told { 14 } else { 40 };
    let because =
        "The credentials were taken out of what was given. Whether they were right, damaged or there at all cannot be told from it.";
    let clue = Clue::new(NAME, REDACTED, weight, because);
    vec![match masked {
        Some(sent) => clue.quote(sent.quote(refusal.index)),
        None => clue,
    }]
}

/// Is a value a mask rather than credentials?
fn is_masked(value: &str) -> bool {
    let value = value.rsplit(' ').next().unwrap_or_default().to_ascii_lowercase();
    let words = ["redacted", "[removed]", "<removed>", "<hidden>", "[hidden]", "sanitized", "[filtered]", "<secret>", "<snip>", "[masked]"];
    words.iter().any(|word| value.contains(word))
        || value.len() >= 3 && value.bytes().all(|byte| matches!(byte, b'*' | b'x' | b'.' | b'#'))
        || value.contains("***")
        || value.contains('…')
        || value.ends_with("...")
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchanged};
    use super::*;

    #[test]
    fn what_was_taken_out() {
        for value in ["Bearer [REDACTED]", "Bearer ***", "Bearer eyJhb...", "Basic <redacted>"] {
            check(see(&exchanged(&format!("GET https://a.example/\nAuthorization: {value}"), 401, "", "")), Some("evidence-redacted"), 40);
        }
        check(
            see(&exchanged("GET https://a.example/\nAuthorization: Bearer [REDACTED]", 401, "", "token expired")),
            Some("evidence-redacted"),
            10,
        );
        check(see(&exchanged("GET https://a.example/\nAuthorization: Bearer abcdef", 401, "", "")), None, 1);
        check(see(&exchanged("GET https://a.example/", 401, "", "")), None, 1);
    }
}
