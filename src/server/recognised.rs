use std::hint::black_box;

use zeroize::Zeroizing;

/// The token that was known when a connection's last request showed it, so that the same one is not hashed with every
/// request. Wiped with the connection. What is remembered is which token it is, not what that may have: who may have what
/// is looked up for each request.
///
/// Nobody learns from how long a comparison takes: it is the same for every token of a length, and who can try has shown
/// this very token on this very connection.
pub(super) struct Recognised {
    token: Zeroizing<[u8; LONGEST]>,
    length: usize,
    /// Of the list in which the token has its place; none is 0.
    list: u64,
    place: usize,
}

/// In bytes. Tokens have 43; what is longer is looked up each time.
const LONGEST: usize = 64;

impl Default for Recognised {
    fn default() -> Self {
        Self {
            token: Zeroizing::new([0; LONGEST]),
            length: 0,
            list: 0,
            place: 0,
        }
    }
}

impl Recognised {
    /// The token's place in this list, if it is the one that was shown last.
    pub(super) fn place(&self, list: u64, presented: &[u8]) -> Option<usize> {
        let is_last = self.list == list && is_same(&self.token[..self.length], presented);
        is_last.then_some(self.place)
    }

    pub(super) fn remember(&mut self, list: u64, presented: &[u8], place: usize) {
        let Some(token) = self.token.get_mut(..presented.len()) else {
            return;
        };
        token.copy_from_slice(presented);
        self.length = presented.len();
        self.list = list;
        self.place = place;
    }
}

/// Looks at every byte, whichever differs.
fn is_same(known: &[u8], presented: &[u8]) -> bool {
    if known.len() != presented.len() {
        return false;
    }
    let differing = if let (Some(known_last), Some(presented_last)) = (known.last_chunk(), presented.last_chunk()) {
        // Eight bytes at a time, of the last eight some perhaps twice.
        let differ = |a: &[u8; 8], b: &[u8; 8]| u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b);
        let words = known.as_chunks().0.iter().zip(presented.as_chunks().0);
        words.fold(differ(known_last, presented_last), |seen, (a, b)| seen | differ(a, b))
    } else {
        let bytes = known.iter().zip(presented);
        bytes.fold(0, |seen, (a, b)| seen | u64::from(a ^ b))
    };
    black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &[u8] = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY";

    #[test]
    fn the_same_token_in_the_same_list_is_recognised() {
        let mut recognised = Recognised::default();
        for (list, place) in [(1, 7), (2, 3)] {
            assert_eq!(recognised.place(list, TOKEN), None);
            recognised.remember(list, TOKEN, place);
            assert_eq!(recognised.place(list, TOKEN), Some(place));
            assert_eq!(recognised.place(list + 1, TOKEN), None, "another list");
        }
    }

    #[test]
    fn another_token_is_not_wherever_it_differs() {
        let mut recognised = Recognised::default();
        assert_eq!(recognised.place(1, b""), None, "nothing was shown yet");
        recognised.remember(1, TOKEN, 0);
        for bit in 0..TOKEN.len() * 8 {
            let mut other = TOKEN.to_vec();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(recognised.place(1, &other), None, "bit {bit}");
        }
        for length in 0..TOKEN.len() {
            assert_eq!(recognised.place(1, &TOKEN[..length]), None, "the first {length}");
        }
        assert_eq!(recognised.place(1, &[TOKEN, b"\0"].concat()), None, "one more");
    }

    #[test]
    fn a_shorter_one_takes_the_place_of_a_longer_one_and_the_longest_is_not_kept() {
        let mut recognised = Recognised::default();
        recognised.remember(1, TOKEN, 0);
        recognised.remember(1, &TOKEN[..5], 1);
        assert_eq!(recognised.place(1, TOKEN), None);
        assert_eq!(recognised.place(1, &TOKEN[..5]), Some(1));
        recognised.remember(1, &[b'x'; LONGEST + 1], 2);
        assert_eq!(recognised.place(1, &[b'x'; LONGEST + 1]), None);
        assert_eq!(recognised.place(1, &TOKEN[..5]), Some(1));
    }
}
