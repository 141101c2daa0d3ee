//! The attacks on SAML sign-ins by their numbers, against the real gateway: whatever is made of an answer, the app sees
//! nobody but whom the provider named, for this site, this browser and this moment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::saml::hostile::{self, VICTIM};
use countersign_suites::saml::site::{HOST, Site, attribute, message_in};
use countersign_suites::saml::{Answer, Cipher, Keys, Style, bomb, encrypt, field, instant};
use countersign_suites::{everywhere, now};
use std::net::TcpListener;
use std::time::Duration;

/// A good answer with this change is refused for this cause, whatever is signed.
#[track_caller]
fn refused_for(site: &Site, cause: &str, change: impl Fn(&mut Answer)) {
    for style in Style::ALL {
        let begun = site.begin("/page");
        let mut answer = site.answer(&begun);
        change(&mut answer);
        let refusal = site.post(&begun, &answer.signed(&site.keys, style));
        assert_eq!(site.cause(&refusal), cause, "{style:?}: {answer:?}");
    }
}

const EITHER: &[&str] = &["assertion-signature-wrong", "assertion-malformed"];

/// A listener that nobody should ever reach.
fn trap() -> (TcpListener, String) {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let url = format!("http://{}/trap", trap.local_addr().unwrap());
    (trap, url)
}

#[test]
fn a_person_signs_in_and_the_app_learns_who() {
    let site = Site::new();
    for style in Style::ALL {
        let sent = site.get("/page?a=1", "");
        let start = sent.header("location").unwrap().to_owned();
        assert_eq!(sent.status, 303, "{sent:?}");
        assert!(start.starts_with("/oauth2/start?provider=corp&rd="), "{start}");
        let begun = site.begin("%2Fpage%3Fa%3D1");
        assert!(begun.location.starts_with("https://idp.example/sso?SAMLRequest=") && begun.location.contains("&Signature="));
        let text = message_in(&begun.location);
        assert_eq!(attribute(&text, "AssertionConsumerServiceURL"), Site::url("/saml2/acs"));
        let answer = site.post(&begun, &site.answer(&begun).signed(&site.keys, style));
        assert_eq!(answer.header("location"), Some("/page?a=1"));
        let session = Site::session(&answer);
        assert_eq!(site.get("/page?a=1", &session).status, 200);
        let seen = site.upstream.saw("/page?a=1").pop().unwrap();
        assert_eq!(seen.read_as("remote-user"), ["corp/ann"]);
        assert_eq!(seen.read_as("remote-groups"), ["staff"]);
        assert_eq!(site.get("/admin/x", &session).status, 403);
    }
}

#[test]
fn t102_unsigned_foreign_signed_and_hmac() {
    let site = Site::new();
    let begun = site.begin("/page");
    let messages = hostile::unsigned(&site.answer(&begun), &site.keys, &Keys::new("stranger"));
    let seen = site.upstream.requests().len();
    for (name, text) in messages {
        assert_eq!(site.cause(&site.post(&begun, &text)), "assertion-signature-wrong", "{name}");
    }
    assert_eq!(site.upstream.requests().len(), seen);
}

#[test]
fn t103_signature_wrapping() {
    let site = Site::new();
    for style in Style::ALL {
        for new_ids in [false, true] {
            let begun = site.begin("/page");
            let messages = hostile::wrappings(&site.answer(&begun), &site.keys, style, new_ids);
            assert!(messages.len() >= 19);
            for (name, text) in messages {
                let cause = site.cause(&site.post(&begun, &text));
                assert!(EITHER.contains(&cause.as_str()), "{style:?}, {name}: {cause}");
            }
        }
    }
    assert!(site.upstream.requests().is_empty());
}

#[test]
fn t104_a_name_is_never_cut() {
    let site = Site::new();
    for style in Style::ALL {
        let begun = site.begin("/page");
        let mut answer = site.answer(&begun);
        answer.name_id = format!("{VICTIM}.evil.example");
        let text = answer.signed(&site.keys, style).replacen(VICTIM, &format!("{VICTIM}<!-- -->"), 1);
        let session = Site::session(&site.post(&begun, &text));
        site.get("/named", &session);
        assert_eq!(site.upstream.saw("/named").pop().unwrap().read_as("remote-user"), ["corp/victim.evil.example"]);
        for piece in ["<?x?>", "<x></x>"] {
            let begun = site.begin("/page");
            let mut answer = site.answer(&begun);
            answer.name_id = format!("{VICTIM}{piece}.evil.example");
            assert_eq!(site.cause(&site.post(&begun, &answer.signed(&site.keys, style))), "assertion-malformed");
        }
    }
}

#[test]
fn t105_two_readings_of_one_signature() {
    let site = Site::new();
    let begun = site.begin("/page");
    for (name, text) in hostile::differentials(&site.answer(&begun), &site.keys) {
        let cause = site.cause(&site.post(&begun, &text));
        assert!(EITHER.contains(&cause.as_str()), "{name}: {cause}");
    }
}

#[test]
fn t106_times() {
    let site = Site::new();
    refused_for(&site, "assertion-expired", |answer| answer.not_on_or_after = Some(instant(now() - 31)));
    refused_for(&site, "assertion-expired", |answer| answer.subject_until = Some(instant(now() - 31)));
    refused_for(&site, "assertion-not-yet-valid", |answer| answer.not_before = Some(instant(now() + 60)));
    for text in ["", "soon", "2099-01-01T00:00:00+02:00", "2026-02-30T00:00:00Z"] {
        refused_for(&site, "assertion-malformed", |answer| answer.not_on_or_after = Some(text.to_owned()));
        refused_for(&site, "assertion-malformed", |answer| answer.subject_until = Some(text.to_owned()));
    }
}

#[test]
fn t107_audiences() {
    let site = Site::new();
    refused_for(&site, "assertion-audience-mismatch", |answer| answer.audiences = vec!["https://other.example".to_owned()]);
    refused_for(&site, "assertion-audience-mismatch", |answer| answer.audiences.clear());
    let second = "<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction>";
    refused_for(&site, "assertion-audience-mismatch", |answer| answer.more_conditions = second.to_owned());
    refused_for(&site, "assertion-malformed", |answer| answer.more_conditions = "<saml:Condition></saml:Condition>".to_owned());
}

#[test]
fn t108_recipients() {
    let site = Site::new();
    for other in ["http://evil.test/saml2/acs", "https://orders.test/saml2/acs", ""] {
        refused_for(&site, "assertion-recipient-mismatch", |answer| answer.recipient = Some(other.to_owned()));
        refused_for(&site, "assertion-recipient-mismatch", |answer| answer.destination = Some(other.to_owned()));
    }
    refused_for(&site, "assertion-recipient-mismatch", |answer| answer.recipient = None);
    refused_for(&site, "assertion-malformed", |answer| answer.method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".to_owned());
    // The address that counts is the configured one, whatever the request says.
    let begun = site.begin("/page");
    let text = site.answer(&begun).signed(&site.keys, Style::Both).replace(HOST, "evil.test");
    assert_eq!(site.cause(&site.post(&begun, &text)), "assertion-signature-wrong");
}

#[test]
fn t109_another_browser_another_request_and_a_second_use() {
    let site = Site::new();
    refused_for(&site, "assertion-unsolicited", |answer| answer.in_response_to = None);
    refused_for(&site, "assertion-unsolicited", |answer| answer.in_response_to = Some("_other".to_owned()));
    refused_for(&site, "assertion-unsolicited", |answer| answer.subject_in_response_to = Some("_other".to_owned()));
    refused_for(&site, "assertion-unsolicited", |answer| answer.subject_in_response_to = None);
    let (mine, other) = (site.begin("/page"), site.begin("/page"));
    let text = site.answer(&mine).signed(&site.keys, Style::Both);
    // Another browser, which began nothing or something else: a login that is foisted on it.
    assert_eq!(site.cause(&site.post_form(&[("SAMLResponse", &field(&text))], "")), "assertion-unsolicited");
    assert_eq!(site.cause(&site.post(&other, &text)), "assertion-unsolicited");
    let forged = mine.cookie.replace('=', "=A");
    assert_eq!(site.cause(&site.post_form(&[("SAMLResponse", &field(&text))], &forged)), "assertion-unsolicited");
    // Both tabs come back, each to its own.
    Site::session(&site.post(&mine, &text));
    Site::session(&site.post(&other, &site.answer(&other).signed(&site.keys, Style::Both)));
    assert_eq!(site.cause(&site.post(&mine, &text)), "assertion-replayed");
    // Of many at once one is let in.
    let begun = site.begin("/page");
    let text = site.answer(&begun).signed(&site.keys, Style::Both);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let posts: Vec<_> = (0..12).map(|_| scope.spawn(|| site.post(&begun, &text).status)).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
}

#[test]
fn t110_issuer_status_version_and_statement() {
    let site = Site::new();
    refused_for(&site, "assertion-signature-wrong", |answer| answer.issuer = "https://other.example".to_owned());
    refused_for(&site, "assertion-malformed", |answer| answer.version = "1.1".to_owned());
    refused_for(&site, "assertion-malformed", |answer| answer.statement = None);
    refused_for(&site, "assertion-status-refused", |answer| answer.status = "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned());
}

#[test]
fn t111_transforms_and_references() {
    let (site, (trap, url)) = (Site::new(), trap());
    let begun = site.begin("/page");
    for (name, text) in hostile::signed_oddly(&site.answer(&begun), &site.keys, &url) {
        assert_eq!(site.cause(&site.post(&begun, &text)), "assertion-signature-wrong", "{name}");
    }
    assert!(trap.accept().is_err(), "somebody fetched what a message names");
    assert!(site.upstream.requests().is_empty());
}

#[test]
fn t112_no_dtd() {
    let (site, (trap, url)) = (Site::new(), trap());
    let begun = site.begin("/page");
    for (name, text) in hostile::documents_with_dtd(&site.answer(&begun), &site.keys, &url) {
        assert_eq!(site.cause(&site.post(&begun, &text)), "assertion-malformed", "{name}");
    }
    assert!(trap.accept().is_err(), "somebody fetched what a message names");
}

#[test]
fn t113_floods() {
    let site = Site::new();
    let begun = site.begin("/page");
    let before = site.gateway.memory();
    for (name, text) in hostile::floods(&site.answer(&begun), &site.keys) {
        let before = site.gateway.computed();
        let answer = site.post(&begun, &text);
        assert!([400, 401, 413].contains(&answer.status), "{name}: {answer:?}");
        let computed = site.gateway.computed() - before;
        assert!(computed < Duration::from_secs(5), "{name}: {computed:?}");
    }
    let query = format!("/saml2/slo?SAMLRequest={}&SigAlg=x&Signature=AAAA", bomb(64 << 20).get(..40_000).unwrap());
    assert_eq!(site.cause(&site.get(&query, "")), "assertion-signature-wrong");
    let grown = site.gateway.memory().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB more");
}

#[test]
fn t114_the_field_is_there_once_and_is_base64() {
    let site = Site::new();
    let begun = site.begin("/page");
    let good = field(&site.answer(&begun).signed(&site.keys, Style::Both));
    for fields in [
        vec![],
        vec![("SAMLResponse", "")],
        vec![("SAMLResponse", "%%%")],
        vec![("SAMLResponse", "PHg+")],
        vec![("SAMLResponse", good.as_str()), ("SAMLResponse", good.as_str())],
        vec![("samlresponse", good.as_str())],
    ] {
        assert_eq!(site.cause(&site.post_form(&fields, &begun.cookie)), "assertion-malformed", "{fields:?}");
    }
    let get = site.get(&format!("/saml2/acs?SAMLResponse={}", good.replace('+', "%2B").replace('=', "%3D")), &begun.cookie);
    assert_eq!(get.status, 405, "{get:?}");
    Site::session(&site.post_form(&[("SAMLResponse", &good)], &begun.cookie));
}

#[test]
fn t115_relay_state_leads_nowhere() {
    let site = Site::new();
    for state in ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/elsewhere"] {
        let begun = site.begin("%2Fpage");
        let text = field(&site.answer(&begun).signed(&site.keys, Style::Both));
        let answer = site.post_form(&[("SAMLResponse", &text), ("RelayState", state)], &begun.cookie);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/page")), "{state}");
    }
    for rd in ["https%3A%2F%2Fevil.test%2F", "%2F%2Fevil.test", "%2Fsaml2%2Fslo"] {
        let begun = site.begin(rd);
        let answer = site.post(&begun, &site.answer(&begun).signed(&site.keys, Style::Both));
        assert_eq!(answer.header("location"), Some("/"), "{rd}");
    }
}

#[test]
fn t117_only_the_provider_ends_sessions() {
    let site = Site::new();
    let signed_in = || {
        let begun = site.begin("/page");
        Site::session(&site.post(&begun, &site.answer(&begun).signed(&site.keys, Style::Both)))
    };
    let session = signed_in();
    let request = |name: &str, index: &str| {
        format!(
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{}\" ID=\"{}\" IssueInstant=\"{}\" \
             Version=\"2.0\"><saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:Issuer>\
             <saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{name}</saml:NameID>{index}</samlp:LogoutRequest>",
            Site::url("/saml2/slo"),
            countersign_suites::saml::unique("_l"),
            instant(now()),
            countersign_suites::saml::site::PROVIDER
        )
    };
    let post = |text: &str| site.post_to("/saml2/slo", &[("SAMLRequest", &field(text)), ("RelayState", "back")], "");
    let text = request("ann", "");
    let id = attribute(&text, "ID");
    let good = site.keys.envelop(&text, &id);
    for (name, hostile) in [
        ("unsigned", text.clone()),
        ("signed by a stranger", Keys::new("stranger").envelop(&text, &id)),
        ("changed", good.replace("IssueInstant=\"2", "IssueInstant=\"3")),
        ("wrapped", format!("{}{good}</samlp:LogoutRequest>", text.replace("</samlp:LogoutRequest>", ""))),
    ] {
        let cause = site.cause(&post(&hostile));
        assert!(EITHER.contains(&cause.as_str()), "{name}: {cause}");
        assert_eq!(site.get("/page", &session).status, 200, "{name}");
    }
    let unsigned = site.get("/saml2/slo?SAMLResponse=AAAA", &session);
    assert_eq!(site.cause(&unsigned), "assertion-signature-wrong");
    // Somebody else, and another session of ann's.
    for (name, index) in [("bob", ""), ("ann", "<samlp:SessionIndex>s2</samlp:SessionIndex>")] {
        let other = request(name, index);
        assert_eq!(post(&site.keys.envelop(&other, &attribute(&other, "ID"))).status, 303, "{name}");
        assert_eq!(site.get("/page", &session).status, 200, "{name}");
    }
    let answer = post(&good);
    let location = answer.header("location").unwrap();
    assert!(location.starts_with("https://idp.example/slo?SAMLResponse=") && location.contains("&RelayState=back&SigAlg="), "{location}");
    assert!(message_in(location).contains("status:Success"));
    everywhere(Duration::from_secs(3), "the session is over", || site.get("/page", &session).status == 303);
    assert_eq!(site.cause(&post(&good)), "assertion-replayed");
}

#[test]
fn t118_what_cannot_be_opened_looks_alike() {
    let site = Site::new();
    let begun = site.begin("/page");
    let answer = site.answer(&begun);
    let signed = site.keys.envelop(&answer.assertion(), &answer.assertion_id);
    let good = encrypt(&signed, &site.own, Cipher::Gcm);
    let at = good.rfind("<xenc:CipherValue>").unwrap() + 60;
    let mut flipped = good.clone();
    flipped.replace_range(at..=at, if &good[at..=at] == "A" { "B" } else { "A" });
    let texts = [
        flipped,
        good.replace("xmlenc11#aes256-gcm", "xmlenc#tripledes-cbc"),
        good.replace("xmlenc#rsa-oaep-mgf1p", "xmlenc#rsa-1_5"),
        encrypt(&signed, &site.keys, Cipher::Gcm),
        encrypt(&signed, &site.own, Cipher::Cbc),
    ];
    let pages = texts.map(|text| {
        let refusal = site.post(&begun, &answer.around(&text, &site.keys, Style::Assertion));
        assert_eq!(site.cause(&refusal), "assertion-malformed", "{text}");
        refusal.text().replace(&refusal.reference(), "")
    });
    assert!(pages.iter().all(|page| *page == pages[0]));
    Site::session(&site.post(&begun, &answer.around(&good, &site.keys, Style::Assertion)));
}

#[test]
fn the_example_signs_people_in_behind_a_proxy_that_speaks_tls() {
    let example = include_str!("../../examples/saml.toml")
        .replace("\"saml-metadata.xml\"", "\"idp.xml\"")
        .replace("\"http://127.0.0.1:3000\"", "\"UPSTREAM\"")
        .replace("listen = \"127.0.0.1:8401\"", "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"");
    let site = Site::with(&example);
    let headers = |cookie: &str| {
        [("Host", "shop.example"), ("X-Forwarded-Proto", "https"), ("Accept", "text/html"), ("Cookie", cookie)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let get = |target: &str, cookie: &str| {
        let headers = headers(cookie);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        countersign_suites::client::get(site.gateway.listen, target, &headers)
    };
    let start = get("/oauth2/start?provider=corp&rd=%2Fcart", "");
    let line = start.all("set-cookie").into_iter().find(|line| line.contains("_saml_")).unwrap().to_owned();
    assert!(
        line.starts_with("__Host-countersign_saml_") && line.ends_with("; Path=/; HttpOnly; SameSite=None; Secure; Max-Age=600"),
        "{line}"
    );
    let id = attribute(&message_in(start.header("location").unwrap()), "ID");
    let base = "https://shop.example/saml2";
    let provider = countersign_suites::saml::site::PROVIDER;
    let mut answer = Answer::to(&id, provider, &format!("{base}/acs"), &format!("{base}/metadata"));
    answer.attributes.push(("uid".to_owned(), vec!["Ann".to_owned()]));
    let body = countersign_suites::scene::form(&[("SAMLResponse", &field(&answer.signed(&site.keys, Style::Both)))]);
    let cookie = line.split(';').next().unwrap().to_owned();
    let mut posted = headers(&cookie).to_vec();
    posted.push(("Content-Type", "application/x-www-form-urlencoded".to_owned()));
    let posted: Vec<(&str, &str)> = posted.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = countersign_suites::client::request(site.gateway.listen, "POST", "/saml2/acs", &posted, body.as_bytes());
    assert_eq!((done.status, done.header("location")), (303, Some("/cart")), "{done:?}");
    let session = format!("__Host-countersign={}", done.cookie("__Host-countersign").unwrap());
    assert_eq!(get("/admin/x", &session).status, 200);
    assert_eq!(site.upstream.saw("/admin/x").pop().unwrap().read_as("remote-user"), ["corp/ann"]);
}
