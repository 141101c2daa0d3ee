//! What is wrong with the answer itself: no challenge, a malformed one, or a status that means something else. Weak by themselves.

use super::refusal::Refusal;
use super::said::Said;
use crate::catalogue::Code::{self, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::ForeignCause;
use countersign_grammar::parse_challenges;

const NAME: &str = "challenge";
const MISSING: Code = Foreign(ForeignCause::ChallengeMissing);
const MISUSED: Code = Foreign(ForeignCause::StatusMisused);

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let mut clues = Vec::new();
    let header = refusal.answered("www-authenticate");
    if refusal.status() == 401 && header.is_none() && refusal.response().is_some_and(|response| !response.headers.0.is_empty()) {
        let because =
            "The 401 has no WWW-Authenticate, which it must have (RFC 9110 section 15.5.2): the server does not say what it wants.";
        let clue = Clue::new(NAME, MISSING, 12, because);
        clues.push(clue.fix(Side::Server, "Send a challenge with each 401.", &["WWW-Authenticate: Bearer realm=\"api\""]));
    }
    for header in refusal.response().into_iter().flat_map(|response| response.headers.all("www-authenticate")).take(8) {
        let read = parse_challenges(&header.value);
        if let Some(fault) = read.faults.iter().find(|fault| !fault.kind.is_tolerable()) {
            let because = format!("The challenge is malformed: {} Clients that read strictly do not see it.", fault.kind);
            clues.push(Clue::new(NAME, MISSING, 14, because).quote(Quote::header(refusal.index, "response", header)));
            break;
        }
    }
    let said = Said::of(dossier);
    if refusal.status() == 401 {
        let other = said.any(&["404 not found", "page not found", "route not found", "no such route", "cannot get /", "no route matched"]);
        if let Some(heard) = other {
            let because = format!("The status is 401, and the words are about a place that is not there: “{}”.", heard.words);
            clues.push(Clue::new(NAME, MISUSED, 26, because).quote(heard.quote));
        }
    }
    clues
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check};
    use super::*;

    #[test]
    fn answers_that_say_too_little() {
        check(see(&answered(401, "Server: a", "")), Some("challenge-missing"), 10);
        check(see(&answered(401, "WWW-Authenticate: Basic realm=\"a\"", "")), None, 1);
        check(see(&answered(401, "WWW-Authenticate: Basic realm=\"a", "")), Some("challenge-missing"), 10);
        check(see(&answered(403, "Server: a", "")), None, 1);
    }
}
