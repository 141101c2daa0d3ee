//! Heavy hitters in bounded memory. What comes often enough is always found, and counted too high by no more than a stated
//! error; what comes seldom may be forgotten.
//!
//! It is the space-saving sketch, with the eviction in batches: at twice its capacity the lighter half is dropped at once,
//! and whatever comes after begins at the largest count that was dropped.
//!
//! A key is known by a mark of 64 bits with a secret of this table in it. That two of a few thousand keys meet in one is
//! not worth a comparison a line: among a thousand million keys it is a chance of one in a million.

use super::mark::{Key, Marked};
use std::collections::HashMap;

/// The longest key that is kept, in bytes.
const KEY_LIMIT: usize = 256;

/// Counts by key, with something else that is kept of each.
#[derive(Clone, Debug)]
pub(super) struct Sketch<P> {
    capacity: usize,
    secret: Key,
    index: HashMap<u64, usize, Marked>,
    rows: Vec<Row<P>>,
    floor: u64,
}

/// One key.
#[derive(Clone, Debug)]
pub(super) struct Row<P> {
    pub(super) key: Box<[u8]>,
    /// What the table knows it by.
    secret: u64,
    /// What it is known by elsewhere, in a [`Distinct`].
    pub(super) mark: u64,
    /// How often it came, at the most.
    pub(super) count: u64,
    /// How much of the count may belong to others.
    pub(super) error: u64,
    pub(super) kept: P,
}

impl<P: Default> Sketch<P> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, secret: Key::random(), index: HashMap::default(), rows: Vec::new(), floor: 0 }
    }

    /// Counts a key, and gives its row.
    pub(super) fn count(&mut self, key: &[u8], weight: u64) -> Option<&mut Row<P>> {
        let key = cut(key);
        let secret = self.secret.mark(key);
        let at = match self.index.get(&secret) {
            Some(at) => *at,
            None => self.insert(key, secret),
        };
        let row = self.rows.get_mut(at)?;
        row.count += weight;
        Some(row)
    }

    #[cold]
    fn insert(&mut self, key: &[u8], secret: u64) -> usize {
        if self.rows.len() >= self.capacity * 2 {
            self.drop_lighter_half();
        }
        self.index.insert(secret, self.rows.len());
        let mark = Key::FIXED.mark(key);
        self.rows.push(Row { key: key.into(), secret, mark, count: self.floor, error: self.floor, kept: P::default() });
        self.rows.len() - 1
    }

    fn drop_lighter_half(&mut self) {
        self.rows.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
        self.floor = self.rows.get(self.capacity).map_or(self.floor, |row| row.count);
        self.rows.truncate(self.capacity);
        self.index = self.rows.iter().enumerate().map(|(at, row)| (row.secret, at)).collect();
    }
}

fn cut(key: &[u8]) -> &[u8] {
    key.get(..KEY_LIMIT).unwrap_or(key)
}

impl<P> Sketch<P> {
    pub(super) fn get(&self, key: &[u8]) -> Option<&Row<P>> {
        self.rows.get(*self.index.get(&self.secret.mark(cut(key)))?)
    }

    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut Row<P>> {
        self.rows.get_mut(*self.index.get(&self.secret.mark(cut(key)))?)
    }

    /// The heaviest, by what they came for certain.
    pub(super) fn top(&self) -> Vec<&Row<P>> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_unstable_by(|a, b| b.sure().cmp(&a.sure()).then_with(|| a.key.cmp(&b.key)));
        rows
    }

    /// Was anything forgotten?
    pub(super) const fn forgot(&self) -> bool {
        self.floor > 0
    }

    /// How many keys it holds.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<P> Row<P> {
    /// How often it came, at the least.
    pub(super) const fn sure(&self) -> u64 {
        self.count.saturating_sub(self.error)
    }
}

/// How many different things came, in 64 bytes: exact enough to tell one from ten and ten from hundreds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Distinct([u64; 8]);

impl Distinct {
    /// Adds a thing by its mark, of [`Key::FIXED`]. Who makes marks collide makes themselves look fewer, and nothing else.
    pub(super) fn add(&mut self, mark: u64) {
        if let Some(word) = self.0.get_mut((mark >> 61) as usize) {
            *word |= 1 << ((mark >> 55) & 63);
        }
    }

    /// An estimate, at the most about three thousand.
    pub(super) fn estimate(&self) -> u64 {
        let zeros: u32 = self.0.iter().map(|word| word.count_zeros()).sum();
        (-512.0 * (f64::from(zeros.max(1)) / 512.0).ln()).round() as u64
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn the_heavy_are_found_among_very_many() {
        let mut sketch: Sketch<()> = Sketch::new(64);
        for number in 0..100_000_u32 {
            sketch.count(format!("one-off {number}").as_bytes(), 1);
            if number % 20 == 0 {
                sketch.count(b"heavy", 1);
            }
        }
        assert!(sketch.len() <= 128 && sketch.forgot());
        let first = sketch.get(b"heavy").unwrap();
        assert!(first.count >= 5_000 && first.sure() <= 5_000, "{first:?}");
        assert_eq!(&*sketch.top()[0].key, b"heavy");
    }

    #[test]
    fn few_are_counted_exactly() {
        let mut sketch: Sketch<u8> = Sketch::new(64);
        for number in 0..1_000_u32 {
            sketch.count(&[(number % 100) as u8], 1).unwrap().kept = 1;
        }
        assert!(!sketch.forgot());
        assert!(sketch.top().iter().all(|row| row.count == 10 && row.error == 0));
    }

    #[track_caller]
    fn check(things: u32, least: u64, most: u64) {
        let mut distinct = Distinct::default();
        (0..things * 3).for_each(|number| distinct.add(Key::FIXED.mark(format!("user{}", number % things.max(1)).as_bytes())));
        assert!((least..=most).contains(&distinct.estimate()), "{things}: {}", distinct.estimate());
    }

    #[test]
    fn different_things_are_estimated() {
        check(0, 0, 0);
        check(1, 1, 1);
        check(10, 8, 12);
        check(100, 85, 115);
        check(1_000, 800, 1_200);
    }
}
