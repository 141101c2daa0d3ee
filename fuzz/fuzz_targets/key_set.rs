//! A JWK set as an issuer publishes it: bounded, of the algorithms that were asked for, the same each time.

#![no_main]

use countersign::token::{Algorithm, KeySet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(set) = KeySet::read(bytes, Algorithm::ALL) else { return };
    assert!(set.ids().count() <= 64);
    assert!(set.ids().all(|id| set.has(Some(id))) && set.covers(&set));
    let few = KeySet::read(bytes, &[Algorithm::Es256]).unwrap();
    assert!(set.has(None) || !few.has(None), "fewer algorithms, more keys");
    assert!(!KeySet::read(bytes, &[]).unwrap().has(None), "a key for no algorithm");
});
