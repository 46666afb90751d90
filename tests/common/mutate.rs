//! Random changes of a text, the same in every run.

/// The multiplier and increment of Knuth's MMIX.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// One change: another byte, another bit, a byte more, a piece less, a piece twice. `telling` are the bytes that mean
/// something in the language of the text, and some that mean nothing anywhere.
pub(crate) fn mutate(bytes: &mut Vec<u8>, telling: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        bytes.push(telling[0]);
    }
    let at = random.below(bytes.len());
    let end = bytes.len().min(at + 1 + random.below(12));
    match random.below(5) {
        0 => bytes[at] = telling[random.below(telling.len())],
        1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes.insert(at, telling[random.below(telling.len())]),
        3 => drop(bytes.drain(at..end)),
        _ => {
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
    }
}
