//! The records, in a directory of its own for every test; a second handle stands for a second process.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::place::Place;
use countersign::{Account, AccountName, AccountState, Login, Session};
use std::sync::Arc;

fn name(text: &str) -> AccountName {
    AccountName::new(text)
}

fn new_account(text: &str) -> NewAccount {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    NewAccount {
        name: name(text),
        password: Some("$phc$".into()),
        roles: texts(&["staff", "with \"quotes\", commas"]),
        scopes: texts(&["orders:read"]),
        password_expires: Some(9_000),
    }
}

fn rights(role: &str, scope: &str) -> Rights {
    Rights { roles: vec![role.into()], scopes: vec![scope.into()] }
}

fn new_key(account: &str, id: &str, hash: u8) -> NewApiKey {
    NewApiKey { account: name(account), hash: SecretHash([hash; 32]), id: id.into(), scopes: vec!["a".into()], expires: Some(8_000) }
}

fn session(account: &Account, id: &str, hash: u8, created: Timestamp) -> Session {
    Session {
        id: id.into(),
        hash: SecretHash([hash; 32]),
        account: Arc::new(account.clone()),
        created,
        expires: created + 1000,
        idle: 100,
        revoked: None,
        login: None,
    }
}

async fn store(place: &Place) -> Store {
    Store::open(&place.open()).await.unwrap()
}

#[tokio::test]
async fn what_was_added_is_found_after_a_restart() {
    let place = Place::new();
    let before = store(&place).await;
    let account = before.add_account(new_account("Alice"), 1_000).await.unwrap();
    let key = before.add_api_key(new_key("ALICE ", "k_1", 1), 1_001).await.unwrap();
    let kept = session(&account, "s_1", 2, 1_002);
    before.add_session(&kept, 1_002).await.unwrap();
    drop(before);
    let after = store(&place).await;
    assert_eq!(after.account(&name("alice")).await.unwrap().as_ref(), Some(&account));
    assert_eq!(after.account(&name("alice")).await.unwrap().unwrap().password.as_deref(), Some("$phc$"));
    assert_eq!(after.account_by_id(account.id).await.unwrap(), Some(account));
    assert_eq!(after.api_key(&SecretHash([1; 32])).await.unwrap(), Some(key.clone()));
    assert_eq!(after.api_keys().await.unwrap(), [(key, None)]);
    assert_eq!(after.session(&SecretHash([2; 32])).await.unwrap(), Some((kept, 1_002)));
    assert_eq!(after.account(&name("bob")).await.unwrap(), None);
    assert_eq!(after.api_key(&SecretHash([9; 32])).await.unwrap(), None);
}

/// A change through one handle: does another one's epoch move?
#[track_caller]
fn moved(before: i64, after: i64, expect: bool, what: &str) {
    assert_eq!(after > before, expect, "{what}: {before} -> {after}");
}

#[tokio::test]
async fn the_other_process_sees_the_epoch_move_when_a_record_changes() {
    let place = Place::new();
    let (one, other) = (store(&place).await, store(&place).await);
    let alice = name("alice");
    let mut before = other.epoch().await.unwrap();
    macro_rules! check {
        ($change:expr, $expect:literal) => {{
            let changed = $change.await.unwrap();
            let after = other.epoch().await.unwrap();
            moved(before, after, $expect, stringify!($change));
            before = after;
            changed
        }};
    }
    let account = check!(one.add_account(new_account("alice"), 1), false);
    check!(one.add_api_key(new_key("alice", "k_1", 1), 2), false);
    check!(one.add_session(&session(&account, "s_1", 1, 3), 3), false);
    check!(one.touch(&[(SecretHash([1; 32]), 4)], &[("k_1".into(), 4)]), false);
    check!(one.set_password(&alice, "$other$", None, 4), true);
    check!(one.set_state(&alice, AccountState::Locked, 5), true);
    check!(one.grant_to_account(&alice, &rights("support", "b"), 5), true);
    check!(one.grant_to_account(&alice, &rights("support", "b"), 5), false);
    check!(one.revoke_from_account(&alice, &rights("support", "b"), 5), true);
    check!(one.revoke_from_account(&alice, &rights("support", "b"), 5), false);
    check!(one.grant_to_api_key("k_1", vec!["b".into()], 5), true);
    check!(one.revoke_from_api_key("k_1", vec!["b".into()], 5), true);
    check!(one.revoke_api_key("k_1", 10, 6), true);
    check!(one.revoke_session("s_1", 7), true);
    check!(one.revoke_sessions_of(&alice, 8), true);
    check!(one.remove_account(&alice, 9), true);
    assert!(before > 0);
}

#[tokio::test]
async fn another_password_ends_the_sessions() {
    let place = Place::new();
    let store = store(&place).await;
    let alice = store.add_account(new_account("alice"), 1).await.unwrap();
    let bob = store.add_account(new_account("bob"), 1).await.unwrap();
    store.add_session(&session(&alice, "s_1", 1, 2), 2).await.unwrap();
    store.add_session(&session(&bob, "s_2", 2, 2), 2).await.unwrap();
    store.set_password(&alice.name, "$other$", Some(77), 5).await.unwrap();
    let changed = store.account(&alice.name).await.unwrap().unwrap();
    assert_eq!((changed.password.as_deref(), changed.password_expires), (Some("$other$"), Some(77)));
    assert_eq!(store.session(&SecretHash([1; 32])).await.unwrap().unwrap().0.revoked, Some(5));
    assert_eq!(store.session(&SecretHash([2; 32])).await.unwrap().unwrap().0.revoked, None);
}

#[tokio::test]
async fn a_removed_account_takes_its_keys_and_sessions_along_and_its_number() {
    let place = Place::new();
    let store = store(&place).await;
    let first = store.add_account(new_account("alice"), 1).await.unwrap();
    store.add_api_key(new_key("alice", "k_1", 1), 1).await.unwrap();
    let kept = session(&first, "s_1", 1, 1);
    store.add_session(&kept, 1).await.unwrap();
    store.remove_account(&first.name, 2).await.unwrap();
    assert_eq!(store.api_key(&SecretHash([1; 32])).await.unwrap(), None);
    assert_eq!(store.session(&SecretHash([1; 32])).await.unwrap(), None);
    let again = store.add_account(new_account("alice"), 3).await.unwrap();
    assert_ne!(again.id, first.id);
    // A log-in that was under way when the account went must not become the new one's.
    assert!(matches!(store.add_session(&kept, 3).await, Err(StoreError::AccountUnknown(_))));
}

#[tokio::test]
async fn a_key_may_end_later_but_not_live_again() {
    let place = Place::new();
    let store = store(&place).await;
    store.add_account(new_account("alice"), 1).await.unwrap();
    store.add_api_key(new_key("alice", "k_1", 1), 1).await.unwrap();
    for (at, expect) in [(100, 100), (200, 100), (50, 50)] {
        store.revoke_api_key("k_1", at, 10).await.unwrap();
        assert_eq!(store.api_key(&SecretHash([1; 32])).await.unwrap().unwrap().revoked, Some(expect));
    }
}

#[tokio::test]
async fn rights_are_given_and_taken_once_and_stay() {
    let place = Place::new();
    let store = store(&place).await;
    let alice = store.add_account(new_account("alice"), 1).await.unwrap();
    store.add_api_key(new_key("alice", "k_1", 1), 1).await.unwrap();
    let more = Rights { roles: vec!["staff".into(), "support".into(), "support".into()], scopes: vec!["b".into()] };
    let (given, changed) = store.grant_to_account(&alice.name, &more, 2).await.unwrap();
    assert!(changed && given.roles == ["staff", "with \"quotes\", commas", "support"] && given.scopes == ["orders:read", "b"], "{given:?}");
    let (taken, changed) = store.revoke_from_account(&alice.name, &rights("staff", "never had"), 3).await.unwrap();
    assert!(changed && taken.roles == ["with \"quotes\", commas", "support"] && taken.scopes == given.scopes, "{taken:?}");
    assert_eq!(store.account(&alice.name).await.unwrap(), Some(taken));
    let (both, _) = store.grant_to_api_key("k_1", vec!["b".into()], 4).await.unwrap();
    let (key, _) = store.revoke_from_api_key("k_1", vec!["a".into()], 5).await.unwrap();
    assert_eq!((both.scopes, &key.scopes), (vec!["a".into(), "b".into()], &vec!["b".to_owned()]));
    assert_eq!(store.api_key(&SecretHash([1; 32])).await.unwrap(), Some(key));
    let trail: Vec<_> = store.audit(4).await.unwrap().into_iter().map(|entry| (entry.what, entry.whom)).collect();
    let entry = |what: &str, whom: &str| (what.to_owned(), whom.to_owned());
    assert_eq!(
        trail,
        [
            entry("api key scopes revoked", "k_1: scope a"),
            entry("api key scopes granted", "k_1: scope b"),
            entry("account rights revoked", "alice: role staff"),
            entry("account rights granted", "alice: role support, scope b"),
        ]
    );
}

#[tokio::test]
async fn last_uses_only_grow() {
    let place = Place::new();
    let store = store(&place).await;
    let alice = store.add_account(new_account("alice"), 1).await.unwrap();
    store.add_api_key(new_key("alice", "k_1", 1), 1).await.unwrap();
    store.add_session(&session(&alice, "s_1", 1, 10), 10).await.unwrap();
    for (at, expect) in [(30, 30), (20, 30)] {
        let gone = SecretHash([7; 32]);
        store.touch(&[(SecretHash([1; 32]), at), (gone, at)], &[("k_1".into(), at), ("gone".into(), at)]).await.unwrap();
        assert_eq!(store.session(&SecretHash([1; 32])).await.unwrap().unwrap().1, expect);
        assert_eq!(store.api_keys().await.unwrap().first().unwrap().1, Some(expect));
    }
}

#[tokio::test]
async fn live_sessions_and_those_that_are_long_over() {
    let place = Place::new();
    let store = store(&place).await;
    let alice = store.add_account(new_account("alice"), 1).await.unwrap();
    let now: i64 = query_scalar("SELECT unixepoch()").fetch_one(&store.readers).await.unwrap();
    let day = 86_400;
    // Its id, when it was made, when it was ended.
    let cases = [("live", now, None), ("ended", now, Some(now)), ("idle", now - 200, None), ("long over", now - day - 2000, None)];
    for (number, (id, created, ended)) in (1..).zip(cases) {
        store.add_session(&session(&alice, id, number, created), created).await.unwrap();
        if let Some(at) = ended {
            store.revoke_session(id, at).await.unwrap();
        }
    }
    let live: Vec<_> = store.sessions().await.unwrap().into_iter().map(|(session, _)| session.id).collect();
    assert_eq!(live, ["live"]);
    store.prune(now).await.unwrap();
    let mut kept = Vec::new();
    for number in 1..=4 {
        kept.push(store.session(&SecretHash([number; 32])).await.unwrap().is_some());
    }
    assert_eq!(kept, [true, true, true, false]);
    assert_eq!(store.revoke_sessions_of(&alice.name, now).await.unwrap(), 2);
}

#[tokio::test]
async fn every_change_leaves_a_trace_and_a_refused_one_none() {
    let place = Place::new();
    let store = store(&place).await;
    let alice = name("alice");
    store.add_account(new_account("alice"), 1).await.unwrap();
    store.clone().acting_as("gateway").set_state(&alice, AccountState::Disabled, 2).await.unwrap();
    let epoch = store.epoch().await.unwrap();
    let nobody = name("nobody");
    let refused = [
        store.add_account(new_account("ALICE"), 3).await.map(drop),
        store.add_account(new_account(" "), 3).await.map(drop),
        store.add_account(new_account("al:ice"), 3).await.map(drop),
        store.set_password(&nobody, "$phc$", None, 3).await,
        store.set_state(&nobody, AccountState::Active, 3).await,
        store.grant_to_account(&nobody, &rights("a", "b"), 3).await.map(drop),
        store.remove_account(&nobody, 3).await,
        store.add_api_key(new_key("nobody", "k", 1), 3).await.map(drop),
        store.revoke_api_key("k", 3, 3).await,
        store.revoke_from_api_key("k", vec!["a".into()], 3).await.map(drop),
        store.revoke_session("s", 3).await,
        store.revoke_sessions_of(&nobody, 3).await.map(drop),
    ];
    let refused = refused.map(|refused| refused.unwrap_err().to_string());
    for (said, expect) in refused.iter().zip([
        "already",
        "cannot be",
        "cannot be",
        "no account",
        "no account",
        "no account",
        "no account",
        "no account",
        "no API key",
        "no API key",
        "no session",
        "no account",
    ]) {
        assert!(said.contains(expect), "{said:?} lacks {expect:?}");
    }
    assert_eq!(store.epoch().await.unwrap(), epoch);
    let trail: Vec<_> = store.audit(10).await.unwrap().into_iter().map(|entry| (entry.at, entry.who, entry.what, entry.whom)).collect();
    let entry = |at, who: &str, what: &str| (at, who.to_owned(), what.to_owned(), "alice".to_owned());
    assert_eq!(trail, [entry(2, "gateway", "account disabled"), entry(1, "cli", "account added")]);
    assert_eq!(store.audit(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_trail_is_bounded() {
    let place = Place::new();
    let store = store(&place).await;
    let fill =
        query("INSERT INTO audit (id, at, who, what, whom) VALUES (1, 0, '', 'oldest', ''), (2, 0, '', '', ''), (100000, 0, '', '', '')");
    fill.execute(&store.writer).await.unwrap();
    store.add_account(new_account("alice"), 1).await.unwrap();
    let ids: Vec<_> = store.audit(10).await.unwrap().into_iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [100_001, 100_000, 2]);
}

#[tokio::test]
async fn those_who_open_it_at_once_all_can() {
    let place = Place::new();
    let mut opening = tokio::task::JoinSet::new();
    for number in 0..6 {
        let dir = place.open();
        opening.spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { Store::open(&dir).await?.add_account(new_account(&format!("account-{number}")), 1).await.map(drop) })
        });
    }
    assert!(opening.join_all().await.into_iter().all(|opened| opened.is_ok()));
    assert_eq!(store(&place).await.accounts().await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let place = Place::new();
    raw_sql("PRAGMA user_version = 7").execute(&store(&place).await.writer).await.unwrap();
    let opened = Store::open(&place.open()).await;
    assert!(matches!(opened, Err(StoreError::Newer { found: 7, known: 3 })), "{opened:?}");
}

#[tokio::test]
async fn changes_go_on_when_there_is_room_again() {
    let place = Place::new();
    let store = store(&place).await;
    // No page more than there are now.
    raw_sql("PRAGMA max_page_count = 1").execute(&store.writer).await.unwrap();
    let mut full = None;
    for number in 0..1000 {
        if let Err(fault) = store.add_account(new_account(&format!("account-{number}")), 1).await {
            full = Some(fault.to_string());
            break;
        }
    }
    assert!(full.as_ref().is_some_and(|fault| fault.contains("full")), "{full:?}");
    raw_sql("PRAGMA max_page_count = 100000").execute(&store.writer).await.unwrap();
    store.add_account(new_account("alice"), 1).await.unwrap();
    assert!(store.account(&name("alice")).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_acknowledged_is_on_the_disk() {
    let place = Place::new();
    let store = store(&place).await;
    let mode: String = query_scalar("PRAGMA journal_mode").fetch_one(&store.writer).await.unwrap();
    let synchronous: i64 = query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 2));
    let written = query("DELETE FROM account").execute(&store.readers).await;
    assert!(written.is_err(), "the readers only read");
}

fn person(subject: &str, called: &str) -> Person {
    Person {
        provider: "corp".into(),
        subject: subject.into(),
        name: name(called),
        display_name: Some("Ann".into()),
        email: None,
        roles: vec!["staff".into()],
        scopes: Vec::new(),
    }
}

#[tokio::test]
async fn a_person_has_one_account_whatever_they_are_called() {
    let place = Place::new();
    let store = store(&place).await;
    let first = store.sign_in_person(&person("17", "ann"), 10).await.unwrap();
    let epoch = store.epoch().await.unwrap();
    assert_eq!((first.name.as_str(), first.password.as_deref()), ("ann", None));
    assert_eq!(store.sign_in_person(&person("17", "ann"), 20).await.unwrap(), first);
    assert_eq!(store.epoch().await.unwrap(), epoch, "nothing has changed");
    let renamed = store.sign_in_person(&Person { roles: vec![], ..person("17", "anna") }, 30).await.unwrap();
    assert_eq!((renamed.id, renamed.name.as_str(), renamed.roles.len()), (first.id, "anna", 0));
    assert!(store.epoch().await.unwrap() > epoch);
    store.set_state(&name("anna"), AccountState::Locked, 40).await.unwrap();
    assert_eq!(store.sign_in_person(&person("17", "ann"), 50).await.unwrap().state, AccountState::Locked);
    assert!(matches!(store.sign_in_person(&person("18", "a:b"), 60).await, Err(StoreError::AccountName(_))));
}

#[tokio::test]
async fn nobody_becomes_somebody_else_by_being_called_so() {
    let place = Place::new();
    let store = store(&place).await;
    let own = store.add_account(new_account("admin"), 1).await.unwrap();
    let called_so = store.sign_in_person(&person("1", "Admin"), 2).await.unwrap();
    let too = store.sign_in_person(&Person { provider: "other".into(), ..person("1", "admin") }, 3).await.unwrap();
    for other in [&called_so, &too] {
        assert_ne!(other.id, own.id);
        assert!(other.name.as_str().starts_with("admin~"), "{:?}", other.name);
    }
    assert_ne!(called_so.name, too.name);
    assert_eq!(store.sign_in_person(&person("1", "Admin"), 4).await.unwrap(), called_so);
}

#[tokio::test]
async fn a_provider_ends_its_own_sessions_only() {
    let place = Place::new();
    let store = store(&place).await;
    let account = store.sign_in_person(&person("17", "ann"), 10).await.unwrap();
    for (number, provider, sid) in [(1, "corp", "a"), (2, "corp", "b"), (3, "other", "a")] {
        let login = Login { provider: provider.into(), sid: Some(sid.into()), ..Login::default() };
        let kept = Session { login: Some(Arc::new(login)), ..session(&account, &format!("s_{number}"), number, 10) };
        store.add_session(&kept, 10).await.unwrap();
        assert_eq!(store.session(&kept.hash).await.unwrap().unwrap().0, kept);
    }
    assert_eq!(store.end_sessions_at("corp", None, None, 20).await.unwrap(), 0);
    assert_eq!(store.end_sessions_at("corp", Some("a"), Some("18"), 20).await.unwrap(), 0);
    assert_eq!(store.end_sessions_at("corp", Some("a"), None, 20).await.unwrap(), 1);
    assert_eq!(store.end_sessions_at("corp", None, Some("17"), 20).await.unwrap(), 1);
    let revoked = async |number: u8| store.session(&SecretHash([number; 32])).await.unwrap().unwrap().0.revoked;
    assert_eq!((revoked(1).await, revoked(2).await, revoked(3).await), (Some(20), Some(20), None));
}

#[tokio::test]
async fn a_renewal_is_one_persons_turn() {
    let place = Place::new();
    let store = store(&place).await;
    let account = store.sign_in_person(&person("17", "ann"), 10).await.unwrap();
    let login = Login { provider: "corp".into(), renew_at: Some(100), ..Login::default() };
    let kept = Session { login: Some(Arc::new(login)), ..session(&account, "s_1", 1, 10) };
    store.add_session(&kept, 10).await.unwrap();
    store.keep_sealed(&kept.hash, b"first").await.unwrap();
    let lease = async |now| store.lease_renewal(&kept.hash, now + 10, now).await.unwrap();
    assert_eq!(lease(99).await, None, "not due");
    assert_eq!(lease(100).await.as_deref(), Some(b"first".as_slice()));
    assert_eq!(lease(105).await, None, "another has it");
    assert_eq!(lease(110).await.as_deref(), Some(b"first".as_slice()), "who had it did not come back");
    store.renewed(&kept.hash, Some(b"second"), Some(200)).await.unwrap();
    assert_eq!(lease(120).await, None);
    assert_eq!(lease(200).await.as_deref(), Some(b"second".as_slice()));
}
