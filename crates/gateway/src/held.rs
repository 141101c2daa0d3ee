//! Room for bodies that are read before their requests are judged. Who sends them is not known yet, so what is held at one
//! time is bounded for the process. The reading itself is `body`'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that all of them together may take: a thousand of the largest that are read by default.
const ROOM: u64 = 64 << 20;

/// The room, shared by all threads.
#[derive(Clone, Default)]
pub(crate) struct Holding(Arc<AtomicU64>);

/// A part of the room, until it is dropped.
pub(crate) struct Room(Holding, u64);

impl Holding {
    /// Takes room for a body; none if there is not enough left.
    pub(crate) fn take(&self, bytes: u64) -> Option<Room> {
        let taken = self.0.fetch_add(bytes, Ordering::SeqCst);
        let room = Room(self.clone(), bytes);
        (taken.saturating_add(bytes) <= ROOM).then_some(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.0.fetch_sub(self.1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_and_comes_back() {
        let holding = Holding::default();
        let most = holding.take(ROOM);
        assert!(most.is_some() && holding.take(1).is_none());
        drop(most);
        assert!(holding.take(ROOM).is_some());
    }
}
