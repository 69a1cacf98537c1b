//! orchestrator-tui: you keep typing; it keeps the project green.
//!
//! This page is the map. Start here, then read [`core::supervisor`] (the spine) and [`app::process::run`] (the loop).
//!
//! # Three rules
//!
//! **One writer, one door.** All decisions are made by a pure, synchronous machine,
//! [`Supervisor::handle`](core::supervisor::Supervisor::handle): an [`Input`](core::input::Input) in,
//! [`Effect`](core::effect::Effect)s out. It reads no clock, draws no chance, opens no file. Verbs, HTTP, timers, processes
//! and file changes all enter as inputs, so a key and a route cannot differ.
//!
//! **The journal is the truth.** Durable state, the [`Book`](core::book::Book), changes only by applying a
//! [`Fact`](core::fact::Fact). Facts are what the store appends, streams and replays; replaying them gives the same book,
//! and that is also how a crash is survived. Effects that cannot be taken back wait until their fact is on disk.
//!
//! **Never act on a guess.** An error is not an absence, silence is not death, prose is not a status, a missing price is
//! not zero. Kill, retry and land only on structured evidence; otherwise say so and ask.
//!
//! # Floors
//!
//! Imports point down only; folders on one floor never see each other. `tests/floors.rs` and `.clippy.toml` hold this.
//!
//! | floor | folder | |
//! |---|---|---|
//! | 1 | [`model`] | the nouns, plain data |
//! | 2 | [`core`] | decides; pure |
//! | 3 | [`ui`] | draws the read model, turns keys into intents; pure |
//! | 3 | [`edge`] | touches the world, one folder for each part of it |
//! | 4 | [`config`] | files, environment and flags become settings |
//! | 5 | [`app`] | wires, loops, carries out effects |
//! | 6 | [`cli`], `main.rs` | arguments in, verbs carried out, exit code out |
//!
//! The rooms of [`app`]: [`process`](app::process) is the supervisor as a process, with the loop; [`effects`](app::effects)
//! carries out what the machine wants done; [`answers`](app::answers) says what the book says; [`verbs`](app::verbs) is what
//! the command line asks for, or does itself; [`project`](app::project) is whose project it is and how it is set up;
//! [`records`](app::records) is what is kept beside the journal; [`words`](app::words) is the door for words, and what is
//! covered in them. What has a name of its own has a room of its own: the dashboard, a day's work, the doctor, the planner,
//! other repositories.
//!
//! # Words
//!
//! | word | is | is not |
//! |---|---|---|
//! | change | a settled batch of file changes ([`model::id::ChangeId`]) | a raw watcher event |
//! | [check](model::settings::Check) | a command that says green or red | a task |
//! | [fingerprint](model::check::Fingerprint) | one failure, reduced to what stays the same from run to run | a line of output |
//! | [task](model::task::Task) | something to get done, with origin, goal, priority, budget | a process |
//! | [attempt](model::attempt::AttemptRecord) | one numbered try at a task, in [stages](model::attempt::Stage) | a retry counter |
//! | [session](model::session::SessionSpec) | one process tree in one PTY, under a [holder](edge::session) | an attempt |
//! | [workspace](edge::workspace) | the private tree an attempt works in | the user's tree |
//! | [assignment](model::assignment::Assignment) | what a task is to bring that is about no check | a prompt |
//! | [batch](model::assignment::Batch) | tasks that were filed together: a task file, an orchestration | a queue |
//! | [lane](model::assignment::Lane) | a queue with a concurrency of its own | a priority |
//! | landing | a verified result in the user's tree; the unit of undo ([`model::id::LandingId`]) | a commit |
//! | [receipt](model::receipt::Receipt) | the evidence for a landed fix | a log |
//! | [input](core::input::Input), [effect](core::effect::Effect), [fact](core::fact::Fact) | what reaches the machine, what it wants done, what is true for ever | |
//! | [command](core::command::Command) | what a person or program asks, in the imperative | a key |
//!
//! # The way of a save
//!
//! 1. [`edge::watch`] reports raw paths; our own writes are left out ([`model::own_writes`]).
//! 2. `core/intake.rs` settles them into a change and works out which checks they concern ([`core::matching`]).
//! 3. `core/launch.rs` starts the checks, [`app::effects::checks`] runs them under holders, [`core::findings`] reads what they said.
//! 4. `core/checks.rs` files, merges, holds or closes tasks.
//! 5. `core/schedule.rs` starts an attempt when nothing stands against it ([`core::schedule::Waiting`] says what does);
//!    `core/attempt.rs` moves it through the stages of its [workflow](model::task::Workflow).
//! 6. [`app::effects::work`] takes snapshots, prepares workspaces, collects results; [`app::effects::agents`] runs the agent.
//! 7. [`core::suspicion`] judges the result; `core/landing.rs` merges and lands, `core/confirm.rs` confirms
//!    or takes back.
//! 8. [`core::view`] writes down what there is to see; [`app::dashboard`] shows it in another process, drawn by [`ui`].
//! 9. Every decision is a fact: [`edge::store`] keeps it, [`core::lines`] says it, [`edge::control`] streams it.
//!
//! # Where is …?
//!
//! | question | answer |
//! |---|---|
//! | what waits until it is on disk | [`app::process::held`] |
//! | when does a task start | `core/schedule.rs`, [`core::waiters`]; why it is held: `core/hold.rs`, `core/snooze.rs` |
//! | what a configuration that is read again changes | `core/reconfigure.rs` |
//! | retry, backoff, escalation, breaker | `core/finish.rs` |
//! | what may an agent do | [`core::policy`]; who asks it: [`edge::agent::hook`], `edge/agent/claude/watch.rs`, [`app::effects::policy`] |
//! | what holds when it is not asked | [`edge::agent::fence`], [`edge::agent::git_layer`], [`app::effects::guarding`] |
//! | who plays which part, and is told what | [`model::settings::Role`], `assets/roles`, `assets/prompts`, [`app::effects::prompt`], [`edge::agent::prompt`] |
//! | which stages there are, and what follows from an event | `assets/workflows`, [`model::routing`]; how files change them: `config/workflow.rs` |
//! | what an agent hands over | [`model::outcome`], read by [`edge::agent::outcome()`]; told to those who waited: [`core::brought`] |
//! | where a result stands on its way into the tree | `core/made.rs`; which lands before which: `core/landing_order.rs` |
//! | how do words reach a person, and what is made plain in them | [`app::words::say`], [`model::plain`] |
//! | what do all parts that act for a supervisor share | [`app::effects::tools`]; what the watcher sees: [`app::effects::watching`] |
//! | who waits for whom | `core/depend.rs`; a requirement taken apart: [`core::decompose`], [`core::orchestrate`] |
//! | where is the other repository that work names | [`app::repositories`] |
//! | which queue is paused, and by what | `core/queue.rs`, [`core::lanes`]; what it looks like from outside: [`app::answers::sessions`] |
//! | who is asked for a strategy, and when | `core/plan.rs`, [`app::planner`], [`edge::agent::claude::planner`] |
//! | what is a task that is about no check, and when may it begin | [`model::assignment`], `core/filing.rs`, `core/depend.rs`, [`core::lanes`], `core/purse.rs` |
//! | when is it done | `core/deliver.rs`; then as a fix: `core/verify.rs`, `core/landing.rs` |
//! | how is a task file read, worked on, told | [`config::read_task_file`], [`app::day`]; read again: `app/day/again.rs`, `core/day_before.rs`, `core/refile.rs` |
//! | what does an agent ask, and who answers | [`model::question`], `core/question.rs` |
//! | what was used after a `kill -9` | [`app::effects::left`], `core/recover.rs` |
//! | what may be spent, and what was | [`model::budget`]; which lines a task has: `core/purse.rs`; how they hold: `core/budget.rs`; the ledger in [`core::book`], [`core::view`]; how it is metered: [`edge::agent`] |
//! | what is secret, and where it is covered | [`core::secrets`]; every input: [`app::words::redact`]; transcripts: [`edge::session`] |
//! | what is protected | [`model::kind`], [`core::suspicion`] |
//! | how is the user's tree written | [`edge::workspace`] |
//! | what can a person do on the screen | [`ui::action`]; its keys: [`ui::keymap`]; what it looks like: [`ui::theme`], `themes/` |
//! | what stands on the screen | `ui/pane`, one file for each pane; how it is compared: `tests/screens.rs` |
//! | how does everything end, and begin again | `core/stop.rs`, `core/recover.rs`, [`edge::session`] |
//! | who may ask for what over the socket | [`app::project::doorkeeper`]; who calls: `edge/control/caller.rs`, [`edge::session::marks_above`] |
//! | who looks, and what they see | [`core::view`], [`app::process::showing`], [`edge::control::Views`]; with whom it ends: [`app::process::lease`] |
//! | what happens when the configuration changes | [`app::process::reload`], `core/reconfigure.rs` |
//! | how does it run without a terminal | [`app::process::background`] |
//! | what is promised | [`core::invariant`], `tests/sim.rs`, `tests/scenarios/` |

pub mod app;
pub mod cli;
pub mod config;
pub mod core;
pub mod edge;
pub mod model;
pub mod ui;
