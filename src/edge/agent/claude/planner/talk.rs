//! One conversation with a planner: when it can be asked, which words are the answer, and what it has cost.

use std::time::Duration;

use super::bill::{Bill, Past};
use super::hook::{HookEvent, MARK};
use super::quote::paste;
use super::screen::{Screen, Sign, Title};
use super::typed::TypedLine;
use crate::model::cost::Spent;
use crate::model::id::{PlanId, TaskId};
use crate::model::plan::PlannerState;
use crate::model::time::Moment;

/// How long a paste may take to be taken as a prompt.
const TAKEN: Duration = Duration::from_secs(20);

/// How long the title may say that nothing works before a turn without an end counts as interrupted. No hook tells of
/// an interrupt; the hook of an ordinary end may be late on a busy machine.
const INTERRUPTED: Duration = Duration::from_secs(10);

/// How long a turn may take to be known by its hook after its prompt was handed over, or came to its turn.
const STIRRED: Duration = Duration::from_secs(3);

/// How long the price of a turn may take to be known after its end.
const BILLED: Duration = Duration::from_secs(3);

/// From how full a context on the next question begins a fresh conversation, in percent.
const FULL: u8 = 50;

/// Something that follows from what was heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The answer to a question.
    Answer(PlanId, String),
    /// There will be no answer, for this reason.
    Silent(PlanId, String),
    /// So much more was spent, for this task or for what a person asked.
    Used(Option<TaskId>, Spent),
}

/// A question that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Question {
    plan: PlanId,
    task: TaskId,
}

/// Whose turn runs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Turn {
    None,
    /// Ours was pasted, and is not yet taken as a prompt.
    Sent(Question, Moment),
    /// Ours.
    Ours {
        question: Question,
        id: Option<String>,
        answered: bool,
    },
    /// That of a person, or one of ours that was given up.
    Theirs,
}

/// The state of one conversation in one process.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each notes one sign that was seen, in no order")]
pub struct Talk {
    /// The conversation, and what is known of its bill.
    past: Past,
    screen: Screen,
    typed: TypedLine,
    pastes: bool,
    started: bool,
    turn: Turn,
    /// A dialog was announced, or a line was handed over of which nothing came: a command of its own may have opened one.
    dialog: bool,
    /// Whether the title has shown work in this turn, and since when it shows none.
    worked: bool,
    quiet: Option<Moment>,
    /// Whose money is being spent.
    spender: Option<TaskId>,
    context: u8,
    /// Since when a turn of ours is over whose price is not known.
    owes: Option<Moment>,
    turns: u32,
    active: Moment,
    /// When a turn ended or a line was handed over.
    stirred: Option<Moment>,
}

impl Talk {
    /// Begins with a process that was just started, in a conversation that may have been before.
    pub fn new(past: Past, now: Moment) -> Self {
        Self {
            past,
            screen: Screen::default(),
            typed: TypedLine::default(),
            pastes: false,
            started: false,
            turn: Turn::None,
            dialog: false,
            worked: false,
            quiet: None,
            spender: None,
            context: 0,
            owes: None,
            turns: 0,
            active: now,
            stirred: None,
        }
    }

    /// Returns what it is doing.
    pub fn state(&self) -> PlannerState {
        match &self.turn {
            _ if !self.pastes || !self.started => PlannerState::Starting,
            Turn::Sent(..) | Turn::Ours { answered: false, .. } => PlannerState::Asked,
            Turn::Ours { answered: true, .. } | Turn::Theirs => PlannerState::Busy,
            Turn::None if self.typed.is_half_written() => PlannerState::Typing,
            Turn::None if self.dialog || !self.typed.is_empty() => PlannerState::Dialog,
            // The next question shall know what the one before has cost.
            Turn::None if self.owes.is_some() => PlannerState::Asked,
            Turn::None => PlannerState::Idle,
        }
    }

    /// Returns the conversation's id, if it can be gone on with: one without a turn is not kept.
    pub fn resumable(&self) -> Option<Past> {
        (self.turns > 0 && !self.is_full()).then(|| self.past.clone())
    }

    /// Whether the next question should begin a fresh conversation.
    pub fn is_full(&self) -> bool {
        self.context >= FULL
    }

    /// Returns since when nothing has happened, if it may be put to sleep: nothing runs and no line is half written.
    pub fn sleeps_from(&self) -> Option<Moment> {
        let may = match self.state() {
            PlannerState::Starting | PlannerState::Idle | PlannerState::Dialog => true,
            PlannerState::Asleep | PlannerState::Asked | PlannerState::Busy | PlannerState::Typing => false,
        };
        may.then_some(self.active)
    }

    /// Returns what asks a question: one paste, the mark first, and Enter. `None` unless it is idle, no dialog is open and
    /// no line half written.
    pub fn ask(&mut self, now: Moment, plan: PlanId, task: TaskId, prompt: &str) -> Option<Vec<u8>> {
        if self.state() != PlannerState::Idle {
            return None;
        }
        self.active = now;
        self.turn = Turn::Sent(Question { plan, task }, now);
        Some(paste(&format!("{} for {task}\n\n{prompt}", mark(plan))))
    }

    /// Notes that a question was not asked after all: somebody typed in the same moment, and nothing was written.
    pub fn unask(&mut self) {
        if matches!(self.turn, Turn::Sent(..)) {
            self.turn = Turn::None;
        }
    }

    /// Takes the next bytes of its screen.
    pub fn screen(&mut self, now: Moment, bytes: &[u8]) {
        for sign in self.screen.feed(bytes) {
            match sign {
                Sign::Pastes(pastes) => self.pastes = pastes,
                Sign::Title(Title::Works) => {
                    self.worked = true;
                    self.quiet = None;
                    self.dialog = false;
                }
                Sign::Title(Title::Waits) => self.quiet = self.quiet.or(Some(now)),
            }
        }
    }

    /// Takes what a person typed.
    pub fn typed(&mut self, now: Moment, bytes: &[u8]) {
        self.active = now;
        if self.typed.feed(bytes, self.is_calm(now)) {
            // Until a hook says that it was a prompt it may have been a command that opens a dialog.
            self.dialog = true;
            self.stirred = Some(now);
        }
    }

    /// Whether no turn runs and none is about to: a prompt that waited for its turn, or was just handed over, is known by
    /// its hook soon.
    fn is_calm(&self, now: Moment) -> bool {
        self.turn == Turn::None && self.stirred.is_none_or(|since| since.after(STIRRED) <= now)
    }

    /// Returns whose question it is when a dialog opens now: that of our turn, if it is ours.
    pub fn asking(&self) -> Option<PlanId> {
        match &self.turn {
            Turn::Ours { question, .. } => Some(question.plan),
            Turn::None | Turn::Sent(..) | Turn::Theirs => None,
        }
    }

    /// Notes that a dialog is over. `here`: a person has answered it in the terminal; then the key that did so stands in no
    /// line.
    pub fn dialog_over(&mut self, here: bool) {
        self.dialog = false;
        self.typed.dialog_closes(here);
    }

    /// Notes that its dialog was left by "no", which ends the turn without another word.
    pub fn stopped_here(&mut self, now: Moment) -> Option<Heard> {
        self.dialog_over(true);
        let heard = self.silent("its turn was interrupted in its terminal");
        self.end_turn(now);
        heard
    }

    /// Takes what a hook says; returns what follows.
    pub fn hook(&mut self, now: Moment, event: HookEvent) -> Vec<Heard> {
        let mut heard = Vec::new();
        match event {
            HookEvent::Begins { conversation } => {
                if !conversation.is_empty() && conversation != self.past.conversation {
                    self.past.conversation = conversation;
                    self.past.tokens = (0, 0);
                }
                self.started = true;
                self.typed.taken();
                self.end_turn(now);
            }
            HookEvent::Prompted { prompt, id, plans } => heard.extend(self.prompted(now, &prompt, id, plans)),
            HookEvent::Plans { id, plan } => heard.extend(self.answer(id.as_deref(), &plan)),
            HookEvent::Asks => {
                self.dialog = true;
                self.typed.dialog_opens();
            }
            HookEvent::Stops { id, said } => {
                if self.is_this_turn(id.as_deref()) {
                    heard.extend(self.answer(id.as_deref(), &said));
                    if let Turn::Ours { question, answered: false, .. } = self.turn {
                        heard.push(Heard::Silent(question.plan, "it ended its turn without a word".to_owned()));
                    }
                    self.turns += 1;
                    let is_ours = matches!(self.turn, Turn::Ours { .. });
                    self.end_turn(now);
                    self.owes = is_ours.then_some(now);
                }
            }
            HookEvent::Fails { why } => {
                heard.extend(self.silent(&format!("the service refused: {why}")));
                self.end_turn(now);
            }
            HookEvent::Status { total, context, bill } => {
                let spent = self.past.used(total, bill);
                heard.extend(self.bill(spent));
                self.context = context.unwrap_or(self.context);
                self.owes = None;
            }
            HookEvent::Other => {}
        }
        heard
    }

    /// Says what follows from the time alone.
    pub fn tick(&mut self, now: Moment) -> Vec<Heard> {
        if let Turn::Sent(question, since) = self.turn
            && since.after(TAKEN) <= now
        {
            self.end_turn(now);
            // Where it went is not known.
            self.dialog = true;
            return vec![Heard::Silent(question.plan, "it did not take the question".to_owned())];
        }
        if self.owes.is_some_and(|since| since.after(BILLED) <= now) {
            self.owes = None;
        }
        if self.interrupted_at().is_some_and(|at| at <= now) {
            let heard = self.silent("its turn was interrupted in its terminal");
            self.end_turn(now);
            return heard.into_iter().collect();
        }
        Vec::new()
    }

    /// Returns when time alone changes something.
    pub fn due(&self) -> Option<Moment> {
        match &self.turn {
            Turn::Sent(_, since) => Some(since.after(TAKEN)),
            Turn::Ours { .. } | Turn::Theirs => self.interrupted_at(),
            Turn::None => self.owes.map(|since| since.after(BILLED)),
        }
    }

    fn interrupted_at(&self) -> Option<Moment> {
        let runs = matches!(self.turn, Turn::Ours { .. } | Turn::Theirs);
        self.quiet.filter(|_| runs && self.worked && !self.dialog).map(|since| since.after(INTERRUPTED))
    }

    fn prompted(&mut self, now: Moment, prompt: &str, id: Option<String>, plans: Option<bool>) -> Option<Heard> {
        let sent = if let Turn::Sent(question, _) = self.turn { Some(question) } else { None };
        let ours = sent.filter(|question| prompt.contains(&mark(question.plan)));
        if ours.is_some() && plans == Some(false) {
            // Its hook has refused it already.
            let heard = self.silent("it is not in plan mode; shift+tab in its terminal brings it there");
            self.end_turn(now);
            return heard;
        }
        if ours.is_none() {
            self.typed.taken();
        }
        // Without an end of its own the turn before was interrupted, and another prompt was waiting.
        let heard = if ours.is_some() { None } else { self.silent("another prompt came first") };
        self.end_turn(now);
        self.spender = ours.map(|question| question.task);
        self.turn = match ours {
            Some(question) => Turn::Ours { question, id, answered: false },
            None => Turn::Theirs,
        };
        heard
    }

    /// Whether an event belongs to the turn that runs, by the id of its prompt where there is one.
    fn is_this_turn(&self, id: Option<&str>) -> bool {
        match &self.turn {
            Turn::Ours { id: Some(known), .. } => id.is_none_or(|id| id == known),
            Turn::Ours { id: None, .. } | Turn::Theirs | Turn::None => true,
            Turn::Sent(..) => false,
        }
    }

    fn answer(&mut self, id: Option<&str>, text: &str) -> Option<Heard> {
        if !self.is_this_turn(id) || text.trim().is_empty() {
            return None;
        }
        let Turn::Ours { question, answered, .. } = &mut self.turn else { return None };
        if std::mem::replace(answered, true) {
            return None;
        }
        Some(Heard::Answer(question.plan, text.trim().to_owned()))
    }

    fn silent(&self, why: &str) -> Option<Heard> {
        match &self.turn {
            Turn::Sent(question, _) | Turn::Ours { question, answered: false, .. } => {
                Some(Heard::Silent(question.plan, why.to_owned()))
            }
            Turn::Ours { answered: true, .. } | Turn::Theirs | Turn::None => None,
        }
    }

    fn end_turn(&mut self, now: Moment) {
        if self.turn != Turn::None {
            self.stirred = Some(now);
        }
        self.dialog_over(true);
        self.turn = Turn::None;
        self.worked = false;
        self.quiet = None;
        self.active = now;
    }

    /// Whether a turn is over whose price is about to be known.
    pub fn owes(&self) -> bool {
        self.turn == Turn::None && self.owes.is_some()
    }

    /// Returns for whom it works, and what of the conversation is paid.
    pub fn billed(&self) -> (Option<TaskId>, Spent) {
        (self.spender, self.past.billed())
    }

    fn bill(&self, spent: Option<Spent>) -> Option<Heard> {
        spent.map(|spent| Heard::Used(self.spender, spent))
    }

    /// Takes what the transcript says when the process has ended: also a turn that was cut off has its price. Tokens that
    /// never had one are of unknown price.
    pub fn settle(&mut self, bill: Bill) -> Option<Heard> {
        let spent = self.past.settle(bill);
        self.bill(spent)
    }
}

fn mark(plan: PlanId) -> String {
    format!("{MARK}{}]", plan.0)
}

#[cfg(test)]
#[path = "talk_tests.rs"]
mod tests;
