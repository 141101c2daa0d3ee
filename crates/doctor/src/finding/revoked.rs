//! Words that say that what was good once was taken back. Not tokens whose time is over.

use super::said::{Phrase, Said};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::Clue;
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "revoked";
const TOKEN: Code = Foreign(ForeignCause::TokenRevoked);
const GRANT: Code = Foreign(ForeignCause::GrantRevoked);
const KEY: Code = Common(Cause::ApiKeyRevoked);
const REUSED: Code = Foreign(ForeignCause::RefreshTokenReused);
const INACTIVE: Code = Common(Cause::TokenInactive);

const PHRASES: &[Phrase] = &[
    Phrase("token has been revoked", 94, TOKEN),
    Phrase("token is revoked", 94, TOKEN),
    Phrase("token was revoked", 94, TOKEN),
    Phrase("token revoked", 93, TOKEN),
    Phrase("token_revoked", 94, TOKEN),
    Phrase("tokenrevoked", 92, TOKEN),
    Phrase("revoked token", 90, TOKEN),
    Phrase("token * revoked", 84, TOKEN),
    Phrase("session has been revoked", 88, TOKEN),
    Phrase("token has been blacklisted", 93, TOKEN),
    Phrase("token is blacklisted", 93, TOKEN),
    Phrase("token blacklisted", 93, TOKEN),
    Phrase("token * blacklist", 86, TOKEN),
    Phrase("token * blocklist", 86, TOKEN),
    Phrase("token has been invalidated", 92, TOKEN),
    Phrase("tokens have been invalidated", 92, TOKEN),
    Phrase("token was invalidated", 92, TOKEN),
    Phrase("token invalidated", 90, TOKEN),
    Phrase("token * invalidated", 84, TOKEN),
    Phrase("token_invalidated", 92, TOKEN),
    Phrase("token has been deleted", 90, TOKEN),
    Phrase("token was deleted", 90, TOKEN),
    Phrase("token deleted", 86, TOKEN),
    Phrase("token has been deactivated", 90, TOKEN),
    Phrase("user * logged out", 72, TOKEN),
    Phrase("credentials have been revoked", 92, TOKEN),
    Phrase("credential has been revoked", 92, TOKEN),
    Phrase("has been revoked", 86, TOKEN),
    Phrase("was revoked", 82, TOKEN),
    Phrase("been revoked", 80, TOKEN),
    Phrase("api key has been revoked", 94, KEY),
    Phrase("api key revoked", 93, KEY),
    Phrase("api key is revoked", 93, KEY),
    Phrase("api key * revoked", 84, KEY),
    Phrase("key has been revoked", 92, KEY),
    Phrase("api key has been disabled", 90, KEY),
    Phrase("api key is disabled", 90, KEY),
    Phrase("api key disabled", 88, KEY),
    Phrase("api key has been deleted", 90, KEY),
    Phrase("api key is inactive", 86, KEY),
    Phrase("deleted api key", 88, KEY),
    Phrase("key has been deactivated", 88, KEY),
    Phrase("due to it being revoked", 92, GRANT),
    Phrase("grant * revoked", 90, GRANT),
    Phrase("consent * revoked", 90, GRANT),
    Phrase("consent * withdrawn", 90, GRANT),
    Phrase("authorization has been revoked", 90, GRANT),
    Phrase("authorization was revoked", 88, GRANT),
    Phrase("access has been revoked", 86, GRANT),
    Phrase("has been removed by the user", 80, GRANT),
    Phrase("user changed * password", 92, GRANT),
    Phrase("changed or reset their password", 92, GRANT),
    Phrase("password has been changed", 86, GRANT),
    Phrase("password was changed", 86, GRANT),
    Phrase("changed the password", 88, GRANT),
    Phrase("not authorized application", 84, GRANT),
    Phrase("user has not authorized", 72, GRANT),
    Phrase("application * not been authorized", 60, GRANT),
    Phrase("refresh token reuse", 94, REUSED),
    Phrase("refresh token reused", 94, REUSED),
    Phrase("refresh_token_reused", 94, REUSED),
    Phrase("reuse detected", 92, REUSED),
    Phrase("refresh token * already * used", 92, REUSED),
    Phrase("refresh token already", 88, REUSED),
    Phrase("already been rotated", 92, REUSED),
    Phrase("maximum allowed refresh token reuse exceeded", 96, REUSED),
    Phrase("already used", 42, REUSED),
    Phrase("token is not active", 74, INACTIVE),
    Phrase("token not active", 74, INACTIVE),
    Phrase("inactive token", 78, INACTIVE),
    Phrase("token is inactive", 78, INACTIVE),
    Phrase("token inactive", 76, INACTIVE),
    Phrase("token_inactive", 78, INACTIVE),
    Phrase("authorization * no longer exists", 88, GRANT),
    Phrase("grant * no longer exists", 88, GRANT),
    Phrase("token * no longer exists", 86, TOKEN),
    Phrase("no longer active", 72, GRANT),
    Phrase("no longer connected", 78, GRANT),
    Phrase("no longer authorized", 66, GRANT),
    Phrase("has been disconnected", 74, GRANT),
    Phrase("has been uninstalled", 86, GRANT),
    Phrase("was uninstalled", 86, GRANT),
    Phrase("token is no longer valid", 62, INACTIVE),
    Phrase("no longer valid", 46, INACTIVE),
    Phrase("token does not exist", 44, INACTIVE),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    Said::of(dossier).clues(NAME, PHRASES)
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check};
    use super::*;

    #[test]
    fn words_about_what_was_taken_back() {
        for (body, code) in [
            ("token has been revoked", Some("token-revoked")),
            (
                "The provided grant has expired due to it being revoked. The user might have changed or reset their password.",
                Some("grant-revoked"),
            ),
            ("Your API key has been disabled", Some("api-key-revoked")),
            ("Maximum allowed refresh token reuse exceeded", Some("refresh-token-reused")),
            ("token expired or revoked", None),
            ("not authorized", None),
        ] {
            check(see(&answered(401, "", body)), code, 80);
        }
    }
}
