//! Laws that hold for any text: reading is total, spans are valid, writing reads back. Single cases are in the
//! other files; that time is linear is tested beside the readers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use countersign_grammar::{
    AuthenticationInfo, Challenge, CredentialsBody, Fault, decode_basic, decode_digest, encode_basic, parse_authentication_info,
    parse_challenges, parse_credentials, print_challenges, split_scheme,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Text made of the pieces that the grammar cares about, which plain random text seldom holds.
fn field() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ \t,;=\"'\\\\]",
        "(Basic|Bearer|Digest|Negotiate|foo|realm|nonce|stale|error|algorithm)",
        "[a-zA-Z0-9/+~._-]{1,5}={0,2}",
        "(realm|qop|a)=\"[a ,=\\\\]{0,4}\"",
        ", ",
        any::<char>().prop_map(String::from),
    ];
    prop_oneof![5 => vec(piece, 0..24).prop_map(|pieces| pieces.concat()), 1 => any::<String>()]
}

fn challenge() -> impl Strategy<Value = Challenge<'static>> {
    let scheme = prop_oneof![Just("Digest".to_owned()), Just("Bearer".to_owned()), "[a-zA-Z!'=é-]{1,5}", any::<String>()];
    let name = prop_oneof!["(realm|nonce|algorithm|stale|charset|error|scope|qop)", "[a-z']{1,3}", any::<String>()];
    let value = prop_oneof!["[a-zA-Z0-9-]{0,6}", "[\"\\\\', =\r\nö%]{0,6}", any::<String>()];
    let with_params = (scheme.clone(), vec((name, value), 0..8)).prop_map(|(scheme, params)| {
        params.into_iter().fold(Challenge::new(scheme), |challenge, (name, value)| challenge.param(name, value))
    });
    let with_token = (scheme, "[a-zA-Z0-9/+~._-]{1,9}={0,3}")
        .prop_map(|(scheme, token)| Challenge::with_token68(scheme, token).unwrap_or_else(|| Challenge::new("Negotiate")));
    prop_oneof![3 => with_params, 1 => with_token]
}

#[track_caller]
fn check_spans(text: &str, faults: &[Fault]) {
    assert!(faults.iter().all(|fault| text.get(fault.span.clone()).is_some()), "{faults:?}");
    assert!(faults.is_sorted_by_key(|fault| fault.span.start), "{faults:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn spans_lie_within_the_text_on_character_boundaries(text in field()) {
        let challenges = parse_challenges(&text);
        check_spans(&text, &challenges.faults);
        for challenge in &challenges.value {
            prop_assert!(text[challenge.span()].starts_with(challenge.scheme()));
            for param in challenge.params() {
                prop_assert!(text[param.span()].starts_with(param.name()));
            }
        }
        check_spans(&text, &parse_credentials(&text).faults);
        let _ = decode_digest(&text);
        check_spans(&text, &parse_authentication_info(&text).faults);
    }

    #[test]
    fn a_text_with_nothing_read_has_a_fault(text in field()) {
        let challenges = parse_challenges(&text);
        prop_assert!(!challenges.value.is_empty() || !challenges.faults.is_empty());
        let credentials = parse_credentials(&text);
        let opaque = matches!(credentials.value.body, CredentialsBody::Opaque(_));
        prop_assert!(!(opaque || credentials.value.scheme.is_empty()) || !credentials.faults.is_empty());
    }

    #[test]
    fn the_split_agrees_with_the_whole_reading(text in field()) {
        let read = parse_credentials(&text);
        match split_scheme(&text) {
            Some((scheme, rest)) => {
                prop_assert_eq!(scheme, read.value.scheme);
                prop_assert_eq!(rest.trim_matches([' ', '\t']), read.value.rest);
            }
            None => prop_assert!(!read.faults.is_empty() || text.starts_with([' ', '\t'])),
        }
    }

    #[test]
    fn what_is_written_reads_back(challenges in vec(challenge(), 1..4)) {
        let mut written: Vec<_> = challenges.into_iter().filter(|challenge| !challenge.scheme().is_empty()).collect();
        written.push(Challenge::new("Basic").param("realm", "the last one"));
        let text = print_challenges(&written);
        prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", text);
        let read = parse_challenges(&text);
        prop_assert_eq!(&read.faults, &[], "{}", &text);
        prop_assert_eq!(&read.value, &written, "{}", &text);
    }

    #[test]
    fn what_was_read_is_written_without_faults(text in field()) {
        let written = print_challenges(&parse_challenges(&text).value);
        let again = parse_challenges(&written);
        prop_assert!(written.is_empty() || again.faults.is_empty(), "{} from {}", &written, &text);
        prop_assert_eq!(print_challenges(&again.value), written);
    }

    #[test]
    fn authentication_info_reads_back(params in vec(("(nextnonce|qop|nc|[a-z]{1,3})", any::<String>()), 1..6)) {
        let first = AuthenticationInfo::new().param("rspauth", "");
        let info = params.iter().fold(first, |info, (name, value)| info.param(name.as_str(), value.as_str()));
        let text = info.to_string();
        let read = parse_authentication_info(&text);
        prop_assert_eq!(&read.faults, &[], "{}", &text);
        prop_assert_eq!(&read.value, &info);
    }

    #[test]
    fn basic_pairs_read_back_and_have_one_spelling(user in "[^:]{0,20}", password: String, text in "[A-Za-z0-9+/]{0,12}={0,2}") {
        if let Ok(written) = encode_basic(&user, &password) {
            let pair = decode_basic(&written).unwrap();
            prop_assert_eq!((pair.user(), pair.password()), (user.as_str(), password.as_str()));
        }
        if let Ok(pair) = decode_basic(&text) {
            prop_assert_eq!(encode_basic(pair.user(), pair.password()), Ok(text));
        }
    }
}
