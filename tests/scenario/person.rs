//! Reads the lines of a story that say what happens, as inputs.

use std::collections::BTreeMap;
use std::time::Duration;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::input::{Fate, Input, RunOutcome, Start};
use orchestrator_tui::model::agent::{AgentReport, AgentResult, LogLine, Trouble, Violation};
use orchestrator_tui::model::assignment::{Mode, Project};
use orchestrator_tui::model::check::{CheckRun, Findings, Fingerprint, TestCounts, Verdict};
use orchestrator_tui::model::cost::Spent;
use orchestrator_tui::model::event::Reporter;
use orchestrator_tui::model::hold::Snooze;
use orchestrator_tui::model::id::{BatchId, LandingId, PlanId, QuestionId, SessionId, TaskId};
use orchestrator_tui::model::orchestration::Wish;
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::plan::{Conversation, PlannerNews, PlannerState};
use orchestrator_tui::model::question::{About, Ask, Choice, Reply};
use orchestrator_tui::model::session::{Exit, Stranger};
use orchestrator_tui::model::settings::LandMode;
use orchestrator_tui::model::workspace::{GitOperation, TreeId};

use super::settings::millis;
use super::stage::{Stage, path};

/// Reads what transcripts tell at a start: `@4=0.30/120`, dollars and tokens, `at least` if a call was under way.
fn used(how: &str) -> BTreeMap<SessionId, Spent> {
    let read = |word: &str| {
        let (session, spent) = word.strip_prefix('@')?.split_once('=')?;
        let (usd, tokens) = spent.split_once('/')?;
        let unpriced = how.contains("at least");
        let (usd, tokens_in) = (usd.parse().ok()?, tokens.parse().ok()?);
        Some((SessionId(session.parse().ok()?), Spent { usd, unpriced, tokens_in, tokens_out: 0 }))
    };
    how.split(' ').filter_map(read).collect()
}

impl Stage {
    /// Returns the inputs that a line stands for.
    pub(super) fn read(&mut self, text: &str) -> Result<Vec<Input>, String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        if let Some(session) = word.strip_prefix('@') {
            let session = session.parse().map_err(|_| format!("{word} is no session"))?;
            return self.session(SessionId(session), rest);
        }
        let inputs = match word {
            "wait" => Vec::new(),
            "start" => vec![self.start(rest)],
            "save" | "delete" => {
                self.edge.edited();
                let fate = if word == "save" { Fate::Written } else { Fate::Removed };
                vec![Input::Changed(files(rest)?.into_iter().map(|file| (file, fate)).collect())]
            }
            "rescan" => vec![Input::Rescanned(files(rest)?)],
            "head" => {
                self.repository.head = Some(rest.to_owned());
                vec![Input::Repository(self.repository.clone())]
            }
            "branch" => {
                self.repository.branch = (rest != "none").then(|| rest.to_owned());
                self.repository.head = Some(format!("head of {rest}"));
                vec![Input::Repository(self.repository.clone())]
            }
            "rebase" => {
                self.repository.operation = (rest == "begins").then_some(GitOperation::Rebase);
                vec![Input::Repository(self.repository.clone())]
            }
            "configuration" if rest == "wrong" => vec![Input::ConfigRefused("a mistake".to_owned())],
            "configuration" => vec![self.read_again()?],
            "planner" => vec![Input::Planner(planner(rest)?)],
            "screens" => vec![Input::Screens(rest.parse().map_err(|_| format!("how many screens are {rest}?"))?)],
            "stranger" => {
                let (who, deed) = rest.split_once(' ').ok_or("who asks for what?")?;
                let session = who.strip_prefix('@').and_then(|session| session.parse().ok()).map(SessionId);
                let stranger = session.map_or(Stranger::Elsewhere, Stranger::Session);
                vec![Input::Trespassed(stranger, deed.to_owned())]
            }
            "replaced" => {
                let (number, named) = rest.split_once(' ').ok_or("which files?")?;
                let task = number.strip_prefix('#').and_then(|number| number.parse().ok()).map(TaskId);
                vec![Input::Replaced(task.ok_or("which task?")?, files(named)?)]
            }
            "next" => {
                let (kind, deed) = rest.split_once(' ').unwrap_or((rest, ""));
                self.edge.expect(kind, deed);
                Vec::new()
            }
            "done" => {
                let (kind, deed) = rest.split_once(' ').unwrap_or((rest, ""));
                vec![self.edge.finish(kind, deed)?]
            }
            "file" => {
                let filing = super::filing::read(rest)?;
                vec![Input::Asked(self.request(), Command::File { filing: Box::new(filing) })]
            }
            "emit" => {
                let (event, data, task) = super::events::read(rest)?;
                let command = Command::Emit { event, data, task, by: Reporter::Person };
                vec![Input::Asked(self.request(), command)]
            }
            "dropped" => vec![super::events::dropped(rest)?],
            "answer" => {
                let command = self.answer(rest)?;
                vec![Input::Asked(self.request(), command)]
            }
            _ => {
                let command = command(word, rest)?;
                vec![Input::Asked(self.request(), command)]
            }
        };
        Ok(inputs)
    }

    fn start(&mut self, how: &str) -> Input {
        let words: Vec<&str> = how.split(' ').collect();
        Input::Started(Box::new(Start {
            pid: 1,
            version: "1".into(),
            first_session: self.first_session,
            until_idle: words.contains(&"until-idle"),
            attended: words.contains(&"attended"),
            one_command: words.contains(&"one-command"),
            last_landing: LandingId::default(),
            files: self.files.clone(),
            repository: self.repository.clone(),
            used: used(how),
            planner_used: how.split_once("planner-used ").map(|(_, text)| spent(text)).transpose().unwrap_or_default(),
        }))
    }

    /// Reads what a person says to a question, as it stands now.
    fn answer(&self, text: &str) -> Result<Command, String> {
        let (number, said) = text.split_once(' ').ok_or("what is said?")?;
        let question = QuestionId(number.parse().map_err(|_| format!("{number} is no question"))?);
        let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
        let reply = match word {
            "allow" => Reply::Allow,
            "task" => Reply::AllowForTask,
            "deny" => Reply::Deny { why: rest.to_owned() },
            "choose" | "unseen" => Reply::Choose { answers: vec![vec![rest.to_owned()]] },
            _ => return Err(format!("{word} is no answer")),
        };
        let open = self.machine.book().questions.get(&question).filter(|_| word != "unseen");
        let shown = open.map_or_else(|| "something else".to_owned(), |open| open.shown.clone());
        Ok(Command::Answer { question, shown, reply, by: "a person".into() })
    }

    /// Reads what a running session does.
    fn session(&mut self, session: SessionId, text: &str) -> Result<Vec<Input>, String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let says = |report| Input::Reported(session, report);
        let result = |ok, text: &str| says(AgentReport::Done(AgentResult { ok, text: text.to_owned() }));
        let over = Input::AgentEnded(session, Exit::Code(0));
        Ok(match word {
            "works" => vec![result(true, "I fixed it"), over],
            "fails" => vec![result(false, rest), over],
            "dies" => vec![Input::AgentEnded(session, Exit::Signal(9))],
            "ends" => vec![over],
            "cannot" => vec![Input::AgentFailed(session, rest.trim_start_matches("start: ").to_owned())],
            "logs" => vec![says(AgentReport::Log(vec![LogLine { label: "Claude".into(), text: rest.into() }]))],
            "spends" => {
                vec![says(AgentReport::Used(spent(rest)?))]
            }
            "uses" => {
                let tokens_in = rest.parse().map_err(|_| format!("{rest} is no number of tokens"))?;
                vec![says(AgentReport::Used(Spent { unpriced: true, tokens_in, ..Spent::default() }))]
            }
            "rate-limited" => {
                let wall = self.clock().wall;
                let until = if rest.is_empty() { None } else { Some(wall.after(Duration::from_millis(millis(rest)?))) };
                vec![says(AgentReport::Trouble(Trouble::RateLimit { until }))]
            }
            "asks" => {
                let (request, wants) = rest.split_once(' ').ok_or("what does it ask?")?;
                let about = About::Permission { tool: "Bash".into(), wants: wants.into(), why: "no rule".into() };
                vec![says(AgentReport::Asks(Ask { request: request.into(), exact: wants.into(), about }))]
            }
            "asks-which" => {
                let (request, text) = rest.split_once(' ').ok_or("what does it ask?")?;
                let part = Choice { header: "way".into(), text: text.into(), options: Vec::new(), several: false };
                let about = About::Choice { parts: vec![part] };
                vec![says(AgentReport::Asks(Ask { request: request.into(), exact: String::new(), about }))]
            }
            "is-told" => {
                let (request, text) = rest.split_once(' ').ok_or("what is it told?")?;
                let reply = Reply::Choose { answers: vec![vec![text.into()]] };
                vec![says(AgentReport::Answered { request: request.into(), reply, by: "a file".into() })]
            }
            "withdraws" => vec![says(AgentReport::Withdrew { request: rest.into() })],
            "out-of-money" => vec![says(AgentReport::Trouble(Trouble::Budget)), result(false, "budget exceeded"), over],
            "logged-out" => vec![says(AgentReport::Trouble(Trouble::Login { message: rest.into() }))],
            "breaks" => {
                let (rule, what) = rest.split_once(' ').ok_or("which rule, and how?")?;
                let (rule, what, why) = (rule.to_owned(), what.to_owned(), "only you do that".to_owned());
                vec![says(AgentReport::Violation(Violation { rule, what, why }))]
            }
            "emits" => {
                let (event, data, task) = super::events::read(rest)?;
                let command = Command::Emit { event, data, task, by: Reporter::Session(session) };
                vec![Input::Asked(self.request(), command)]
            }
            "no-tests" => vec![Input::RunEnded(session, RunOutcome::NoTests)],
            "no-source" => vec![Input::RunEnded(session, RunOutcome::NoSource)],
            _ => vec![Input::RunEnded(session, RunOutcome::Ran(run(word, rest)?))],
        })
    }
}

/// Reads `0.50`, `0.50 1200 tokens`, `? 1200 tokens`.
pub(super) fn spent(text: &str) -> Result<Spent, String> {
    let (usd, tokens) = text.split_once(' ').unwrap_or((text, "0"));
    let tokens = tokens.trim_end_matches(" tokens").parse().map_err(|_| format!("{tokens} is no number of tokens"))?;
    let unpriced = usd == "?";
    let usd = if unpriced { "0" } else { usd }.parse().map_err(|_| format!("{usd} is no amount"))?;
    Ok(Spent { usd, unpriced, tokens_in: tokens, tokens_out: 0 })
}

/// Reads what the planner does: `answers 1 look at the rounding`, `is typing`, `spends 0.02 for #1`.
fn planner(text: &str) -> Result<PlannerNews, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
    let plan = || first.parse().map(PlanId).map_err(|_| format!("which plan is {first}?"));
    let number = |text: &str| text.strip_prefix('#').and_then(|number| number.parse().ok()).map(TaskId);
    Ok(match word {
        "answers" => PlannerNews::Answered(plan()?, more.to_owned()),
        "silent" => PlannerNews::Silent(plan()?, more.to_owned()),
        "unable" => PlannerNews::Unable(plan()?, more.to_owned()),
        "spends" => {
            let usd = first.parse().map_err(|_| format!("{first} is no amount"))?;
            PlannerNews::Used(more.strip_prefix("for ").and_then(number), Spent { usd, ..Spent::default() })
        }
        "is" => {
            let state = match first {
                "asleep" => PlannerState::Asleep,
                "starting" => PlannerState::Starting,
                "idle" => PlannerState::Idle,
                "asked" => PlannerState::Asked,
                "busy" => PlannerState::Busy,
                "typing" => PlannerState::Typing,
                "dialog" => PlannerState::Dialog,
                other => return Err(format!("what planner is {other}?")),
            };
            let session = more.strip_prefix('@').and_then(|session| session.parse().ok()).map(SessionId);
            PlannerNews::Is(state, session)
        }
        "ended" => PlannerNews::Ended(plan()?),
        "talks" => {
            let (task, transcript) = (more.strip_prefix("for ").and_then(number), first.into());
            PlannerNews::Talks(Conversation { transcript, task, billed: Spent::default() })
        }
        "asks" => {
            let (request, wants) = more.split_once(' ').ok_or("what does it ask?")?;
            let about = About::Permission { tool: "Bash".into(), wants: wants.into(), why: "no rule".into() };
            PlannerNews::Asks(plan()?, Ask { request: request.into(), exact: wants.into(), about })
        }
        "breaks" => {
            let (rule, what) = more.split_once(' ').ok_or("which rule, and how?")?;
            let (rule, what, why) = (rule.to_owned(), what.to_owned(), "only you do that".to_owned());
            PlannerNews::Violated(plan()?, Violation { rule, what, why })
        }
        other => return Err(format!("what planner {other}?")),
    })
}

fn files(text: &str) -> Result<Vec<ProjectPath>, String> {
    text.split(' ').map(path).collect()
}

fn command(word: &str, rest: &str) -> Result<Command, String> {
    let task = || {
        let number = rest.strip_prefix('#').and_then(|number| number.parse().ok());
        number.map(TaskId).ok_or_else(|| format!("{rest:?} is no task"))
    };
    let batch = || rest.parse().map(BatchId).map_err(|_| format!("{rest:?} is no batch"));
    Ok(match word {
        "retry" => Command::Retry { task: task()? },
        "kill" => Command::Kill { task: task()? },
        "undo" => Command::Undo { task: task()? },
        "fix" => Command::Fix { task: task()? },
        "message" => {
            let (number, text) = rest.split_once(' ').ok_or("what is it told?")?;
            let task = number.strip_prefix('#').and_then(|number| number.parse().ok()).map(TaskId);
            let task = task.ok_or_else(|| format!("{number:?} is no task"))?;
            Command::Message { task, text: text.to_owned(), by: "a person".to_owned() }
        }
        "hold" => Command::Hold { task: task()? },
        "unsnooze" => Command::Unsnooze { task: task()? },
        "snooze" => {
            let (number, until) = rest.split_once(' ').ok_or("until when?")?;
            let task = number.strip_prefix('#').and_then(|number| number.parse().ok()).map(TaskId);
            Command::Snooze { task: task.ok_or_else(|| format!("{number:?} is no task"))?, until: snooze(until)? }
        }
        "raise" => {
            let Spent { usd, tokens_in: tokens, .. } = spent(rest)?;
            Command::Raise { usd, tokens }
        }
        "agree" => Command::Agree { land: if rest == "auto" { LandMode::Auto } else { LandMode::Ask } },
        "land" => {
            let mut words = rest.split(' ');
            let task = words.next().and_then(|number| number.strip_prefix('#')).and_then(|number| number.parse().ok());
            let task = TaskId(task.ok_or_else(|| format!("{rest:?} is no task"))?);
            let (mut result, mut agree) = (None, None);
            for word in words {
                match word {
                    "auto" => agree = Some(LandMode::Auto),
                    "ask" => agree = Some(LandMode::Ask),
                    tree => result = Some(TreeId(tree.to_owned())),
                }
            }
            Command::Land { task, result, agree }
        }
        "refuse" => match rest.split_once(' ') {
            Some((number, tree)) => {
                let task = number.strip_prefix('#').and_then(|number| number.parse().ok());
                let task = TaskId(task.ok_or_else(|| format!("{number:?} is no task"))?);
                Command::Refuse { task, result: Some(TreeId(tree.to_owned())) }
            }
            None => Command::Refuse { task: task()?, result: None },
        },
        "orchestrate" => Command::Orchestrate { wish: Box::new(wish(rest)) },
        "begin" => Command::Begin { task: task()? },
        "approve" => Command::Approve { batch: batch()? },
        "decline" => Command::Decline { batch: batch()? },
        "check" => Command::Check,
        "pause" => Command::Pause,
        "resume" => Command::Resume,
        "quit" => Command::Quit,
        other => return Err(format!("what is {other}?")),
    })
}

/// A requirement that is taken apart by its words.
fn wish(requirement: &str) -> Wish {
    let project = Project { requirements: requirement.to_owned(), ..Project::default() };
    Wish { project, mode: Mode::Parallel, start: false, agent: false }
}

fn snooze(text: &str) -> Result<Snooze, String> {
    Ok(match text {
        "until-green" => Snooze::UntilGreen,
        "on-branch" => Snooze::OnBranch,
        _ => Snooze::For(millis(text.strip_prefix("for ").ok_or("for how long?")?)? / 1000),
    })
}

/// Reads the end of a run: `green`, `green 3 passed`, `red test_a@src/a.py, test_b`, `timed-out`, `broken`.
fn run(word: &str, rest: &str) -> Result<CheckRun, String> {
    let (verdict, code) = match word {
        "green" => (Verdict::Green, Some(0)),
        "red" => (Verdict::Red, Some(1)),
        "timed-out" => (Verdict::TimedOut, None),
        "broken" => (Verdict::Broken, Some(127)),
        other => return Err(format!("how does a run end {other}?")),
    };
    let (rest, passed) = match rest.split_once(" passed") {
        Some((before, _)) => {
            let (before, passed) = before.rsplit_once(' ').unwrap_or(("", before));
            (before, Some(passed.parse::<u32>().map_err(|_| format!("how many passed: {passed}?"))?))
        }
        None => (rest, None),
    };
    let failures: Vec<Fingerprint> =
        rest.split(", ").filter(|id| !id.is_empty()).map(failure).collect::<Result<_, _>>()?;
    let tests = passed.map(|passed| TestCounts {
        passed,
        failed: u32::try_from(failures.len()).unwrap_or(u32::MAX),
        skipped: 0,
    });
    let excerpt = failures.iter().map(|failure| failure.id.as_str()).collect::<Vec<_>>().join("\n");
    let findings = Findings { failures, tests, coverage: None, excerpt };
    Ok(CheckRun { verdict, code, took: Duration::from_millis(500), findings })
}

fn failure(text: &str) -> Result<Fingerprint, String> {
    let (id, file) = text.split_once('@').map_or((text, None), |(id, file)| (id, Some(file)));
    Ok(Fingerprint { id: id.to_owned(), file: file.map(path).transpose()?, line: None })
}
