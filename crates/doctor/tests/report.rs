//! Reports: what a reader is told about one refusal, as a table of records and of what their reports have to say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use countersign::reference::{Record, ReferenceFault};
use countersign::{Account, AccountName, AccountState, Cause, Evidence, Kind, Place, Seen, Subject, Value};
use countersign_doctor::{Case, FaultReport, Found, Kept, LookedUp, Program, Screen, Wanted, render, render_page, report};

const AT: i64 = 1_700_000_000;
const NARROW: Screen = Screen { width: 40, colour: false };
const CONFIGURATION: &str = r#"[server]
listen = "127.0.0.1:8401"

[[site]]
host = "*"
upstream = "http://127.0.0.1:3000"

[[site.rule]]
path = "/public/**"
access = "public"

[[site.rule]]
path = "/api/**"
methods = ["GET"]
schemes = ["bearer", "api-key"]
scopes = { GET = [
  "orders:read",
] }

[[site.rule]]
path = "/**"     # all the rest
schemes = ["session"]
"#;

fn record(cause: Cause, evidence: Evidence) -> Record {
    Record {
        at_ms: AT * 1000,
        cause,
        status: cause.status(),
        site: Some(0),
        rule: Some(1),
        revision: [7; 8],
        node: [3; 4],
        request_id: "5f1c2a88".into(),
        method: "GET".into(),
        path: "/api/orders".into(),
        seen: vec![Seen { kind: Kind::Bearer, place: Place::Header, length: 812, name: None }],
        evidence,
        near: Vec::new(),
    }
}

fn account(state: AccountState) -> Account {
    Account {
        id: 7,
        name: AccountName::new("ann"),
        password: None,
        roles: vec!["support".into()],
        scopes: Vec::new(),
        state,
        state_since: AT - 60,
        password_expires: None,
        federated: None,
    }
}

fn case<'a>(record: &'a Record, account: Found<&'a Account>) -> Case<'a> {
    Case {
        record,
        now: AT + 61,
        kept: Some(Kept { file: "countersign.toml", text: CONFIGURATION }),
        looked_up: LookedUp { account, ..LookedUp::default() },
        program: Program { name: "countersign", data: Some("state") },
    }
}

/// The JSON of the report holds every one of these texts.
#[track_caller]
fn check(record: &Record, account: Found<&Account>, expect: &[&str]) {
    let json = serde_json::to_value(report(&case(record, account))).unwrap();
    let mut texts = Vec::new();
    collect(&json, &mut texts);
    for expected in expect {
        assert!(texts.iter().any(|text| text.contains(expected)), "{}: no {expected:?} in\n{texts:#?}", record.cause);
    }
}

fn collect(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        serde_json::Value::Object(members) => members.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

fn texts(texts: &[&str]) -> Value {
    Value::texts(texts.iter().copied())
}

#[test]
fn tokens() {
    let late = Evidence::none().differs(Subject::Expiry, Value::Time(AT - 30), Value::Time(AT - 192));
    let late = late.presented(Subject::IssuedAt, Value::Time(AT - 492)).presented(Subject::Issuer, Value::text("urn:countersign:03030303"));
    check(
        &record(Cause::TokenExpired, late),
        Found::NotAsked,
        &[
            "expired 2023-11-14T22:10:08Z, 3 min 12 s before the request (a leeway of 30 s is counted in)",
            "it lives for 5 min, so renew it after 4 min",
            "countersign token issue --subject SUBJECT",
        ],
    );
    let early = |by| Evidence::none().differs(Subject::NotBefore, Value::Time(AT + 30), Value::Time(AT + by));
    check(&record(Cause::TokenNotYetValid, early(45)), Found::NotAsked, &["45 s after the request", "leeway = \"45s\""]);
    check(&record(Cause::TokenNotYetValid, early(600)), Found::NotAsked, &["they differ by 10 min or more"]);
    let issuer = |named| Evidence::none().differs(Subject::Issuer, texts(&["https://id.example/"]), Value::text(named));
    check(
        &record(Cause::TokenIssuerUnknown, issuer("https://id.example")),
        Found::NotAsked,
        &["differ only in spelling", "issuer = \"https://id.example\""],
    );
    check(
        &record(Cause::TokenIssuerUnknown, issuer("https://a\"b")),
        Found::NotAsked,
        &["issuer = \"https://a\\\"b\"", "trusted issuer: https://id.example/"],
    );
    let audience = Evidence::none().differs(Subject::Audience, texts(&["orders"]), texts(&["account"]));
    check(&record(Cause::TokenAudienceMismatch, audience), Found::NotAsked, &["audiences = [\"orders\", \"account\"]"]);
    let algorithm = |named| Evidence::none().differs(Subject::Algorithm, texts(&["ES256"]), Value::text(named));
    check(&record(Cause::TokenAlgorithmRefused, algorithm("RS256")), Found::NotAsked, &["algorithms = [\"ES256\", \"RS256\"]"]);
    check(&record(Cause::TokenAlgorithmRefused, algorithm("none")), Found::NotAsked, &["none is never accepted"]);
}

#[test]
fn accounts() {
    let locked = Evidence::none().presented(Subject::Account, Value::Number(7)).presented(Subject::Password, Value::text("right"));
    let locked = record(Cause::AccountLocked, locked.presented(Subject::AccountState, Value::Time(AT - 3600)));
    assert_eq!(Wanted::of(&locked), Wanted { account: Some(7), ..Wanted::default() });
    check(
        &locked,
        Found::NotAsked,
        &["account number 7", "countersign user unlock NAME --data state", "locked since 2023-11-14T21:13:20Z, 1 h before"],
    );
    check(&locked, Found::Gone, &["which has been removed since"]);
    check(
        &locked,
        Found::Here(&account(AccountState::Locked)),
        &["account ann (number 7), now locked", "countersign user unlock ann --data state"],
    );
    check(&locked, Found::Here(&account(AccountState::Active)), &["nothing: ann has been active again since 2023-11-14T22:12:20Z"]);
    let role =
        Evidence::none().differs(Subject::Roles, texts(&["staff"]), texts(&["support"])).presented(Subject::Subject, Value::Number(7));
    check(
        &record(Cause::RoleInsufficient, role),
        Found::Here(&account(AccountState::Active)),
        &[
            "give the account ann the role staff",
            "countersign user grant ann --role staff --data state",
            "roles = [\"staff\", \"support\"]",
        ],
    );
}

#[test]
fn scopes_by_what_was_used() {
    let lacking =
        |subject| Evidence::none().differs(Subject::Scopes, texts(&["a", "b"]), texts(&["a"])).presented(Subject::Subject, subject);
    check(
        &record(Cause::ScopeInsufficient, lacking(Value::text("joe"))),
        Found::NotAsked,
        &["lacking: b", "scopes = { GET = [\"a\"] }", "a token with scope \"a b\"", "countersign.toml:12"],
    );
    let mut keyed = record(Cause::ScopeInsufficient, lacking(Value::Number(7)));
    keyed.seen = vec![Seen { kind: Kind::ApiKey, place: Place::Query, length: 47, name: None }];
    check(&keyed, Found::NotAsked, &["key list", "key grant ID --scope b", "an API key in the query, 47 bytes"]);
    keyed.evidence = lacking(Value::Number(7)).presented(Subject::ApiKey, Value::text("0a1b2c"));
    check(&keyed, Found::NotAsked, &["key grant 0a1b2c --scope b"]);
    let mut basic = record(Cause::ScopeInsufficient, lacking(Value::Number(7)));
    basic.seen = vec![Seen { kind: Kind::Basic, place: Place::Header, length: 20, name: None }];
    check(&basic, Found::Here(&account(AccountState::Active)), &["countersign user grant ann --scope b --data state"]);
}

#[test]
fn what_the_gateway_and_the_app_did() {
    let upstream = |value| Evidence::none().presented(Subject::Upstream, value);
    let down = record(Cause::UpstreamUnreachable, upstream(Value::text("the connection was refused")));
    check(&down, Found::NotAsked, &["upstream: the connection was refused", "curl -i http://127.0.0.1:3000"]);
    check(&record(Cause::UpstreamRefused, upstream(Value::Number(401))), Found::NotAsked, &["the app answered 401"]);
    let large = Evidence::none().differs(Subject::Length, Value::Number(10), Value::Number(11));
    check(&record(Cause::RequestTooLarge, large), Found::NotAsked, &["11 bytes, where 10 are allowed"]);
    let short = Evidence::none().differs(Subject::Length, Value::Number(43), Value::Number(5));
    check(&record(Cause::SessionMalformed, short), Found::NotAsked, &["5 bytes where 43 are right"]);
    let waiting = Evidence::none().presented(Subject::Attempts, Value::Number(64));
    check(&record(Cause::Overloaded, waiting), Found::NotAsked, &["64 passwords were waiting to be checked"]);
}

#[test]
fn the_rule_as_written() {
    let json = serde_json::to_value(report(&case(&record(Cause::ApiKeyUnknown, Evidence::none()), Found::NotAsked))).unwrap();
    let rule = &json["rule"];
    assert_eq!((rule["file"].as_str(), rule["line"].as_u64()), (Some("countersign.toml"), Some(12)));
    assert_eq!(
        rule["text"],
        "[[site.rule]]\npath = \"/api/**\"\nmethods = [\"GET\"]\nschemes = [\"bearer\", \"api-key\"]\nscopes = { GET = [\n  \"orders:read\",\n] }"
    );
    assert_eq!(json["credentials"]["accepted"], serde_json::json!(["bearer", "api-key"]));
    let not_seen: Vec<_> = json["credentials"]["not_seen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["scheme"].as_str().unwrap(), one["accepted"].as_bool()))
        .collect();
    assert_eq!(not_seen, [("api-key", Some(true)), ("session", Some(false)), ("digest", Some(false)), ("basic", Some(false))]);
}

#[test]
fn what_nearly_matched() {
    let mut denied = record(Cause::RuleDenied, Evidence::none());
    (denied.rule, denied.method, denied.near) = (None, "POST".into(), vec![1, 2, 9]);
    check(&denied, Found::NotAsked, &["it is for GET only", "its path is /**", "methods = [\"POST\"]", "no rule of the site matched"]);
}

#[test]
fn what_is_not_known_is_said() {
    let missing = record(Cause::CredentialsMissing, Evidence::none());
    let mut case = case(&missing, Found::NotAsked);
    case.kept = None;
    let json = serde_json::to_value(report(&case)).unwrap();
    assert_eq!((&json["rule"], &json["credentials"]["accepted"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert_eq!(json["rule_unknown"], "the configuration of that time is not in this data directory");
    for text in ["", "not [ toml", "site = 3", "[[site]]\nrule = 1", "[[site]]\nrule = [1, 2]"] {
        case.kept = Some(Kept { file: "f", text });
        assert_eq!(report(&case).rule, None, "{text}");
    }
}

#[test]
fn what_was_not_looked_at_is_not_called_missing() {
    let mut ambiguous = record(Cause::TargetAmbiguous, Evidence::none().presented(Subject::Form, Value::text("it has a dot segment")));
    (ambiguous.site, ambiguous.rule, ambiguous.path, ambiguous.seen) = (None, None, String::new(), Vec::new());
    let report = report(&case(&ambiguous, Found::NotAsked));
    assert!(!report.credentials.looked && report.credentials.not_seen.is_empty());
    let text = render(&report, &Screen { width: 100, colour: false });
    assert!(text.contains("not recorded") && text.contains("(no canonical path)") && !text.contains("not seen"), "{text}");
}

#[test]
fn every_cause_has_a_whole_report() {
    for &cause in Cause::ALL {
        let record = record(cause, Evidence::none());
        let report = report(&case(&record, Found::NotAsked));
        assert!(!report.fix.is_empty() && report.fix.iter().all(|remedy| !remedy.text.is_empty()), "{cause}");
        let json = serde_json::to_value(&report).unwrap();
        for key in ["cause", "family", "status", "owner", "at", "evidence", "credentials", "rule", "revision", "fix"] {
            assert!(json.get(key).is_some(), "{cause}: no {key}");
        }
        assert_eq!((json["cause"].as_str(), json["at"].as_str()), (Some(cause.code()), Some("2023-11-14T22:13:20.000Z")));
    }
}

#[test]
fn a_narrow_screen_breaks_prose_and_never_what_is_copied() {
    for &cause in Cause::ALL {
        let record = record(cause, Evidence::none());
        let report = report(&case(&record, Found::NotAsked));
        let text = render(&report, &NARROW);
        assert!(!text.contains('\u{1b}'), "{cause}: colour on a plain screen");
        for remedy in &report.fix {
            remedy.lines.iter().for_each(|line| assert!(text.contains(line.as_str()), "{cause}: broken: {line}"));
        }
        for prose in text.lines().chain(render_page(cause, &NARROW).lines().collect::<Vec<_>>()) {
            let copied = prose.starts_with("    ") || prose.contains(" | ") || prose.split_whitespace().any(|word| word.len() > 26);
            assert!(copied || prose.chars().count() <= 40, "{cause}: too wide: {prose}");
        }
        let coloured = render(&report, &Screen { colour: true, ..NARROW });
        assert!(coloured.contains("\u{1b}[1;31m"), "{cause}");
    }
}

#[test]
fn nothing_that_a_request_brought_moves_the_cursor() {
    let mut record = record(Cause::RuleDenied, Evidence::none());
    (record.request_id, record.method, record.path) = ("a\u{1b}[2J".into(), "G\rT".into(), "/\u{202e}x".into());
    let text = render(&report(&case(&record, Found::NotAsked)), &NARROW);
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']), "{text:?}");
}

#[test]
fn a_copied_line_runs_nothing_that_a_request_brought() {
    let mut missing = record(Cause::CredentialsMissing, Evidence::none().expected(Subject::Scheme, texts(&["basic", "session"])));
    missing.path = "/a'|reboot|'".into();
    check(&missing, Found::NotAsked, &[r"curl -u NAME 'https://HOST/a'\''|reboot|'\'''", r"/sign_in?rd=/a'\''|reboot|'\'''"]);
}

#[test]
fn the_host_of_a_site_for_one_host() {
    let missing = record(Cause::CredentialsMissing, Evidence::none().expected(Subject::Scheme, texts(&["basic"])));
    for (host, expect) in [("shop.example", "curl -u NAME https://shop.example/api/orders"), ("*.example", "curl -u NAME https://HOST/api")]
    {
        let text = CONFIGURATION.replace("host = \"*\"", &format!("host = \"{host}\""));
        let kept = Some(Kept { file: "f", text: &text });
        let json = serde_json::to_string(&report(&Case { kept, ..case(&missing, Found::NotAsked) })).unwrap();
        assert!(json.contains(expect), "{host}: {json}");
    }
}

#[test]
fn faults_of_references_have_names() {
    let code = |fault: ReferenceFault| FaultReport::from(&fault).error;
    assert_eq!(code(ReferenceFault::NotAReference), "not-a-reference");
    assert_eq!(code(ReferenceFault::Malformed("cut")), "malformed");
    assert_eq!(code(ReferenceFault::KeyUnknown("01".into())), "key-unknown");
    assert_eq!(code(ReferenceFault::Altered), "altered");
    assert_eq!(code(ReferenceFault::TooOld { age: 2, max_age: 1 }), "too-old");
}
