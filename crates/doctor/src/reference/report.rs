//! The report on one of our references: everything that a reader needs, as values; rendering is somebody else's.

use crate::moment::{from_now, utc_ms};
use crate::reference::case::Case;
use crate::reference::credentials::{Credentials, credentials};
use crate::reference::evidence::{Finding, findings};
use crate::reference::remedy::{Remedy, remedies};
use crate::reference::rule::{NearMiss, RuleAsWritten, key_places, near, refusing};
use crate::wording::clean;
use countersign::{Cause, Family, Owner, hex};
use serde::{Serialize, Serializer};

/// The report on a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The cause.
    pub cause: Cause,
    /// The cause in one sentence.
    pub sentence: &'static str,
    /// Its family.
    pub family: Family,
    /// The status that was sent.
    pub status: u16,
    /// Who can mend it.
    pub owner: Owner,
    /// When, as RFC 3339.
    pub at: String,
    /// The same as seen from now.
    pub ago: String,
    /// What was asked.
    pub request: Request,
    /// What the refusal rests on.
    pub evidence: Vec<Finding>,
    /// What the request carried, and what not.
    pub credentials: Credentials,
    /// The rule that refused; none if no rule matched, or the configuration was not kept.
    pub rule: Option<RuleAsWritten>,
    /// Why there is no rule to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_unknown: Option<&'static str>,
    /// Rules that nearly matched.
    pub near_misses: Vec<NearMiss>,
    /// The configuration in force.
    #[serde(serialize_with = "revision_id")]
    pub revision: Revision,
    /// What to do, the likeliest first.
    pub fix: Vec<Remedy>,
}

/// The request that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Its id, as the log has it.
    pub id: String,
    /// The method.
    pub method: String,
    /// The path, which may be cut.
    pub path: String,
    /// The node that refused it.
    pub node: String,
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The beginning of its hash.
    pub id: String,
    /// Its file, if its text was kept.
    pub file: Option<String>,
}

fn revision_id<S: Serializer>(revision: &Revision, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&revision.id)
}

/// Reports on a refusal.
pub fn report(case: &Case<'_>) -> Report {
    let record = case.record;
    let rule = refusing(case);
    let near_misses = near(case);
    Report {
        cause: record.cause,
        sentence: record.cause.sentence(),
        family: record.cause.family(),
        status: record.status,
        owner: record.cause.owner(),
        at: utc_ms(record.at_ms),
        ago: from_now(record.at_ms.div_euclid(1000), case.now),
        request: Request {
            id: clean(&record.request_id),
            method: clean(&record.method),
            path: clean(&record.path),
            node: hex(&record.node),
        },
        evidence: findings(case),
        credentials: credentials(record, rule.as_ref(), &key_places(case)),
        rule_unknown: if rule.is_some() { None } else { Some(rule_unknown(case)) },
        fix: remedies(case, rule.as_ref(), &near_misses),
        rule,
        near_misses,
        revision: Revision { id: hex(&record.revision), file: case.kept.map(|kept| kept.file.to_owned()) },
    }
}

fn rule_unknown(case: &Case<'_>) -> &'static str {
    match (case.record.site, case.record.rule, case.kept) {
        (None, ..) => "the request was refused before a site was chosen",
        (_, None, _) => "no rule of the site matched, or the request was refused before rules were looked at",
        (_, _, None) => "the configuration of that time is not in this data directory",
        _ => "the kept configuration has no such rule",
    }
}
