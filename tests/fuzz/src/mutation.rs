//! Seeded mutations for the short run, where no coverage guides them.

/// Makes inputs of inputs; equal seeds make equal ones.
#[derive(Debug, Clone)]
pub struct Mutator {
    state: u64,
    words: Vec<Vec<u8>>,
}

/// Most bytes of a mutated input: the short run looks at many small ones.
pub const LARGEST: usize = 4_096;

/// Bytes that mean something to most readers.
const NOTABLE: &[u8] = b"\0\n\r\t \"'<>&/\\=,;|:{}[]+-%\x7f\x80\xff\xfe0a";

impl Mutator {
    /// Begins with a seed and a dictionary.
    #[must_use]
    pub fn new(seed: u64, words: Vec<Vec<u8>>) -> Self {
        Mutator { state: seed, words }
    }

    /// Makes an input of one, and of a part of another.
    #[must_use]
    pub fn mutate(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = self.window(input, LARGEST).to_vec();
        for _ in 0..=self.below(4) {
            self.step(&mut bytes, other);
        }
        bytes.truncate(LARGEST);
        bytes
    }

    /// A number less than `bound`; zero if that is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % (bound.max(1) as u64)).unwrap_or(0)
    }

    fn step(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + 1 + self.below(16)).min(bytes.len());
        match self.below(8) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => {
                let byte = NOTABLE[self.below(NOTABLE.len())];
                bytes.insert(at, byte);
            }
            2 => drop(bytes.drain(at..end)),
            3 => {
                let part = bytes[at..end].to_vec();
                let times = 1 + self.below(8);
                bytes.splice(at..at, part.repeat(times));
            }
            4 | 5 => {
                let place = self.below(self.words.len());
                let word = self.words.get(place).cloned().unwrap_or_default();
                let replaced = if self.below(2) == 0 { at..at } else { at..end };
                bytes.splice(replaced, word);
            }
            6 => {
                let part = self.window(other, 64).to_vec();
                bytes.splice(at..end, part);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = if byte.is_ascii_digit() { b'9' } else { NOTABLE[at % NOTABLE.len()] };
                }
            }
        }
    }

    /// A part of an input, the whole of it if it is small.
    fn window<'a>(&mut self, input: &'a [u8], length: usize) -> &'a [u8] {
        if input.len() <= length {
            return input;
        }
        let start = self.below(input.len() - length);
        &input[start..start + length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_make_equal_inputs_and_others_make_others() {
        let make = |seed| {
            let mut mutator = Mutator::new(seed, vec![b"word".to_vec()]);
            (0..50).map(|_| mutator.mutate(b"an input", b"another one")).collect::<Vec<_>>()
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        assert!(make(1).iter().all(|bytes| bytes.len() <= LARGEST));
    }
}
