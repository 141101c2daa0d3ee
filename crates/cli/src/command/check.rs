//! `countersign check`: is the configuration one that `serve` would run?

use crate::failure::Failure;
use crate::output::Output;
use crate::place::{Place, environment};
use clap::Args;
use countersign::hex;
use countersign_gateway::config::{Loaded, Overrides, load};
use serde_json::json;

/// Arguments of `check`.
#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    place: Place,
}

impl Check {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.place.data.as_ref().map(|data| data.display().to_string());
        let overrides = Overrides { data, ..Overrides::default() };
        let Loaded { plan, warnings } = load(&self.place.source(), &overrides, &environment)?;
        for warning in &warnings {
            output.remark(&warning.to_string());
        }
        let (sites, rules) = (plan.sites.len(), plan.sites.iter().map(|site| site.rules.len()).sum::<usize>());
        let revision = hex(&plan.revision);
        let value = json!({ "ok": true, "file": plan.file, "revision": revision, "sites": sites, "rules": rules, "warnings": warnings });
        output.either(&value, || {
            format!("{} is good: sites {sites}, rules {rules}, warnings {}, revision {revision}", plan.file, warnings.len())
        })
    }
}
