//! What is said about a dossier: verdict, evidence, alternatives, one next step, fix, and what was not seen. Rendering is
//! somebody else's; as JSON it is the report's versioned schema.

use crate::advice::Advice;
use crate::catalogue::Code;
use crate::clue::{Clue, Fix, Quote};
use crate::diagnosis::{Candidate, Confidence, confidence, in_its_language, judged, seeing_the_request, weigh};
use crate::dossier::{Dossier, Request};
use crate::finding;
use crate::mask;
use crate::replay::replay;
use crate::wording::clean;
use countersign::Family;
use serde::{Serialize, Serializer};

/// The schema's version: a member may be added within it; none is renamed or removed.
pub const SCHEMA: u32 = 1;

/// The explanation of one case.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What was asked, if there was an exchange: `GET https://…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The status that is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The cause, and how sure.
    pub verdict: Verdict,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// At most three other causes, ranked.
    pub alternatives: Vec<Alternative>,
    /// The one thing that would separate the first two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<NextStep>,
    /// How to mend it.
    pub fix: Vec<Fix>,
    /// Does it help to send the same again, and when?
    pub retry: &'static str,
    /// What was not there to be looked at.
    pub not_seen: Vec<String>,
}

/// The verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The cause; none where the doctor abstains.
    pub cause: Option<Code>,
    /// Its family; `unknown` where the doctor abstains.
    #[serde(serialize_with = "family_name")]
    pub family: Family,
    /// How sure.
    pub confidence: Confidence,
    /// In one sentence.
    pub sentence: String,
    /// The product that answered, where it was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// What the server says where the evidence contradicts it, and which is believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<String>,
}

/// One thing that speaks for the verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    /// The finding, whose page explains it.
    pub finding: &'static str,
    /// What was seen and what follows.
    pub text: String,
    /// Where.
    pub quotes: Vec<Quote>,
}

/// Another cause that would explain it.
#[derive(Clone, Debug, Serialize)]
pub struct Alternative {
    /// The cause.
    pub cause: Code,
    /// Its family.
    #[serde(serialize_with = "family_name")]
    pub family: Family,
    /// Why it is thought of.
    pub because: String,
    /// What would rule it out.
    pub ruled_out_by: &'static str,
}

/// The one thing to do next.
#[derive(Clone, Debug, Serialize)]
pub struct NextStep {
    /// What it shows.
    pub text: String,
    /// A command, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

fn family_name<S: Serializer>(family: &Family, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(family.name())
}

/// Explains a dossier.
pub fn explain(dossier: &Dossier) -> Explanation {
    let replay = replay(dossier);
    let clues = judged(seeing_the_request(in_its_language(finding::clues(dossier)), dossier), replay.clue);
    let secrets = finding::secrets(dossier);
    let hidden = |text: &str| mask::echoed(text, &secrets);
    let candidates = weigh(without_secrets(clues, &secrets));
    let confidence = confidence(&candidates);
    let sure = confidence > Confidence::Unknown;
    let first = candidates.first().filter(|_| sure);
    let others = others(&candidates, first);
    let refusal = dossier.refusal().map(|(_, exchange)| exchange);
    let request = refusal.and_then(|exchange| exchange.request.as_ref());
    Explanation {
        schema: SCHEMA,
        request: request.map(|request| hidden(&asked(request))),
        status: refusal.and_then(|exchange| exchange.response.as_ref()).map(|response| response.status).filter(|status| *status != 0),
        verdict: Verdict {
            cause: first.map(|first| first.code),
            family: first.map_or(Family::Unknown, |first| first.code.family()),
            confidence,
            sentence: first.map_or(ABSTAINS, |first| first.code.sentence()).to_owned(),
            product: candidates.first().into_iter().flat_map(|candidate| &candidate.clues).find_map(|clue| clue.product.clone()),
            contradiction: first.and_then(|first| contradiction(first, &candidates)),
        },
        evidence: first.map(|first| evidence(first, dossier)).unwrap_or_default(),
        next_step: next_step(first, &others, confidence, request.map(|request| hidden(&mask::text(&request.url)))),
        alternatives: others.into_iter().map(Alternative::of).collect(),
        fix: first.map(fixes).unwrap_or_default(),
        retry: first.map_or("Not known.", |first| Advice::of(first.code).retry),
        not_seen: dossier.not_seen.iter().map(|note| mask::note(&hidden(note))).chain(replay.not_seen).collect(),
    }
}

/// What was asked, in one line; the host stands before a target that names none.
fn asked(request: &Request) -> String {
    let host = if request.url.starts_with('/') { request.host() } else { String::new() };
    format!("{} {}{}", mask::name(&request.method), mask::name(&host), mask::text(&request.url))
}

/// Quotes are masked already; this is for what was sent and comes back in other words than those that masking knows.
fn without_secrets(mut clues: Vec<Clue>, secrets: &[String]) -> Vec<Clue> {
    // Findings name hosts, origins and parameters as they came: none of it may move a cursor, in JSON either.
    let plain = |text: &str| mask::echoed(&text.split('\n').map(clean).collect::<Vec<_>>().join("\n"), secrets);
    for clue in &mut clues {
        clue.because = plain(&clue.because);
        clue.product = clue.product.as_deref().map(clean);
        for quote in &mut clue.quotes {
            quote.text = plain(&quote.text);
            quote.place = plain(&quote.place);
        }
        for fix in &mut clue.fix {
            fix.text = plain(&fix.text);
            fix.lines.iter_mut().for_each(|line| *line = plain(line));
        }
    }
    clues
}

/// What speaks for it, the strongest first. What quotes nothing that was not quoted before would say it again in other words.
fn evidence(first: &Candidate, dossier: &Dossier) -> Vec<Evidence> {
    let mut quoted: Vec<Quote> = Vec::new();
    let mut evidence = Vec::new();
    for clue in &first.clues {
        let (old, new): (Vec<&Quote>, Vec<&Quote>) = clue.quotes.iter().partition(|quote| quoted.iter().any(|before| before.shows(quote)));
        if !old.is_empty() && new.is_empty() {
            continue;
        }
        quoted.extend(new.iter().map(|&quote| quote.clone()));
        let quotes = new.into_iter().map(|quote| quote.clone().named(dossier)).collect();
        evidence.push(Evidence { finding: clue.finding, text: clue.because.clone(), quotes });
    }
    evidence
}

const ABSTAINS: &str = "What was given does not tell the cause.";
/// The least that must speak for a cause to be named as an alternative.
const WORTH_NAMING: f64 = 0.12;

/// At most three other causes: one of each other family first, since they are mended differently.
fn others<'a>(candidates: &'a [Candidate], first: Option<&Candidate>) -> Vec<&'a Candidate> {
    let mut others: Vec<&Candidate> = Vec::new();
    let worth = |candidate: &&Candidate| candidate.score >= WORTH_NAMING && first.is_none_or(|first| first.code != candidate.code);
    for candidate in candidates.iter().filter(worth) {
        let family = candidate.code.family();
        let seen = first.is_some_and(|first| first.code.family() == family) || others.iter().any(|other| other.code.family() == family);
        if !seen {
            others.push(candidate);
        }
    }
    for candidate in candidates.iter().filter(worth) {
        if !others.iter().any(|other| other.code == candidate.code) {
            others.push(candidate);
        }
    }
    others.truncate(3);
    others
}

/// Where the strongest clue for another family is as good as the server's word, and something weightier speaks against it.
fn contradiction(first: &Candidate, candidates: &[Candidate]) -> Option<String> {
    let believed = first.clues.first()?;
    let other = candidates.iter().find(|other| other.code.family() != first.code.family())?.clues.first()?;
    if other.weight < 60 || believed.weight < other.weight {
        return None;
    }
    Some(format!(
        "Something else speaks for `{}`: {} It is not believed, because this weighs more: {}",
        other.code, other.because, believed.because
    ))
}

fn next_step(first: Option<&Candidate>, others: &[&Candidate], confidence: Confidence, url: Option<String>) -> Option<NextStep> {
    let nearest = first.or_else(|| others.first().copied());
    if confidence == Confidence::Certain && others.is_empty() {
        return None;
    }
    let Some(nearest) = nearest else {
        let text = "It cannot be known from here. The server's log line at the time of the response's Date knows more.";
        return Some(NextStep { text: text.to_owned(), command: None });
    };
    let advice = Advice::of(nearest.code);
    let rival = others.iter().find(|other| other.code != nearest.code);
    let otherwise = rival.map(|rival| format!(" If that shows nothing, think of `{}`.", rival.code)).unwrap_or_default();
    let command = advice.command.replace("{url}", url.as_deref().unwrap_or("URL"));
    Some(NextStep { text: format!("{}{otherwise}", advice.check), command: Some(command).filter(|command| !command.is_empty()) })
}

/// What the findings know of this product, the strongest first and each once; otherwise what holds in general.
fn fixes(first: &Candidate) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = Vec::new();
    for fix in first.clues.iter().flat_map(|clue| &clue.fix) {
        if !fixes.contains(fix) {
            fixes.push(fix.clone());
        }
    }
    if fixes.is_empty() {
        fixes.push(Advice::of(first.code).fix());
    }
    fixes.truncate(4);
    fixes
}

impl Alternative {
    fn of(candidate: &Candidate) -> Self {
        let because = candidate.clues.first().map(|clue| clue.because.clone()).unwrap_or_default();
        Self { cause: candidate.code, family: candidate.code.family(), because, ruled_out_by: Advice::of(candidate.code).ruled_out_by }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const REFUSED: &str = "GET /a HTTP/1.1\nHost: api.example.com\nAuthorization: Bearer x\n\nHTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token expired at 2023-11-14\"\n\n";

    fn quotes(files: &[&str]) -> Vec<String> {
        let mut dossier = Dossier::default();
        for name in files {
            dossier.join(crate::read(name, REFUSED.as_bytes()).unwrap());
        }
        explain(&dossier).evidence.into_iter().flat_map(|evidence| evidence.quotes).map(|quote| quote.place).collect()
    }

    #[test]
    fn a_line_is_quoted_once_and_named_after_its_file_where_there_are_several() {
        let alone = quotes(&["a.txt"]);
        let challenges = |quotes: &[String]| quotes.iter().filter(|place| place.contains("WWW-Authenticate")).count();
        assert_eq!(challenges(&alone), 1, "{alone:?}");
        assert!(alone.iter().all(|place| !place.contains("a.txt")), "{alone:?}");
        let both = quotes(&["a.txt", "b.txt"]);
        assert!(both.iter().any(|place| place == "b.txt: response header WWW-Authenticate"), "{both:?}");
    }

    #[test]
    fn what_was_not_seen_is_shown_without_secrets_and_controls() {
        for (input, expect) in [
            ("curl -u an\u{202e}\u{7f}n https://a.example/", "the password of ann, for which curl asks"),
            (
                "curl -H 'Authorization: Bearer of-the-caller' https://a.example/ -d @of-the-caller",
                "the body, which is in the file of… (13 characters)",
            ),
        ] {
            assert_eq!(explain(&crate::read("-", input.as_bytes()).unwrap()).not_seen.first().unwrap(), expect);
        }
        let in_path = "GET https://a.example/of-the-caller HTTP/1.1\nAuthorization: Bearer of-the-caller\n\nHTTP/1.1 401 Unauthorized\n\n";
        let shown = format!("{:?}", explain(&crate::read("-", in_path.as_bytes()).unwrap()));
        assert!(!shown.contains("of-the-caller"), "{shown}");
        let named = "GET / HTTP/1.1\nHost: a.example\nOrigin: https://b\u{7f}.example\u{202e}\nSec-Fetch-Mode: cors\n\nHTTP/1.1 401 Unauthorized\n\n";
        let shown = serde_json::to_string(&explain(&crate::read("-", named.as_bytes()).unwrap())).unwrap();
        assert!(shown.contains("b\u{fffd}.example") && !shown.contains(['\u{7f}', '\u{202e}']), "{shown}");
        let har = r#"{"log":{"entries":[{"request":{"method":"G\u007fE\u202eT","url":"https://a.example/"},"response":{"status":401}}]}}"#;
        assert_eq!(explain(&crate::read("a.har", har.as_bytes()).unwrap()).request.unwrap(), "GET https://a.example/");
    }
}
