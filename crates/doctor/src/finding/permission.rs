//! A refusal whose words say that the caller is known and may not do this. Not scopes in a challenge: `bearer_error`.

use super::refusal::Refusal;
use super::said::{Phrase, Said};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::Clue;
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "permission";
const MAY_NOT: Code = Foreign(ForeignCause::PermissionInsufficient);
const SCOPE: Code = Common(Cause::ScopeInsufficient);
const ROLE: Code = Common(Cause::RoleInsufficient);

const PHRASES: &[Phrase] = &[
    Phrase("insufficient_scope", 93, SCOPE),
    Phrase("insufficient scope", 92, SCOPE),
    Phrase("insufficient authentication scopes", 92, SCOPE),
    Phrase("insufficient oauth scope", 92, SCOPE),
    Phrase("missing_scope", 93, SCOPE),
    Phrase("missing scope", 90, SCOPE),
    Phrase("missing required scope", 93, SCOPE),
    Phrase("missing the following required scopes", 93, SCOPE),
    Phrase("missing the required scope", 93, SCOPE),
    Phrase("required scope", 82, SCOPE),
    Phrase("does not have the required scope", 93, SCOPE),
    Phrase("does not have the necessary scope", 93, SCOPE),
    Phrase("required permission scope", 90, SCOPE),
    Phrase("scope is required", 84, SCOPE),
    Phrase("scope * is required", 82, SCOPE),
    Phrase("scope * required", 75, SCOPE),
    Phrase("requires * scope", 84, SCOPE),
    Phrase("lacks * scope", 90, SCOPE),
    Phrase("not granted * scope", 88, SCOPE),
    Phrase("requires higher privileges than provided", 93, SCOPE),
    Phrase("scope does not match", 85, SCOPE),
    Phrase("no scope", 70, SCOPE),
    Phrase("scope not allowed", 80, SCOPE),
    Phrase("must have * role", 88, ROLE),
    Phrase("required role", 85, ROLE),
    Phrase("requires * role", 82, ROLE),
    Phrase("role required", 82, ROLE),
    Phrase("role is required", 82, ROLE),
    Phrase("missing role", 86, ROLE),
    Phrase("missing * role", 80, ROLE),
    Phrase("does not have the required role", 92, ROLE),
    Phrase("does not have * role", 88, ROLE),
    Phrase("admin only", 78, ROLE),
    Phrase("admins only", 78, ROLE),
    Phrase("only admin", 78, ROLE),
    Phrase("admin access required", 86, ROLE),
    Phrase("admin privileges", 82, ROLE),
    Phrase("must be an admin", 86, ROLE),
    Phrase("must be admin", 84, ROLE),
    Phrase("administrator privileges", 82, ROLE),
    Phrase("is forbidden: user", 96, MAY_NOT),
    Phrase("user \"* cannot", 94, MAY_NOT),
    Phrase("user * does not have permission", 90, MAY_NOT),
    Phrase("user * is not authorized to", 88, MAY_NOT),
    Phrase("is not authorized to perform", 90, MAY_NOT),
    Phrase("not authorized to perform", 84, MAY_NOT),
    Phrase("does not have permission", 84, MAY_NOT),
    Phrase("do not have permission", 84, MAY_NOT),
    Phrase("don't have permission", 74, MAY_NOT),
    Phrase("do not have the permission", 84, MAY_NOT),
    Phrase("don't have the permission", 82, MAY_NOT),
    Phrase("do not have sufficient permission", 88, MAY_NOT),
    Phrase("does not have sufficient", 86, MAY_NOT),
    Phrase("do not have the required permission", 88, MAY_NOT),
    Phrase("does not have the required permission", 88, MAY_NOT),
    Phrase("do not have enough permission", 86, MAY_NOT),
    Phrase("do not have the necessary", 82, MAY_NOT),
    Phrase("do not have access", 72, MAY_NOT),
    Phrase("don't have access", 72, MAY_NOT),
    Phrase("does not have access", 80, MAY_NOT),
    Phrase("does not have * access", 76, MAY_NOT),
    Phrase("no access to this", 72, MAY_NOT),
    Phrase("do not have * privilege", 84, MAY_NOT),
    Phrase("not have the right", 76, MAY_NOT),
    Phrase("insufficient permission", 88, MAY_NOT),
    Phrase("insufficient_permission", 90, MAY_NOT),
    Phrase("insufficientpermission", 90, MAY_NOT),
    Phrase("insufficient privilege", 88, MAY_NOT),
    Phrase("insufficient_privilege", 88, MAY_NOT),
    Phrase("insufficient right", 86, MAY_NOT),
    Phrase("insufficient access", 84, MAY_NOT),
    Phrase("insufficient role", 88, ROLE),
    Phrase("not enough permission", 84, MAY_NOT),
    Phrase("missing permission", 85, MAY_NOT),
    Phrase("missing_permission", 88, MAY_NOT),
    Phrase("missing * permission", 82, MAY_NOT),
    Phrase("lacks permission", 86, MAY_NOT),
    Phrase("lacks * permission", 84, MAY_NOT),
    Phrase("lack * permission", 80, MAY_NOT),
    Phrase("without * permission", 55, MAY_NOT),
    Phrase("requires * permission", 80, MAY_NOT),
    Phrase("permission required", 80, MAY_NOT),
    Phrase("permission is required", 80, MAY_NOT),
    Phrase("permission denied", 62, MAY_NOT),
    Phrase("permission_denied", 66, MAY_NOT),
    Phrase("permissiondenied", 66, MAY_NOT),
    Phrase("no permission", 76, MAY_NOT),
    Phrase("access denied for user", 66, MAY_NOT),
    Phrase("access is denied", 34, MAY_NOT),
    Phrase("access denied", 36, MAY_NOT),
    Phrase("access_denied", 45, MAY_NOT),
    Phrase("accessdenied", 52, MAY_NOT),
    Phrase("authorizationfailed", 84, MAY_NOT),
    Phrase("not authorized to access", 56, MAY_NOT),
    Phrase("not allowed to access", 62, MAY_NOT),
    Phrase("not permitted to", 74, MAY_NOT),
    Phrase("not allowed to", 66, MAY_NOT),
    Phrase("is not allowed", 45, MAY_NOT),
    Phrase("resource not accessible", 80, MAY_NOT),
    Phrase("must be the owner", 86, MAY_NOT),
    Phrase("not the owner", 84, MAY_NOT),
    Phrase("not a member of", 84, MAY_NOT),
    Phrase("must be a member", 84, MAY_NOT),
    Phrase("must be in * group", 84, MAY_NOT),
    Phrase("not in the allowed group", 84, MAY_NOT),
    Phrase("read-only token", 88, MAY_NOT),
    Phrase("read only token", 88, MAY_NOT),
    Phrase("readonly token", 86, MAY_NOT),
    Phrase("read-only key", 86, MAY_NOT),
    Phrase("token does not have", 84, MAY_NOT),
    Phrase("key does not have", 84, MAY_NOT),
    Phrase("not included in your plan", 88, MAY_NOT),
    Phrase("not available on your plan", 88, MAY_NOT),
    Phrase("current plan", 66, MAY_NOT),
    Phrase("upgrade your plan", 74, MAY_NOT),
    Phrase("subscription plan", 60, MAY_NOT),
    Phrase("payment required", 60, MAY_NOT),
    Phrase("not authorized for this", 72, MAY_NOT),
    Phrase("not entitled", 82, MAY_NOT),
    Phrase("entitlement", 66, MAY_NOT),
    Phrase("not enabled for your account", 78, MAY_NOT),
    Phrase("not enabled for this account", 78, MAY_NOT),
    Phrase("has not been used in project", 78, MAY_NOT),
    Phrase("权限不足", 88, MAY_NOT),
    Phrase("没有权限", 84, MAY_NOT),
    Phrase("无权", 76, MAY_NOT),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let mut clues = said.clues(NAME, PHRASES);
    let Some(refusal) = Refusal::of(dossier) else { return clues };
    let carries = refusal.request().is_some_and(|request| !super::sent::credentials(request).is_empty());
    for clue in &mut clues {
        // Who sent nothing is refused for that first; who is answered by a firewall's page was not looked at by the app.
        if refusal.request().is_some() && !carries {
            // The page of the web server itself, and nobody was asked who it is: a rule or a file's mode, whoever comes.
            let own = refusal.is_html()
                && refusal.challenges().is_empty()
                && ["apache", "nginx", "microsoft-iis", "litespeed"].iter().any(|server| refusal.server().contains(server));
            clue.weight = clue.weight * if own { 1 } else { 2 } / 3;
        }
        if matches!(said.status, 429 | 407) {
            clue.weight /= 3;
        }
    }
    if said.status == 403 && carries && clues.is_empty() && !refusal.is_preflight() {
        let because =
            "A 403 to a request with credentials usually means that they were accepted, and do not suffice (RFC 9110 section 15.5.4).";
        let weight = if said.is_silent() { 42 } else { 34 };
        clues.push(Clue::new(NAME, MAY_NOT, weight, because));
    }
    clues
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check};
    use super::*;

    #[test]
    fn words_about_permissions() {
        for (body, code) in [
            (r#"{"message":"namespaces is forbidden: User \"x\" cannot list"}"#, Some("permission-insufficient")),
            (r#"{"error":"insufficient_scope"}"#, Some("scope-insufficient")),
            ("Admin access required", Some("role-insufficient")),
            ("The token has expired", None),
        ] {
            check(see(&answered(401, "", body)), code, 80);
        }
        check(see(&answered(403, "", "")), Some("permission-insufficient"), 30);
        check(see(&answered(401, "", "")), None, 1);
    }
}
