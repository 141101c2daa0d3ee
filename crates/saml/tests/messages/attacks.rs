//! The attacks on SAML by their numbers, without a socket: nobody but whom the provider named is ever signed in.

use crate::stage::Stage;
use countersign::Cause;
use countersign_suites::saml::hostile::{self, Hostile};
use countersign_suites::saml::{Cipher, Keys, Style, encrypt};

/// All of them are refused, with one of these causes.
#[track_caller]
fn refused(stage: &Stage, messages: &[Hostile], causes: &[Cause]) {
    assert!(!messages.is_empty());
    for (name, text) in messages {
        let judged = stage.judge(text);
        assert!(judged.as_ref().is_err_and(|refusal| causes.contains(&refusal.cause)), "{name}: {judged:?}");
    }
}

const SIGNATURE: &[Cause] = &[Cause::AssertionSignatureWrong];
const EITHER: &[Cause] = &[Cause::AssertionSignatureWrong, Cause::AssertionMalformed];

#[test]
fn t102_what_the_provider_did_not_sign() {
    let stage = Stage::new();
    refused(&stage, &hostile::unsigned(&stage.answer(), &stage.keys, &Keys::new("stranger")), SIGNATURE);
}

#[test]
fn t103_wrapping_in_every_style() {
    let stage = Stage::new();
    for style in Style::ALL {
        for new_ids in [false, true] {
            refused(&stage, &hostile::wrappings(&stage.answer(), &stage.keys, style, new_ids), EITHER);
        }
    }
}

#[test]
fn t104_a_name_is_never_cut() {
    let stage = Stage::new();
    let mut answer = stage.answer();
    answer.name_id = "ann.evil.example".to_owned();
    for style in Style::ALL {
        let good = answer.signed(&stage.keys, style);
        let commented = good.replacen("ann.evil", "ann<!-- -->.evil", 1);
        assert_eq!(stage.judge(&commented).unwrap().name_id.value, "ann.evil.example");
        for piece in ["<?x?>", "<x></x>", "<![CDATA[ ]]>"] {
            let changed = good.replacen("ann.evil", &format!("ann{piece}.evil"), 1);
            assert!(stage.judge(&changed).is_err(), "{piece}");
        }
    }
    // Even if the provider signs such a name.
    for name in ["ann<?x?>.evil", "ann<x></x>.evil", "", " "] {
        answer.name_id = name.to_owned();
        refused(&stage, &[("signed", answer.signed(&stage.keys, Style::Both))], &[Cause::AssertionMalformed]);
    }
}

#[test]
fn t105_readers_that_disagree() {
    let stage = Stage::new();
    refused(&stage, &hostile::differentials(&stage.answer(), &stage.keys), EITHER);
}

#[test]
fn t111_transforms_references_and_keys_to_fetch() {
    let stage = Stage::new();
    refused(&stage, &hostile::signed_oddly(&stage.answer(), &stage.keys, "http://127.0.0.1:9/trap"), SIGNATURE);
}

#[test]
fn t112_no_document_has_a_dtd() {
    let stage = Stage::new();
    refused(&stage, &hostile::documents_with_dtd(&stage.answer(), &stage.keys, "http://127.0.0.1:9/trap"), &[Cause::AssertionMalformed]);
}

#[test]
fn t113_too_much_of_anything() {
    let stage = Stage::new();
    refused(&stage, &hostile::floods(&stage.answer(), &stage.keys), EITHER);
}

#[test]
fn t118_whatever_cannot_be_opened_is_refused_alike() {
    let stage = Stage::new();
    let answer = stage.answer();
    let signed = stage.keys.envelop(&answer.assertion(), &answer.assertion_id);
    let good = encrypt(&signed, &stage.own, Cipher::Gcm);
    let content = good.rfind("<xenc:CipherValue>").unwrap() + "<xenc:CipherValue>".len();
    let flipped = |at: usize| {
        let mut text = good.clone();
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        text.replace_range(at..=at, other);
        text
    };
    let key = good.find("<xenc:CipherValue>").unwrap() + "<xenc:CipherValue>".len();
    let other_cipher = |uri: &str| good.replace("http://www.w3.org/2009/xmlenc11#aes256-gcm", uri);
    let other_transport = |uri: &str| good.replace("http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", uri);
    let texts = [
        flipped(content),
        flipped(content + 100),
        flipped(key),
        other_cipher("http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
        other_cipher("http://www.w3.org/2009/xmlenc11#aes128-gcm"),
        other_cipher("urn:none"),
        other_transport("http://www.w3.org/2001/04/xmlenc#rsa-1_5"),
        other_transport("urn:none"),
        encrypt(&signed, &stage.keys, Cipher::Gcm),
        good.replace(&good[content..content + 40], ""),
    ];
    let mut refusals = texts.iter().map(|text| stage.judge(&answer.around(text, &stage.keys, Style::Assertion)).unwrap_err());
    let first = refusals.next().unwrap();
    assert_eq!(first.cause, Cause::AssertionMalformed);
    for refusal in refusals {
        assert_eq!(refusal, first);
    }
    // Padding is only looked at where the provider signed what is around it.
    let cbc = encrypt(&signed, &stage.own, Cipher::Cbc);
    let end = cbc.rfind("</xenc:CipherValue>").unwrap();
    let padded = format!("{}AAAA{}", &cbc[..end - 4], &cbc[end..]);
    refused(&stage, &[("bad padding", answer.around(&padded, &stage.keys, Style::Response))], &[Cause::AssertionMalformed]);
    refused(&stage, &[("bad padding, unsigned", answer.around(&padded, &stage.keys, Style::Assertion))], &[Cause::AssertionMalformed]);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 400, failure_persistence: None, ..Default::default() })]

    /// Whatever is cut out of a message or put into it, nobody else is signed in.
    #[test]
    fn a_changed_message_signs_in_nobody_else(from in 0usize..4000, length in 0usize..40, piece in "[<>&;!\\-\\[\\]/=\"'a-z: ]{0,12}", style in 0usize..3) {
        static STAGE: std::sync::OnceLock<Stage> = std::sync::OnceLock::new();
        let stage = STAGE.get_or_init(Stage::new);
        let good = stage.answer().signed(&stage.keys, Style::ALL[style]);
        let from = from.min(good.len());
        let changed = format!("{}{piece}{}", &good[..from], &good[(from + length).min(good.len())..]);
        if let Ok(signed_in) = stage.judge(&changed) {
            proptest::prop_assert_eq!(signed_in.name_id.value, "ann");
        }
    }
}
