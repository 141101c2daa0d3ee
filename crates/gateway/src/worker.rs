//! What one worker thread has at hand: the plan in force with its pools, the facts verified a moment ago, the trail.
//! Nothing of it is locked: other threads have their own.

use crate::config::Plan;
use crate::metrics::{Admitted, Metrics};
use crate::trail::{Trail, WorkerTrail};
use crate::upstream::Pool;
use arc_swap::ArcSwap;
use aws_lc_rs::{hmac, rand};
use countersign::reference::{Record, SealRing, seal};
use countersign_sources::{AtHand, Sources};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// What all threads share.
pub(crate) struct Shared {
    /// The configuration in force; a reload swaps it.
    pub plan: ArcSwap<Plan>,
    /// Answers what the judge needs.
    pub sources: Arc<Sources>,
    /// Runs what waits: the store, fetches.
    pub background: tokio::runtime::Handle,
    /// Seals references; swapped when keys rotate.
    pub seals: ArcSwap<SealRing>,
    /// Binds a form's token to its browser.
    pub csrf: hmac::Key,
    /// This installation's node.
    pub node: [u8; 4],
    /// Takes decisions.
    pub trail: Trail,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// For upstreams that speak TLS.
    pub upstream_tls: TlsConnector,
}

/// What follows from a plan, for one thread.
pub(crate) struct Live {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The upstreams' pools, by site.
    pub pools: Vec<Rc<Pool>>,
    /// The rules' counters.
    pub admitted: Admitted,
}

/// One worker thread's own.
pub(crate) struct Worker {
    /// What all share.
    pub shared: Arc<Shared>,
    /// What was verified a moment ago.
    pub at_hand: AtHand,
    /// Where decisions go.
    pub trail: WorkerTrail,
    live: RefCell<Rc<Live>>,
    id_prefix: String,
    id_next: Cell<u32>,
}

impl Worker {
    /// A worker with empty hands.
    pub(crate) fn new(shared: Arc<Shared>) -> Rc<Self> {
        let mut prefix = [0; 8];
        let live = Rc::new(Live::new(shared.plan.load_full(), &shared, &[]));
        random(&mut prefix);
        Rc::new(Self {
            at_hand: AtHand::new(shared.sources.clone()),
            trail: WorkerTrail::new(shared.trail.clone()),
            live: RefCell::new(live),
            id_prefix: countersign::hex(&prefix),
            id_next: Cell::new(0),
            shared,
        })
    }

    /// The plan in force. One that a reload brought is taken over here; pools that lead to the same place stay.
    pub(crate) fn live(&self) -> Rc<Live> {
        let live = self.live.borrow().clone();
        let current = self.shared.plan.load();
        if Arc::ptr_eq(&live.plan, &current) {
            return live;
        }
        let renewed = Rc::new(Live::new(current.clone(), &self.shared, &live.pools));
        *self.live.borrow_mut() = renewed.clone();
        renewed
    }

    /// A request id that no other request has: random for the worker, then counted.
    pub(crate) fn next_id(&self) -> String {
        let next = self.id_next.get();
        self.id_next.set(next.wrapping_add(1));
        format!("{}{next:08x}", self.id_prefix)
    }

    /// Seals a record.
    pub(crate) fn seal(&self, record: &Record) -> String {
        let mut nonce = [0; 12];
        random(&mut nonce);
        seal(record, &self.shared.seals.load(), nonce)
    }
}

impl Live {
    fn new(plan: Arc<Plan>, shared: &Shared, older: &[Rc<Pool>]) -> Self {
        let mut pools: Vec<Rc<Pool>> = Vec::with_capacity(plan.sites.len());
        for site in &plan.sites {
            let kept = older.iter().chain(&pools).find(|pool| pool.leads_to(&site.upstream, &plan.limits)).cloned();
            pools.push(kept.unwrap_or_else(|| Pool::new(site.upstream.clone(), shared.upstream_tls.clone(), &plan.limits)));
        }
        let admitted = shared.metrics.admitted(&plan);
        Self { plan, pools, admitted }
    }
}

/// Fills with random bytes.
pub(crate) fn random(bytes: &mut [u8]) {
    // The generator fails only where the machine has no entropy at all; nothing may be sealed then.
    #[expect(clippy::expect_used, reason = "without randomness no secret may be made")]
    rand::fill(bytes).expect("the system's random generator works");
}
