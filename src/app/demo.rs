//! The demo: a small project with a real bug, real checks, and the rehearsal agent, in a folder of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::app::dashboard;
use crate::app::failure::Failure;
use crate::app::process::supervise::{self, Presence, Wish};
use crate::app::process::voice::Voice;
use crate::app::project::setup::Site;
use crate::app::words::say;
use crate::config::Overrides;
use crate::core::findings;
use crate::edge::agent::rehearsal::demo;
use crate::model::check::Findings;
use crate::model::settings::LandMode;

/// The demo's project, in a folder of its own with its own state and settings.
struct Ground {
    folder: tempfile::TempDir,
    site: Site,
}

impl Ground {
    /// Makes it; the rehearsal agent takes a breath of so many milliseconds before each step.
    fn make(pace: u32) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("orchestrator-demo-")
            .tempdir()
            .map_err(|error| Failure::usage(format!("no temporary folder can be made: {error}")))?;
        let project = folder.path().join("late-fees");
        write(&project)?;
        can_be_checked(&project)?;
        let program = std::env::current_exe()
            .map_err(|error| Failure::usage(format!("our own program cannot be found: {error}")))?;
        let agent = format!(
            "[fix]\nplanner = \"off\"\n\n[agent.rehearsal]\nkind = \"claude\"\nprogram = {:?}\nargs = [\"rehearsal\", \"--script\", \"demo\", \"--pace\", \"{pace}\"]\n\n\
             [role.fixer]\nagent = \"rehearsal\"\n",
            program.display().to_string()
        );
        let user_file = folder.path().join("user.toml");
        fs::write(&user_file, agent)
            .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", user_file.display())))?;
        let mut site = Site::in_folder(&project, &folder.path().join("state"))?;
        // What the person set for real projects is none of the demo's business.
        site.environment.insert("ORCHESTRATOR_CONFIG".to_owned(), user_file.display().to_string());
        Ok(Self { folder, site })
    }
}

/// Runs the demo to its end.
///
/// # Errors
/// If its folder cannot be made, or the supervisor cannot start.
pub fn run(voice: Voice, keep: bool) -> Result<u8, Failure> {
    let Ground { folder, site } = Ground::make(0)?;
    // Nobody is there to be asked.
    let loaded = site.load(Overrides { land: Some(LandMode::Auto), ..Overrides::default() })?;
    let quiet = voice != Voice::Lines;
    let say = |text: &str| {
        if !quiet {
            say::say(text);
        }
    };
    say("A small project with a bug. Its tests are real; the agent is a rehearsal: no model, no account, no cost.");
    say(&format!("project {}\n", site.project.display()));
    let wish = Wish { until_idle: true, voice, presence: Presence::Foreground, flags: None };
    let code = supervise::supervise(&site, &loaded, wish)?;
    say("");
    if code == 0 {
        say("The test was red, an agent worked in a private copy, the supervisor ran the test itself, and only then");
        say("was your file touched. `orchestrator-tui undo` takes such a fix back, byte for byte.");
    }
    if keep {
        let kept = folder.keep();
        say(&format!("\nkept in {}; look at it with", kept.display()));
        say(&format!(
            "ORCHESTRATOR_STATE_DIR={} orchestrator-tui -C {} receipt 1",
            kept.join("state").display(),
            kept.join("late-fees").display()
        ));
    }
    Ok(code)
}

/// Shows the demo in the dashboard, with a tour.
///
/// # Errors
/// If its folder cannot be made, there is no terminal, or the supervisor cannot start.
pub fn tour(keep: bool) -> Result<u8, Failure> {
    let Ground { folder, site } = Ground::make(PACE)?;
    let wish = dashboard::Wish { trust: true, label: "demo".to_owned(), tour: true, ..dashboard::Wish::default() };
    let code = dashboard::open(&site, &wish)?;
    if keep {
        let kept = folder.keep();
        say::say(&format!("kept in {}", kept.display()));
    }
    Ok(code)
}

/// How long the rehearsal agent takes a breath before each step in the dashboard, in milliseconds.
const PACE: u32 = 900;

/// Looks whether the tools of the demo's check work here, before anything is started that needs them.
fn can_be_checked(project: &Path) -> Result<(), Failure> {
    let asked = Command::new("/bin/sh")
        .args(["-c", "cargo --version"])
        .current_dir(project)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::usage(format!("/bin/sh cannot be started: {error}")))?;
    if asked.status.success() {
        return Ok(());
    }
    let said = [asked.stdout, asked.stderr].concat();
    let code = asked.status.code().unwrap_or(1);
    let why = findings::cannot_run(&said, code, &Findings::default())
        .unwrap_or_else(|| String::from_utf8_lossy(&said).trim().to_owned());
    Err(Failure::usage(format!(
        "the demo is a small Rust project, and its test cannot run here: {why}\n\
         Nothing was started. In a project of your own, `orchestrator-tui` runs the checks which that project has."
    )))
}

fn write(project: &Path) -> Result<(), Failure> {
    for (name, bytes) in demo::demo_files() {
        let path = project.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
        made.map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))?;
    }
    // A repository is not needed; with one, the demo also shows that it is left alone.
    for args in [
        &["init", "-q"][..],
        &["add", "-A"],
        &["-c", "user.name=demo", "-c", "user.email=demo@localhost", "commit", "-qm", "A bug"],
    ] {
        let _ = Command::new("git")
            .args(args)
            .current_dir(project)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
    Ok(())
}
