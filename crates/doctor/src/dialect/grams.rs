//! Which runs of four bytes some texts have, roughly: a pattern of which one run is missing need not be searched for.
//! With thousands of patterns this is what makes hearing them cheap.

const LENGTH: usize = 4;

/// A text's runs, as a set of bits. It may claim a run that is not there, never the reverse.
pub(super) struct Grams {
    bits: Vec<u64>,
    /// How far a hash is shifted to be a bit's number.
    shift: u32,
}

impl Grams {
    /// The runs of some texts: about one byte for each of theirs.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let length: usize = texts.clone().map(str::len).sum();
        let log = (length.max(64) * 8).next_power_of_two().ilog2().min(22);
        let mut grams = Self { bits: vec![0; (1 << log) / 64], shift: 32 - log };
        for hash in texts.flat_map(hashes) {
            let bit = (hash >> grams.shift) as usize;
            if let Some(word) = grams.bits.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
        grams
    }

    /// Can all of these runs be in the text?
    pub(super) fn may_have(&self, hashes: &[u32]) -> bool {
        hashes.iter().all(|hash| {
            let bit = (hash >> self.shift) as usize;
            self.bits.get(bit / 64).is_some_and(|word| word & (1 << (bit % 64)) != 0)
        })
    }
}

/// A number for each run in a text.
pub(super) fn hashes(text: &str) -> impl Iterator<Item = u32> {
    text.as_bytes()
        .windows(LENGTH)
        .filter_map(|run| <[u8; LENGTH]>::try_from(run).ok())
        .map(|run| u32::from_le_bytes(run).wrapping_mul(0x9E37_79B1))
}
