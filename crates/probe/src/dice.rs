//! Garbage: credentials that nobody has, of the same form as somebody's. No secret randomness is needed here, only values that
//! differ from run to run.

/// A source of letters (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn one_of(&mut self, from: u8, count: u8) -> char {
        char::from(from + (self.roll() % u64::from(count)) as u8)
    }

    /// As many lower-case letters.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| self.one_of(b'a', 26)).collect()
    }

    /// Text of the same form: every letter and digit becomes another of its kind, everything else stays, and so does a prefix
    /// such as `ghp_` or `sk-live-`, by which servers tell kinds of keys apart.
    pub(crate) fn garble(&mut self, text: &str) -> String {
        let prefix = text.char_indices().take(12).filter(|(_, c)| matches!(c, '_' | '-')).last().map_or(0, |(at, _)| at + 1);
        let (kept, rest) = text.split_at(if prefix * 2 <= text.len() { prefix } else { 0 });
        let garbled = rest.chars().map(|c| match c {
            'a'..='f' => self.one_of(b'a', 6),
            '0'..='9' => self.one_of(b'0', 10),
            'g'..='z' => self.one_of(b'g', 20),
            'A'..='F' => self.one_of(b'A', 6),
            'G'..='Z' => self.one_of(b'G', 20),
            other => other,
        });
        kept.chars().chain(garbled.collect::<Vec<_>>()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[track_caller]
    fn check(text: &str, kept: &str) {
        let garbled = Dice(7).garble(text);
        assert!(garbled.starts_with(kept) && garbled != text, "{garbled}");
        let kind = |c: char| (c.is_ascii_digit(), c.is_ascii_lowercase(), c.is_ascii_uppercase());
        assert!(garbled.len() == text.len() && garbled.chars().zip(text.chars()).all(|(a, b)| kind(a) == kind(b)), "{garbled}");
    }

    #[test]
    fn garbage_keeps_its_form() {
        check("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_");
        check("sk-live-4eC39HqLyjWDarjtT1zdp7dc", "sk-live-");
        check("5f4dcc3b5aa765d61d8327deb882cf99", "");
        check("8c7e1d2a-4b3f-4e6d-9f0a-1b2c3d4e5f60", "");
        assert_ne!(Dice(1).letters(16), Dice(2).letters(16));
    }
}
