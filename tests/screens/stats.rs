//! The screens of how work went: the page, the same without signs and without colour, and before anything was done.

use orchestrator_tui::core::view::{Stats, StatsLine, View};
use orchestrator_tui::model::budget::Day;
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::counts::Counts;
use orchestrator_tui::ui::glyph::ASCII;
use orchestrator_tui::ui::state::State;

use super::fixture::{busy, cents};
use super::scene::{Person, Scene};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "stats", make: |size| page(stats(), size) },
    Scene { name: "stats-below", make: |size| Person::before(with(stats()), None, size).types("SG").state },
    Scene { name: "stats-none", make: |size| page(Stats::default(), size) },
    Scene { name: "stats-first-day", make: |size| page(first_day(), size) },
    Scene { name: "stats-ascii", make: |size| State { glyphs: ASCII, ..page(stats(), size) } },
    Scene {
        name: "stats-no-colour",
        make: |size| {
            let mut state = page(stats(), size);
            state.theme = state.theme.without_colour();
            state
        },
    },
];

fn with(stats: Stats) -> View {
    View { stats, ..busy() }
}

fn page(stats: Stats, size: (u16, u16)) -> State {
    Person::before(with(stats), None, size).types("S").state
}

/// A line of so many good and failed tasks, with the times of half and nearly all of them in seconds.
fn line(name: &str, (good, failed): (u32, u32), (median, p95): (u64, u64), spent: Spent) -> StatsLine {
    StatsLine {
        name: name.to_owned(),
        counts: Counts { ended: good + failed, succeeded: good, failed, ..Counts::default() },
        attempts: good + failed * 3,
        median: (good + failed > 0).then_some(median * 1000),
        p95: (good + failed > 0).then_some(p95 * 1000),
        spent,
    }
}

/// The same, with so many more that a person refused and undid.
fn ended_by_you(mut line: StatsLine, refused: u32, undone: u32) -> StatsLine {
    line.counts = Counts { ended: line.counts.ended + refused + undone, refused, undone, ..line.counts };
    line
}

fn day(number: i64) -> (Day, StatsLine) {
    let good = u32::try_from((number * 7 + 3) % 11).expect("few");
    let failed = u32::from(number % 4 == 1) * 2;
    let day = Day(20_777 - 20 + number);
    (day, line(&day.to_string(), (good, failed), (60 + number.unsigned_abs(), 300), cents(u64::from(good) * 9 + 2)))
}

fn stats() -> Stats {
    let unpriced = Spent { usd: Usd(0), unpriced: true, tokens_in: 120_000, tokens_out: 4_000 };
    Stats {
        total: ended_by_you(line("all", (98, 12), (74, 512), cents(1240) + unpriced), 2, 1),
        roles: vec![
            ended_by_you(line("fixer", (70, 5), (51, 200), cents(412)), 2, 1),
            line("coding", (21, 4), (2400, 7300), cents(702)),
            line("reviewer", (7, 0), (120, 180), cents(83)),
            line("implementation-of-the-core", (0, 3), (4000, 4100), unpriced),
            line("planner", (0, 0), (0, 0), cents(43)),
        ],
        agents: vec![line("claude", (88, 12), (80, 520), cents(1240)), line("fixers", (10, 0), (2, 4), cents(0))],
        checks: vec![line("unit", (60, 4), (60, 210), cents(300)), line("clippy", (10, 1), (20, 60), cents(112))],
        // On some days nothing was done.
        days: (0..=20).filter(|number| number % 6 != 5).map(day).collect(),
    }
}

fn first_day() -> Stats {
    let one = line("fixer", (1, 0), (42, 42), cents(3));
    let named = |name: &str| StatsLine { name: name.to_owned(), ..one.clone() };
    Stats {
        total: named("all"),
        roles: vec![one.clone()],
        agents: vec![named("claude")],
        checks: vec![named("unit")],
        days: vec![(Day(20_777), named("2026-11-20"))],
    }
}
