//! Digest secrets and their realms, in a directory of its own for every test.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::database::NewAccount;
use crate::place::Place;

fn name(text: &str) -> AccountName {
    AccountName::new(text)
}

async fn store(place: &Place) -> Store {
    let store = Store::open(&place.open()).await.unwrap();
    let account = NewAccount { name: name("alice"), password: None, roles: vec![], scopes: vec![], password_expires: None };
    store.add_account(account, 1).await.unwrap();
    store
}

fn secrets(password: &str, algorithms: &[Algorithm]) -> Vec<DigestSecret> {
    algorithms.iter().map(|algorithm| DigestSecret::of(&name("alice"), "orders", password, *algorithm)).collect()
}

fn key(user: DigestUser, realm: &str, algorithm: Algorithm) -> DigestKey {
    DigestKey { user, realm: realm.to_owned(), algorithm }
}

#[tokio::test]
async fn digest_secrets_are_those_of_the_password_that_is_kept() {
    let place = Place::new();
    let store = store(&place).await;
    store.set_password(&name("alice"), "one", None, 2).await.unwrap();
    let kept = secrets("secret", &[Algorithm::Sha256, Algorithm::Md5]);
    let epoch = store.epoch().await.unwrap();
    store.keep_digest_secrets(&name("alice"), "one", &kept, 3).await.unwrap();
    assert!(store.epoch().await.unwrap() > epoch, "that there was none is forgotten");
    let by_name = || DigestUser::Name(name("Alice"));
    let ha1 = async |user, realm, algorithm| {
        let found = store.digest(&key(user, realm, algorithm)).await.unwrap();
        found.map(|found| found.ha1.map(|ha1| ha1.expose().to_owned()))
    };
    let sha = Some(Some(kept[0].ha1.expose().to_owned()));
    assert_eq!(ha1(by_name(), "orders", Algorithm::Sha256).await, sha);
    assert_eq!(ha1(by_name(), "orders", Algorithm::Sha256Sess).await, sha);
    assert_eq!(ha1(DigestUser::Hash(kept[0].userhash.clone()), "orders", Algorithm::Sha256).await, sha);
    assert_eq!(ha1(by_name(), "orders", Algorithm::Sha512T256).await, Some(None), "the account is there, such a secret is not");
    assert_eq!(ha1(by_name(), "other", Algorithm::Sha256).await, Some(None));
    assert_eq!(ha1(DigestUser::Hash(kept[0].userhash.clone()), "orders", Algorithm::Md5).await, None);
    assert_eq!(ha1(DigestUser::Name(name("bob")), "orders", Algorithm::Sha256).await, None);
    let late = store.keep_digest_secrets(&name("alice"), "another hash", &kept, 4).await;
    assert!(matches!(late, Err(StoreError::AccountUnknown(_))), "{late:?}");
    store.set_password(&name("alice"), "two", None, 5).await.unwrap();
    assert_eq!(ha1(by_name(), "orders", Algorithm::Sha256).await, Some(None), "none outlives its password");
    store.keep_digest_secrets(&name("alice"), "two", &kept, 6).await.unwrap();
    assert_eq!((store.accounts_with_digest().await.unwrap(), store.forget_digest(7).await.unwrap()), (1, 1));
    assert_eq!(ha1(by_name(), "orders", Algorithm::Md5).await, Some(None));
}

#[tokio::test]
async fn the_realms_of_digest_are_those_of_the_configuration() {
    let place = Place::new();
    let store = store(&place).await;
    let space = |realm: &str, algorithm| (realm.to_owned(), algorithm);
    assert_eq!(store.digest_spaces().await.unwrap(), []);
    let asked = [space("b", Algorithm::Sha256Sess), space("a", Algorithm::Md5), space("b", Algorithm::Sha256)];
    store.set_digest_spaces(&asked, 1).await.unwrap();
    let kept = [space("a", Algorithm::Md5), space("b", Algorithm::Sha256)];
    assert_eq!(store.digest_spaces().await.unwrap(), kept);
    let rows = store.audit(10).await.unwrap().len();
    store.set_digest_spaces(&asked, 2).await.unwrap();
    assert_eq!(store.audit(10).await.unwrap().len(), rows, "nothing changed, nothing is noted");
    store.set_digest_spaces(&[], 3).await.unwrap();
    assert_eq!(store.digest_spaces().await.unwrap(), []);
}
