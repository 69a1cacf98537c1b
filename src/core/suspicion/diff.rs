//! Which lines differ between two texts.

use std::ops::Range;

/// More differences than this are read as one replacement, so that the work stays bounded.
const DIFFERENCES: usize = 1500;

/// One place where two texts differ: these lines of the old one became those of the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    /// Lines of the old text, from 0.
    pub(super) old: Range<usize>,
    /// Lines of the new text, from 0.
    pub(super) new: Range<usize>,
}

/// Compares line by line (Myers' algorithm).
pub(super) fn hunks(old: &[&str], new: &[&str]) -> Vec<Hunk> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut add = |old: Range<usize>, new: Range<usize>| match hunks.last_mut() {
        Some(last) if last.old.end == old.start && last.new.end == new.start => {
            last.old.end = old.end;
            last.new.end = new.end;
        }
        _ => hunks.push(Hunk { old, new }),
    };
    match matches(a, b) {
        Some(pairs) => {
            let (mut x, mut y) = (0, 0);
            for (i, j) in pairs.into_iter().chain([(a.len(), b.len())]) {
                if i > x || j > y {
                    add(head + x..head + i, head + y..head + j);
                }
                (x, y) = (i + 1, j + 1);
            }
        }
        None => add(head..head + a.len(), head..head + b.len()),
    }
    hunks
}

/// Returns the lines that stay, as pairs of indexes; `None` if the texts differ too much.
fn matches(old: &[&str], new: &[&str]) -> Option<Vec<(usize, usize)>> {
    let most = (old.len() + new.len()).min(DIFFERENCES);
    // frontier[k] is how far into the old text the best path on diagonal k (shifted by `most`) got.
    let mut frontier = vec![0usize; 2 * most + 3];
    let mut trace = Vec::new();
    for d in 0..=most {
        trace.push(frontier.clone());
        let mut k = most + 1 - d;
        while k <= most + 1 + d {
            let down = k == most + 1 - d || (k != most + 1 + d && frontier[k - 1] < frontier[k + 1]);
            let mut x = if down { frontier[k + 1] } else { frontier[k - 1] + 1 };
            // y = x - (k - (most + 1)); below zero the path left the table.
            let Some(mut y) = (x + most + 1).checked_sub(k) else {
                k += 2;
                continue;
            };
            while x < old.len() && y < new.len() && old[x] == new[y] {
                x += 1;
                y += 1;
            }
            frontier[k] = x;
            if x >= old.len() && y >= new.len() {
                return Some(walk_back(&trace, old.len(), new.len(), most));
            }
            k += 2;
        }
    }
    None
}

fn walk_back(trace: &[Vec<usize>], mut x: usize, mut y: usize, most: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (d, frontier) in trace.iter().enumerate().rev() {
        let k = x + most + 1 - y;
        let down = k == most + 1 - d || (k != most + 1 + d && frontier[k - 1] < frontier[k + 1]);
        let from = if down { k + 1 } else { k - 1 };
        let (start_x, start_y) = if d == 0 { (0, 0) } else { (frontier[from], frontier[from] + most + 1 - from) };
        while x > start_x
            && y > start_y
            && (d == 0 || x > start_x + usize::from(!down))
            && (d == 0 || y > start_y + usize::from(down))
        {
            x -= 1;
            y -= 1;
            pairs.push((x, y));
        }
        (x, y) = (start_x, start_y);
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apply(old: &[&str], new: &[&str], hunks: &[Hunk]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut at = 0;
        for hunk in hunks {
            out.extend(old[at..hunk.old.start].iter().map(|line| (*line).to_owned()));
            out.extend(new[hunk.new.clone()].iter().map(|line| (*line).to_owned()));
            at = hunk.old.end;
        }
        out.extend(old[at..].iter().map(|line| (*line).to_owned()));
        out
    }

    #[test]
    fn one_changed_line_is_one_hunk() {
        let hunks = hunks(&["a", "b", "c", "d"], &["a", "x", "c", "d", "e"]);
        assert_eq!(hunks, [Hunk { old: 1..2, new: 1..2 }, Hunk { old: 4..4, new: 4..5 }]);
    }

    proptest! {
        #[test]
        fn hunks_turn_the_old_text_into_the_new_one(
            old in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 0..30),
            new in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 0..30),
        ) {
            let hunks = hunks(&old, &new);
            prop_assert_eq!(apply(&old, &new, &hunks), new.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
            prop_assert!(hunks.iter().all(|hunk| !hunk.old.is_empty() || !hunk.new.is_empty()));
        }
    }
}
