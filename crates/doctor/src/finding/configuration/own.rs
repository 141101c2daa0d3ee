//! Our own configuration: that it is TOML at all. What its keys mean is checked by `countersign check`, which knows them.

use super::Sight;
use crate::clue::Side;
use countersign::ForeignCause;

pub(super) fn see(text: &str) -> Vec<Sight> {
    let Err(fault) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let start = fault.span().map_or(0, |span| span.start);
    let line = text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
    vec![Sight {
        code: ForeignCause::ServerMisconfigured.into(),
        weights: (45, 60),
        fits: true,
        because: format!("The configuration is no TOML, so that a reload keeps the one before: {}.", fault.message()),
        line,
        text: text.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned(),
        product: "Countersign",
        side: Side::Server,
        fix: "Mend the line, and let the configuration be checked.",
        lines: &["countersign check"],
    }]
}
