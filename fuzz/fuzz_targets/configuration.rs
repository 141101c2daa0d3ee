//! Any text as a configuration: reading does not panic and ends with a plan, or with faults that point into the text and
//! can be rendered; a plan that came of it routes any target. Not which faults they are; the tables in the crate say that.

#![no_main]

use countersign::Target;
use countersign_gateway::config::{Loaded, parse};
use http::Method;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse("fuzz.toml", text) {
        Ok(Loaded { plan, warnings }) => {
            assert!(!plan.sites.is_empty());
            for site in &plan.sites {
                let own = site.host.to_string().replace('*', "a");
                assert!(plan.site(&own).is_some(), "{own}");
                for rule in &site.rules {
                    let path = rule.path.as_str().replace("/**", "/a").replace('*', "a");
                    let target = Target::parse(&path).expect("a pattern is canonical");
                    let method = rule.methods.as_ref().map_or(Some(&Method::GET), |methods| methods.first());
                    let method = method.expect("a rule has methods");
                    assert!(site.rule(method, &target).is_some_and(|found| found.index <= rule.index), "{path}");
                }
            }
            warnings.iter().for_each(|warning| assert!(!warning.to_string().is_empty()));
        }
        Err(faults) => {
            let lines = text.split('\n').count();
            assert!(faults.iter().len() > 0 && !faults.to_string().is_empty());
            assert!(faults.iter().all(|fault| fault.line.is_none_or(|line| line <= lines)));
        }
    }
});
