//! Facts that were told and are not yet on disk, for those who begin to listen in between.

use std::collections::VecDeque;

use crate::core::effect::Recorded;
use crate::model::id::Seq;

/// How many are kept while the journal takes none; whoever asks then is told of the gap.
const KEPT: usize = 4096;

/// The last facts that only memory has.
#[derive(Debug, Default)]
pub struct Unstored(VecDeque<Recorded>);

impl Unstored {
    /// Takes a fact that is on its way to the disk.
    pub fn push(&mut self, recorded: &Recorded) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(recorded.clone());
    }

    /// Lets go of what is on disk by now.
    pub fn stored(&mut self, up_to: Seq) {
        while self.0.front().is_some_and(|recorded| recorded.seq <= up_to) {
            self.0.pop_front();
        }
    }

    /// Returns all of them, oldest first.
    pub fn all(&self) -> Vec<Recorded> {
        self.0.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fact::Fact;
    use crate::model::time::Wall;

    #[test]
    fn what_is_stored_is_let_go() {
        let mut unstored = Unstored::default();
        for seq in 1..=5 {
            unstored.push(&Recorded { seq: Seq(seq), at: Wall(0), fact: Fact::Beat });
        }
        unstored.stored(Seq(2));
        assert_eq!(unstored.all().iter().map(|recorded| recorded.seq.0).collect::<Vec<_>>(), [3, 4, 5]);
    }

    #[test]
    fn a_long_outage_keeps_the_last() {
        let mut unstored = Unstored::default();
        for seq in 1..=KEPT as u64 + 3 {
            unstored.push(&Recorded { seq: Seq(seq), at: Wall(0), fact: Fact::Beat });
        }
        assert_eq!(unstored.all().len(), KEPT);
        assert_eq!(unstored.all().first().map(|recorded| recorded.seq), Some(Seq(4)));
    }
}
