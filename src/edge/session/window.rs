//! How much may be on its way to the program before a writer waits.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use super::output::SessionGone;

/// How many bytes may be on their way to the program before a writer waits: a large message and more.
const WINDOW: u32 = 4 * 1024 * 1024;

/// How much may be on its way to the program.
#[derive(Debug)]
pub(super) struct Window {
    room: Semaphore,
    /// What messages larger than the whole window have beyond it.
    beyond: AtomicU64,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { room: Semaphore::new(WINDOW as usize), beyond: AtomicU64::new(0) }
    }

    /// Waits for room; first come, first served. A message larger than the window waits for all of it.
    pub(super) async fn enter(&self, length: usize) -> Result<(), SessionGone> {
        let wanted = u32::try_from(length).unwrap_or(u32::MAX).min(WINDOW);
        self.room.acquire_many(wanted).await.map_err(|_| SessionGone)?.forget();
        self.beyond.fetch_add(length as u64 - u64::from(wanted), Ordering::Relaxed);
        Ok(())
    }

    /// Makes room for what was taken.
    pub(super) fn taken(&self, bytes: u64) {
        let beyond = self.beyond.load(Ordering::Relaxed).min(bytes);
        self.beyond.fetch_sub(beyond, Ordering::Relaxed);
        // Never more than the window, whatever a holder says.
        let most = (WINDOW as usize).saturating_sub(self.room.available_permits());
        self.room.add_permits(usize::try_from(bytes - beyond).unwrap_or(most).min(most));
    }

    pub(super) fn close(&self) {
        self.room.close();
    }
}
