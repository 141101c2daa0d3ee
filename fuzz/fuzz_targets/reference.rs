//! Any text as a reference: it opens as what was sealed, or is a fault; and any record, however long its texts, seals to
//! one of the two lengths and opens with its cause.

#![no_main]

use countersign::reference::{LIMIT, Record, SealKey, SealRing, open, seal};
use countersign::{Cause, Evidence, Subject, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let ring = SealRing::new(SealKey::new([1; 4], &[7; 32]), vec![]);
    assert!(open(text, &ring, 1_800_000_000, 3600).is_err(), "nobody can seal without the key");
    let evidence = text.split('\n').take(12).fold(Evidence::none(), |evidence, line| evidence.presented(Subject::Form, Value::text(line)));
    let record = Record {
        at_ms: 1_800_000_000_000,
        cause: Cause::ALL[text.len() % Cause::ALL.len()],
        status: 401,
        site: Some(1),
        rule: None,
        revision: [1; 8],
        node: [2; 4],
        request_id: text.into(),
        method: text.into(),
        path: text.into(),
        seen: vec![],
        evidence,
        near: vec![1, 2, 3, 4],
    };
    let sealed = seal(&record, &ring, [3; 12]);
    assert!(sealed.len() == 367 || sealed.len() == LIMIT - 1, "{}", sealed.len());
    assert_eq!(open(&sealed, &ring, 1_800_000_000, 3600).map(|record| record.cause), Ok(record.cause));
});
