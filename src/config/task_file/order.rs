//! Whether the tasks of a file can follow each other as they say: every name is known, and nobody waits for himself.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::diagnostic::nearest;
use crate::config::task_file::fields::{Placed, Reader};

/// A task's id and what it waits for.
pub(super) struct Step<'a> {
    /// Its id.
    pub(super) id: &'a str,
    /// The ids of others.
    pub(super) after: &'a [Placed<String>],
}

/// Notes what is wrong with the order, and returns for each task all that comes before it, directly or not.
pub(super) fn judge<'a>(reader: &mut Reader<'_>, steps: &[Step<'a>]) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let known: BTreeSet<&str> = steps.iter().map(|step| step.id).collect();
    for step in steps {
        for name in step.after.iter().filter(|name| !known.contains(&*name.value)) {
            let hint = match nearest(&name.value, known.iter().copied().filter(|id| *id != step.id && !id.is_empty())) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "depends_on names ids of tasks of this file".to_owned(),
            };
            reader.error(&name.range, format!("there is no task {} in this file", name.value), hint);
        }
    }
    let mut open: BTreeMap<&str, &[Placed<String>]> = steps.iter().map(|step| (step.id, step.after)).collect();
    let mut before: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
    loop {
        // What waits for nothing that is open is in order.
        while let Some(free) = next_free(steps, &open) {
            let mut all = BTreeSet::new();
            for name in free.after {
                if let Some((name, theirs)) = before.get_key_value(&*name.value) {
                    all.extend(theirs.iter().copied().chain([*name]));
                }
            }
            before.insert(free.id, all);
            open.remove(free.id);
        }
        let Some(step) = steps.iter().find(|step| open.contains_key(step.id)) else { return before };
        let circle = circle_from(step.id, &open);
        report(reader, &circle, &open);
        for id in circle {
            open.remove(id);
        }
    }
}

fn next_free<'s, 'a>(steps: &'s [Step<'a>], open: &BTreeMap<&str, &[Placed<String>]>) -> Option<&'s Step<'a>> {
    steps
        .iter()
        .find(|step| open.contains_key(step.id) && step.after.iter().all(|name| !open.contains_key(&*name.value)))
}

/// Follows what is waited for until a task comes again; all that is open waits for something open.
fn circle_from<'a>(start: &'a str, open: &BTreeMap<&'a str, &'a [Placed<String>]>) -> Vec<&'a str> {
    let mut way = vec![start];
    loop {
        let last = way.last().copied().unwrap_or(start);
        let after = open.get(last).copied().unwrap_or_default();
        let Some(next) = after.iter().map(|name| &*name.value).find(|name| open.contains_key(name)) else {
            return way;
        };
        if let Some(at) = way.iter().position(|id| *id == next) {
            return way.split_off(at);
        }
        way.push(next);
    }
}

fn report(reader: &mut Reader<'_>, circle: &[&str], open: &BTreeMap<&str, &[Placed<String>]>) {
    let (Some(first), next) = (circle.first(), circle.get(1).or(circle.first())) else { return };
    let after = open.get(first).copied().unwrap_or_default();
    let Some(place) = after.iter().find(|name| Some(&&*name.value) == next) else { return };
    let message = if circle.len() == 1 {
        format!("{first} waits for itself")
    } else {
        format!("these wait for each other: {} → {first}", circle.join(" → "))
    };
    reader.error(&place.range, message, "remove one depends_on of the circle");
}
