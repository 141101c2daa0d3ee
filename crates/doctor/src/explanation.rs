//! What is said about a dossier: verdict, evidence, alternatives, one next step, fix, and what was not seen. Rendering is
//! somebody else's; as JSON it is the report's versioned schema.

use crate::catalogue::Code;
use crate::clue::{Fix, Quote};
use crate::diagnosis::{Candidate, Confidence, confidence, weigh};
use crate::dossier::Dossier;
use crate::finding;
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
    let candidates = weigh(finding::clues(dossier));
    let confidence = confidence(&candidates);
    let _: &[Candidate] = &candidates;
    let first = candidates.first().filter(|_| confidence > Confidence::Unknown);
    let refusal = dossier.refusal().map(|(_, exchange)| exchange);
    Explanation {
        schema: SCHEMA,
        request: refusal
            .and_then(|exchange| exchange.request.as_ref())
            .map(|request| format!("{} {}", request.method, crate::mask::text(&request.url))),
        status: refusal.and_then(|exchange| exchange.response.as_ref()).map(|response| response.status),
        verdict: Verdict {
            cause: first.map(|first| first.code),
            family: first.map_or(Family::Unknown, |first| first.code.family()),
            confidence,
            sentence: first.map_or("What was given does not tell the cause.", |first| first.code.sentence()).to_owned(),
            product: None,
            contradiction: None,
        },
        evidence: Vec::new(),
        alternatives: Vec::new(),
        next_step: None,
        fix: first.map(|first| first.clues.iter().flat_map(|clue| clue.fix.clone()).collect()).unwrap_or_default(),
        retry: "",
        not_seen: dossier.not_seen.clone(),
    }
}
