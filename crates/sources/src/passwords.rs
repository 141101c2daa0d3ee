//! Passwords: how they are hashed, and who may have one checked. Checking is slow on purpose, so it runs on threads of
//! its own behind a throttle and a bounded queue.

mod pool;
mod throttle;

pub(crate) use pool::Pool;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use countersign::Secret;

/// What unknown accounts are compared with: the same work as for known ones. No password is taken for right by it.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24tZGVjb3k$8m1zrXKQ0sVJ6oPbn4t3hT2Ue5wCyAqLxGkRfDiN7uM";

/// Hashes a password for keeping: argon2id with 19 MiB, two passes and one lane, in PHC form. Takes some 20 ms.
pub fn hash(password: &Secret) -> String {
    // It fails without randomness for the salt, or at passwords of 4 GiB.
    #[expect(clippy::expect_used, reason = "without randomness no password may be kept")]
    Argon2::default().hash_password(password.expose().as_bytes()).expect("the system's random generator works").to_string()
}

/// Is this the password of the hash? Without a hash, or with an unreadable one, the same work is done for nothing.
fn verify(password: &Secret, phc: Option<&str>) -> bool {
    let readable = phc.filter(|phc| argon2::PasswordHash::new(phc).is_ok());
    let right = Argon2::default().verify_password(password.expose().as_bytes(), readable.unwrap_or(DECOY)).is_ok();
    right && readable.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(password: &str, phc: Option<&str>, expect: bool) {
        assert_eq!(verify(&Secret::new(password), phc), expect, "{password:?} {phc:?}");
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
        let decoy = argon2::PasswordHash::new(DECOY).map(|hash| (hash.algorithm.to_string(), hash.version, hash.params.to_string()));
        let phc = hash(&Secret::new("any"));
        let real = argon2::PasswordHash::new(&phc).map(|hash| (hash.algorithm.to_string(), hash.version, hash.params.to_string()));
        assert_eq!(decoy, real);
    }
}
