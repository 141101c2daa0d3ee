//! What one worker thread has at hand: the plan in force with its pools, the facts verified a moment ago, the trail.
//! Nothing of it is locked: other threads have their own.

use crate::config::Plan;
use crate::held::Holding;
use crate::metrics::{Admitted, Metrics, Refused};
use crate::sign_in::Renewals;
use crate::trail::{Trail, WorkerTrail};
use crate::upstream::Pool;
use arc_swap::ArcSwap;
use aws_lc_rs::{hmac, rand};
use countersign::login::Sealer;
use countersign::reference::{Record, SealRing, seal};
use countersign_sources::{AtHand, Sources};
use http::HeaderValue;
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
    /// Seals what browsers and sessions keep of logins at providers.
    pub login: Sealer,
    /// Sessions that are being renewed.
    pub renewals: Renewals,
    /// This installation's node.
    pub node: [u8; 4],
    /// Takes decisions.
    pub trail: Trail,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Room for bodies that are read before their requests are judged.
    pub holding: Holding,
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
    /// Those of its refusals.
    pub refused: Refused,
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
    id_prefix: [u8; 16],
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
            id_prefix: hex(&prefix),
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
    pub(crate) fn next_id(&self) -> HeaderValue {
        let next = self.id_next.get();
        self.id_next.set(next.wrapping_add(1));
        let mut id = [0; 24];
        let (prefix, count) = id.split_at_mut(16);
        prefix.copy_from_slice(&self.id_prefix);
        count.copy_from_slice(&hex::<8>(&next.to_be_bytes()));
        HeaderValue::from_bytes(&id).unwrap_or(HeaderValue::from_static(""))
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
        Self { plan, pools, admitted, refused: Refused::default() }
    }
}

/// Two digits for each byte; `N` is twice their number.
fn hex<const N: usize>(bytes: &[u8]) -> [u8; N] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = [0; N];
    for (digit, nibble) in text.iter_mut().zip(nibbles) {
        *digit = DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
    }
    text
}

/// Fills with random bytes.
pub(crate) fn random(bytes: &mut [u8]) {
    // The generator fails only where the machine has no entropy at all; nothing may be sealed then.
    #[expect(clippy::expect_used, reason = "without randomness no secret may be made")]
    rand::fill(bytes).expect("the system's random generator works");
}
