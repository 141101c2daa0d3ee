//! Words that say that the account itself stands in the way: locked, disabled, unverified, an old password, a second factor.

use super::said::{Phrase, Said};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::Clue;
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "account";
const LOCKED: Code = Common(Cause::AccountLocked);
const DISABLED: Code = Common(Cause::AccountDisabled);
const OLD_PASSWORD: Code = Common(Cause::PasswordExpired);
const FACTOR: Code = Foreign(ForeignCause::SecondFactorMissing);

const PHRASES: &[Phrase] = &[
    Phrase("account has been locked", 94, LOCKED),
    Phrase("account is locked", 94, LOCKED),
    Phrase("account locked", 92, LOCKED),
    Phrase("account_locked", 93, LOCKED),
    Phrase("accountlocked", 92, LOCKED),
    Phrase("account was locked", 92, LOCKED),
    Phrase("account is temporarily locked", 94, LOCKED),
    Phrase("account temporarily", 84, LOCKED),
    Phrase("temporarily locked", 88, LOCKED),
    Phrase("user is locked", 93, LOCKED),
    Phrase("user locked", 90, LOCKED),
    Phrase("user_locked", 92, LOCKED),
    Phrase("user * is locked", 90, LOCKED),
    Phrase("locked out", 90, LOCKED),
    Phrase("lockedexception", 90, LOCKED),
    Phrase("too many failed login", 86, LOCKED),
    Phrase("too many failed attempts", 82, LOCKED),
    Phrase("too many login attempts", 72, LOCKED),
    Phrase("too many * failed", 66, LOCKED),
    Phrase("maximum * login attempts", 80, LOCKED),
    Phrase("captcha_required", 70, LOCKED),
    Phrase("captcha challenge", 62, LOCKED),
    Phrase("account is disabled", 94, DISABLED),
    Phrase("account has been disabled", 94, DISABLED),
    Phrase("account disabled", 92, DISABLED),
    Phrase("account_disabled", 93, DISABLED),
    Phrase("user account is disabled", 95, DISABLED),
    Phrase("user is disabled", 93, DISABLED),
    Phrase("user has been disabled", 94, DISABLED),
    Phrase("user has been suspended", 94, DISABLED),
    Phrase("user has been deactivated", 94, DISABLED),
    Phrase("user has been blocked", 90, DISABLED),
    Phrase("user has been banned", 92, DISABLED),
    Phrase("user has been locked", 93, LOCKED),
    Phrase("user disabled", 92, DISABLED),
    Phrase("user_disabled", 93, DISABLED),
    Phrase("user * is disabled", 88, DISABLED),
    Phrase("account is inactive", 92, DISABLED),
    Phrase("useraccount is inactive", 92, DISABLED),
    Phrase("useraccount is disabled", 93, DISABLED),
    Phrase("useraccount is locked", 93, LOCKED),
    Phrase("membership is inactive", 84, DISABLED),
    Phrase("subscription is inactive", 80, DISABLED),
    Phrase("account inactive", 90, DISABLED),
    Phrase("account is not active", 92, DISABLED),
    Phrase("account not active", 90, DISABLED),
    Phrase("user is inactive", 92, DISABLED),
    Phrase("user inactive", 90, DISABLED),
    Phrase("inactive user", 88, DISABLED),
    Phrase("user is not active", 90, DISABLED),
    Phrase("user not active", 88, DISABLED),
    Phrase("no active account found", 40, DISABLED),
    Phrase("account has been suspended", 94, DISABLED),
    Phrase("account is suspended", 94, DISABLED),
    Phrase("account suspended", 93, DISABLED),
    Phrase("account was suspended", 93, DISABLED),
    Phrase("user suspended", 92, DISABLED),
    Phrase("user is suspended", 93, DISABLED),
    Phrase("suspended", 66, DISABLED),
    Phrase("account has been deactivated", 94, DISABLED),
    Phrase("account is deactivated", 94, DISABLED),
    Phrase("account deactivated", 92, DISABLED),
    Phrase("account_deactivated", 93, DISABLED),
    Phrase("deactivated", 74, DISABLED),
    Phrase("account has been blocked", 90, DISABLED),
    Phrase("account is blocked", 90, DISABLED),
    Phrase("account blocked", 88, DISABLED),
    Phrase("user is blocked", 88, DISABLED),
    Phrase("user blocked", 86, DISABLED),
    Phrase("your account * blocked", 86, DISABLED),
    Phrase("account banned", 90, DISABLED),
    Phrase("account has been banned", 92, DISABLED),
    Phrase("user is banned", 90, DISABLED),
    Phrase("account has been terminated", 92, DISABLED),
    Phrase("account has been deleted", 90, DISABLED),
    Phrase("account is closed", 88, DISABLED),
    Phrase("account has expired", 86, DISABLED),
    Phrase("account expired", 84, DISABLED),
    Phrase("account is not enabled", 90, DISABLED),
    Phrase("user is not enabled", 88, DISABLED),
    Phrase("account is not fully set up", 90, DISABLED),
    Phrase("account is pending", 86, DISABLED),
    Phrase("pending approval", 84, DISABLED),
    Phrase("not been approved", 76, DISABLED),
    Phrase("awaiting approval", 84, DISABLED),
    Phrase("not been activated", 86, DISABLED),
    Phrase("email not confirmed", 92, DISABLED),
    Phrase("email_not_confirmed", 93, DISABLED),
    Phrase("email not verified", 92, DISABLED),
    Phrase("email_not_verified", 93, DISABLED),
    Phrase("email is not verified", 92, DISABLED),
    Phrase("email address is not verified", 92, DISABLED),
    Phrase("email address has not been verified", 92, DISABLED),
    Phrase("unverified email", 88, DISABLED),
    Phrase("verify your email", 82, DISABLED),
    Phrase("confirm your email", 80, DISABLED),
    Phrase("user is not confirmed", 92, DISABLED),
    Phrase("usernotconfirmed", 94, DISABLED),
    Phrase("billing_not_active", 84, DISABLED),
    Phrase("password has expired", 94, OLD_PASSWORD),
    Phrase("password is expired", 94, OLD_PASSWORD),
    Phrase("password expired", 93, OLD_PASSWORD),
    Phrase("password_expired", 93, OLD_PASSWORD),
    Phrase("credentials have expired", 62, OLD_PASSWORD),
    Phrase("credentials expired", 60, OLD_PASSWORD),
    Phrase("must change your password", 92, OLD_PASSWORD),
    Phrase("must change password", 92, OLD_PASSWORD),
    Phrase("password must be changed", 92, OLD_PASSWORD),
    Phrase("password change required", 92, OLD_PASSWORD),
    Phrase("password reset required", 92, OLD_PASSWORD),
    Phrase("passwordresetrequired", 93, OLD_PASSWORD),
    Phrase("password change is required", 92, OLD_PASSWORD),
    Phrase("force change password", 88, OLD_PASSWORD),
    Phrase("one-time pass", 90, FACTOR),
    Phrase("one time pass", 90, FACTOR),
    Phrase("otp required", 94, FACTOR),
    Phrase("otp is required", 94, FACTOR),
    Phrase("must specify two-factor", 94, FACTOR),
    Phrase("two-factor authentication", 82, FACTOR),
    Phrase("two factor authentication", 82, FACTOR),
    Phrase("two-factor", 72, FACTOR),
    Phrase("2fa required", 94, FACTOR),
    Phrase("2fa_required", 94, FACTOR),
    Phrase("2fa is enabled", 86, FACTOR),
    Phrase("2fa token", 84, FACTOR),
    Phrase("2fa", 66, FACTOR),
    Phrase("mfa required", 94, FACTOR),
    Phrase("mfa_required", 95, FACTOR),
    Phrase("mfa_enroll", 92, FACTOR),
    Phrase("mfa token", 80, FACTOR),
    Phrase("multi-factor authentication", 84, FACTOR),
    Phrase("multifactor authentication", 84, FACTOR),
    Phrase("multifactorauthentication", 82, FACTOR),
    Phrase("second factor", 84, FACTOR),
    Phrase("verification code", 52, FACTOR),
    Phrase("totp", 72, FACTOR),
    Phrase("step-up", 62, FACTOR),
    Phrase("账号已被锁定", 92, LOCKED),
    Phrase("账户已锁定", 92, LOCKED),
    Phrase("账号已禁用", 92, DISABLED),
    Phrase("账户已禁用", 92, DISABLED),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let mut clues = said.clues(NAME, PHRASES);
    // Rate limits speak of attempts, too.
    if said.status == 429 {
        clues.iter_mut().for_each(|clue| clue.weight /= 2);
    }
    let challenged = super::refusal::Refusal::of(dossier).and_then(|refusal| {
        let challenge = refusal.answered("www-authenticate").filter(|header| {
            let schemes = countersign_grammar::parse_challenges(&header.value).value;
            schemes.iter().any(|challenge| challenge.is("OTP"))
        });
        let named = refusal.response()?.headers.0.iter().find(|header| {
            let name = header.name.to_ascii_lowercase();
            (name.ends_with("-otp") || name.ends_with("-2fa") || name.ends_with("-mfa"))
                && header.value.to_ascii_lowercase().contains("requir")
        });
        challenge.or(named).map(|header| (refusal.index, header))
    });
    if let Some((index, header)) = challenged {
        let clue = Clue::new(NAME, FACTOR, 95, "The answer asks for a one-time password: the first factor was taken.");
        clues.push(clue.quote(crate::clue::Quote::header(index, "response", header)));
    }
    clues
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check};
    use super::*;

    #[test]
    fn words_about_accounts() {
        for (body, code) in [
            (r#"{"errors":["The user account has been locked.  Please see your administrator."]}"#, Some("account-locked")),
            (r#"{"detail":"User inactive or deleted."}"#, Some("account-disabled")),
            (r#"{"error":"You must provide a one-time pass."}"#, Some("second-factor-missing")),
            ("Your password has expired", Some("password-expired")),
            ("Invalid API key", None),
        ] {
            check(see(&answered(401, "", body)), code, 85);
        }
        check(see(&answered(401, "WWW-Authenticate: OTP\nContent-Type: text/plain", "")), Some("second-factor-missing"), 95);
    }
}
