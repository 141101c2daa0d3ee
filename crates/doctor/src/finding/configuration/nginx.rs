//! nginx: what its directives do to credentials (documentation of ngx_http_proxy, auth_request, auth_basic and core).

use super::{Case, Sight};
use crate::clue::Side;
use countersign::{Cause, ForeignCause};

const PRODUCT: &str = "nginx";
/// The deepest nesting of blocks that is followed.
const DEPTH: usize = 32;
/// The most blocks and directives that are kept.
const BLOCKS: usize = 2_000;
const DIRECTIVES: usize = 20_000;
/// The most directives of one name in one block that are looked at.
const SAME: usize = 64;
/// The directives that are looked for by block.
const BY_BLOCK: &[&str] = &["proxy_set_header", "proxy_pass", "proxy_pass_request_body", "internal", "auth_basic"];

/// A directive with its words, and the blocks that it stands in.
struct Directive {
    words: Vec<String>,
    line: usize,
    /// The place of its block among all blocks.
    block: usize,
}

/// A block: `location /api/`, `server`, ….
#[derive(Default)]
struct Block {
    words: Vec<String>,
    parent: usize,
    /// The places of its own directives, of those that are looked for by block.
    own: Vec<usize>,
    /// Is a request passed on in it, or in a block within it?
    proxies: bool,
}

struct Tree {
    directives: Vec<Directive>,
    /// The first is the file itself, its own parent.
    blocks: Vec<Block>,
}

pub(super) fn see(text: &str, case: &Case) -> Vec<Sight> {
    let tree = Tree::read(text);
    let mut seen = Vec::new();
    for directive in &tree.directives {
        seen.extend(tree.credentials(directive, case));
        seen.extend(tree.guards(directive, case));
    }
    for block in 0..tree.blocks.len() {
        seen.extend(tree.inheritance(block, case));
        seen.extend(tree.public_url(block, case));
    }
    seen.extend(tree.underscores(case));
    seen
}

impl Tree {
    fn read(text: &str) -> Self {
        let mut tree = Self { directives: Vec::new(), blocks: vec![Block::default()] };
        let (mut words, mut start, mut open): (Vec<String>, usize, Vec<usize>) = (Vec::new(), 0, vec![0]);
        for (word, line) in words_of(text) {
            if tree.blocks.len() > BLOCKS {
                break;
            }
            let block = open.last().copied().unwrap_or(0);
            match word.as_str() {
                ";" => tree.push(Directive { words: std::mem::take(&mut words), line: start, block }, &open),
                "{" => {
                    tree.blocks.push(Block { words: std::mem::take(&mut words), parent: block, ..Block::default() });
                    if open.len() < DEPTH {
                        open.push(tree.blocks.len() - 1);
                    }
                }
                "}" => {
                    words.clear();
                    if open.len() > 1 {
                        open.pop();
                    }
                }
                _ => {
                    if words.is_empty() {
                        start = line;
                    }
                    words.push(word);
                }
            }
        }
        if !words.is_empty() {
            tree.push(Directive { words, line: start, block: 0 }, &[0]);
        }
        tree
    }

    fn push(&mut self, directive: Directive, open: &[usize]) {
        const PASSES: &[&str] = &["proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass"];
        if PASSES.contains(&directive.word(0)) {
            open.iter().for_each(|&at| {
                if let Some(block) = self.blocks.get_mut(at) {
                    block.proxies = true;
                }
            });
        }
        if let Some(block) = self.blocks.get_mut(directive.block).filter(|_| self.directives.len() < DIRECTIVES) {
            if BY_BLOCK.contains(&directive.word(0)) {
                block.own.push(self.directives.len());
            }
            self.directives.push(directive);
        }
    }

    fn named<'a>(&'a self, block: usize, name: &'a str) -> impl Iterator<Item = &'a Directive> {
        let own = self.blocks.get(block).map_or(&[][..], |block| &block.own);
        own.iter().filter_map(|&at| self.directives.get(at)).filter(move |directive| directive.word(0) == name).take(SAME)
    }

    /// The nearest block, from this one outwards, that has the directive: nginx inherits a whole set or nothing of it.
    fn in_force<'a>(&'a self, block: usize, name: &'a str) -> Vec<&'a Directive> {
        let mut at = block;
        for _ in 0..=DEPTH {
            let own: Vec<&Directive> = self.named(at, name).collect();
            if !own.is_empty() || at == 0 {
                return own;
            }
            at = self.blocks.get(at).map_or(0, |block| block.parent);
        }
        Vec::new()
    }

    fn sets<'a>(set: &[&'a Directive], field: &str) -> Option<&'a str> {
        set.iter().find(|directive| directive.word(1).eq_ignore_ascii_case(field)).map(|directive| directive.word(2))
    }

    /// Does the block answer for the path of the case? Where either is not known, it may.
    fn answers_for(&self, block: usize, case: &Case) -> bool {
        let Some(path) = &case.path else { return true };
        let Some(words) =
            self.blocks.get(block).map(|block| &block.words).filter(|words| words.first().is_some_and(|word| word == "location"))
        else {
            return true;
        };
        match words.get(1).map(String::as_str) {
            Some("=") => words.get(2) == Some(path),
            Some("^~") => words.get(2).is_some_and(|prefix| path.starts_with(prefix.as_str())),
            Some("~" | "~*") | None => true,
            Some(prefix) => path.starts_with(prefix),
        }
    }

    /// Directives that take Authorization out.
    fn credentials(&self, directive: &Directive, case: &Case) -> Option<Sight> {
        let emptied = directive.word(0) == "proxy_set_header" && directive.word(1).eq_ignore_ascii_case("authorization");
        let fits = case.lost_credentials() && self.answers_for(directive.block, case);
        if emptied && directive.word(2).is_empty() {
            let because =
                "nginx empties `Authorization` before it passes the request on: whatever the client sends, the app sees no credentials.";
            return Some(Sight {
                code: ForeignCause::CredentialsStripped.into(),
                weights: (58, 92),
                fits,
                because: because.to_owned(),
                fix: "Pass the field on where the app authenticates.",
                lines: &["proxy_set_header Authorization $http_authorization;"],
                ..directive.sight()
            });
        }
        if emptied && !directive.word(2).contains('$') {
            let because = "nginx replaces the client's `Authorization` with a fixed one: the app sees that, not what the client sent.";
            return Some(Sight {
                code: ForeignCause::CredentialsOverridden.into(),
                weights: (48, 82),
                fits,
                because: because.to_owned(),
                fix: "Set a fixed credential only where the app is meant to know nginx alone; otherwise pass the client's on.",
                lines: &["proxy_set_header Authorization $http_authorization;"],
                ..directive.sight()
            });
        }
        let off = directive.word(0) == "proxy_pass_request_headers" && directive.word(1) == "off";
        let asks = self.named(directive.block, "internal").next().is_some();
        (off && !asks).then(|| Sight {
            code: ForeignCause::CredentialsStripped.into(),
            weights: (55, 90),
            fits,
            because: "`proxy_pass_request_headers off` passes none of the client's fields on, `Authorization` and `Cookie` among them."
                .to_owned(),
            fix: "Remove the directive, or set the fields that the app needs.",
            lines: &["proxy_set_header Authorization $http_authorization;", "proxy_set_header Cookie $http_cookie;"],
            ..directive.sight()
        })
    }

    /// Directives by which nginx itself refuses.
    fn guards(&self, directive: &Directive, case: &Case) -> Option<Sight> {
        let here = self.answers_for(directive.block, case);
        match directive.word(0) {
            "auth_basic" if directive.word(1) != "off" && self.proxies(directive.block) => {
                let bearer = case.scheme.as_deref().is_some_and(|scheme| scheme != "basic");
                let challenged = case.challenges.iter().any(|scheme| scheme == "basic");
                Some(Sight {
                    code: Cause::SchemeUnaccepted.into(),
                    weights: (36, 86),
                    fits: bearer && here && (challenged || case.challenges.is_empty()),
                    because: "nginx asks for Basic in front of the app, and both read the one `Authorization` field: a Bearer token is refused by nginx before the app sees it.".to_owned(),
                    fix: "Take the app's API out of nginx's Basic, or carry one of the two credentials in another field or a cookie.",
                    lines: &["location /api/ {", "    auth_basic off;", "    proxy_pass http://app;", "}"],
                    ..directive.sight()
                })
            }
            "auth_request" if directive.word(1) != "off" => self.auth_request(directive, case),
            "deny" if here => Some(Sight {
                code: ForeignCause::Blocked.into(),
                weights: (30, 55),
                fits: case.refused && case.challenges.is_empty() && case.scheme.is_none(),
                because: "nginx refuses addresses here with 403, before the app and whatever the credentials.".to_owned(),
                fix: "Allow the client's address, and take it from the trusted proxy in front.",
                lines: &["set_real_ip_from <the proxy's address>;", "real_ip_header X-Forwarded-For;"],
                ..directive.sight()
            }),
            "satisfy" if directive.word(1) == "all" && here && self.named(directive.block, "auth_basic").next().is_some() => Some(Sight {
                code: ForeignCause::Blocked.into(),
                weights: (30, 45),
                fits: case.refused,
                because: "`satisfy all` asks for an allowed address and for credentials: good credentials from elsewhere are refused."
                    .to_owned(),
                fix: "Let one of the two suffice, where that is meant.",
                lines: &["satisfy any;"],
                ..directive.sight()
            }),
            _ => None,
        }
    }

    /// The subrequest of `auth_request`: its body, its original URI, and the client's fields.
    fn auth_request(&self, directive: &Directive, case: &Case) -> Option<Sight> {
        let target = directive.word(1).split('?').next().unwrap_or_default();
        let block = self.blocks.iter().position(|block| {
            block.words.first().is_some_and(|word| word == "location") && block.words.last().is_some_and(|word| word == target)
        })?;
        self.named(block, "proxy_pass").next()?;
        let set = self.in_force(block, "proxy_set_header");
        let original = ["X-Original-URI", "X-Original-URL", "X-Forwarded-Uri", "X-Auth-Request-Redirect"]
            .iter()
            .any(|name| Self::sets(&set, name).is_some());
        let body = self.in_force(block, "proxy_pass_request_body").iter().any(|directive| directive.word(1) == "off");
        let empty_length = Self::sets(&set, "Content-Length") == Some("");
        if original && body {
            return None;
        }
        let (because, weights) = if !body || !empty_length {
            (
                "The subrequest of `auth_request` announces the client's body and does not bring it: the authenticating service waits for it or refuses, so that requests with bodies fail where others pass.",
                (36, 62),
            )
        } else {
            (
                "The subrequest of `auth_request` does not say which URI was asked for: the authenticating service judges its own address instead.",
                (32, 55),
            )
        };
        Some(Sight {
            code: ForeignCause::ServerMisconfigured.into(),
            weights,
            fits: self.answers_for(directive.block, case),
            because: because.to_owned(),
            fix: "Leave the body out and name the original request.",
            lines: &[
                "proxy_pass_request_body off;",
                "proxy_set_header Content-Length \"\";",
                "proxy_set_header X-Original-URI $request_uri;",
                "proxy_set_header X-Original-Method $request_method;",
            ],
            ..directive.sight()
        })
    }

    /// A block with a `proxy_set_header` of its own inherits none of the outer ones.
    fn inheritance(&self, block: usize, case: &Case) -> Option<Sight> {
        let own: Vec<&Directive> = self.named(block, "proxy_set_header").collect();
        let first = own.first()?;
        let parent = self.blocks.get(block).filter(|_| block != 0)?.parent;
        let outer = self.in_force(parent, "proxy_set_header");
        let lost: Vec<&str> = outer.iter().map(|directive| directive.word(1)).filter(|name| Self::sets(&own, name).is_none()).collect();
        if lost.is_empty() {
            return None;
        }
        let credentials = lost.iter().any(|name| name.eq_ignore_ascii_case("authorization"));
        let identity = lost.iter().any(|name| {
            ["x-forwarded-user", "remote-user", "x-remote-user", "x-auth-request-user", "x-api-key"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
        });
        let url =
            lost.iter().any(|name| ["host", "x-forwarded-proto", "x-forwarded-host"].iter().any(|known| name.eq_ignore_ascii_case(known)));
        let (code, weights, fits) = match (credentials || identity, url) {
            (true, _) => (ForeignCause::CredentialsStripped, (52, 85), case.refused),
            (false, true) => (ForeignCause::PublicUrlUnknown, (46, 68), case.refused),
            _ => return None,
        };
        Some(Sight {
            code: code.into(),
            weights,
            fits: fits && self.answers_for(block, case),
            because: format!(
                "A `proxy_set_header` in this block replaces all that are set outside of it: {} is not sent from here.",
                lost.join(", ")
            ),
            fix: "Repeat the outer `proxy_set_header` lines in this block, best by an include.",
            lines: &["include proxy_params;"],
            ..first.sight()
        })
    }

    /// Does a proxied app learn under which URL it was asked for?
    fn public_url(&self, block: usize, case: &Case) -> Option<Sight> {
        let pass = self.named(block, "proxy_pass").next()?;
        let internal = self.named(block, "internal").next().is_some();
        let set = self.in_force(block, "proxy_set_header");
        let missing: Vec<&str> = ["Host", "X-Forwarded-Proto"].into_iter().filter(|name| Self::sets(&set, name).is_none()).collect();
        let external = pass.word(1).starts_with("https://") && pass.word(1).matches('.').count() >= 2;
        if missing.is_empty() || internal || external {
            return None;
        }
        Some(Sight {
            code: ForeignCause::PublicUrlUnknown.into(),
            weights: (33, 42),
            fits: self.answers_for(block, case),
            because: format!(
                "The app is not told {}: redirects, cookies, CSRF checks and SAML or OpenID addresses that it makes are of another scheme or host.",
                missing.join(" and ")
            ),
            fix: "Tell the app the host and the scheme that the client used.",
            lines: &[
                "proxy_set_header Host $host;",
                "proxy_set_header X-Forwarded-Proto $scheme;",
                "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
            ],
            ..pass.sight()
        })
    }

    /// nginx drops fields with underscores unless it is told otherwise.
    fn underscores(&self, case: &Case) -> Option<Sight> {
        let field = case.underscored.first()?;
        let on = self.directives.iter().find(|directive| directive.word(0) == "underscores_in_headers");
        if on.is_some_and(|directive| directive.word(1) == "on") {
            return None;
        }
        let credential = ["auth", "key", "token", "user", "secret"].iter().any(|word| field.to_ascii_lowercase().contains(word));
        let place = on.or_else(|| self.directives.first())?;
        Some(Sight {
            code: ForeignCause::CredentialsStripped.into(),
            weights: (50, if credential { 92 } else { 50 }),
            fits: true,
            because: format!(
                "The request has the field `{field}`; nginx drops fields with an underscore in their names, unless `underscores_in_headers on` is set for the server."
            ),
            fix: "Use a hyphen in the field's name, or let nginx pass underscores.",
            lines: &["underscores_in_headers on;"],
            ..place.sight()
        })
    }

    fn proxies(&self, block: usize) -> bool {
        self.blocks.get(block).is_some_and(|block| block.proxies)
    }
}

impl Directive {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// What is the same in every sight of it.
    fn sight(&self) -> Sight {
        let text = self.words.iter().map(|word| if word.is_empty() { "\"\"" } else { word.as_str() }).collect::<Vec<_>>().join(" ");
        Sight {
            code: ForeignCause::ServerMisconfigured.into(),
            weights: (30, 50),
            fits: false,
            because: String::new(),
            line: self.line,
            text: format!("{text};"),
            product: PRODUCT,
            side: Side::Proxy,
            fix: "",
            lines: &[],
        }
    }
}

/// The words of a file with their lines: quoted, bare, and the three marks. Comments are left out.
fn words_of(text: &str) -> Vec<(String, usize)> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut begun): (String, Option<char>, bool) = (String::new(), None, false);
    let (mut line, mut comment, mut escaped) = (1, false, false);
    for c in text.chars() {
        let ends = |word: &mut String, begun: &mut bool, words: &mut Vec<(String, usize)>| {
            if std::mem::take(begun) {
                words.push((std::mem::take(word), line));
            }
        };
        match c {
            '\n' if comment => comment = false,
            _ if comment => {}
            _ if escaped => {
                word.push(c);
                escaped = false;
            }
            '\\' if quoted.is_some() => escaped = true,
            _ if quoted == Some(c) => quoted = None,
            _ if quoted.is_some() => word.push(c),
            '"' | '\'' if !begun => {
                quoted = Some(c);
                begun = true;
            }
            '#' if !begun => comment = true,
            ';' | '}' => {
                ends(&mut word, &mut begun, &mut words);
                words.push((c.to_string(), line));
            }
            '{' if !word.ends_with('$') => {
                ends(&mut word, &mut begun, &mut words);
                words.push((c.to_string(), line));
            }
            _ if c.is_whitespace() => ends(&mut word, &mut begun, &mut words),
            _ => {
                word.push(c);
                begun = true;
            }
        }
        if c == '\n' {
            line += 1;
        }
        if words.len() > 200_000 {
            break;
        }
    }
    if begun {
        words.push((word, line));
    }
    words
}
