//! Carries out the verbs that look after the installation: doctor, init, gc, purge.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::app::doctor;
use crate::app::failure::{Code, Failure};
use crate::app::project::setup::Site;
use crate::app::verbs::{gc, init, purge};
use crate::app::words::say::{ask, over, pretty, say};
use crate::app::words::secrecy::of_project;
use crate::config::Overrides;

/// How long nothing is said about what is waited for.
const QUIET: Duration = Duration::from_secs(1);

/// A line on standard error that is written over; nothing where that is no terminal.
struct Progress {
    is_seen: bool,
    is_shown: bool,
}

impl Progress {
    fn new() -> Self {
        Self { is_seen: std::io::stderr().is_terminal(), is_shown: false }
    }

    fn show(&mut self, text: &str) {
        if self.is_seen {
            let cut: String = text.chars().take(76).collect();
            over(&cut, false);
            self.is_shown = true;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            over("", false);
        }
    }
}

/// `doctor`
pub(super) fn doctor(project: Option<&Path>, json: bool) -> Result<u8, Failure> {
    let mut progress = Progress::new();
    let waiting = |names: &[&'static str], since: Duration| {
        if since >= QUIET {
            progress.show(&format!("waiting for {} ({} s)", names.join(", "), since.as_secs()));
        }
    };
    let report = doctor::examine(project, waiting);
    drop(progress);
    let report = report?;
    let redactor = of_project(project);
    say(&if json {
        let shown = report.json();
        pretty(&redactor.document(&shown).unwrap_or(shown))
    } else {
        redactor.text(&report.text()).into_owned()
    });
    Ok(if report.is_healthy() { Code::Done } else { Code::Refused } as u8)
}

/// `init`
pub(super) fn init(site: &Site, force: bool, json: bool) -> Result<u8, Failure> {
    let written = init::run(site, force)?;
    say(&if json { pretty(&written.json()) } else { written.text() });
    Ok(0)
}

/// `trust`
pub(super) fn trust(site: &Site, yes: bool, json: bool) -> Result<u8, Failure> {
    let loaded = site.load(Overrides::default())?;
    let running = loaded.running.describe();
    let mut trusted = site.is_all_trusted(&loaded)?;
    let project = site.project.display();
    if !json {
        say(&match (running.as_slice(), trusted) {
            ([], _) => format!("{project}: its own files run nothing; there is nothing to agree to"),
            (lines, true) => format!("{project}: you have agreed to run\n  {}", lines.join("\n  ")),
            (lines, false) => format!("{project} would run\n  {}", lines.join("\n  ")),
        });
    }
    if !trusted {
        let may_ask = !json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        trusted = yes || may_ask && agrees("Agree to that? [y/N] ");
        if trusted {
            site.trust_all(&loaded)?;
        }
        if trusted && !json {
            say("agreed; a supervisor that runs takes it up by itself");
        }
    }
    if json {
        say(&pretty(&json!({ "trusted": trusted, "running": running })));
    }
    if trusted {
        return Ok(0);
    }
    let hint = format!("`orchestrator-tui -C {project} trust --yes` agrees to all of this");
    Err(Failure::refused(format!("nothing was agreed to\nhint: {hint}")))
}

/// `gc`
pub(super) fn gc(site: &Site, dry: bool, json: bool) -> Result<u8, Failure> {
    let mut progress = Progress::new();
    let report = gc::run(site, dry, |what| progress.show(&format!("removing {what}")));
    drop(progress);
    let report = report?;
    say(&if json { pretty(&report.json()) } else { report.text() });
    Ok(0)
}

/// `purge`
pub(super) fn purge(site: &Site, yes: bool, json: bool) -> Result<u8, Failure> {
    let plan = purge::plan(site)?;
    if plan.kept.is_empty() {
        say(&if json { pretty(&plan.json(true)) } else { format!("nothing is kept about {}", site.project.display()) });
        return Ok(0);
    }
    let may_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !json {
        say(&plan.text());
    }
    if !yes {
        if !may_ask {
            if json {
                say(&pretty(&plan.json(false)));
            }
            return Err(Failure::refused(
                "nothing was removed\nhint: `orchestrator-tui purge --yes` removes all of this",
            ));
        }
        if !agrees(&format!("Remove everything that is kept about {}? [y/N] ", site.project.display())) {
            return Err(Failure::refused("nothing was removed"));
        }
    }
    purge::carry_out(site, &plan)?;
    say(&if json {
        pretty(&plan.json(true))
    } else {
        format!("removed all of it; {} itself is as it was", site.project.display())
    });
    Ok(0)
}

/// Asks on the terminal; only a clear yes is one.
fn agrees(question: &str) -> bool {
    ask(question);
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).is_ok() && matches!(line.trim(), "y" | "Y" | "yes" | "Yes")
}
