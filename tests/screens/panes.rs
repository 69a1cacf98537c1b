//! The screens of header, list, task pane, pages and footer.

use orchestrator_tui::core::view::Course;
use orchestrator_tui::model::health::{Level, Part};
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::event::Event;
use orchestrator_tui::ui::glyph::ASCII;
use orchestrator_tui::ui::state::State;

use super::fixture::{ago, ahead, busy, idle, red};
use super::scene::{Person, Scene};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "first", make: |size| Person::new(size).state },
    Scene { name: "idle", make: |size| Person::before(idle(), None, size).state },
    Scene { name: "red", make: |size| Person::before(red(), None, size).state },
    Scene { name: "busy", make: |size| Person::before(busy(), Some(15), size).state },
    Scene { name: "needs-you", make: |size| Person::before(busy(), Some(14), size).state },
    Scene { name: "log", make: |size| Person::before(busy(), Some(15), size).types("<enter>").state },
    Scene { name: "diff", make: |size| Person::before(busy(), Some(14), size).types("d").state },
    Scene { name: "check", make: |size| Person::before(busy(), Some(15), size).types("4<enter>").state },
    Scene { name: "plan", make: |size| Person::before(busy(), Some(15), size).types("3<enter>").state },
    Scene { name: "facts", make: |size| Person::before(busy(), Some(15), size).types("5<enter>").state },
    Scene { name: "check-marked", make: |size| Person::before(busy(), Some(15), size).types("4<enter>jjj").state },
    Scene { name: "unfolded", make: |size| Person::before(busy(), Some(15), size).types("<enter>ggj<enter>").state },
    Scene {
        name: "fact-unfolded",
        make: |size| Person::before(busy(), Some(15), size).types("5<enter>kkk<enter>").state,
    },
    Scene { name: "zoomed", make: |size| Person::before(busy(), Some(14), size).types("dz").state },
    Scene { name: "held", make: |size| Person::before(busy(), Some(8), size).types("<enter>").state },
    Scene { name: "queued", make: |size| Person::before(busy(), Some(19), size).types("<enter>").state },
    Scene { name: "landed", make: |size| Person::before(busy(), Some(13), size).types("<enter>").state },
    Scene { name: "failed", make: |size| Person::before(busy(), Some(4), size).types("<enter>").state },
    Scene { name: "filtered", make: |size| Person::before(busy(), None, size).types("/legacy").state },
    Scene { name: "filtered-out", make: |size| Person::before(busy(), None, size).types("/nothing<enter>").state },
    Scene { name: "searched", make: |size| Person::before(busy(), Some(15), size).types("<enter>/case<enter>n").state },
    Scene { name: "chord", make: |size| Person::before(busy(), Some(15), size).types("g").state },
    Scene { name: "health", make: |size| Person::before(idle(), None, size).types("h").state },
    Scene { name: "ill", make: |size| ill(size).types("h").state },
    Scene { name: "ill-header", make: |size| ill(size).state },
    Scene { name: "help", make: |size| Person::before(idle(), None, size).types("?").state },
    Scene { name: "paused", make: paused },
    Scene { name: "parked", make: parked },
    Scene { name: "stopping", make: stopping },
    Scene { name: "gone", make: gone },
    Scene { name: "late", make: late },
    Scene { name: "toasts", make: toasts },
    Scene {
        name: "no-colour",
        make: |size| {
            let mut state = Person::before(busy(), Some(15), size).state;
            state.theme = state.theme.without_colour();
            state
        },
    },
    Scene { name: "ascii", make: |size| State { glyphs: ASCII, ..Person::before(busy(), Some(15), size).state } },
];

fn ill(size: (u16, u16)) -> Person {
    let mut view = idle();
    let reason = "inotify ran out of watches: 41 folders are polled every 2 s; \
                  `sudo sysctl fs.inotify.max_user_watches=524288` mends it";
    view.head.health.insert(Part::FileWatcher, Level::Degraded { reason: reason.to_owned(), since: ago(720) });
    let reason = "not logged in; `claude /login` mends it";
    view.head.health.insert(Part::ClaudeInstances, Level::Down { reason: reason.to_owned(), since: ago(4000) });
    Person::before(view, None, size)
}

fn paused(size: (u16, u16)) -> State {
    let mut view = busy();
    view.head.paused = true;
    Person::before(view, Some(16), size).state
}

fn parked(size: (u16, u16)) -> State {
    let mut view = busy();
    view.head.parked = Some((Some(ahead(4620)), "rate limit".to_owned()));
    Person::before(view, Some(16), size).state
}

fn stopping(size: (u16, u16)) -> State {
    let mut view = busy();
    view.head.course = Course::Stopping(1, ahead(8));
    Person::before(view, Some(15), size).state
}

fn gone(size: (u16, u16)) -> State {
    let event = Event::Gone("it was killed (signal 9); start orchestrator-tui again".to_owned());
    Person::before(busy(), Some(15), size).sends(event).state
}

fn late(size: (u16, u16)) -> State {
    let mut view = idle();
    view.head.beat = Wall(view.head.beat.0 - 200_000);
    Person::before(view, None, size).state
}

fn toasts(size: (u16, u16)) -> State {
    Person::before(busy(), Some(15), size)
        .sends(Event::Answered(Ok("#14 lands".to_owned())))
        .sends(Event::Answered(Err("#12 is over; `retry 12` tries it again".to_owned())))
        .state
}
