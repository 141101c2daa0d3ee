//! Roles and scopes that are given to a record or taken from it. What a rule makes of them is the judge's matter.

/// Roles and scopes, as rules name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Roles.
    pub roles: Vec<String>,
    /// Scopes.
    pub scopes: Vec<String>,
}

/// Which way.
#[derive(Clone, Copy)]
pub(super) enum Turn {
    Grant,
    Revoke,
}

impl Turn {
    /// Changes what is held; tells what was given or taken, none if nothing was.
    pub(super) fn apply(self, rights: &Rights, roles: &mut Vec<String>, scopes: &mut Vec<String>) -> Option<String> {
        let roles = self.turn(&rights.roles, roles).into_iter().map(|role| format!("role {role}"));
        let scopes = self.turn(&rights.scopes, scopes).into_iter().map(|scope| format!("scope {scope}"));
        let turned: Vec<_> = roles.chain(scopes).collect();
        if turned.is_empty() { None } else { Some(turned.join(", ")) }
    }

    fn turn<'a>(self, named: &'a [String], held: &mut Vec<String>) -> Vec<&'a String> {
        let mut turned = Vec::new();
        for name in named {
            let place = held.iter().position(|one| one == name);
            match (self, place) {
                (Turn::Grant, None) => held.push(name.clone()),
                (Turn::Revoke, Some(place)) => drop(held.remove(place)),
                (Turn::Grant, Some(_)) | (Turn::Revoke, None) => continue,
            }
            turned.push(name);
        }
        turned
    }

    /// As the audit table has it.
    pub(super) const fn past(self) -> &'static str {
        match self {
            Turn::Grant => "granted",
            Turn::Revoke => "revoked",
        }
    }
}
