//! What a panic does while the terminal is ours: the terminal is given back, the reason said, the process ends.

use std::panic;

use crate::app::words::say::{complain, news};
use crate::app::words::secrecy::Secrecy;
use crate::edge::tty;
use crate::ui::terminal::is_contained;

/// The exit code after a panic: `EX_SOFTWARE` of sysexits(3).
const SOFTWARE: i32 = 70;

/// Makes the text of every panic of a supervisor, whose standard error is a log that is kept, be covered. A panic ends its
/// thread and no more, as ever.
pub fn cover(secrecy: Secrecy) {
    panic::set_hook(Box::new(move |panic| {
        let text = secrecy.now().text(&said(panic)).into_owned();
        tracing::error!(panic = text, "a thread broke");
        news(&text);
    }));
}

/// Says what a panic says: which thread, where, and why.
fn said(panic: &panic::PanicHookInfo<'_>) -> String {
    let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
    let thread = std::thread::current();
    format!("thread '{}' panicked{place}: {}", thread.name().unwrap_or("unnamed"), why(panic))
}

fn why<'a>(panic: &'a panic::PanicHookInfo<'_>) -> &'a str {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

/// Makes every panic, on any thread, give the terminal back and end the process; the supervisor is another process and goes
/// on by its own rules.
#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "a screen that goes on after a panic on one of its threads lies"
)]
pub fn install() {
    panic::set_hook(Box::new(|panic| {
        let is_contained = is_contained();
        if !is_contained {
            tty::give_back();
        }
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let why = why(panic);
        if is_contained {
            // What a program writes into its terminal ends nothing but that terminal's memory of it.
            tracing::error!(why, place, "a terminal broke and begins anew");
            return;
        }
        tracing::error!(why, place, "the screen broke");
        complain(&format!(
            "the screen broke{place}: {why}\nhint: nothing is lost; start `orchestrator-tui` again. Please report this"
        ));
        std::process::exit(SOFTWARE);
    }));
}
