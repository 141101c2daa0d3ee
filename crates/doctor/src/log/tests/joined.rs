//! An access log with its error log: which reasons become whose, in whichever blocks they come.

use super::super::reasons::Reasons;
use super::super::{LogFormat, LogJoin, LogReport, reasons::Reason};
use super::line;
use crate::log::entry::Entry;

fn nginx(client: &str, second: i64, what: &str, request: &str) -> String {
    let (hour, minute, rest) = (second / 3600, second / 60 % 60, second % 60);
    format!(
        "2025/10/10 {hour:02}:{minute:02}:{rest:02} [error] 1#1: *7 {what}, client: {client}, server: a, request: \"GET {request} HTTP/1.1\", host: \"a\"\n"
    )
}

fn join(access: &str, errors: &str, size: usize) -> (LogReport, LogReport) {
    let format = |log: &str| LogFormat::recognise(log.as_bytes()).unwrap();
    let mut join = LogJoin::new(format(access), format(errors)).unwrap();
    let mut blocks = errors.as_bytes().chunks(size);
    for block in access.as_bytes().chunks(size) {
        while join.is_behind(block) {
            match blocks.next() {
                Some(block) => join.feed_errors(block),
                None => join.end_errors(),
            }
        }
        join.feed(block);
    }
    blocks.for_each(|block| join.feed_errors(block));
    join.finish()
}

/// `count cause` in the order of the causes.
#[track_caller]
fn check(access: &str, errors: &str, expect: &[(u64, &str)]) {
    let (report, _) = join(access, errors, usize::MAX);
    let mut seen: Vec<_> = report.by_cause.iter().map(|row| (row.count, row.cause.code())).collect();
    seen.sort_by_key(|row| row.1);
    assert_eq!(seen, expect, "{access}\n{errors}");
}

const MISMATCH: &str = "user \"ann\": password mismatch";
const MISSING: &str = "no user/password was provided for basic authentication";

#[test]
fn lines_about_one_request_meet() {
    let (at, refused) =
        (|second, what| nginx("10.0.0.1", second, what, "/a?b"), |second, status| line("10.0.0.1", "ann", second, "/a?b", status));
    check(&refused(50, 401), &at(50, MISMATCH), &[(1, "password-wrong")]);
    check(&refused(52, 401), &at(50, MISMATCH), &[(1, "password-wrong")]);
    check(&refused(53, 401), &at(50, MISMATCH), &[]);
    check(&refused(50, 401), &nginx("10.0.0.2", 50, MISMATCH, "/a?b"), &[]);
    check(&refused(50, 401), &nginx("10.0.0.1", 50, MISMATCH, "/other"), &[]);
    check(&refused(50, 403), &at(50, MISMATCH), &[]);
    check(&refused(50, 401), &at(50, "access forbidden by rule"), &[]);
    check(&refused(50, 429), &at(50, "limiting requests, excess: 5.2 by zone \"one\""), &[(1, "rate-exceeded")]);
    check(&(refused(50, 200) + &refused(51, 401)), &at(50, MISMATCH), &[(1, "password-wrong")]);
    // No reason is used twice.
    check(&refused(50, 401).repeat(2), &at(50, MISMATCH), &[(1, "password-wrong")]);
    let two = line("10.0.0.1", "-", 50, "/a?b", 401) + &refused(51, 401);
    check(&two, &(at(50, MISSING) + &at(51, MISMATCH)), &[(1, "credentials-missing"), (1, "password-wrong")]);
}

#[test]
fn the_servers_own_clock_counts() {
    let access = line("10.0.0.1", "ann", 50, "/a", 401).replace("+0000", "-0730");
    check(&access, &nginx("10.0.0.1", 50, MISMATCH, "/a"), &[(1, "password-wrong")]);
}

#[test]
fn apaches_lines_name_a_path() {
    let apache = "[Fri Oct 10 00:00:50.1 2025] [auth_basic:error] [pid 9:tid 12] [client 10.0.0.1:51234] AH01618: user ann not found: /a\n";
    check(&line("10.0.0.1", "ann", 50, "/a?key=1", 401), apache, &[(1, "account-unknown")]);
    check(&line("10.0.0.1", "-", 50, "/a?key=1", 401), apache, &[]);
    check(&line("10.0.0.1", "bob", 50, "/a?key=1", 401), apache, &[]);
    let files = "[Fri Oct 10 00:00:50.1 2025] [authz_core:error] [pid 9:tid 12] [client 10.0.0.1:51234] AH01630: client denied by server configuration: /srv/www/a\n";
    check(&line("10.0.0.1", "-", 50, "/a", 403), files, &[(1, "blocked")]);
}

#[test]
fn blocks_may_end_anywhere_in_both() {
    let client = |number: i64| format!("10.0.{}.{}", number % 3, number % 50);
    let of = |number: i64| line(&client(number), "ann", number * 7, &format!("/a/{number}"), [200, 401, 200, 403][(number % 4) as usize]);
    let access: String = (0..2_000).map(of).collect();
    let reason = |number: i64| {
        let what = if number % 4 == 1 { MISMATCH } else { "access forbidden by rule" };
        (number % 2 == 1).then(|| nginx(&client(number), number * 7, what, &format!("/a/{number}")))
    };
    let errors: String = (0..2_000).filter_map(reason).collect();
    for size in [1_000, 4_096, 65_536, usize::MAX] {
        let (report, other) = join(&access, &errors, size);
        let joined = report.joined.as_ref().unwrap();
        assert_eq!((joined.reasons, joined.explained, joined.unexplained, joined.lost), (1_000, 1_000, 0, 0), "{size}");
        assert_eq!((report.by_cause.len(), report.by_cause[0].count, report.by_cause[1].count), (2, 500, 500));
        assert_eq!((report.users[0].name.as_str(), report.users[0].refused, other.refused), ("ann", 1_000, 1_000));
    }
}

#[test]
fn what_is_held_is_bounded() {
    let mut reasons = Reasons::default();
    let user = [b'x'; 1_000];
    for number in 0..70_000_u32 {
        let client = number.to_string();
        let cause = Some(countersign::Cause::PasswordWrong.into());
        let entry = Entry { at: Some(5), client: client.as_bytes(), user: &user, cause, ..Entry::default() };
        let reason = Reason::of(&entry).unwrap();
        assert_eq!(reason.user.len(), 64);
        reasons.add(reason);
    }
    assert_eq!(reasons.lost, 70_000 - 65_536);
    let entry = Entry { at: Some(5), client: b"17", status: 401, ..Entry::default() };
    assert!(reasons.take(&entry).is_some() && reasons.take(&entry).is_none());
    reasons.forget(1_000);
    assert!(reasons.take(&Entry { client: b"18", ..entry }).is_none());
}
