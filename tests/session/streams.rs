//! What is written and what is said come through: whole, in order, at any size.

use std::fs;

use orchestrator_tui::edge::session::{Place, Session};
use orchestrator_tui::model::id::SessionId;
use orchestrator_tui::model::session::{Exit, Rung, Stdin};

use super::home::{Heard, Home, hear, receive, run, start, until};

#[tokio::test]
async fn twenty_megabytes_come_through_unchanged() {
    let home = Home::new();
    let spec = home.script(1, "head -c 20000000 /dev/urandom | tee copy");
    let (_session, mut output) = start(&spec).await;
    let (_other, mut other) = Session::attach(Place::of(&spec), 0).await;
    let (heard, heard_too) = tokio::join!(hear(&mut output), hear(&mut other));
    let copy = fs::read(home.path("copy")).unwrap();
    assert_eq!(heard.exit, Some(Exit::Code(0)));
    assert_eq!(copy.len(), 20_000_000);
    assert!(heard.bytes == copy && heard.holes.is_empty());
    assert!(heard_too.bytes == copy && heard_too.holes.is_empty());
    assert!(fs::read(Place::of(&spec).output()).unwrap() == copy);
    let record = Place::of(&spec).exit_record().unwrap();
    assert_eq!((record.output, record.output_dropped, record.notes), (20_000_000, 0, vec![]));
    let times = fs::read_to_string(Place::of(&spec).times()).unwrap();
    let times: Vec<(u64, u64)> = times
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(offset, ms)| (offset.parse().unwrap(), ms.parse().unwrap()))
        .collect();
    assert!(times[0].0 == 0 && times.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{times:?}");
    assert!(times.last().unwrap().0 < 20_000_000 && times.last().unwrap().1 <= record.ran_ms);
    home.nothing_is_left();
}

#[tokio::test]
async fn a_client_that_does_not_read_slows_nobody_and_is_told_the_hole() {
    let home = Home::new();
    let mut spec = home.script(1, "head -c 20000000 /dev/urandom | tee copy; touch done");
    spec.log_cap = 6_000_000;
    let (_session, mut output) = start(&spec).await;
    let place = Place::of(&spec);
    until(|| place.exit_record().is_some());
    let heard = hear(&mut output).await;
    let copy = fs::read(home.path("copy")).unwrap();
    assert_eq!((heard.exit, heard.next), (Some(Exit::Code(0)), 20_000_000));
    // A second hole, when the holder did not wait for a reader as slow as a machine out of breath.
    assert!(heard.holes[0].0 >= 6_000_000 && heard.holes.len() <= 2, "{:?}", heard.holes);
    let index = |offset: u64| usize::try_from(offset).unwrap();
    let (mut expected, mut at) = (Vec::new(), 0);
    for &(from, to) in heard.holes.iter().chain([&(20_000_000, 20_000_000)]) {
        expected.extend_from_slice(&copy[at..index(from)]);
        at = index(to);
    }
    assert!(heard.bytes == expected);
    assert!(fs::read(place.output()).unwrap() == copy[..6_000_000]);
    assert_eq!(place.exit_record().unwrap().output_dropped, 14_000_000);
    home.nothing_is_left();
}

#[tokio::test]
async fn a_large_message_goes_through_the_pipe() {
    let home = Home::new();
    for (id, size) in [(1, 2_000_000_usize), (2, 11_000_000)] {
        let mut spec = home.script(id, "sleep 0.2; cat > copy; cat copy");
        spec.stdin = Stdin::Pipe;
        let (session, mut output) = start(&spec).await;
        let message: Vec<u8> = (0..size).map(|n| u8::try_from(n % 253).unwrap()).collect();
        session.write(&message).await.unwrap();
        session.write(b"and more").await.unwrap();
        session.close_input().unwrap();
        let heard = hear(&mut output).await;
        assert_eq!(heard.exit, Some(Exit::Code(0)));
        assert!(heard.bytes == [&message[..], b"and more"].concat(), "{size}: {}", heard.bytes.len());
    }
    home.nothing_is_left();
}

#[tokio::test]
async fn what_one_writer_writes_stays_together() {
    let home = Home::new();
    let mut spec = home.script(1, "cat");
    spec.stdin = Stdin::Pipe;
    let (session, mut output) = start(&spec).await;
    let mut writers = Vec::new();
    for letter in b"abc" {
        let session = session.clone();
        writers.push(tokio::spawn(async move {
            for _ in 0..5 {
                session.write(&[vec![*letter; 300_000], vec![b'\n']].concat()).await.unwrap();
            }
        }));
    }
    let listener = tokio::spawn(async move { hear(&mut output).await });
    for writer in writers {
        writer.await.unwrap();
    }
    session.close_input().unwrap();
    let heard = listener.await.unwrap();
    let lines: Vec<&str> = heard.text().lines().collect();
    assert_eq!(lines.len(), 15);
    assert!(lines.iter().all(|line| line.len() == 300_000 && line.bytes().all(|byte| line.starts_with(byte as char))));
    home.nothing_is_left();
}

#[tokio::test]
async fn a_program_that_reads_no_more_is_said() {
    let home = Home::new();
    let mut spec = home.script(1, "exec <&-; echo closed; sleep 1000");
    spec.stdin = Stdin::Pipe;
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "closed").await;
    // The pipe breaks at the first write at the latest.
    while session.write(&vec![0; 100_000]).await.is_ok() {}
    session.signal(Rung::Kill).unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Signal(9)));
    until(|| session.signal(Rung::Kill).is_err());
    home.nothing_is_left();
}

#[tokio::test]
async fn a_raw_terminal_adds_nothing_and_a_cooked_one_does_as_always() {
    let home = Home::new();
    let mut spec = home.script(1, "printf 'a\\nb\\n'");
    assert_eq!(run(&spec).await.text(), "a\nb\n");
    spec.raw = false;
    assert_eq!(run(&spec).await.text(), "a\r\nb\r\n");
    home.nothing_is_left();
}

#[tokio::test]
async fn standard_error_goes_to_the_terminal_or_its_own_pipe() {
    let home = Home::new();
    let mut spec = home.script(1, "echo one; echo two >&2; test -t 1 && ! test -t 2");
    let heard = run(&spec).await;
    assert_eq!((heard.text(), heard.exit), ("one\ntwo\n", Some(Exit::Code(1))));
    assert!(heard.errors.is_empty());
    spec.own_stderr = true;
    spec.id = SessionId(2);
    let heard = run(&spec).await;
    assert_eq!((heard.text(), &*heard.errors, heard.exit), ("one\n", &b"two\n"[..], Some(Exit::Code(0))));
    assert_eq!(fs::read(Place::of(&spec).errors()).unwrap(), b"two\n");
    let (_session, mut output) = Session::attach(Place::of(&spec), 2).await;
    let mut again = Heard { next: 2, ..Heard::default() };
    while let Some(what) = receive(&mut output).await {
        again.take(what);
    }
    assert_eq!((again.text(), &*again.errors, again.exit), ("e\n", &b"two\n"[..], Some(Exit::Code(0))));
    home.nothing_is_left();
}

#[tokio::test]
async fn input_and_end_wait_for_no_other_event() {
    let home = Home::new();
    let mut spec = home.script(1, "cat; sleep 1000");
    spec.stdin = Stdin::Pipe;
    spec.args[1] = "exec cat".into();
    for round in 0..30 {
        spec.id = SessionId(round);
        spec.socket = home.path(&format!("{round}.sock"));
        let (session, mut output) = start(&spec).await;
        if round % 2 == 0 {
            session.write(b"hello").await.unwrap();
        }
        session.close_input().unwrap();
        let heard = hear(&mut output).await;
        assert_eq!(heard.exit, Some(Exit::Code(0)));
        assert_eq!(heard.text(), if round % 2 == 0 { "hello" } else { "" });
    }
    let mut spec = home.script(100, "exec cat");
    spec.stdin = Stdin::Terminal;
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    for round in 0..300 {
        session.write(format!("<{round}>").as_bytes()).await.unwrap();
        heard.until_text(&mut output, &format!("<{round}>")).await;
    }
    session.signal(Rung::Kill).unwrap();
    heard.finish(&mut output).await;
    home.nothing_is_left();
}

#[tokio::test]
async fn an_interactive_program_has_a_terminal_of_its_own() {
    let home = Home::new();
    let mut spec = home.script(
        1,
        "trap 'stty size' WINCH; trap 'echo int; exit 4' INT; test -t 0 && test -t 2 && stty size; echo ctty >/dev/tty; \
         while :; do sleep 0.05; done",
    );
    (spec.stdin, spec.raw) = (Stdin::Terminal, false);
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "24 80\r\nctty\r\n").await;
    session.resize(120, 36).unwrap();
    heard.until_text(&mut output, "36 120\r\n").await;
    session.write(b"\x03").await.unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Code(4)));

    for text in ["", "line\n", "half a line"] {
        let mut spec = home.script(2, "exec cat");
        (spec.stdin, spec.raw) = (Stdin::Terminal, false);
        let (session, mut output) = start(&spec).await;
        session.write(text.as_bytes()).await.unwrap();
        session.signal(Rung::Ask).unwrap();
        assert_eq!(hear(&mut output).await.exit, Some(Exit::Code(0)), "{text:?}");
        until(|| !spec.socket.exists());
    }
    home.nothing_is_left();
}
