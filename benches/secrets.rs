//! Times what covering secrets costs for each megabyte of output. Run: `cargo bench --bench secrets`
#![expect(clippy::print_stdout, reason = "a measurement, not the product")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use orchestrator_tui::core::secrets::{Form, Redactor};
use orchestrator_tui::model::secret::Secret;

/// So many megabytes are read in each measurement.
const MEGABYTES: u32 = 32;

/// How a test runner talks.
const LINE: &str = "\x1b[32mPASS\x1b[0m tests/unit/orders/basket_test.py::test_adds_up[case-17] (0.03 s) https://ci.example.com/17\r\n";

fn main() {
    let secrets = |count: usize| {
        let secret = |n: usize| Secret { name: format!("KEY_{n}"), value: format!("{n:04}-secret-value-{n}") };
        (0..count).map(secret).collect::<Vec<_>>()
    };
    let megabyte = LINE.repeat(1024 * 1024 / LINE.len());
    let dense = format!("{LINE}token 0007-secret-value-7\n").repeat(1024 * 1024 / (LINE.len() + 27));
    for count in [0, 20, 200] {
        let (prepared, redactor) = timed(|| Redactor::new(secrets(count)));
        println!("prepare, {count:>3} values           {:>9.2} ms", ms(prepared));
        for (name, text) in [("harmless", &megabyte), ("a secret in every 2nd line", &dense)] {
            let (whole, ()) = timed(|| {
                for _ in 0..MEGABYTES {
                    black_box(redactor.bytes(black_box(text.as_bytes())));
                }
            });
            let (pieces, ()) = timed(|| {
                let mut stream = redactor.stream(Form::SameLength);
                for _ in 0..MEGABYTES {
                    for piece in text.as_bytes().chunks(4096) {
                        black_box(stream.push(black_box(piece)));
                    }
                }
                black_box(stream.finish());
            });
            println!("  {name:<27} {:>8.2} ms/MB whole", ms(whole / MEGABYTES));
            println!("  {:<27} {:>8.2} ms/MB in pieces of 4 KB", "", ms(pieces / MEGABYTES));
        }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let done = work();
    (started.elapsed(), done)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
