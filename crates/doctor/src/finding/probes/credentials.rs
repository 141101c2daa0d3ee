//! The truth table of what nobody, anybody and the caller get. Who reads credentials answers them differently from none; who
//! knows them answers them differently from garbage.
//!
//! | without | garbage | own | what it speaks for |
//! |---|---|---|---|
//! | A | A | A | stripped on the way, or invalid at a server that answers everything alike |
//! | A | B | B | invalid |
//! | A | A | B | known: a 403 is a missing permission |
//! | A | B | C | read, and refused for a reason of its own |
//! | 2xx | | refused | public, but wrong credentials are refused |
//! | | | 2xx | they are good: what was refused was another request, client or instance |

use super::{NAME, Probes, Seen};
use crate::clue::Clue;
use countersign::ForeignCause::{self, CredentialsInvalid, CredentialsStripped, PermissionInsufficient};

/// How a server says that it saw no credentials.
const MISSING: &[&str] = &[
    "not provided",
    "no credentials",
    "no token",
    "no auth",
    "missing",
    "not authenticated",
    "full authentication is required",
    "no api key",
    "must provide",
    "unauthenticated",
    "not logged in",
    "anonymous",
];
/// How it says that it saw some.
const WRONG: &[&str] =
    &["invalid", "incorrect", "wrong", "expired", "bad credentials", "malformed", "mismatch", "not recognized", "revoked"];

pub(super) fn see(probes: &Probes<'_>) -> Vec<Clue> {
    let mut clues = told(probes);
    if probes.is_substituted() {
        for clue in &mut clues {
            clue.weight -= clue.weight / 4;
            clue.because.push_str(" The probes used another method than the refused request, which may be treated differently.");
        }
    }
    clues
}

fn told(probes: &Probes<'_>) -> Vec<Clue> {
    let Some(without) = probes.without else { return Vec::new() };
    // Where the caller's own could not be sent again, the recording has the answer to them.
    let given = probes.given.filter(|given| given.exchange.request.is_some() && probes.garbage.is_some());
    let Some(own) = probes.own.first().copied().or(given.filter(|_| !probes.is_substituted())) else { return Vec::new() };
    let mut table = Table { without, garbage: probes.garbage, own, clues: Vec::new() };
    match probes.own.as_slice() {
        [first, second, ..] if probes.passed(*first) != probes.passed(*second) => table.alternates(*first, *second),
        [first, ..] if probes.passed(*first) => table.admitted(probes, *first),
        _ if own.status() == 429 => table.add(ForeignCause::RateExceeded, 80, "The probe with your credentials is told to slow down."),
        _ if !own.is_refused() => table.elsewhere(),
        _ if probes.passed(without) => table.add(CredentialsInvalid, 70, PUBLIC),
        _ => table.refused(),
    }
    table.clues
}

const PUBLIC: &str = "Without credentials the request is admitted, with them it is refused: the server refuses what it cannot accept, even where \
                      nothing is needed.";

struct Table<'a> {
    without: Seen<'a>,
    garbage: Option<Seen<'a>>,
    own: Seen<'a>,
    clues: Vec<Clue>,
}

impl Table<'_> {
    fn add(&mut self, cause: ForeignCause, weight: u8, because: impl Into<String>) {
        let mut clue = Clue::new(NAME, cause, weight, because).quote(self.without.quote("without credentials"));
        if let Some(garbage) = &self.garbage {
            clue = clue.quote(garbage.quote("with garbage"));
        }
        self.clues.push(clue.quote(self.own.quote("with your credentials")));
    }

    fn refused(&mut self) {
        let same = |a: &Seen<'_>, b: &Seen<'_>| a.is_like(b);
        match self.garbage {
            None if same(&self.without, &self.own) => self.all_alike(12),
            Some(garbage) if same(&garbage, &self.own) && same(&self.without, &self.own) => self.all_alike(0),
            Some(garbage) if same(&garbage, &self.own) => self.like_garbage(),
            Some(garbage) if same(&garbage, &self.without) => self.known("None and garbage are answered alike, yours differently"),
            Some(_) => self.known("None, garbage and yours are each answered differently"),
            None => self.known("None and yours are answered differently"),
        }
    }

    /// Whatever is sent, the answer is the same.
    fn all_alike(&mut self, less: u8) {
        let words = self.own.words();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
        let bearer = words.contains("bearer") && !words.contains("error=");
        let (stripped, invalid, why) = match (self.own.status(), says(MISSING), says(WRONG)) {
            (403, true, false) => (68, 15, "it says that none came"),
            (403, ..) => {
                self.add(ForeignCause::Blocked, 42, "Whatever is sent, the same 403 comes: it may be decided before authentication.");
                self.add(PermissionInsufficient, 22, "Whatever is sent, the same 403 comes: the place may be closed to all.");
                (25, 10, "nothing tells whether the server saw any")
            }
            (_, true, false) => (76, 20, "it says that none came"),
            (_, false, true) => (28, 55, "it says that they are wrong, even where none came"),
            _ if bearer => (58, 34, "its Bearer challenge has no error code, as for a request that had no token (RFC 6750 section 3)"),
            _ => (48, 42, "nothing tells whether the server saw any"),
        };
        let text = format!("Without credentials, with garbage and with yours the answer is the same; {why}.");
        self.add(CredentialsStripped, stripped - less.min(stripped), text.clone());
        self.add(CredentialsInvalid, invalid, format!("{text} Many servers answer wrong credentials and none alike."));
    }

    /// Read, and worth as little as garbage.
    fn like_garbage(&mut self) {
        let text = "The server answers none differently, and garbage and yours alike: it reads the credentials and knows yours as little.";
        match (self.without.status(), self.own.status()) {
            (401, 403) => {
                self.add(CredentialsInvalid, 55, text);
                self.add(
                    PermissionInsufficient,
                    30,
                    "With any credentials at all the answer is 403: they may be let in and allowed nothing.",
                );
            }
            _ => self.add(CredentialsInvalid, 76, text),
        }
    }

    /// Told apart from garbage.
    fn known(&mut self, seen: &str) {
        match (self.without.status(), self.garbage.map(|garbage| garbage.status()), self.own.status()) {
            (401, None | Some(401), 403) => {
                let weight = if self.garbage.is_some() { 84 } else { 64 };
                self.add(PermissionInsufficient, weight, format!("{seen}: they are known, and what they may do does not suffice."));
            }
            (_, Some(_), _) => {
                let text =
                    format!("{seen}: they are read, they arrive, and are refused for a reason of their own, which the answer may tell.");
                self.add(CredentialsInvalid, 40, text);
            }
            (_, None, _) => self.add(CredentialsInvalid, 45, format!("{seen}: the credentials arrive and are read.")),
        }
    }

    /// Neither admitted nor refused.
    fn elsewhere(&mut self) {
        if matches!(self.own.status(), 404 | 410) && self.without.is_refused() {
            let text = "With your credentials the answer is no refusal but “not found”: they are accepted, and nothing is there.";
            self.add(ForeignCause::EndpointWrong, 66, text);
        }
    }

    /// The same twice, and two answers.
    fn alternates(&mut self, first: Seen<'_>, second: Seen<'_>) {
        let text = "The same request with the same credentials was once admitted and once refused: not every instance behind this address knows them.";
        let clue = Clue::new(NAME, ForeignCause::InstanceLocalSession, 85, text);
        self.clues.push(clue.quote(first.quote("with your credentials")).quote(second.quote("with your credentials, again")));
    }

    /// What was refused is not refused now.
    fn admitted(&mut self, probes: &Probes<'_>, own: Seen<'_>) {
        let request = probes.request();
        let cookie = request.is_some_and(|request| request.headers.get("cookie").is_some());
        let agent = request.and_then(|request| request.headers.get("user-agent")).is_some_and(|agent| !agent.contains("curl/"));
        let text = "The same request with the same credentials is admitted now";
        let mut add = |cause, weight, rest: &str| {
            let clue = Clue::new(NAME, cause, weight, format!("{text}: {rest}.")).quote(own.quote("with your credentials"));
            self.clues.push(clue);
        };
        add(
            ForeignCause::InstanceLocalSession,
            if cookie { 42 } else { 28 },
            "instances may know different sessions, or one was started anew since",
        );
        add(ForeignCause::CredentialsOverridden, 30, "the client that was refused may have sent other ones than it shows");
        if agent {
            add(ForeignCause::Blocked, 26, "what stands in front may mind the client's user agent or address");
        }
    }
}
