//! Several type into one terminal: each hears the others, and can type only if it knows all that they typed.

use orchestrator_tui::edge::session::{Session, SessionOutput};
use orchestrator_tui::model::session::{Rung, Stdin};

use super::home::{Heard, Home, receive, start};

#[tokio::test]
async fn nobody_types_into_what_somebody_else_is_typing() {
    let home = Home::new();
    let mut spec = home.script(1, "exec cat");
    spec.stdin = Stdin::Terminal;
    let (ours, mut output) = start(&spec).await;
    let (theirs, mut their_output) = Session::attach(ours.place().clone(), 0).await;
    let mut heard = Heard::default();

    theirs.write(b"half a ").await.unwrap();
    heard.until_text(&mut output, "half a ").await;
    assert_eq!(heard.typed, b"half a ");

    // They have typed since, and we do not know.
    ours.write_unless(0, b"<no>").await.unwrap();
    while heard.refused == 0 {
        heard.take(receive(&mut output).await.unwrap());
    }
    ours.write_unless(7, b"<yes>").await.unwrap();
    heard.until_text(&mut output, "<yes>").await;
    assert_eq!(heard.text(), "half a <yes>");

    let mut they_heard = Heard::default();
    they_heard.until_text(&mut their_output, "<yes>").await;
    assert_eq!((they_heard.typed.as_slice(), they_heard.refused), (&b"<yes>"[..], 0));

    // What was refused does not count as on its way.
    for _ in 0..200 {
        ours.write_unless(0, &vec![b'x'; 40_000]).await.unwrap();
        while heard.refused < 2 {
            heard.take(receive(&mut output).await.unwrap());
        }
        heard.refused = 1;
    }
    ours.signal(Rung::Kill).unwrap();
    let heard = heard.finish(&mut output).await;
    assert_eq!(heard.text(), "half a <yes>");
    home.nothing_is_left();
}

#[tokio::test]
async fn what_a_terminal_says_by_itself_is_typed_by_nobody() {
    let home = Home::new();
    let mut spec = home.script(1, "exec cat");
    spec.stdin = Stdin::Terminal;
    let (ours, mut output) = start(&spec).await;
    let (theirs, _their_output) = Session::attach(ours.place().clone(), 0).await;
    let mut heard = Heard::default();
    theirs.respond(b"answer ").await.unwrap();
    heard.until_text(&mut output, "answer ").await;
    assert!(heard.typed.is_empty());
    ours.write_unless(0, b"<yes>").await.unwrap();
    heard.until_text(&mut output, "<yes>").await;
    assert_eq!((heard.text(), heard.refused), ("answer <yes>", 0));
    theirs.write(b"!").await.unwrap();
    heard.until_text(&mut output, "!").await;
    assert_eq!(heard.typed, b"!");
    ours.signal(Rung::Kill).unwrap();
    heard.finish(&mut output).await;
    home.nothing_is_left();
}

#[tokio::test]
async fn a_pipe_is_nobodys_keyboard() {
    let home = Home::new();
    let mut spec = home.script(1, "exec cat");
    spec.stdin = Stdin::Pipe;
    let (ours, mut output) = start(&spec).await;
    let (theirs, _their_output) = Session::attach(ours.place().clone(), 0).await;
    theirs.write(b"a prompt").await.unwrap();
    let mut heard = Heard::default();
    heard.until_text(&mut output, "a prompt").await;
    ours.close_input().unwrap();
    let mut more = Vec::new();
    while let Some(news) = receive(&mut output).await {
        more.push(news);
    }
    assert!(heard.typed.is_empty() && !more.iter().any(|news| matches!(news, SessionOutput::Typed(_))));
    home.nothing_is_left();
}
