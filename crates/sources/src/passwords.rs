//! Passwords: how they are hashed, and who may have one checked. Checking is slow on purpose, so it runs on threads of
//! its own behind a throttle and a bounded queue.

mod pool;
mod throttle;

pub(crate) use pool::Pool;

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, PasswordHasher, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use countersign::Secret;
use zeroize::Zeroizing;

/// What unknown accounts are compared with: the same work as for known ones. No password is taken for right by it.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24tZGVjb3k$8m1zrXKQ0sVJ6oPbn4t3hT2Ue5wCyAqLxGkRfDiN7uM";

/// Hashes a password for keeping: argon2id with 19 MiB, two passes and one lane, in PHC form. Takes some 20 ms.
pub fn hash(password: &Secret) -> String {
    // It fails without randomness for the salt, or at passwords of 4 GiB.
    #[expect(clippy::expect_used, reason = "without randomness no password may be kept")]
    Argon2::default().hash_password(password.expose().as_bytes()).expect("the system's random generator works").to_string()
}

/// One thread's memory for hashing: taken once, so that no allocator keeps a second 19 MiB for later.
#[derive(Default)]
struct Memory(Vec<Block>);

/// Is this the password of the hash? Without a hash, or with an unreadable one, the same work is done for nothing.
fn verify(password: &Secret, phc: Option<&str>, memory: &mut Memory) -> bool {
    let readable = phc.and_then(|phc| PasswordHash::new(phc).ok());
    let known = readable.is_some();
    let Some(hash) = readable.or_else(|| PasswordHash::new(DECOY).ok()) else { return false };
    matches(password, &hash, memory).unwrap_or(false) && known
}

/// None where the hash is of another kind, or with other parameters than argon2 has.
fn matches(password: &Secret, hash: &PasswordHash, memory: &mut Memory) -> Option<bool> {
    let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    let params = Params::try_from(hash).ok()?;
    memory.0.resize(params.block_count().max(memory.0.len()), Block::default());
    let mut output = Zeroizing::new(vec![0; expected.as_ref().len()]);
    let hashing = Argon2::new(algorithm, version, params);
    hashing.hash_password_into_with_memory(password.expose().as_bytes(), salt, &mut output, &mut memory.0).ok()?;
    Some(verify_slices_are_equal(&output, expected.as_ref()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(password: &str, phc: Option<&str>, expect: bool) {
        assert_eq!(verify(&Secret::new(password), phc, &mut Memory::default()), expect, "{password:?} {phc:?}");
    }

    #[test]
    fn right_and_wrong() {
        let phc = hash(&Secret::new("correct horse"));
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        check("correct horse", Some(&phc), true);
        check("correct hors", Some(&phc), false);
        check("", Some(&phc), false);
        check("correct horse", None, false);
        check("correct horse", Some("plain text"), false);
        check("correct horse", Some(""), false);
    }

    #[test]
    fn the_decoy_is_the_same_work() {
        let decoy = PasswordHash::new(DECOY).map(|hash| (hash.algorithm.to_string(), hash.version, hash.params.to_string()));
        let phc = hash(&Secret::new("any"));
        let real = PasswordHash::new(&phc).map(|hash| (hash.algorithm.to_string(), hash.version, hash.params.to_string()));
        assert_eq!(decoy, real);
    }
}
