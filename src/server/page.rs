use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// The memory of the page that was sent last, for the next one. Made anew on whichever thread renders, pages of a
/// thousand profiles leave some megabytes behind in each of the allocator's arenas.
#[derive(Clone, Default)]
pub(super) struct Spare(Arc<Mutex<Vec<u8>>>);

impl Spare {
    /// The page that `render` writes. Its memory comes back when the last holder drops it.
    pub(super) fn page(&self, render: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        let mut page = Page {
            text: self.exchange(Vec::new()),
            spare: self.clone(),
        };
        page.text.clear();
        render(&mut page.text);
        Bytes::from_owner(page)
    }

    fn exchange(&self, text: Vec<u8>) -> Vec<u8> {
        // Nothing panics while it is held.
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut spare, text)
    }
}

struct Page {
    text: Vec<u8>,
    spare: Spare,
}

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.spare.exchange(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_after_another_takes_the_same_memory() {
        let spare = Spare::default();
        let page = |text: &[u8]| spare.page(|page| page.extend_from_slice(text));
        let first = page(&[b'a'; 100]);
        let place = first.as_ptr();
        drop(first);
        let second = page(b"b");
        assert_eq!((&second[..], second.as_ptr()), (&b"b"[..], place));
        let beside = page(b"c");
        assert_ne!(beside.as_ptr(), place, "the second is still being sent");
        assert_eq!((&second[..], &beside[..]), (&b"b"[..], &b"c"[..]));
    }
}
