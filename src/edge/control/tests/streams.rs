//! Streams over a real socket: facts without a gap, the view as it changes, who looks, and how it ends.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

use std::sync::Arc;
use std::task::Poll;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::house::{DEADLINE, House, echo, fact, house, house_of};
use crate::core::command::Command;
use crate::core::effect::Recorded;
use crate::core::fact::Fact;
use crate::core::view::{CheckRow, View};
use crate::edge::control::*;
use crate::model::check::{CheckKey, CheckName};
use crate::model::id::{Seq, TaskId};
use crate::model::time::Wall;

/// The next line; null at the end.
async fn next(facts: &mut Facts) -> Value {
    timeout(DEADLINE, facts.next()).await.unwrap().map(Result::unwrap).unwrap_or_default()
}

fn after(seq: u64) -> Wanted {
    Wanted { after: Seq(seq), ..Wanted::default() }
}

fn told(seq: u64) -> Value {
    serde_json::from_str(&fact(seq).json).unwrap()
}

#[tokio::test]
async fn facts_stream_without_a_gap_or_with_a_word_about_it() {
    let house = house();
    let client = Client::connect(&house.socket).await.unwrap();
    let mut all = client.facts(&after(0), false).await.unwrap();
    assert_eq!(next(&mut all).await, json!({ "resync": true, "after": 0 }), "1 and 2 cannot be read");
    for seq in 3..=5 {
        assert_eq!(next(&mut all).await, told(seq));
    }
    assert_eq!(next(&mut all).await, Value::Null);

    let mut following = client.facts(&after(3), true).await.unwrap();
    assert_eq!(next(&mut following).await, told(4));
    assert_eq!(next(&mut following).await, told(5));
    for seq in 5..=6 {
        house.facts.send(fact(seq)).unwrap();
    }
    assert_eq!(next(&mut following).await, told(6), "5 came twice and is seen once");
    // More than the broadcast holds, before the stream's task has a chance to run.
    for seq in 7..=20 {
        house.facts.send(fact(seq)).unwrap();
    }
    assert_eq!(next(&mut following).await, json!({ "resync": true, "after": 6 }));
    for seq in 17..=20 {
        assert_eq!(next(&mut following).await, told(seq));
    }
    house.facts.send(fact(21)).unwrap();
    house.server.stop(Farewell::default()).await;
    assert_eq!(next(&mut following).await, told(21), "the last word is heard, too");
    assert_eq!(next(&mut following).await, Value::Null);
}

#[tokio::test]
async fn facts_of_one_task_and_the_last_ones_only() {
    let house = house();
    let client = Client::connect(&house.socket).await.unwrap();
    let wanted = Wanted { task: Some(TaskId(7)), ..after(2) };
    let mut of_task = client.facts(&wanted, true).await.unwrap();
    assert_eq!(next(&mut of_task).await, told(4));
    for seq in 6..=8 {
        house.facts.send(fact(seq)).unwrap();
    }
    assert_eq!(next(&mut of_task).await, told(6));
    assert_eq!(next(&mut of_task).await, told(8), "what it is not about leaves no gap");

    let mut last = client.facts(&Wanted { limit: Some(2), ..after(0) }, false).await.unwrap();
    assert_eq!(next(&mut last).await, json!({ "cut": true, "left_out": 1 }));
    assert_eq!((next(&mut last).await, next(&mut last).await, next(&mut last).await), (told(4), told(5), Value::Null));
    let refused = client.facts(&Wanted { limit: Some(0), ..after(0) }, true).await.unwrap_err();
    assert!(refused.to_string().contains("the disk is gone"), "{refused}");

    let beat = |seq| Recorded { seq: Seq(seq), at: Wall(9), fact: Fact::Beat };
    let story = client.story(TaskId(7), 9).await.unwrap();
    assert_eq!(story, Story { left_out: 0, facts: vec![beat(4)] });
    let mut follow = client.follow(Seq(0), None).await.unwrap();
    let mut heard = async || timeout(DEADLINE, follow.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(heard().await, FactNews::Missing(Seq(0)));
    assert_eq!(heard().await, FactNews::Fact(Box::new(beat(3))));
    house.server.stop(Farewell::default()).await;
}

/// A view with so many checks that each says its number.
fn view(pid: u32, checks: u64) -> View {
    let row = |number: u64| CheckRow {
        key: CheckKey { check: CheckName(format!("check-{number}")), file: None },
        verdict: None,
        since: None,
        took: number,
        failures: 0,
        running: None,
        wanted: false,
        session: None,
    };
    let mut view = View { checks: (0..checks).map(row).collect(), ..View::default() };
    view.head.pid = pid;
    view
}

/// Shows this view to the one who has just come.
async fn show_to(house: &House, lease: bool, first: View) -> (First, ViewStream) {
    let client = Client::connect(&house.socket).await.unwrap();
    let mut audience = house.views.audience();
    let before = audience.borrow_and_update().watching;
    let opening = tokio::spawn(async move { client.view(lease).await.unwrap() });
    timeout(DEADLINE, audience.wait_for(|now| now.watching > before)).await.unwrap().unwrap();
    house.views.show(Seq(9), first);
    timeout(DEADLINE, opening).await.unwrap().unwrap()
}

async fn change(stream: &mut ViewStream, view: &mut View) {
    match timeout(DEADLINE, stream.next()).await.unwrap() {
        ViewNews::Changed(delta) => view.apply(*delta),
        other => panic!("{other:?}"),
    }
}

/// Whether nothing has come so far.
async fn is_quiet(stream: &mut ViewStream) -> bool {
    let mut next = Box::pin(stream.next());
    std::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn two_who_look_see_the_same_and_only_what_changes() {
    let house = house();
    house.views.show(Seq(9), view(1, 1));
    let (first, mut one) = show_to(&house, true, view(2, 2)).await;
    assert_eq!(
        first,
        First { view: view(2, 2), seq: Seq(9), company: Company { leased: true, screens: 1 } },
        "never one from before anybody looked"
    );
    house.views.release();
    let (second, mut two) = show_to(&house, false, view(2, 2)).await;
    let free = Company { leased: false, screens: 1 };
    assert_eq!(second, First { view: view(2, 2), seq: Seq(9), company: free });
    assert_eq!(timeout(DEADLINE, one.next()).await.unwrap(), ViewNews::Company(free));
    let (mut seen_by_one, mut seen_by_two) = (first.view, second.view);
    house.views.show(Seq(9), view(3, 2));
    change(&mut one, &mut seen_by_one).await;
    change(&mut two, &mut seen_by_two).await;
    assert_eq!((&seen_by_one, &seen_by_two), (&view(3, 2), &view(3, 2)));
    house.views.show(Seq(9), view(3, 2));
    assert!(is_quiet(&mut one).await && is_quiet(&mut two).await, "the same again is no news");
    drop(one);
    let mut audience = house.views.audience();
    timeout(DEADLINE, audience.wait_for(|now| now.watching == 1 && now.leases == 0)).await.unwrap().unwrap();
    let nobody = Company { leased: false, screens: 0 };
    assert_eq!(timeout(DEADLINE, two.next()).await.unwrap(), ViewNews::Company(nobody));
    house.views.show(Seq(9), view(4, 1));
    change(&mut two, &mut seen_by_two).await;
    assert_eq!(seen_by_two, view(4, 1));
    house.server.stop(Farewell::default()).await;
}

#[tokio::test]
async fn a_slow_reader_skips_and_still_comes_to_the_same_view() {
    let house = house();
    let (first, mut slow) = show_to(&house, false, view(0, 3_000)).await;
    let mut seen = first.view;
    for pid in 1..=60 {
        // Each changes all rows: megabytes, which no socket holds.
        let mut next = view(pid, 3_000);
        next.checks.iter_mut().for_each(|row| row.failures = pid as usize);
        house.views.show(Seq(9), next);
        tokio::task::yield_now().await;
    }
    let mut changes = 0;
    while seen.head.pid < 60 {
        change(&mut slow, &mut seen).await;
        changes += 1;
    }
    assert!(seen.checks.iter().all(|row| row.failures == 60) && seen.checks.len() == 3_000);
    assert!(changes < 60, "{changes}");
    house.server.stop(Farewell::default()).await;
}

#[tokio::test]
async fn whoever_goes_without_a_word_is_noticed_at_once() {
    let house = house();
    let mut audience = house.views.audience();
    let mut raw = UnixStream::connect(&house.socket).await.unwrap();
    raw.write_all(b"GET /api/v1/view?lease=1 HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    timeout(DEADLINE, audience.wait_for(|now| now.leases == 1)).await.unwrap().unwrap();
    // Before anything was shown, as if the process had been killed.
    drop(raw);
    let now = *timeout(DEADLINE, audience.wait_for(|now| now.leases == 0)).await.unwrap().unwrap();
    assert_eq!(now, Audience { watching: 0, leases: 0, granted: 1, leased: true });
    let (_, stream) = show_to(&house, true, view(1, 1)).await;
    drop(stream);
    timeout(DEADLINE, audience.wait_for(|now| now.granted == 2 && now.leases == 0)).await.unwrap().unwrap();
    house.server.stop(Farewell::default()).await;
}

#[tokio::test]
async fn an_orderly_end_is_told_from_a_death() {
    let house = house();
    let (first, mut stream) = show_to(&house, false, view(1, 1)).await;
    let mut seen = first.view;
    house.views.show(Seq(9), view(2, 1));
    let farewell = Farewell { code: 1, said: "1 task failed".to_owned() };
    let stopping = tokio::spawn(house.server.stop(farewell.clone()));
    change(&mut stream, &mut seen).await;
    assert_eq!(seen, view(2, 1), "what was shown last comes before the end");
    let ended = ViewNews::Ended(Ending::Stopped(farewell));
    assert_eq!(timeout(DEADLINE, stream.next()).await.unwrap(), ended);
    assert_eq!(timeout(DEADLINE, stream.next()).await.unwrap(), ended, "and says so again");
    timeout(DEADLINE, stopping).await.unwrap().unwrap();

    // One that dies in the middle of a body: the connection is closed without its last chunk.
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("control.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let dies = tokio::spawn(async move {
        let (_probe, _) = listener.accept().await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let _request = stream.read(&mut [0; 1024]).await.unwrap();
        let line =
            json!({ "version": env!("CARGO_PKG_VERSION"), "leased": false, "screens": 0, "seq": 9, "view": view(1, 0) }).to_string();
        let length = line.len() + 1;
        let reply = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{line}\n\r\n");
        stream.write_all(reply.as_bytes()).await.unwrap();
    });
    let client = Client::connect(&socket).await.unwrap();
    let (_, mut stream) = timeout(DEADLINE, client.view(false)).await.unwrap().unwrap();
    let ended = timeout(DEADLINE, stream.next()).await.unwrap();
    assert!(matches!(ended, ViewNews::Ended(Ending::Died(_))), "{ended:?}");
    dies.await.unwrap();
}

#[tokio::test]
async fn whoever_asks_while_it_ends_or_is_of_another_version_is_told() {
    let house = house();
    let client = Client::connect(&house.socket).await.unwrap();
    let asking = client.clone();
    let mut audience = house.views.audience();
    let asking = tokio::spawn(async move { asking.view(true).await });
    timeout(DEADLINE, audience.wait_for(|now| now.watching == 1)).await.unwrap().unwrap();
    house.server.stop(Farewell { code: 2, said: "git is not installed\nhint: install it".to_owned() }).await;
    let error = timeout(DEADLINE, asking).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the supervisor has just ended: git is not installed");

    let house = Arc::new(house_of("0.0.7"));
    let client = Client::connect(&house.socket).await.unwrap();
    let asking = tokio::spawn(async move { client.view(true).await });
    let mut audience = house.views.audience();
    timeout(DEADLINE, audience.wait_for(|now| now.watching == 1)).await.unwrap().unwrap();
    house.views.show(Seq(9), view(1, 1));
    let error = timeout(DEADLINE, asking).await.unwrap().unwrap().unwrap_err().to_string();
    assert!(error.starts_with("supervisor 0.0.7 runs, this is ") && error.contains("orchestrator-tui stop"), "{error}");
}

#[tokio::test]
async fn commands_are_asked_in_the_words_of_the_machine() {
    let house = house();
    tokio::spawn(echo(house.calls));
    let client = Client::connect(&house.socket).await.unwrap();
    // The app of this house answers with what it was asked, and has no words of its own.
    assert_eq!(client.ask(&Command::Kill { task: TaskId(3) }).await.unwrap(), "done");
    let (_, echoed) = client.command("kill", &json!({ "task": 3 })).await.unwrap();
    assert_eq!((&echoed["count"], &echoed["name"]), (&json!(2), &json!("kill")));
    let refused = client.command("forbidden", &json!({})).await.unwrap();
    assert_eq!(refused.0, 409);
    assert_eq!(client.leave().await.unwrap(), "done");
    house.server.stop(Farewell::default()).await;
    assert!(matches!(client.leave().await, Err(ClientError::NotRunning(_))));
}
