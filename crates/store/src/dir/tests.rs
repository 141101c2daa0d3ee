//! The data directory is made once, and found as it was.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::place::Place;
use countersign::reference::{Record, ReferenceFault, open, seal};
use countersign::{Cause, Evidence};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const DAY: i64 = 86_400;

fn record(at: Timestamp) -> Record {
    Record {
        at_ms: at * 1000,
        cause: Cause::PasswordWrong,
        status: 401,
        site: None,
        rule: None,
        revision: [0; 8],
        node: [0; 4],
        request_id: "r".into(),
        method: "GET".into(),
        path: "/".into(),
        seen: vec![],
        evidence: Evidence::none(),
        near: vec![],
    }
}

#[test]
fn a_second_opening_finds_everything() {
    let place = Place::new();
    let all = |dir: &DataDir| {
        let keys = (dir.token_key().unwrap().jwks(), dir.fingerprint_key().unwrap(), dir.csrf_key().unwrap());
        (dir.node(), dir.own_issuer(), keys)
    };
    let first = all(&place.open());
    assert_eq!(all(&place.open()), first);
    assert_eq!(first.1, format!("urn:countersign:{}", hex(&first.0)));
    assert_ne!(first.2.1, first.2.2);
    let other = Place::new();
    let (_, _, keys) = all(&other.open());
    assert_ne!(keys, first.2);
}

#[test]
fn those_who_open_it_at_once_agree() {
    let place = Place::new();
    let open = || (place.open().node(), place.open().fingerprint_key().unwrap());
    let found: Vec<_> = std::thread::scope(|scope| {
        let openings: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        openings.into_iter().map(|opening| opening.join().unwrap()).collect()
    });
    assert!(found.iter().all(|one| Some(one) == found.first()), "{found:?}");
    assert_eq!(place.names("keys"), ["fingerprint.key"], "nothing half-made stays");
}

#[test]
fn others_may_read_nothing() {
    let place = Place::new();
    let dir = place.open();
    dir.token_key().unwrap();
    dir.csrf_key().unwrap();
    dir.seal_ring(0).unwrap();
    dir.keep_revision(&[1; 8], "f.toml", "text").unwrap();
    let mut pending = vec![dir.path().to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", path.display());
        if metadata.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

#[test]
fn sealing_keys_rotate_and_older_ones_still_open() {
    let place = Place::new();
    let dir = place.open();
    let start = 1_800_000_000;
    let first = seal(&record(start), &dir.seal_ring(start).unwrap(), [1; 12]);
    dir.seal_ring(start + 30 * DAY - 1).unwrap();
    assert_eq!(place.names("keys").len(), 1);
    let ring = dir.seal_ring(start + 30 * DAY).unwrap();
    assert_eq!(place.names("keys").len(), 2);
    let second = seal(&record(start + 30 * DAY), &ring, [2; 12]);
    for (text, at) in [(&first, start), (&second, start + 30 * DAY)] {
        assert_eq!(open(text, &ring, at, DAY), Ok(record(at)));
    }
    let much_later = dir.seal_ring(start + 400 * DAY).unwrap();
    assert!(matches!(open(&first, &much_later, start, DAY), Err(ReferenceFault::KeyUnknown(_))));
    assert!(open(&second, &much_later, start + 30 * DAY, DAY).is_ok());
}

#[test]
fn a_copied_key_opens_under_any_name() {
    let place = Place::new();
    let dir = place.open();
    let text = seal(&record(100), &dir.seal_ring(100).unwrap(), [1; 12]);
    let name = place.names("keys").pop().unwrap();
    let copy = place.join("copy");
    fs::copy(place.join("keys").join(&name), &copy).unwrap();
    let ring = SealRing::new(DataDir::read_seal_key_file(&copy).unwrap(), vec![]);
    assert!(open(&text, &ring, 100, DAY).is_ok());
    let digits = fs::read_to_string(&copy).unwrap().lines().next().unwrap().to_owned();
    fs::write(&copy, digits).unwrap();
    let ring = SealRing::new(DataDir::read_seal_key_file(&copy).unwrap(), vec![]);
    assert!(open(&text, &ring, 100, DAY).is_ok(), "the digits alone are enough");
}

#[track_caller]
fn check_damaged(file: &str, content: &str) {
    let place = Place::new();
    let dir = place.open();
    dir.token_key().unwrap();
    dir.fingerprint_key().unwrap();
    fs::write(place.join(file), content).unwrap();
    let again = DataDir::open(dir.path()).and_then(|dir| dir.token_key().and(dir.seal_ring(0)));
    assert!(matches!(again, Err(StoreError::Content { .. })), "{again:?}");
    assert_eq!(fs::read_to_string(place.join(file)).unwrap(), content, "it is not made anew");
}

#[test]
fn damage_is_told_and_not_mended() {
    check_damaged("node", "1234567");
    check_damaged("node", "");
    check_damaged("keys/token.key", "not hexadecimal");
    check_damaged("keys/seal-00000000.key", &"0".repeat(63));
    check_damaged("keys/seal-00000000.key", &format!("{}\nmade yesterday", "0".repeat(64)));
}

#[test]
fn revisions_are_kept_as_written_and_the_newest_fifty() {
    let place = Place::new();
    let dir = place.open();
    dir.keep_revision(&[255; 8], "dir/a\nb.toml", "# first\n\nlast").unwrap();
    assert_eq!(dir.revision(&[255; 8]), Some(("dir/a\u{fffd}b.toml".to_owned(), "# first\n\nlast".to_owned())));
    assert_eq!(dir.revision(&[254; 8]), None);
    for number in 0..60 {
        dir.keep_revision(&[number; 8], "f.toml", &number.to_string()).unwrap();
        // In force again: it counts as new.
        dir.keep_revision(&[0; 8], "f.toml", "0").unwrap();
    }
    assert_eq!(place.names("revisions").len(), 50);
    for (number, expect) in [(255, false), (0, true), (1, false), (59, true)] {
        assert_eq!(dir.revision(&[number; 8]).is_some(), expect, "{number}");
    }
}
