//! Any field value: reading does not panic, spans lie within the text, and what is written reads back without faults.
//! Not whether a reading is the right one; the tables in `crates/grammar/tests` say that.

#![no_main]

use countersign_grammar::{
    Fault, decode_basic, decode_digest, encode_basic, parse_authentication_info, parse_challenges, parse_credentials, print_challenges, split_scheme,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    challenges(text);
    credentials(text);
    authentication_info(text);
    basic(text);
    let _ = decode_digest(text);
});

fn challenges(text: &str) {
    let read = parse_challenges(text);
    check_spans(text, &read.faults);
    for challenge in &read.value {
        assert!(text[challenge.span()].starts_with(challenge.scheme()));
    }
    let written = print_challenges(&read.value);
    let again = parse_challenges(&written);
    assert!(written.is_empty() || again.faults.is_empty(), "{written}: {:?}", again.faults);
    assert_eq!(print_challenges(&again.value), written);
}

fn credentials(text: &str) {
    let read = parse_credentials(text);
    check_spans(text, &read.faults);
    if let Some((scheme, _)) = split_scheme(text) {
        assert_eq!(scheme, read.value.scheme);
    }
}

fn authentication_info(text: &str) {
    let read = parse_authentication_info(text);
    check_spans(text, &read.faults);
    let written = read.value.to_string();
    let again = parse_authentication_info(&written);
    assert!(written.is_empty() || again.faults.is_empty(), "{written}: {:?}", again.faults);
}

fn basic(text: &str) {
    if let Ok(pair) = decode_basic(text) {
        assert_eq!(encode_basic(pair.user(), pair.password()).as_deref(), Ok(text));
    }
}

fn check_spans(text: &str, faults: &[Fault]) {
    assert!(faults.iter().all(|fault| text.get(fault.span.clone()).is_some()), "{faults:?}");
}
