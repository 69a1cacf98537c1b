//! Which failures are new, which are gone and which were there before.

use std::collections::BTreeSet;

use crate::model::check::Fingerprint;

/// Two runs of a check, compared by the ids of their failures.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Difference {
    /// Failures that only the later run has: "you broke 2".
    pub new: Vec<Fingerprint>,
    /// Failures that only the earlier run has.
    pub gone: Vec<Fingerprint>,
    /// Failures that both have, as the later run placed them: "3 were red already".
    pub same: Vec<Fingerprint>,
}

/// Compares the failures of two runs, in the order of their outputs.
pub fn compare(before: &[Fingerprint], now: &[Fingerprint]) -> Difference {
    let ids = |failures: &[Fingerprint]| failures.iter().map(|f| f.id.clone()).collect::<BTreeSet<_>>();
    let (old, current) = (ids(before), ids(now));
    let (same, new) = now.iter().cloned().partition(|failure| old.contains(&failure.id));
    let gone = before.iter().filter(|failure| !current.contains(&failure.id)).cloned().collect();
    Difference { new, gone, same }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_move() {
        let failure = |id: &str, line| Fingerprint { id: id.to_owned(), file: None, line: Some(line) };
        let difference = compare(&[failure("a", 1), failure("b", 2)], &[failure("c", 9), failure("b", 5)]);
        assert_eq!(difference.new, [failure("c", 9)]);
        assert_eq!(difference.gone, [failure("a", 1)]);
        assert_eq!(difference.same, [failure("b", 5)]);
    }
}
