//! What a task waits for and what waits for it, or all that was filed with it, as a tree that folds; each task stands in it
//! once.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::text::{Line, Span};

use super::tasks::{short_why, sign};
use crate::core::view::Row;
use crate::model::id::TaskId;
use crate::ui::body::{Item, Target};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, clip_clauses, clip_line, plain, width};
use crate::ui::work::overrun;

/// How many tasks are drawn; more are only counted.
const MOST: usize = 500;

/// How deep lines are indented; what is deeper stands there too.
const DEEPEST: usize = 16;

/// The columns between a name and why the task is where it is.
const GAP: usize = 2;

/// Returns the lines of the tab.
pub(super) fn items(state: &State, columns: usize) -> Vec<Item> {
    let dim = state.theme.style(Role::Dim);
    let Some(selected) = state.row() else { return Vec::new() };
    let rows: BTreeMap<TaskId, &Row> = state.view.rows.iter().map(|row| (row.id, row)).collect();
    let members = members(selected, &rows);
    if members.len() == 1 {
        let text = match selected.work.as_ref().map(|work| work.after.len()) {
            Some(1..) => "what it waited for is no longer remembered, and nothing waits for it",
            Some(0) | None => "it waits for no other task, and none waits for it",
        };
        return vec![Line::styled(text, dim).into()];
    }
    let mut items = Vec::new();
    let batch = selected.work.as_ref().and_then(|work| work.batch);
    if let Some(batch) = batch.and_then(|id| state.view.batches.iter().find(|batch| batch.id == id)) {
        let text = format!("batch {}: {}, {} tasks", batch.id.0, plain(&batch.title), batch.tasks);
        items.push(Line::styled(text, state.theme.style(Role::Heading)).into());
    }
    let shown = branches(&members, &rows, &state.folded);
    let known: Vec<(&Branch, &Row)> =
        shown.iter().filter_map(|branch| Some((branch, *rows.get(&branch.task)?))).collect();
    // The reasons stand below each other, so that one can run down them; names have what the reasons leave.
    let reason = known.iter().map(|(branch, row)| reason(state, row, branch, columns).width()).max().unwrap_or(0);
    let names = known.iter().map(|(branch, row)| width(&lead(state, branch)) + width(&name(row))).max().unwrap_or(0);
    let names = names.min(columns.saturating_sub(reason).max(columns * 3 / 5));
    items.extend(known.into_iter().map(|(branch, row)| item(state, selected.id, row, branch, (names, columns))));
    let known = shown.len() + shown.iter().filter_map(|branch| branch.folded).sum::<usize>();
    if known < members.len() {
        items.push(Line::styled(format!("and {} more; a fold above makes room", members.len() - known), dim).into());
    }
    items
}

/// Returns the tasks of the same batch, and everything that these wait for or that waits for them.
fn members(selected: &Row, rows: &BTreeMap<TaskId, &Row>) -> BTreeSet<TaskId> {
    let batch = selected.work.as_ref().and_then(|work| work.batch);
    let mut dependents: BTreeMap<TaskId, Vec<TaskId>> = BTreeMap::new();
    let mut up: Vec<TaskId> = vec![selected.id];
    for row in rows.values() {
        let Some(work) = &row.work else { continue };
        for other in &work.after {
            dependents.entry(*other).or_default().push(row.id);
        }
        if batch.is_some() && work.batch == batch {
            up.push(row.id);
        }
    }
    let mut down = up.clone();
    let mut members: BTreeSet<TaskId> = BTreeSet::new();
    // What it waits for, and what those wait for; then what waits for it. Not the rest that waits for the same.
    while let Some(id) = up.pop() {
        if members.insert(id)
            && let Some(work) = rows.get(&id).and_then(|row| row.work.as_ref())
        {
            up.extend(work.after.iter().filter(|other| rows.contains_key(other)));
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(id) = down.pop() {
        if seen.insert(id) {
            members.insert(id);
            down.extend(dependents.get(&id).into_iter().flatten());
        }
    }
    members
}

/// A task in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Branch {
    task: TaskId,
    /// For each level above it, and for itself, whether more follows there.
    follows: Vec<bool>,
    /// What else it waits for, besides what it stands below.
    also: Vec<TaskId>,
    /// Whether others stand below it.
    has_more: bool,
    /// How many of them are folded away, if it is folded.
    folded: Option<usize>,
}

/// Puts each task once below the latest of what it waits for, as many as are drawn.
fn branches(members: &BTreeSet<TaskId>, rows: &BTreeMap<TaskId, &Row>, folds: &BTreeSet<TaskId>) -> Vec<Branch> {
    let after = |id: TaskId| {
        let work = rows.get(&id).and_then(|row| row.work.as_ref());
        // What is waited for was filed before: so nothing can stand below itself.
        let known = work.map(|work| work.after.as_slice()).unwrap_or_default().iter().copied();
        known.filter(move |other| *other < id && members.contains(other))
    };
    let mut below: BTreeMap<Option<TaskId>, Vec<TaskId>> = BTreeMap::new();
    for id in members {
        below.entry(after(*id).max()).or_default().push(*id);
    }
    let mut out = Vec::new();
    let push = |stack: &mut Vec<(TaskId, Vec<bool>)>, parent: Option<TaskId>, above: &[bool]| {
        let children = below.get(&parent).map(Vec::as_slice).unwrap_or_default();
        for (at, child) in children.iter().enumerate().rev() {
            let mut follows = above.to_vec();
            follows.push(at + 1 < children.len());
            stack.push((*child, follows));
        }
    };
    let mut stack = Vec::new();
    push(&mut stack, None, &[]);
    while let Some((task, follows)) = stack.pop()
        && out.len() < MOST
    {
        let parent = after(task).max();
        let also = after(task).filter(|other| Some(*other) != parent).collect();
        let has_more = below.contains_key(&Some(task));
        let folded = (has_more && folds.contains(&task)).then(|| count(&below, task));
        if folded.is_none() {
            push(&mut stack, Some(task), &follows);
        }
        out.push(Branch { task, follows, also, has_more, folded });
    }
    out
}

/// Returns how many stand below a task, however deep.
fn count(below: &BTreeMap<Option<TaskId>, Vec<TaskId>>, task: TaskId) -> usize {
    let mut left = vec![task];
    let mut found = 0;
    while let Some(id) = left.pop() {
        let children = below.get(&Some(id)).map(Vec::as_slice).unwrap_or_default();
        found += children.len();
        left.extend(children);
    }
    found
}

/// Draws the lines that lead to a task, and whether something is folded below it.
fn lead(state: &State, branch: &Branch) -> String {
    let (along, end, through) = if state.glyphs.lines { ("├", "└", "│  ") } else { ("|", "`", "|  ") };
    let mut lead = String::new();
    let Some((own, above)) = branch.follows.split_last() else { return lead };
    let deep = above.len().saturating_sub(DEEPEST);
    for more in above.iter().skip(1.max(deep)) {
        lead.push_str(if *more { through } else { "   " });
    }
    // Roots stand at the edge.
    if !above.is_empty() {
        lead.push_str(if *own { along } else { end });
    }
    lead.push_str(match (branch.has_more, branch.folded) {
        (true, Some(_)) => state.glyphs.folded,
        (true, None) => state.glyphs.open,
        (false, _) if above.is_empty() => " ",
        (false, _) => state.glyphs.dash,
    });
    lead.push(' ');
    lead
}

/// Names a task, with a sign and a space before it.
fn name(row: &Row) -> String {
    format!("? {} {}", row.id, plain(&row.title))
}

/// Says why a task is where it is, what else it waits for, and how many are folded below it.
fn reason(state: &State, row: &Row, branch: &Branch, columns: usize) -> Line<'static> {
    let also: Vec<String> = branch.also.iter().map(ToString::to_string).collect();
    let (below, over) = (branch.folded.map(|count| format!("{count} below")), overrun(state, row));
    let taken: usize = below.iter().chain(&over).map(|text| width(text) + GAP).sum();
    let why = clip_clauses(&short_why(state, row), columns.saturating_sub(taken), state.glyphs.more);
    let parts = [
        below.map(|below| (below, Role::Accent)),
        over.map(|over| (over, Role::Warn)),
        Some((why, Role::Dim)),
        (!also.is_empty()).then(|| (format!("also after {}", also.join(", ")), Role::Dim)),
    ];
    let parts = parts.into_iter().flatten().map(|(text, role)| Span::styled(text, state.theme.style(role)));
    Line::from(parts.flat_map(|part| [part, Span::raw("  ")]).collect::<Vec<_>>())
}

fn item(state: &State, selected: TaskId, row: &Row, branch: &Branch, (names, columns): (usize, usize)) -> Item {
    let dim = state.theme.style(Role::Dim);
    let lead = lead(state, branch);
    let (glyph, role) = sign(state, row);
    let is_selected = row.id == selected;
    let style = state.theme.style(if is_selected { Role::Accent } else { Role::Text });
    let hang = width(&lead) + 2;
    let number = format!("{} ", row.id);
    let room = names.saturating_sub(hang + width(&number));
    let title = clip(&plain(&row.title), room, state.glyphs.more);
    let pad = " ".repeat(room.saturating_sub(width(&title)) + GAP);
    let left = columns.saturating_sub(names + GAP);
    let mut spans = vec![
        Span::styled(lead, dim),
        Span::styled(format!("{glyph} "), state.theme.style(role)),
        Span::styled(number, dim),
        Span::styled(title, style),
        Span::raw(pad),
    ];
    spans.extend(reason(state, row, branch, left).spans);
    let line = clip_line(Line::from(spans), columns, state.glyphs.more);
    let target = if branch.has_more { Target::Branch(row.id) } else { Target::Task(row.id) };
    Item { line, hang, target: Some(target) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::view::{Allowed, Group, Work};
    use crate::model::assignment::Lane;
    use crate::model::cost::Spent;

    fn row(id: u32, after: &[u32]) -> Row {
        let work = Work {
            subject: None,
            role: "coding".to_owned(),
            lane: Lane::Queue,
            batch: None,
            after: after.iter().copied().map(TaskId).collect(),
            began: None,
            worked: 0,
            expected: None,
        };
        Row {
            id: TaskId(id),
            check: None,
            title: String::new(),
            work: Some(Box::new(work)),
            group: Group::Queued,
            why: String::new(),
            until: None,
            since: None,
            took: None,
            stage: None,
            session: None,
            attempts: (0, 5),
            spent: Spent::default(),
            quiet: None,
            typical: None,
            allowed: Allowed::default(),
        }
    }

    fn tree(rows: &[Row], of: u32) -> (usize, Vec<(u32, usize)>) {
        let known: BTreeMap<TaskId, &Row> = rows.iter().map(|row| (row.id, row)).collect();
        let members = members(known[&TaskId(of)], &known);
        let drawn = branches(&members, &known, &BTreeSet::new());
        (members.len(), drawn.iter().map(|branch| (branch.task.0, branch.follows.len())).collect())
    }

    #[test]
    fn each_task_stands_once_below_the_latest_of_what_it_waits_for() {
        let rows = [row(1, &[]), row(2, &[1]), row(3, &[1]), row(4, &[2, 3]), row(5, &[4]), row(6, &[1]), row(7, &[])];
        assert_eq!(tree(&rows, 4), (5, vec![(1, 1), (2, 2), (3, 2), (4, 3), (5, 4)]));
        assert_eq!(tree(&rows, 7), (1, vec![(7, 1)]));
        assert_eq!(tree(&rows, 1).0, 6, "all that waits for it");
    }

    #[test]
    fn what_is_folded_is_counted_and_not_drawn() {
        let rows = [row(1, &[]), row(2, &[1]), row(3, &[2]), row(4, &[2]), row(5, &[4]), row(6, &[1])];
        let known: BTreeMap<TaskId, &Row> = rows.iter().map(|row| (row.id, row)).collect();
        let members = members(known[&TaskId(1)], &known);
        let folds = BTreeSet::from([TaskId(2), TaskId(6)]);
        let drawn = branches(&members, &known, &folds);
        let drawn: Vec<_> = drawn.iter().map(|branch| (branch.task.0, branch.has_more, branch.folded)).collect();
        assert_eq!(drawn, [(1, true, None), (2, true, Some(3)), (6, false, None)], "a leaf has nothing to fold");
    }

    #[test]
    fn a_circle_and_a_chain_without_end_are_drawn_all_the_same() {
        let circle = [row(1, &[3]), row(2, &[1]), row(3, &[2, 3])];
        assert_eq!(tree(&circle, 2).1.len(), 3);
        let chain: Vec<Row> = (1..=10_000).map(|id| row(id, &[id - 1])).collect();
        let (members, drawn) = tree(&chain, 5_000);
        assert_eq!((members, drawn.len()), (10_000, MOST));
    }
}
