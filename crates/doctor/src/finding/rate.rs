//! Too many requests: the status, the words, and the fields that count what is left.

use super::refusal::Refusal;
use super::said::{Phrase, Said};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "rate";
const RATE: Code = Foreign(ForeignCause::RateExceeded);

const PHRASES: &[Phrase] = &[
    Phrase("secondary rate limit", 96, RATE),
    Phrase("rate limit exceeded", 94, RATE),
    Phrase("rate limit * exceeded", 92, RATE),
    Phrase("exceeded * rate limit", 93, RATE),
    Phrase("exceeded * quota", 88, RATE),
    Phrase("rate_limit_exceeded", 95, RATE),
    Phrase("ratelimitexceeded", 95, RATE),
    Phrase("userratelimitexceeded", 96, RATE),
    Phrase("rate limit reached", 93, RATE),
    Phrase("rate limited", 92, RATE),
    Phrase("rate-limited", 92, RATE),
    Phrase("rate limit", 74, RATE),
    Phrase("ratelimit", 70, RATE),
    Phrase("throttl", 84, RATE),
    Phrase("too many requests", 92, RATE),
    Phrase("toomanyrequests", 92, RATE),
    Phrase("too_many_requests", 92, RATE),
    Phrase("request limit", 76, RATE),
    Phrase("quota exceeded", 88, RATE),
    Phrase("quotaexceeded", 90, RATE),
    Phrase("quota_exceeded", 90, RATE),
    Phrase("quota has been", 82, RATE),
    Phrase("out of quota", 86, RATE),
    Phrase("out of call volume quota", 95, RATE),
    Phrase("insufficient_quota", 92, RATE),
    Phrase("daily limit", 82, RATE),
    Phrase("dailylimitexceeded", 92, RATE),
    Phrase("monthly limit", 82, RATE),
    Phrase("usage limit", 84, RATE),
    Phrase("limit exceeded", 78, RATE),
    Phrase("limit has been reached", 82, RATE),
    Phrase("credits * exhausted", 78, RATE),
    Phrase("slow down", 82, RATE),
    Phrase("slowdown", 84, RATE),
    Phrase("too many attempts", 80, Common(Cause::AttemptsExceeded)),
    Phrase("too many login", 84, Common(Cause::AttemptsExceeded)),
    Phrase("too many failed", 78, Common(Cause::AttemptsExceeded)),
    Phrase("请求过于频繁", 92, RATE),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let mut clues = Said::of(dossier).clues(NAME, PHRASES);
    let Some(refusal) = Refusal::of(dossier) else { return clues };
    let wait = refusal.answered("retry-after");
    if refusal.status() == 429 {
        let clue = Clue::new(NAME, RATE, 96, "429 means too many requests (RFC 6585 section 4).");
        clues.push(match wait {
            Some(header) => clue.quote(Quote::header(refusal.index, "response", header)).fix(
                Side::Caller,
                "Wait as long as the answer's Retry-After says, then ask less often.",
                &[],
            ),
            None => clue.fix(Side::Caller, "Wait, with a pause that doubles each time, and ask less often.", &[]),
        });
    } else if let Some(header) = wait.filter(|_| matches!(refusal.status(), 401 | 403)) {
        let clue = Clue::new(NAME, RATE, 66, "A refusal that says after which time to ask again counts requests rather than rights.");
        clues.push(clue.quote(Quote::header(refusal.index, "response", header)));
    }
    let spent = refusal.response().and_then(|response| {
        response.headers.0.iter().find(|header| {
            let name = header.name.to_ascii_lowercase();
            name.contains("ratelimit") && name.ends_with("remaining") && matches!(header.value.trim(), "0" | "-1")
                || name.contains("rate-limit") && name.ends_with("remaining") && header.value.trim() == "0"
        })
    });
    if let Some(header) = spent.filter(|_| matches!(refusal.status(), 401 | 403 | 429)) {
        let clue = Clue::new(NAME, RATE, 88, "The answer's own counter of what is left stands at nothing.");
        clues.push(clue.quote(Quote::header(refusal.index, "response", header)));
    }
    clues
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check};
    use super::*;

    #[test]
    fn too_many_requests() {
        check(see(&answered(429, "Retry-After: 5", "")), Some("rate-exceeded"), 95);
        check(see(&answered(403, "X-RateLimit-Remaining: 0", "")), Some("rate-exceeded"), 85);
        check(see(&answered(403, "X-RateLimit-Remaining: 27", "You have exceeded a secondary rate limit.")), Some("rate-exceeded"), 90);
        check(see(&answered(401, "X-RateLimit-Remaining: 57", "Bad credentials")), None, 10);
    }
}
