//! Short marks of texts, for tables and for counting what differs: two multiplications for each sixteen bytes.
//!
//! They are no protection by themselves. What a log's writer could gain by making texts collide is kept from them by a key
//! of the process's own, where it matters (`Key::random`).

use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// What makes marks differ from those of another table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key([u64; 2]);

impl Key {
    /// The same in every process: for estimates, which are to be the same each time.
    pub(super) const FIXED: Key = Key([0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f]);

    /// Known to nobody.
    pub(super) fn random() -> Self {
        let state = RandomState::new();
        Self([state.hash_one(1_u8), state.hash_one(2_u8)])
    }

    /// The mark of a text.
    pub(super) fn mark(self, text: &[u8]) -> u64 {
        let Self([left, right]) = self;
        let (blocks, rest) = text.as_chunks::<16>();
        let mut state = left ^ (text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for block in blocks {
            let (a, b) = halves(block);
            state = fold(state ^ a, right ^ b);
        }
        let (a, b) = match (text.last_chunk::<16>(), rest) {
            (_, []) => (0, 0),
            // The last sixteen bytes, some of which were seen already.
            (Some(last), _) => halves(last),
            (None, short) => ends(short),
        };
        fold(fold(state ^ a, right ^ b), left ^ right)
    }
}

fn halves(block: &[u8; 16]) -> (u64, u64) {
    let whole = u128::from_le_bytes(*block);
    (whole as u64, (whole >> 64) as u64)
}

/// Fewer than sixteen bytes as two words that overlap.
fn ends(short: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (short.first_chunk::<8>(), short.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (short.first_chunk::<4>(), short.last_chunk::<4>()) {
        return (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
    }
    (short.iter().fold(0, |word, c| word << 8 | u64::from(*c)), 0)
}

/// Both halves of a product, on each other.
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Marks as keys of a map are not hashed again.
pub(super) type Marked = BuildHasherDefault<Plain>;

/// A hasher that gives back the one number it was given.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = Key::FIXED.mark(bytes);
    }

    fn write_u64(&mut self, mark: u64) {
        self.0 = mark;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn different_texts_have_different_marks() {
        let letters: Vec<u8> = (0..=255).cycle().take(300).collect();
        for key in [Key::FIXED, Key::random()] {
            let mut marks = HashSet::new();
            for length in 0..300 {
                let text = letters.get(..length).unwrap_or_default();
                assert!(marks.insert(key.mark(text)), "{length}");
                for at in 0..length {
                    let mut other = text.to_vec();
                    other.iter_mut().skip(at).take(1).for_each(|c| *c ^= 1);
                    assert!(marks.insert(key.mark(&other)), "{length} {at}");
                }
            }
        }
    }

    #[test]
    fn numbers_fall_everywhere() {
        let mut counts = [0_u32; 64];
        for number in 0..64_000 {
            let mark = Key::FIXED.mark(format!("10.0.{}.{}", number / 256, number % 256).as_bytes());
            counts.get_mut((mark >> 58) as usize).into_iter().for_each(|count| *count += 1);
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }
}
