//! Remedies for names, passwords, API keys, sessions, and what accounts may do.

use super::{Bench, Remedy, array};
use crate::moment::utc;
use crate::reference::case::{Found, quoted};
use crate::reference::evidence::missing;
use crate::reference::rule::key_places;
use countersign::{AccountState, KeyPlace, Kind, Owner, Scheme, Subject, Value};

/// A command that sends a key in this place.
fn with_key(place: &KeyPlace, url: &str) -> String {
    match place {
        KeyPlace::Header(_) => format!("curl -H \"{}: $KEY\" {url}", place.location().1),
        KeyPlace::Authorization(scheme) => format!("curl -H \"Authorization: {scheme} $KEY\" {url}"),
        KeyPlace::Query(name) => format!("curl \"{url}?{name}=$KEY\""),
        KeyPlace::Cookie(name) => format!("curl -b \"{name}=$KEY\" {url}"),
        KeyPlace::Form(name) => format!("curl --data-urlencode \"{name}=$KEY\" {url}"),
        KeyPlace::Json(names) => {
            let (open, close) = (names.iter().map(|name| format!("{{\\\"{name}\\\":")).collect::<String>(), "}".repeat(names.len()));
            format!("curl --json \"{open}\\\"$KEY\\\"{close}\" {url}")
        }
    }
}

impl Bench<'_> {
    pub(super) fn send_accepted(&self) -> Vec<Remedy> {
        let accepted = match self.expected_texts(Subject::Scheme) {
            [] => self.rule.and_then(|rule| rule.schemes.clone()).unwrap_or_default(),
            names => crate::reference::credentials::schemes(names.iter().map(String::as_str)),
        };
        let url = self.url(&self.case.record.path);
        let line = |scheme: &Scheme| match scheme {
            Scheme::Bearer => format!("curl -H \"Authorization: Bearer $TOKEN\" {url}"),
            Scheme::ApiKey => key_places(self.case).first().map_or_else(String::new, |place| with_key(place, &url)),
            Scheme::Basic => format!("curl -u NAME {url}"),
            Scheme::Digest => format!("curl --digest -u NAME {url}"),
            Scheme::Session => format!("open {}", self.url(&format!("/oauth2/sign_in?rd={}", self.case.record.path))),
        };
        let mut remedies = vec![Remedy::commands(Owner::Caller, "send credentials of one accepted scheme", accepted.iter().map(line))];
        let used = match self.presented_text(Subject::Scheme) {
            None => Vec::new(),
            Some(name) => crate::reference::credentials::schemes(std::iter::once(name)),
        };
        for scheme in used {
            let all = accepted.iter().chain([&scheme]).map(|scheme| scheme.name());
            remedies.push(Remedy::configuration(
                format!("or accept {scheme} in the rule at {}", self.place()),
                [format!("schemes = {}", array(all))],
            ));
        }
        if self.case.record.seen.is_empty() {
            remedies.push(Remedy::advice(
                Owner::Caller,
                "if the client did send credentials, they were lost on the way: a redirect to another host, a proxy, or a script without `credentials: \"include\"`",
            ));
        }
        remedies
    }

    /// Where the request went, as one word of a shell: the path is the sender's, and unquoted a copied line could run what
    /// it says. The record keeps no host.
    pub(super) fn url(&self, path: &str) -> String {
        let host = crate::reference::rule::host(self.case);
        quoted(&format!("https://{}{path}", host.as_deref().unwrap_or("HOST")))
    }

    pub(super) fn send_readable(&self) -> Vec<Remedy> {
        let bearer = self.case.record.seen.iter().any(|seen| seen.kind == Kind::Bearer);
        let line = if bearer {
            "curl -H \"Authorization: Bearer $TOKEN\" URL     # echo \"${#TOKEN}\" tells whether it is empty"
        } else {
            "curl -u 'NAME:PASSWORD' URL"
        };
        vec![Remedy::commands(Owner::Caller, "let the client build the field, without quotes or line breaks in it", [line.to_owned()])]
    }

    pub(super) fn send_one(&self) -> Vec<Remedy> {
        vec![Remedy::advice(
            Owner::Caller,
            "send one of the credentials that were seen; look for a .netrc file or a default header that adds the other",
        )]
    }

    pub(super) fn account_unknown(&self) -> Vec<Remedy> {
        let add = self.command(&["user", "add", "NAME", "--role", "ROLE", "--password-stdin"]);
        vec![
            Remedy::commands(Owner::Caller, "look for a slip in the name", [self.command(&["user", "list"])]),
            Remedy::commands(Owner::Administrator, "if there should be such an account, add it", [add]),
        ]
    }

    pub(super) fn password_wrong(&self) -> Vec<Remedy> {
        let mut remedies =
            vec![Remedy::advice(Owner::Caller, "use the account's password; a program with an old one should stop retrying")];
        remedies.extend(self.new_password("if it is lost, set a new one"));
        remedies
    }

    pub(super) fn new_password(&self, text: &str) -> Vec<Remedy> {
        let command = self.command(&["user", "passwd", self.name(), "--password-stdin"]);
        vec![Remedy::commands(Owner::Administrator, text, [command])]
    }

    /// Unlocks or enables, unless somebody has done so since.
    pub(super) fn state(&self, verb: &str, state: &str) -> Vec<Remedy> {
        let wrong = self.presented_text(Subject::Password) == Some("wrong");
        let mut remedies = match self.case.looked_up.account {
            Found::Here(account) if account.state == AccountState::Active => {
                let text = format!("nothing: {} has been active again since {}", account.name.as_str(), utc(account.state_since));
                vec![Remedy::advice(Owner::Administrator, text)]
            }
            Found::Gone => vec![Remedy::advice(Owner::Administrator, format!("the {state} account has been removed since"))],
            _ => vec![Remedy::commands(
                Owner::Administrator,
                format!("{verb} the account, if it should be used"),
                [self.command(&["user", verb, self.name()])],
            )],
        };
        if wrong {
            remedies.extend(self.new_password("the password was wrong besides; if it is lost, set a new one"));
        }
        remedies
    }

    pub(super) fn key_unknown(&self) -> Vec<Remedy> {
        let foreign = self.presented_text(Subject::Form).is_some_and(|form| form.starts_with("lacks"));
        let text = if foreign {
            "the value is not one of this gateway's keys, which begin with csk_; use one that is"
        } else {
            "compare the key with those that there are"
        };
        vec![
            Remedy::commands(Owner::Caller, text, [self.command(&["key", "list"])]),
            Remedy::commands(Owner::Administrator, "or make a new one", [self.new_key(&[])]),
        ]
    }

    pub(super) fn key_expired(&self) -> Vec<Remedy> {
        let id = self.presented_text(Subject::ApiKey).unwrap_or("ID");
        let command = self.command(&["key", "rotate", id, "--expires", "90d"]);
        vec![Remedy::commands(Owner::Administrator, "make a key that takes its place, and give it to the caller", [command])]
    }

    pub(super) fn key_revoked(&self) -> Vec<Remedy> {
        let scopes = self.case.looked_up.api_key.here().map(|key| key.scopes.clone()).unwrap_or_default();
        vec![
            Remedy::advice(Owner::Caller, "use the key that took its place"),
            Remedy::commands(Owner::Administrator, "if there is none, make one; a revoked key does not come back", [self.new_key(&scopes)]),
        ]
    }

    pub(super) fn key_misplaced(&self) -> Vec<Remedy> {
        let url = self.url(&self.case.record.path);
        let lines = key_places(self.case).iter().take(1).map(|place| with_key(place, &url)).collect::<Vec<_>>();
        vec![Remedy::commands(Owner::Caller, "send the key where it is read", lines)]
    }

    pub(super) fn key_elsewhere(&self) -> Vec<Remedy> {
        let line = self.url(&self.case.record.path);
        vec![
            Remedy::advice(
                Owner::Caller,
                format!("use the key that was made for this environment, or ask the one that the key is for; this is {line}"),
            ),
            Remedy::commands(Owner::Administrator, "or make one here", [self.new_key(&[])]),
        ]
    }

    fn new_key(&self, scopes: &[String]) -> String {
        self.grant(&["key", "add", "--expires", "90d", "--user", self.name()], "--scope", scopes)
    }

    pub(super) fn log_in(&self, why: &str) -> Vec<Remedy> {
        vec![Remedy::advice(Owner::Caller, format!("log in again; {why}"))]
    }

    pub(super) fn log_in_or(&self, section: &str, key: &str, longer: &str) -> Vec<Remedy> {
        let lines = [section.to_owned(), format!("{key} = \"{longer}\"")];
        vec![Remedy::advice(Owner::Caller, "log in again"), Remedy::configuration("or let sessions last longer", lines)]
    }

    pub(super) fn scope(&self) -> Vec<Remedy> {
        let item = self.item(Subject::Scopes);
        let lacking = item.and_then(|item| Some(missing(item.expected.as_ref()?, item.presented.as_ref()?))).unwrap_or_default();
        let held = self.presented_texts(Subject::Scopes);
        let all: Vec<String> = held.iter().chain(&lacking).cloned().collect();
        let first = match self.presented(Subject::Subject) {
            Some(Value::Text(_)) => Remedy::advice(Owner::Caller, format!("ask the issuer for a token with scope \"{}\"", all.join(" "))),
            _ if self.case.record.seen.iter().any(|seen| seen.kind == Kind::ApiKey) => self.grant_to_key(&lacking),
            _ => {
                let text = format!("give the account {} the scope {}", self.name(), lacking.join(", "));
                let line = self.grant(&["user", "grant", self.name()], "--scope", &lacking);
                Remedy::commands(Owner::Administrator, text, [line])
            }
        };
        let needed = self.expected_texts(Subject::Scopes).iter().filter(|scope| held.contains(scope));
        let weaker = array(needed.map(String::as_str));
        let text = format!("or ask for less in the rule at {}, beside its other methods", self.place());
        vec![first, Remedy::configuration(text, [format!("scopes = {{ {} = {weaker} }}", self.case.record.method)])]
    }

    /// A key has scopes of its own. Where the record does not tell which key it was, the list comes first.
    fn grant_to_key(&self, lacking: &[String]) -> Remedy {
        let known = self.presented_text(Subject::ApiKey);
        let list = if known.is_none() { Some(self.command(&["key", "list"])) } else { None };
        let grant = self.grant(&["key", "grant", known.unwrap_or("ID")], "--scope", lacking);
        Remedy::commands(Owner::Administrator, format!("give the key the scope {}", lacking.join(", ")), list.into_iter().chain([grant]))
    }

    /// A command that gives each of these, or one whose name is still to be filled in.
    fn grant(&self, words: &[&str], option: &str, names: &[String]) -> String {
        let names = if names.is_empty() {
            vec![if option == "--role" { "ROLE" } else { "SCOPE" }]
        } else {
            names.iter().map(String::as_str).collect()
        };
        let options = names.into_iter().flat_map(|name| [option, name]);
        self.command(&words.iter().copied().chain(options).collect::<Vec<_>>())
    }

    pub(super) fn role(&self) -> Vec<Remedy> {
        let needed = self.expected_texts(Subject::Roles);
        let held = self.presented_texts(Subject::Roles);
        let one = needed.join(" or ");
        let first = match self.presented(Subject::Subject) {
            Some(Value::Text(subject)) => {
                Remedy::advice(Owner::Administrator, format!("give {subject} the role {one} at the token's issuer"))
            }
            _ => {
                let line = self.grant(&["user", "grant", self.name()], "--role", needed.get(..1).unwrap_or_default());
                Remedy::commands(Owner::Administrator, format!("give the account {} the role {one}", self.name()), [line])
            }
        };
        let mut remedies = vec![first];
        if let Some(held) = held.first() {
            let roles = array(needed.iter().map(String::as_str).chain([held.as_str()]));
            remedies.push(Remedy::configuration(format!("or admit {held} in the rule at {}", self.place()), [format!("roles = {roles}")]));
        }
        remedies
    }
}
