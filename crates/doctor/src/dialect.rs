//! What products say when they refuse, and what they mean by it. The texts are data, in `dialects/*.toml`; their form is in
//! `docs/dialects.md`. No rule of any product stands in code.
//!
//! ```text
//!  dialects/*.toml ─► form ─► Dialect { tells, phrases } ─┐
//!  Dossier ─► scene: body, challenges, fields, request ───┴─► matching phrases ─► Clue for each of their causes
//! ```

mod form;
mod grams;
mod pattern;
mod scene;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

use crate::clue::Clue;
use crate::dossier::Dossier;
use form::{Dialect, Phrase};
use scene::{Fit, Scene, Span};
use std::sync::OnceLock;

/// The files, with their names. A new file is a line here.
const FILES: &[(&str, &str)] = &[
    ("identity.toml", include_str!("../dialects/identity.toml")),
    ("identity-federation.toml", include_str!("../dialects/identity-federation.toml")),
    ("frameworks.toml", include_str!("../dialects/frameworks.toml")),
    ("clouds.toml", include_str!("../dialects/clouds.toml")),
    ("services.toml", include_str!("../dialects/services.toml")),
    ("registries.toml", include_str!("../dialects/registries.toml")),
    ("infrastructure.toml", include_str!("../dialects/infrastructure.toml")),
    ("proxies.toml", include_str!("../dialects/proxies.toml")),
];

/// All dialects, read once. A file that cannot be read is left out; the tests see to it that there is none.
fn all() -> &'static [Dialect] {
    static ALL: OnceLock<Vec<Dialect>> = OnceLock::new();
    ALL.get_or_init(|| FILES.iter().filter_map(|(_, text)| form::read(text).ok()).flatten().collect())
}

/// What the refusal's texts mean in the language of the product that wrote them.
pub(crate) fn clues(dossier: &Dossier) -> Vec<Clue> {
    let mut heard: Vec<Heard<'_>> = Scene::all(dossier).iter().flat_map(best).collect();
    if heard.iter().any(|one| !one.phrase.fallback) {
        heard.retain(|one| !one.phrase.fallback);
    }
    let mut clues: Vec<Clue> = heard.into_iter().flat_map(Heard::clues).collect();
    clues.sort_by_key(|clue| std::cmp::Reverse(clue.weight));
    once_each(clues)
}

/// A phrase that fits.
struct Heard<'a> {
    dialect: &'a Dialect,
    phrase: &'a Phrase,
    told: bool,
    fit: Fit,
}

/// The phrases that fit a scene, without those of which another one knows better.
fn best(scene: &Scene<'_>) -> Vec<Heard<'static>> {
    let heard = hear(scene);
    let outdone: Vec<bool> = heard.iter().map(|one| heard.iter().any(|other| other.outdoes(one))).collect();
    heard.into_iter().zip(outdone).filter(|(_, outdone)| !outdone).map(|(one, _)| one).collect()
}

fn hear(scene: &Scene<'_>) -> Vec<Heard<'static>> {
    let mut heard = Vec::new();
    for dialect in all() {
        let told = scene.tells(&dialect.tells);
        for phrase in dialect.phrases.iter().filter(|phrase| told || phrase.anywhere) {
            if let Some(fit) = scene.fit(phrase) {
                heard.push(Heard { dialect, phrase, told, fit });
            }
        }
    }
    heard
}

impl Heard<'_> {
    /// Does it cover all that the other covers and rest on more: on more text, on more of the request, or on the product that
    /// is known to speak?
    fn outdoes(&self, other: &Heard<'_>) -> bool {
        let rank = |heard: &Heard<'_>| (heard.fit.spans.iter().map(Span::len).sum::<usize>(), heard.phrase.conditions(), heard.told);
        let covered = |span| self.fit.spans.iter().any(|own| own.covers(span));
        !other.fit.spans.is_empty()
            && (other.phrase.fallback || !self.phrase.fallback)
            && other.phrase.conditions() <= self.phrase.conditions()
            && other.fit.spans.iter().all(covered)
            && rank(self) > rank(other)
    }

    fn clues(self) -> impl Iterator<Item = Clue> {
        let Heard { dialect, phrase, told, fit } = self;
        phrase.causes.iter().map(move |cause| Clue {
            finding: "dialect",
            code: cause.code,
            weight: cause.weight,
            because: cause.says.as_ref().unwrap_or(&phrase.says).clone(),
            quotes: fit.quotes.clone(),
            fix: if cause.fix.is_empty() { phrase.fix.clone() } else { cause.fix.clone() },
            // What several products say alike names none of them.
            product: (told || !dialect.shared).then(|| dialect.product.clone()),
        })
    }
}

/// One clue for each cause and quoted text, the strongest: several products that say the same are not several witnesses.
fn once_each(clues: Vec<Clue>) -> Vec<Clue> {
    let mut kept: Vec<Clue> = Vec::new();
    for clue in clues {
        let place = |clue: &Clue| clue.quotes.first().map(|quote| (quote.place.clone(), quote.exchange));
        if !kept.iter().any(|other| other.code == clue.code && place(other) == place(&clue)) {
            kept.push(clue);
        }
    }
    kept
}
