//! Plays a story: hands the inputs of its lines to the machine in time, and writes down what follows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use orchestrator_tui::core::effect::{Effect, Recorded};
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::Input;
use orchestrator_tui::core::matching::Matcher;
use orchestrator_tui::core::supervisor::Supervisor;
use orchestrator_tui::model::id::{RequestId, SessionId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::settings::Settings;
use orchestrator_tui::model::time::{Moment, Now, Wall, brief};
use orchestrator_tui::model::workspace::RepoState;
use toml::{Table, Value};

use super::edge::Edge;
use super::lines::Teller;
use super::settings;

/// The calendar at the beginning of every story: 2026-01-01, midnight.
pub(super) const DAWN: u64 = 1_767_225_600_000;

/// A story as it is told.
#[derive(Debug)]
pub(crate) struct Scenario {
    settings: Settings,
    files: Vec<ProjectPath>,
    /// The settings that are read again in the course of it, one after the other.
    again: Vec<Settings>,
    before: Vec<Line>,
    inputs: Vec<Line>,
    show: Vec<String>,
    pub(crate) story: String,
}

/// An input of a story.
#[derive(Clone, Debug)]
struct Line {
    at: u64,
    text: String,
}

impl Scenario {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error| format!("{error}"))?;
        for key in table.keys() {
            if !["name", "settings", "files", "before", "story", "show", "again"].contains(&key.as_str()) {
                return Err(format!("what is {key}?"));
            }
        }
        let words = |key: &str| -> Vec<String> {
            let list = table.get(key).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let text_of = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default();
        if text_of("name").is_empty() {
            return Err("has no name".to_owned());
        }
        let empty = Table::new();
        let different = table.get("settings").and_then(Value::as_table).unwrap_or(&empty);
        let files =
            if table.contains_key("files") { words("files") } else { vec!["src/a.py".into(), "src/b.py".into()] };
        Ok(Self {
            settings: settings::read(different)?,
            files: files.iter().map(|file| path(file)).collect::<Result<_, _>>()?,
            again: match table.get("again") {
                Some(Value::Array(tables)) => {
                    let tables = tables.iter().map(|table| table.as_table().ok_or("not a table"));
                    tables.map(|table| settings::read(table?)).collect::<Result<_, _>>()?
                }
                _ => Vec::new(),
            },
            before: inputs(text_of("before"))?,
            inputs: inputs(text_of("story"))?,
            show: words("show"),
            story: text_of("story").to_owned(),
        })
    }
}

/// Reads the path of a file in a story.
pub(super) fn path(text: &str) -> Result<ProjectPath, String> {
    ProjectPath::new(text).ok_or_else(|| format!("{text:?} is no path in a project"))
}

fn inputs(story: &str) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for line in story.lines() {
        if let Some((at, text)) = line.split_once('>') {
            let at = at.trim().parse().map_err(|_| format!("no time in {line:?}"))?;
            lines.push(Line { at, text: text.trim().to_owned() });
        }
    }
    Ok(lines)
}

/// Plays a story and returns it as it really goes.
pub(crate) fn play(scenario: &Scenario) -> Result<String, String> {
    let mut stage = Stage::new(scenario)?;
    for line in &scenario.before {
        stage.line(line)?;
    }
    stage.told.clear();
    for line in &scenario.inputs {
        stage.line(line).map_err(|fault| format!("{fault}, after\n{}", stage.told))?;
    }
    Ok(stage.told)
}

/// The machine and what is around it.
pub(super) struct Stage {
    again: VecDeque<Settings>,
    settings: Arc<Settings>,
    matcher: Arc<Matcher>,
    pub(super) machine: Supervisor,
    pub(super) edge: Edge,
    pub(super) files: Vec<ProjectPath>,
    pub(super) repository: RepoState,
    journal: Vec<Recorded>,
    answers: VecDeque<Input>,
    /// Live sessions, and whether each is an agent.
    sessions: BTreeMap<SessionId, bool>,
    teller: Teller,
    now: u64,
    requests: u64,
    pub(super) first_session: SessionId,
    gone: bool,
    told: String,
}

impl Stage {
    fn new(scenario: &Scenario) -> Result<Self, String> {
        let settings = Arc::new(scenario.settings.clone());
        let matcher = Arc::new(Matcher::new(&settings).map_err(|error| error.to_string())?);
        let repository = RepoState { head: Some("h1".into()), branch: Some("main".into()), operation: None };
        Ok(Self {
            machine: Supervisor::restore(settings.clone(), matcher.clone(), []),
            again: scenario.again.iter().cloned().collect(),
            settings,
            matcher,
            edge: Edge::new(&scenario.files),
            files: scenario.files.clone(),
            repository,
            journal: Vec::new(),
            answers: VecDeque::new(),
            sessions: BTreeMap::new(),
            teller: Teller::new(scenario.show.clone()),
            now: 0,
            requests: 0,
            first_session: SessionId(0),
            gone: false,
            told: String::new(),
        })
    }

    pub(super) fn clock(&self) -> Now {
        Now { moment: Moment(self.now), wall: Wall(DAWN + self.now), offset: 0 }
    }

    /// Returns a number for a request that wants a reply.
    pub(super) fn request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    /// Lets time pass, and wakes the machine when it asked for it.
    fn until(&mut self, time: u64) -> Result<(), String> {
        let mut woken = 0;
        while let Some(Moment(at)) = self.machine.next_wake().filter(|wake| wake.0 <= time && !self.gone) {
            woken = if at > self.now { 0 } else { woken + 1 };
            if woken > 1 {
                return Err(format!("at {} the machine wants to be woken again and again", self.now));
            }
            self.now = self.now.max(at);
            self.hand(Input::Woke);
        }
        self.now = self.now.max(time);
        Ok(())
    }

    fn line(&mut self, line: &Line) -> Result<(), String> {
        self.until(line.at)?;
        self.tell(line.at, '>', &line.text);
        self.input(&line.text)
    }

    fn tell(&mut self, at: u64, mark: char, text: &str) {
        let line = format!("{at:>8} {mark} {text}\n");
        self.told.push_str(&line);
    }

    fn input(&mut self, text: &str) -> Result<(), String> {
        if let Some(how) = text.strip_prefix("crash") {
            if let Some(check) = how.strip_prefix(" without ") {
                let mut settings = Settings::clone(&self.settings);
                settings.checks.retain(|known| known.name.0 != check);
                self.matcher = Arc::new(Matcher::new(&settings).map_err(|error| error.to_string())?);
                self.settings = Arc::new(settings);
            } else if how == " after filed" {
                // What came after it had not got to the disk.
                let last = self.journal.iter().rposition(|known| matches!(known.fact, Fact::Filed { .. }));
                self.journal.truncate(last.map_or(0, |last| last + 1));
            }
            self.restore();
            return Ok(());
        }
        if text == "look" {
            self.look();
            return Ok(());
        }
        for input in self.read(text)? {
            self.ends(&input)?;
            self.hand(input);
        }
        Ok(())
    }

    /// Tells what a person sees: the rows, and what was spent.
    fn look(&mut self) {
        let view = self.machine.view();
        for row in view.rows {
            let quiet = row.quiet.map(|since| format!(", quiet for {}", brief(self.clock().wall.since(since))));
            let typical = row.typical.map(|typical| format!(", {typical}"));
            let until = row.until.map(|until| format!(", for {}", brief(until.since(self.clock().wall))));
            let more: String = [quiet, typical, until].into_iter().flatten().collect();
            self.tell(self.now, ' ', &format!("{} {}: {}{more}", row.group.title(), row.id, row.why));
        }
        let today = view.costs.today;
        let text = format!("today {}: fixer {}, planner {}", view.costs.day, today.fixer, today.planner);
        self.tell(self.now, ' ', &text);
    }

    /// The configuration was edited: what is read from it next.
    pub(super) fn read_again(&mut self) -> Result<Input, String> {
        let settings = self.again.pop_front().ok_or("there is nothing to read again")?;
        self.matcher = Arc::new(Matcher::new(&settings).map_err(|error| error.to_string())?);
        self.settings = Arc::new(settings);
        Ok(Input::Reconfigured(self.settings.clone(), self.matcher.clone()))
    }

    /// Only what runs can end, and a story that ends something else is wrong.
    fn ends(&mut self, input: &Input) -> Result<(), String> {
        let (session, is_agent) = match input {
            Input::RunEnded(session, _) => (session, false),
            Input::AgentEnded(session, _) | Input::AgentFailed(session, _) => (session, true),
            _ => return Ok(()),
        };
        match self.sessions.remove(session) {
            Some(known) if known == is_agent => Ok(()),
            Some(_) => Err(format!("at {}: @{} does not end like that, it is something else", self.now, session.0)),
            None => Err(format!("at {}: @{} does not run", self.now, session.0)),
        }
    }

    /// The supervisor is gone without a word and starts anew from what it wrote down.
    fn restore(&mut self) {
        self.answers.clear();
        self.sessions.clear();
        self.edge.crash();
        self.gone = false;
        self.first_session = self.machine.live().last_session;
        self.machine = Supervisor::restore(self.settings.clone(), self.matcher.clone(), self.journal.iter().cloned());
    }

    fn hand(&mut self, input: Input) {
        self.answers.push_back(input);
        while let Some(input) = self.answers.pop_front() {
            if self.gone {
                return;
            }
            let effects = self.machine.handle(self.clock(), input);
            for effect in effects {
                if let Some(line) = self.teller.line(&effect, self.clock().wall) {
                    self.tell(self.now, ' ', &line);
                }
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Record(recorded) => self.journal.push(recorded),
            Effect::Do { job, work, .. } => self.answers.extend(self.edge.works(job, &work)),
            Effect::Exit(_) => self.gone = true,
            Effect::Run(order) => {
                self.sessions.insert(order.session, false);
            }
            Effect::StartAgent(order) => {
                self.sessions.insert(order.session, true);
            }
            Effect::Signal(..)
            | Effect::Answer { .. }
            | Effect::Tell { .. }
            | Effect::Reply(..)
            | Effect::Planner(_) => {}
        }
    }
}
