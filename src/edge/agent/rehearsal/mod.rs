//! The rehearsal agent: a stand-in for the Claude CLI that follows a script. No model, no network, no cost.
//!
//! `orchestrator-tui rehearsal` takes the place of `claude`: it accepts the same arguments, reads and writes the same
//! stream-json frames (a test holds them to frames recorded from the real CLI), asks for permissions, honours
//! interrupts and signals, and can misbehave in every way that a real program can. It names its model
//! `rehearsal (no model, no cost)`, so that nobody takes it for the real thing.
//!
//! Without `-p`, in a terminal, it plays an interactive agent that plans: it fires the hooks of `--settings`, changes no file,
//! and shows a dialog first with `--dialog`.
//!
//! # Scripts
//!
//! The script is a TOML or JSON file (by its ending) named by `--edits FILE` or by the variable
//! `ORCHESTRATOR_REHEARSAL`; `--script demo` is built in. It lists scenarios; the first one whose `match` is a part of
//! the prompt is played, and `*` fits every prompt. Each message of the user plays one scenario.
//!
//! ```toml
//! [[scenario]]
//! match = "tests::adds"
//! steps = [
//!   { do = "say", text = "The sum is off by one." },
//!   { do = "edit", file = "src/lib.rs", find = "a + b + 1", replace = "a + b" },
//!   { do = "run", command = "cargo test", ask = true },
//! ]
//! ```
//!
//! A scenario ends with a successful result, whose text is the last that was said, unless its last step ends it in
//! another way. Files are relative to the working folder. The steps:
//!
//! | `do` | fields | what happens |
//! |---|---|---|
//! | `say` | `text` | says something |
//! | `read` | `file` | reads a file |
//! | `edit` | `file`, `find`, `replace`, `all` | replaces the first (or every) `find`; a failed tool use if there is none |
//! | `write` | `file`, `content` | writes a file, with the folders above it |
//! | `delete`, `rename` | `file`; `from`, `to` | shown as `rm` and `mv` in Bash |
//! | `run` | `command`, `ask` | runs it with `sh -c`; with `ask` only if the supervisor allows it |
//! | `ask` | `tool`, `input` | asks for permission, waits for the answer, and does nothing more |
//! | `request` | `subtype` | sends a control request of another kind and waits for the answer |
//! | `plan` | `text` | proposes a plan (in a terminal only) |
//! | `usage` | `cost`, `input`, `output` | the next message carries these tokens; the dollars are added to the total |
//! | `api_retry` | `status`, `delay_ms` | says that the service turned it away and that it will try again |
//! | `api_error` | `status`, `message` | ends the turn as the CLI does when the service turned it away for good |
//! | `result` | `text` | ends the turn; what follows is another turn (two results) |
//! | `result_error` | `subtype`, `text` | ends the turn with an error such as `error_max_budget_usd` |
//! | `task_start`, `task_end` | `id` | background work begins and ends |
//! | `garbage` | `text` | writes a line that is no frame |
//! | `bytes` | `bytes` | writes these bytes and a line end |
//! | `wait_for` | `file` | waits until the file exists; interrupts are honoured |
//! | `touch` | `file` | creates an empty file, to tell a test how far it is |
//! | `silent` | | says and reads nothing any more, until a signal ends it |
//! | `ignore_signals` | | from now on SIGINT and SIGTERM do nothing |
//! | `daemon` | `file` | leaves a process in a session of its own, whose pid it writes to the file |
//! | `die` | `code` | exits at once, without a result |
//! | `abort` | | dies of SIGABRT |

mod act;
pub mod demo;
mod frames;
mod hear;
mod play;
mod script;
mod start;
mod steps;
mod terminal;

pub use frames::MODEL;
pub use script::{BadScript, Scenario, Script, Step};
pub use start::{SCRIPT_VARIABLE, main};
