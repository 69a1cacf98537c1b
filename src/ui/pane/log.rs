//! The log of a task: one line for each thing that happened, with details that unfold.

use ratatui::text::{Line, Span};

use super::time::{clock, short};
use crate::core::effect::Recorded;
use crate::core::fact::Fact;
use crate::core::lines;
use crate::model::agent::LogLine;
use crate::model::attempt::{AttemptEnd, AttemptRecord};
use crate::model::cost::Spent;
use crate::model::id::Seq;
use crate::model::plan::{Advice, Plan};
use crate::model::receipt::Receipt;
use crate::model::task::{Task, TaskState};
use crate::ui::body::{Item, Target};
use crate::ui::state::{State, Story, Tab};
use crate::ui::theme::Role;
use crate::ui::widget::{clip, plain, width};

/// More details than this are folded away.
const SHOWN: usize = 4;

/// What a tool says in one line is folded when it is longer than this.
const TEXT: usize = 160;

/// Columns of the label.
const LABEL: usize = 8;

/// One thing that happened.
struct Entry {
    label: String,
    text: String,
    details: Vec<String>,
    role: Role,
    /// Whether the details are shown only when asked for.
    is_folded: bool,
}

impl Entry {
    fn new(label: &str, text: impl Into<String>, role: Role) -> Self {
        Self { label: label.to_owned(), text: text.into(), details: Vec::new(), role, is_folded: false }
    }

    fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self.is_folded = !self.details.is_empty();
        self
    }
}

/// Returns the lines of the log, from a fact on: those that belong together with the place of their first fact.
pub(in crate::ui) fn groups(state: &State, story: &Story, columns: usize, from: usize) -> Vec<(usize, Vec<Item>)> {
    let mut groups: Vec<(usize, Vec<Item>)> = Vec::new();
    if story.cut && from == 0 {
        let text = "what came before is too long to be shown; orchestrator-tui logs has it";
        groups.push((0, vec![Line::styled(text, state.theme.style(Role::Dim)).into()]));
    }
    // On a narrow screen the minutes are enough.
    let seconds = columns >= 48;
    let mut facts = story.facts.iter().enumerate().skip(from).peekable();
    while let Some((place, recorded)) = facts.next() {
        let mut stages = Vec::new();
        if let Fact::Staged { stage, brings, .. } = &recorded.fact {
            stages.push(stage.name_for(*brings));
            while let Some(Fact::Staged { stage, brings, .. }) = facts.peek().map(|(_, next)| &next.fact) {
                stages.push(stage.name_for(*brings));
                facts.next();
            }
            let entry = Entry::new("stage", stages.join(&format!(" {} ", state.glyphs.dash)), Role::Dim);
            groups.push((place, shown(state, recorded, 0, &entry, seconds)));
            continue;
        }
        let entries = entries(state, recorded);
        let entries = entries.iter().enumerate();
        groups.push((
            place,
            entries.flat_map(|(number, entry)| shown(state, recorded, number, entry, seconds)).collect(),
        ));
    }
    groups
}

/// Returns what a fact tells: several things where an agent said several.
fn entries(state: &State, recorded: &Recorded) -> Vec<Entry> {
    let entry = match &recorded.fact {
        Fact::Logged { lines, .. } => return said(lines),
        Fact::Filed { task } => filed(task),
        Fact::AttemptStarted { number, landing: true, .. } => {
            Entry::new("land", format!("what attempt {number} made is brought in"), Role::Text)
        }
        Fact::AttemptStarted { number, slot, .. } => {
            Entry::new("attempt", format!("{number} begins, in workspace {}", slot.0), Role::Text)
        }
        Fact::Planned { plan, .. } => planned(plan),
        Fact::Messaged { text, .. } => {
            let mut lines = text.lines().map(plain);
            Entry::new("you", lines.next().unwrap_or_default(), Role::Accent).details(lines)
        }
        Fact::AttemptEnded { record, then, .. } => ended(record, then),
        Fact::Landed { receipt, .. } => landed(receipt),
        fact => {
            let Some(text) = lines::local_line(fact, recorded.at, state.offset) else { return Vec::new() };
            let own = fact.task().map(|task| format!("{task} ")).unwrap_or_default();
            // Elsewhere it is no label, but what is said: reported by it, waits for it.
            let text = text.strip_prefix(own.as_str()).unwrap_or(&text);
            // What to type elsewhere is a key here, and stands in the footer.
            let text = text.split("; `orchestrator-tui").next().unwrap_or_default();
            let (label, role) = labelled(fact);
            let text = text.strip_prefix(label).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text);
            let mut lines = text.lines().map(plain);
            let first = lines.next().unwrap_or_default();
            Entry::new(label, first, role).details(lines)
        }
    };
    vec![entry]
}

/// Names what happened in a word.
fn labelled(fact: &Fact) -> (&'static str, Role) {
    match fact {
        Fact::Held { .. } => ("held", Role::Text),
        Fact::Questioned { .. } => ("asks", Role::Warn),
        Fact::Answered { .. } | Fact::Closed { .. } => ("answer", Role::Text),
        Fact::Released { .. } | Fact::Retried { .. } => ("queued", Role::Text),
        Fact::Ready { .. } => ("ready", Role::Warn),
        Fact::NeedsReview { .. } => ("review", Role::Warn),
        Fact::Ended { .. } => ("over", Role::Text),
        Fact::Undone { .. } | Fact::TakenBack { .. } | Fact::Replaced { .. } => ("undone", Role::Text),
        _ => ("", Role::Dim),
    }
}

/// Puts lines together that one tool or agent said in one go.
fn said(lines: &[LogLine]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in lines {
        match entries.last_mut() {
            Some(last) if line.label.is_empty() || (last.label == line.label && !line.is_words()) => {
                last.details.push(plain(&line.text));
                last.is_folded |= last.details.len() > SHOWN;
            }
            _ => {
                let role = match line.label.as_str() {
                    "error" | "refused" => Role::Bad,
                    _ => Role::Accent,
                };
                let text = plain(&line.text);
                let entry = Entry::new(&plain(&line.label), clip(&text, TEXT, "…"), role);
                let is_cut = !line.is_words() && width(&text) > TEXT;
                entries.push(if is_cut { entry.details([text]) } else { Entry { text, ..entry } });
            }
        }
    }
    entries
}

fn filed(task: &Task) -> Entry {
    if let Some(assignment) = task.assignment() {
        let event = assignment.event.map(|event| format!(", by event {}", event.0)).unwrap_or_default();
        let after: Vec<String> = assignment.after.iter().map(ToString::to_string).collect();
        let after = if after.is_empty() { String::new() } else { format!(", after {}", after.join(", ")) };
        return Entry::new("filed", format!("for the role {}{event}{after}", plain(&assignment.role)), Role::Text);
    }
    let fails = match task.failures.len() {
        0 => "its check is red".to_owned(),
        1 => "1 failure".to_owned(),
        more => format!("{more} failures"),
    };
    let before =
        if task.red_before.is_empty() { String::new() } else { format!(", {} red before", task.red_before.len()) };
    let failures = task.failures.iter().map(|failure| plain(&failure.id));
    Entry::new("filed", format!("{fails}{before}"), Role::Text).details(failures)
}

fn planned(plan: &Plan) -> Entry {
    match &plan.advice {
        Advice::Strategy(text) => {
            let lines = text.lines().map(plain).filter(|line| !line.trim().is_empty());
            Entry::new("plan", format!("a strategy in {}", short(plan.took)), Role::Accent).details(lines)
        }
        Advice::Basic { why } => {
            let text = format!("the basic strategy, after {}: {}", short(plan.took), plain(why));
            Entry::new("plan", text, Role::Text)
        }
    }
}

fn ended(record: &AttemptRecord, then: &TaskState) -> Entry {
    let waits = record.landing && matches!(then, TaskState::Review(_) | TaskState::Ready(_));
    let role = if record.end == AttemptEnd::Verified && !waits { Role::Good } else { Role::Text };
    let said = match &record.end {
        AttemptEnd::Refuted { run, .. } => run.findings.excerpt.lines().map(plain).collect(),
        _ => Vec::new(),
    };
    let summary = record.summary.lines().map(|line| format!("it said: {}", plain(line)));
    if record.landing {
        let text = match record.end {
            AttemptEnd::Verified if waits => format!("not landed, after {}", short(record.took)),
            AttemptEnd::Verified => format!("green in your tree, after {}", short(record.took)),
            _ => format!("{} after {}", plain(&record.end.to_string()), short(record.took)),
        };
        return Entry::new("land", text, role).details(said);
    }
    let end = plain(&record.end.to_string());
    let text = format!("{} {end} after {}{}", record.number, short(record.took), priced(record.spent));
    Entry::new("attempt", text, role).details(summary.chain(said))
}

/// Writes what something cost after a comma; nothing where no price is known.
fn priced(spent: Spent) -> String {
    spent.price().map(|_| format!(", {spent}")).unwrap_or_default()
}

fn landed(receipt: &Receipt) -> Entry {
    let files = receipt.files.iter().map(|file| format!("{}  +{} −{}", file.path, file.added, file.removed));
    let green = receipt.green.iter().map(|witness| format!("green: {} in {}", witness.check, short(witness.took)));
    let by = plain(&receipt.by);
    let text = format!("in your tree, by {by}, {}{}", short(receipt.took), priced(receipt.spent));
    let details: Vec<String> = files.chain(green).collect();
    Entry { is_folded: details.len() > SHOWN, ..Entry::new("landed", text, Role::Good).details(details) }
}

/// Writes an entry: time, label, text, and its details or how many there are.
fn shown(state: &State, recorded: &Recorded, number: usize, entry: &Entry, seconds: bool) -> Vec<Item> {
    let dim = state.theme.style(Role::Dim);
    let time = if number == 0 { clock(state, recorded.at) } else { " ".repeat(8) };
    let time = if seconds { time } else { time.chars().take(5).collect() };
    let hang = time.len() + 1 + LABEL + 1;
    let label = clip(&entry.label, LABEL, state.glyphs.more);
    let pad = " ".repeat((LABEL + 1).saturating_sub(width(&label)));
    let label_role = if entry.role == Role::Text { Role::Dim } else { entry.role };
    let text_role = match entry.role {
        Role::Dim => Role::Dim,
        Role::Good => Role::Good,
        _ => Role::Text,
    };
    let mut spans = vec![
        Span::styled(format!("{time} "), dim),
        Span::styled(format!("{label}{pad}"), state.theme.style(label_role)),
        Span::styled(entry.text.clone(), state.theme.style(text_role)),
    ];
    // Only the first entry of a fact folds: its number names it.
    let seq = Seq(recorded.seq.0.wrapping_mul(64) + (number as u64).min(63));
    let is_open = !entry.is_folded || state.unfolded.contains(&(Tab::Log, seq));
    let target = entry.is_folded.then_some(Target::Fold(seq));
    if !is_open {
        let lines = entry.details.len();
        let text = format!("  +{lines} {}", if lines == 1 { "line" } else { "lines" });
        spans.push(Span::styled(text, state.theme.style(Role::Accent)));
    }
    let mut items = vec![Item { line: Line::from(spans), hang, target }];
    if is_open {
        let indent = " ".repeat(hang);
        items.extend(entry.details.iter().map(|text| {
            let line = Line::from(vec![Span::raw(indent.clone()), Span::styled(text.clone(), dim)]);
            Item { line, hang: 0, target: None }
        }));
    }
    items
}
