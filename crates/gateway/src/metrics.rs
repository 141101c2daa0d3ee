//! What Prometheus reads: decisions by cause and route. Counters are looked up when a plan takes effect, not when a
//! request comes.

use crate::config::{Plan, Rule, Site};
use countersign::Cause;
use countersign_sources::IntrospectionCounts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// Which rule of which site.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    site: String,
    route: String,
}

/// A refusal or outage, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    cause: &'static str,
    site: String,
    route: String,
}

/// An issuer, by the operator's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    issuer: String,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    admitted: Family<Route, Counter>,
    refused: Family<Labels, Counter>,
    introspections: Family<Asked, Counter>,
    introspection_failures: Family<Asked, Counter>,
    introspection_open: Family<Asked, Gauge>,
    /// Open connections.
    pub connections: Gauge,
    /// Sessions begun at the login page.
    pub sign_ins: Counter,
    /// Lines of the decision log that were dropped because nobody took them.
    pub lines_dropped: Counter,
}

/// One thread's way to the counters of what a plan refused, looked up when first needed.
#[derive(Debug, Default)]
pub(crate) struct Refused(RefCell<HashMap<Where, Counter>>);

/// A cause, and the places of the site and rule, as far as they were found.
type Where = (Cause, Option<u16>, Option<u16>);

impl Refused {
    /// Counts one.
    pub(crate) fn count(&self, metrics: &Metrics, cause: Cause, site: Option<&Site>, rule: Option<&Rule>) {
        let at = (cause, site.map(|site| site.index), rule.map(|rule| rule.index));
        self.0.borrow_mut().entry(at).or_insert_with(|| metrics.refused(cause, site, rule)).inc();
    }
}

/// The counters of a plan's rules, by site and rule.
#[derive(Debug)]
pub(crate) struct Admitted(Vec<Vec<Counter>>);

impl Metrics {
    /// With everything at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("countersign");
        let (admitted, refused) = (Family::<Route, Counter>::default(), Family::<Labels, Counter>::default());
        let (connections, sign_ins, lines_dropped) = (Gauge::default(), Counter::default(), Counter::default());
        registry.register("admitted", "Requests that were let through", admitted.clone());
        registry.register("refused", "Requests that were refused or could not be decided, by cause", refused.clone());
        registry.register("connections", "Open connections", connections.clone());
        registry.register("sign_ins", "Sessions begun at the login page", sign_ins.clone());
        registry.register("log_lines_dropped", "Lines of the decision log that were dropped", lines_dropped.clone());
        let (introspections, introspection_failures) = (Family::<Asked, Counter>::default(), Family::<Asked, Counter>::default());
        let introspection_open = Family::<Asked, Gauge>::default();
        registry.register("introspections", "Questions to issuers about tokens", introspections.clone());
        registry.register("introspection_failures", "Questions to issuers about tokens without an answer", introspection_failures.clone());
        registry.register("introspection_open", "Is the issuer not asked for now, because it kept failing?", introspection_open.clone());
        Self {
            introspections,
            introspection_failures,
            introspection_open,
            registry,
            admitted,
            refused,
            connections,
            sign_ins,
            lines_dropped,
        }
    }

    /// The counters of a plan.
    pub(crate) fn admitted(&self, plan: &Plan) -> Admitted {
        let of = |site: &Site, rule: &Rule| {
            self.admitted.get_or_create(&Route { site: site.host.to_string(), route: rule.path.to_string() }).clone()
        };
        Admitted(plan.sites.iter().map(|site| site.rules.iter().map(|rule| of(site, rule)).collect()).collect())
    }

    /// The counter of a refusal or outage.
    fn refused(&self, cause: Cause, site: Option<&Site>, rule: Option<&Rule>) -> Counter {
        let site = site.map_or_else(String::new, |site| site.host.to_string());
        let route = rule.map_or_else(String::new, |rule| rule.path.to_string());
        self.refused.get_or_create(&Labels { cause: cause.code(), site, route }).clone()
    }

    /// The exposition format, with how asking issuers about tokens went so far.
    pub(crate) fn render(&self, asked: &[IntrospectionCounts]) -> String {
        for count in asked {
            let label = Asked { issuer: count.issuer.clone() };
            self.introspections.get_or_create(&label).inner().store(count.questions, Ordering::Relaxed);
            self.introspection_failures.get_or_create(&label).inner().store(count.failures, Ordering::Relaxed);
            self.introspection_open.get_or_create(&label).set(i64::from(count.open));
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Admitted {
    /// Counts one.
    pub(crate) fn count(&self, site: &Site, rule: &Rule) {
        if let Some(counter) = self.0.get(usize::from(site.index)).and_then(|rules| rules.get(usize::from(rule.index))) {
            counter.inc();
        }
    }
}
