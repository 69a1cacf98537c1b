//! A whole world from one seed: a faulty file system, agents, checks and people around the real machine.
//!
//! Every input is followed by every invariant (debug builds run them inside `handle`); the world itself checks
//! that no edit of the user is ever lost. After the random phase a calm phase must come to an end.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may stop here")]
#![expect(clippy::print_stdout, reason = "a test tells what it reached")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the numbers of this world are small"
)]

mod world;

use world::{Report, Told, run};

/// So many seeds in one run of the tests; `ORCHESTRATOR_SIM_SEEDS` asks for more, `ORCHESTRATOR_SIM_SEED` for one.
const SEEDS: u64 = 10_000;

/// Inputs in the random phase of each seed.
const INPUTS: u32 = 200;

#[expect(clippy::disallowed_methods, reason = "a switch for people who look for a seed")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Seeds that once failed stay here for ever.
const FAILED_ONCE: &[u64] = &[5089];

#[test]
#[expect(clippy::disallowed_methods, reason = "it says how fast it was")]
fn every_seed_keeps_every_promise() {
    if let Some(seed) = number("ORCHESTRATOR_SIM_SEED") {
        println!("{:?}", run(seed, INPUTS, Told::Aloud));
        return;
    }
    let seeds = number("ORCHESTRATOR_SIM_SEEDS").unwrap_or(SEEDS);
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let began = std::time::Instant::now();
    let reports: Vec<Report> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let mine = (0..seeds).filter(|seed| seed % workers == worker).chain(FAILED_ONCE.iter().copied());
                    let mut sum = Report::default();
                    for seed in mine {
                        let report = std::panic::catch_unwind(|| run(seed, INPUTS, Told::Silently));
                        let Ok(report) = report else {
                            panic!("seed {seed} broke a promise; run with ORCHESTRATOR_SIM_SEED={seed}")
                        };
                        sum.add(&report);
                    }
                    sum
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().expect("a worker ended")).collect()
    });
    let mut sum = Report::default();
    for report in reports {
        sum.add(&report);
    }
    let rate = sum.inputs as f64 / began.elapsed().as_secs_f64();
    println!("{seeds} seeds: {sum:?}, {rate:.0} inputs per second");
    // The world must reach the interesting places, or the promises above say little.
    assert!(sum.landed > seeds / 10, "few fixes landed: {sum:?}");
    for (what, count) in [
        ("undone", sum.undone),
        ("taken back", sum.taken_back),
        ("reviews", sum.reviews),
        ("ready", sum.ready),
        ("escalated", sum.escalated),
        ("crashes", sum.crashes),
        ("flaky", sum.flaky),
        ("fixed by you", sum.fixed_by_you),
        ("parked", sum.parked),
        ("quits", sum.quits),
        ("surprises", sum.surprises),
        ("killed", sum.killed),
        ("half landed", sum.half_landed),
        ("recovered", sum.recovered),
        ("changed settings", sum.changed_settings),
        ("snoozed", sum.snoozed),
        ("unsnoozed", sum.unsnoozed),
        ("held by you", sum.held_by_you),
        ("lines of the day reached", sum.day_lines),
        ("lines raised", sum.raised),
        ("lines of batches reached", sum.batch_lines),
        ("lines of batches moved", sum.limited),
        ("first results", sum.first),
        ("replaced", sum.replaced),
        ("reconfigured", sum.reconfigured),
        ("checks gone", sum.checks_gone),
        ("results kept without their check", sum.kept),
        ("runs without a price", sum.unpriced),
        ("planned", sum.planned),
        ("plans given up", sum.plans_given_up),
        ("questions", sum.questions),
        ("answers", sum.answered),
        ("late answers", sum.late_answers),
        ("withdrawn questions", sum.withdrawn),
        ("unanswered questions", sum.unanswered),
        ("questions that were open at a restart", sum.restarted),
        ("planners that were waited for at the end", sum.planners_ended),
        ("planners that were at work at a crash", sum.planners_left),
        ("events", sum.events),
        ("roles put to work", sum.started),
        ("subjects completed", sum.completed),
        ("bugs", sum.bugs),
        ("events for nobody", sum.nobody),
        ("events not followed", sum.not_followed),
        ("loops cut", sum.cut),
        ("event files left", sum.files_left),
        ("plans refused", sum.declined),
        ("results that were not wanted after all", sum.not_wanted),
    ] {
        assert!(count > 0, "no {what} in {seeds} seeds: {sum:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_story() {
    for seed in [1, 77, 4242] {
        assert_eq!(run(seed, INPUTS, Told::Hashed), run(seed, INPUTS, Told::Hashed));
    }
}
