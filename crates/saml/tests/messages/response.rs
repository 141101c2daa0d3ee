//! Good answers in every form are read; whatever is not for us, not for this request or not for now is refused, and
//! says why.

use crate::stage::{REQUEST, Stage};
use countersign::{Cause, Refusal, Subject, Value};
use countersign_saml::SignedIn;
use countersign_suites::saml::{Answer, Cipher, Style, encrypt, instant};

#[track_caller]
fn check(stage: &Stage, text: &str, expect: Result<&str, Cause>) -> Option<Refusal> {
    let judged = stage.judge(text);
    assert_eq!(judged.as_ref().map(|signed_in| signed_in.name_id.value.as_str()).map_err(|refusal| refusal.cause), expect, "{judged:?}");
    judged.err()
}

/// Refused in every style with the same cause.
#[track_caller]
fn refused(change: impl Fn(&mut Answer), expect: Cause) -> Refusal {
    let stage = Stage::new();
    let mut refusals = Style::ALL.map(|style| {
        let mut answer = stage.answer();
        change(&mut answer);
        check(&stage, &answer.signed(&stage.keys, style), Err(expect)).unwrap()
    });
    refusals.reverse();
    refusals.into_iter().next().unwrap()
}

#[test]
fn an_answer_is_read_in_every_style() {
    let stage = Stage::new();
    for style in Style::ALL {
        let answer = stage.answer();
        let signed_in: SignedIn = stage.judge(&answer.signed(&stage.keys, style)).unwrap();
        assert_eq!(signed_in.name_id.value, "ann");
        assert_eq!(signed_in.session.as_deref(), Some("s1"));
        assert_eq!(signed_in.values("mail").collect::<Vec<_>>(), ["ann@example.test"]);
        assert!(signed_in.context.unwrap().ends_with(":PasswordProtectedTransport"));
        assert!(signed_in.once.until > stage.now && signed_in.once.until <= stage.now + 600);
    }
}

#[test]
fn what_counts_once_is_named_by_the_assertion() {
    let stage = Stage::new();
    let answer = stage.answer();
    let one = stage.judge(&answer.signed(&stage.keys, Style::Assertion)).unwrap();
    let again = stage.judge(&answer.signed(&stage.keys, Style::Both)).unwrap();
    let other = stage.judge(&stage.answer().signed(&stage.keys, Style::Assertion)).unwrap();
    assert_eq!(one.once, again.once);
    assert_ne!(one.once, other.once);
}

#[test]
fn an_encrypted_assertion_is_opened() {
    let stage = Stage::new();
    let answer = stage.answer();
    let (plain, signed) = (answer.assertion(), stage.keys.envelop(&answer.assertion(), &answer.assertion_id));
    for (assertion, cipher, style, expect) in [
        (&signed, Cipher::Gcm, Style::Assertion, Ok("ann")),
        (&signed, Cipher::Gcm, Style::Both, Ok("ann")),
        (&plain, Cipher::Gcm, Style::Response, Ok("ann")),
        (&signed, Cipher::Cbc, Style::Both, Ok("ann")),
        (&plain, Cipher::Cbc, Style::Response, Ok("ann")),
        // Nothing vouches for it.
        (&plain, Cipher::Gcm, Style::Assertion, Err(Cause::AssertionSignatureWrong)),
        // Nothing vouches for what is tried.
        (&signed, Cipher::Cbc, Style::Assertion, Err(Cause::AssertionMalformed)),
    ] {
        check(&stage, &answer.around(&encrypt(assertion, &stage.own, cipher), &stage.keys, style), expect);
    }
    let for_another = encrypt(&signed, &stage.keys, Cipher::Gcm);
    check(&stage, &answer.around(&for_another, &stage.keys, Style::Both), Err(Cause::AssertionMalformed));
}

#[test]
fn t106_times_that_are_over_ahead_or_unreadable() {
    let now = countersign_suites::now();
    let (past, future) = (Some(instant(now - 31)), Some(instant(now + 90)));
    let refusal = refused(|answer| answer.not_on_or_after = past.clone(), Cause::AssertionExpired);
    assert_eq!(refusal.evidence.items()[0].about, Subject::Expiry);
    assert_eq!(refusal.evidence.items()[0].expected, Some(Value::Time(now - 31)));
    refused(|answer| answer.subject_until = past.clone(), Cause::AssertionExpired);
    refused(|answer| answer.not_before = future.clone(), Cause::AssertionNotYetValid);
    let statement = |at: i64, end: i64| {
        let (at, end) = (instant(at), instant(end));
        Some(format!("<saml:AuthnStatement AuthnInstant=\"{at}\" SessionNotOnOrAfter=\"{end}\"></saml:AuthnStatement>"))
    };
    refused(|answer| answer.statement = statement(now + 90, now + 300), Cause::AssertionNotYetValid);
    refused(|answer| answer.statement = statement(now - 40, now - 31), Cause::AssertionExpired);
    refused(|answer| answer.subject_until = None, Cause::AssertionMalformed);
    for text in ["", "soon", "2026-11-24", "2099-01-01T00:00:00+02:00", "9999999999", "-1"] {
        refused(|answer| answer.not_on_or_after = Some(text.to_owned()), Cause::AssertionMalformed);
        refused(|answer| answer.subject_until = Some(text.to_owned()), Cause::AssertionMalformed);
        refused(|answer| answer.not_before = Some(text.to_owned()), Cause::AssertionMalformed);
        refused(|answer| answer.issue_instant = text.to_owned(), Cause::AssertionMalformed);
    }
    // Clocks may differ by the leeway.
    let stage = Stage::new();
    let mut answer = stage.answer();
    answer.not_before = Some(instant(stage.now + 25));
    answer.not_on_or_after = Some(instant(stage.now - 25));
    check(&stage, &answer.signed(&stage.keys, Style::Both), Ok("ann"));
}

#[test]
fn t107_audiences_and_conditions() {
    refused(|answer| answer.audiences = vec!["https://other.example".to_owned()], Cause::AssertionAudienceMismatch);
    refused(|answer| answer.audiences.clear(), Cause::AssertionAudienceMismatch);
    let second = "<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction>";
    refused(|answer| answer.more_conditions = second.to_owned(), Cause::AssertionAudienceMismatch);
    refused(|answer| answer.more_conditions = "<saml:Condition></saml:Condition>".to_owned(), Cause::AssertionMalformed);
    refused(|answer| answer.audiences = vec![format!("{} ,x", crate::stage::ENTITY)], Cause::AssertionAudienceMismatch);
    let stage = Stage::new();
    let mut answer = stage.answer();
    answer.audiences.insert(0, "https://other.example".to_owned());
    answer.more_conditions = "<saml:OneTimeUse></saml:OneTimeUse>".to_owned();
    check(&stage, &answer.signed(&stage.keys, Style::Both), Ok("ann"));
}

#[test]
fn t108_recipient_destination_and_method() {
    for other in ["https://evil.example/saml2/acs", "https://app.example/saml2/acs/", "https://app.example/saml2/acs?x", ""] {
        refused(|answer| answer.recipient = Some(other.to_owned()), Cause::AssertionRecipientMismatch);
        refused(|answer| answer.destination = Some(other.to_owned()), Cause::AssertionRecipientMismatch);
    }
    refused(|answer| answer.recipient = None, Cause::AssertionRecipientMismatch);
    refused(|answer| answer.method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".to_owned(), Cause::AssertionMalformed);
    refused(|answer| answer.method = String::new(), Cause::AssertionMalformed);
    let stage = Stage::new();
    for (style, expect) in [
        (Style::Assertion, Ok("ann")),
        (Style::Response, Err(Cause::AssertionRecipientMismatch)),
        (Style::Both, Err(Cause::AssertionRecipientMismatch)),
    ] {
        let mut answer = stage.answer();
        answer.destination = None;
        check(&stage, &answer.signed(&stage.keys, style), expect);
    }
}

#[test]
fn t109_only_the_request_that_is_pending_is_answered() {
    refused(|answer| answer.in_response_to = None, Cause::AssertionUnsolicited);
    refused(|answer| answer.in_response_to = Some("_other".to_owned()), Cause::AssertionUnsolicited);
    refused(|answer| answer.subject_in_response_to = Some("_other".to_owned()), Cause::AssertionUnsolicited);
    refused(|answer| answer.subject_in_response_to = None, Cause::AssertionUnsolicited);
    let stage = Stage::new();
    let text = stage.answer().signed(&stage.keys, Style::Both);
    let judge = |pending: Option<&countersign_saml::Pending>, now| stage.judge_at(&text, pending, now).unwrap_err().cause;
    assert_eq!(judge(None, stage.now), Cause::AssertionUnsolicited);
    let over = countersign_saml::Pending { id: REQUEST.to_owned(), until: stage.now };
    assert_eq!(judge(Some(&over), stage.now), Cause::AssertionUnsolicited);
}

#[test]
fn t110_issuer_version_status_and_statement() {
    refused(|answer| answer.issuer = "https://other.example".to_owned(), Cause::AssertionSignatureWrong);
    refused(|answer| answer.version = "1.1".to_owned(), Cause::AssertionMalformed);
    refused(|answer| answer.statement = None, Cause::AssertionMalformed);
    let denied = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    let refusal = refused(|answer| answer.status = denied.to_owned(), Cause::AssertionStatusRefused);
    assert_eq!(refusal.evidence.items()[0].presented, Some(Value::Texts(vec!["Responder".to_owned()])));
    let stage = Stage::new();
    let mut answer = stage.answer();
    check(&stage, &answer.response(""), Err(Cause::AssertionMalformed));
    answer.status = denied.to_owned();
    check(&stage, &answer.response(""), Err(Cause::AssertionStatusRefused));
}
