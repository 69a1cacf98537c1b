//! Serves the terminals of sessions to those who look: what was shown so far, then what comes, and what is typed back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::app::effects::places::Places;
use crate::core::secrets::{Form, StreamRedactor};
use crate::edge::control::{About, AttachCall, Attached, ControlReply, Shown, Wish};
use crate::edge::session::{Output, Place, Session, SessionOutput};
use crate::model::id::SessionId;
use crate::model::session::Terminal;

/// How much of the past is shown: its beginning, where programs set up their terminal, and its end.
const HEAD: u64 = 64 * 1024;
const TAIL: u64 = 2 * 1024 * 1024;
/// How many pieces of output, of at most 64 KB, may wait for a slow reader; after that the holder waits, and the program
/// does not.
const QUEUE: usize = 16;

/// How often, and after which pauses, a session is looked for that is not there: 2 s in all.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// How long what may be the beginning of a secret is kept back from a screen: no pause that a person who types sees.
const SETTLE: Duration = Duration::from_millis(60);

/// How long it is kept back when it is most likely one: programs write a token in one go, or nearly.
const SETTLE_LIKELY: Duration = Duration::from_secs(1);

/// The sessions that somebody looks at.
type Desks = Arc<Mutex<BTreeMap<SessionId, Desk>>>;

/// Serves those who want to look, until nobody can ask any more.
pub async fn serve(places: Places, mut calls: mpsc::Receiver<AttachCall>) {
    let desks = Desks::default();
    let mut number = 0;
    while let Some(call) = calls.recv().await {
        number += 1;
        let place = Place {
            id: call.session,
            mark: places.mark.clone(),
            logs: places.layout.sessions(),
            socket: places.layout.session_socket(call.session),
        };
        let desks = Arc::clone(&desks);
        let redactor = places.secrecy.now().stream(Form::SameLength);
        tokio::spawn(async move {
            // Whoever asked may have gone.
            let _ = call.reply.send(attach(place, number, desks, redactor).await);
        });
    }
}

async fn attach(place: Place, number: u64, desks: Desks, redactor: StreamRedactor) -> Result<Attached, ControlReply> {
    let id = place.id;
    let Some((length, head)) = beginning(&place).await else {
        let hint = "a session is there while its check or agent runs, and until its files are removed";
        return Err(ControlReply::refused(404, format!("there is no session {}", id.0), hint));
    };
    let from = if head.is_empty() { 0 } else { length - TAIL };
    let (session, output) = Session::attach(place, from).await;
    let (terminal, end) = session
        .terminal()
        .unwrap_or((Terminal { size: crate::app::effects::places::SIZE, ..Terminal::default() }, length));
    let sizes = open(&desks, id, number, terminal, end);
    let (out, shown) = mpsc::channel(QUEUE);
    let (wishes, orders) = mpsc::channel(QUEUE);
    let terminal = Terminal { size: *sizes.borrow(), ..terminal };
    tokio::spawn(async move {
        let past = [
            Some(Shown::About(About { terminal, end })),
            (!head.is_empty()).then_some(Shown::Hole { from: head.len() as u64, to: from }),
        ];
        let [about, hole] = past;
        let beginning = hole.is_some().then_some(Shown::Output { offset: 0, bytes: head });
        let listener = Listener { out, sizes, redactor };
        let told = listener.tell(about.into_iter().chain(beginning).chain(hole), output);
        let seat = Seat { id, number, typing: terminal.typing, session, desks: Arc::clone(&desks) };
        tokio::select! {
            () = told => {}
            () = seat.obey(orders) => {}
        }
        leave(&desks, id, number, &seat.session);
    });
    Ok(Attached { shown, wishes })
}

/// Returns how long a session's log is, and its beginning, if that will not come with its end; nothing: there is none.
async fn beginning(place: &Place) -> Option<(u64, Vec<u8>)> {
    for _ in 0..TRIES {
        let log = place.output();
        let read = move || {
            let log = File::open(log).ok()?;
            let length = log.metadata().ok()?.len();
            let mut head = Vec::new();
            if length > HEAD + TAIL {
                log.take(HEAD).read_to_end(&mut head).ok()?;
            }
            Some((length, head))
        };
        if let Some(read) = tokio::task::spawn_blocking(read).await.ok().flatten() {
            return Some(read);
        }
        // It may only just be starting: it is shown as soon as it is wanted, and its holder has no socket yet.
        tokio::time::sleep(PAUSE).await;
    }
    None
}

/// Those who look at one session.
struct Desk {
    /// Whoever typed, or said which size it wants, last: it answers, and its size holds.
    leader: u64,
    /// Questions of the program before this offset are answered.
    answered: u64,
    /// The sizes that those want who type, by their numbers; nothing for those who only look.
    sizes: BTreeMap<u64, Option<(u16, u16)>>,
    size: watch::Sender<(u16, u16)>,
}

fn open(desks: &Desks, id: SessionId, number: u64, terminal: Terminal, end: u64) -> watch::Receiver<(u16, u16)> {
    let mut desks = desks.lock().unwrap_or_else(PoisonError::into_inner);
    let desk = desks.entry(id).or_insert_with(|| Desk {
        leader: number,
        answered: end,
        sizes: BTreeMap::new(),
        size: watch::Sender::new(terminal.size),
    });
    desk.sizes.insert(number, None);
    desk.size.subscribe()
}

/// Gives a seat up; another one who types leads from then on.
fn leave(desks: &Desks, id: SessionId, number: u64, session: &Session) {
    let mut desks = desks.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(desk) = desks.get_mut(&id) else { return };
    desk.sizes.remove(&number);
    if desk.sizes.is_empty() {
        desks.remove(&id);
    } else if desk.leader == number
        && let Some(next) = desk.sizes.iter().find(|(_, size)| size.is_some()).map(|(next, _)| *next)
    {
        desk.lead(next, session);
    }
}

impl Desk {
    /// Lets somebody lead; the terminal takes the size that it has there.
    fn lead(&mut self, number: u64, session: &Session) {
        self.leader = number;
        let Some((columns, rows)) = self.sizes.get(&number).copied().flatten() else { return };
        if *self.size.borrow() != (columns, rows) && session.resize(columns, rows).is_ok() {
            self.size.send_replace((columns, rows));
        }
    }
}

/// Tells somebody what a session shows.
struct Listener {
    out: mpsc::Sender<Shown>,
    sizes: watch::Receiver<(u16, u16)>,
    /// Covers secrets by as many letters: what a program draws stays in its place.
    redactor: StreamRedactor,
}

impl Listener {
    async fn tell(mut self, past: impl Iterator<Item = Shown>, mut output: Output) {
        for shown in past {
            if self.out.send(shown).await.is_err() {
                return;
            }
        }
        let mut at = 0;
        loop {
            let patience = if self.redactor.is_likely() { SETTLE_LIKELY } else { SETTLE };
            let next = tokio::select! {
                // A new size holds for what comes after it.
                biased;
                () = self.out.closed() => return,
                Ok(()) = self.sizes.changed() => {
                    let (columns, rows) = *self.sizes.borrow_and_update();
                    Shown::Size(columns, rows)
                }
                news = output.recv() => match news {
                    Some(SessionOutput::Bytes { offset, bytes }) => {
                        let offset = offset.saturating_sub(self.redactor.held() as u64);
                        Shown::Output { offset, bytes: self.redactor.push(&bytes) }
                    }
                    Some(SessionOutput::Hole { from, to }) => {
                        if !self.show_rest(at).await {
                            return;
                        }
                        Shown::Hole { from, to }
                    }
                    // A log of its own, and what is typed: neither is what its terminal shows.
                    Some(SessionOutput::Errors(_) | SessionOutput::Typed(_) | SessionOutput::NotWritten) => continue,
                    Some(SessionOutput::Ended(exit)) => {
                        self.show_rest(at).await;
                        let _ = self.out.send(Shown::Ended(exit.to_string())).await;
                        return;
                    }
                    None => return,
                },
                () = tokio::time::sleep(patience), if self.redactor.held() > 0 => {
                    Shown::Output { offset: at, bytes: self.redactor.settle() }
                }
            };
            if let Shown::Output { offset, bytes } = &next {
                at = offset + bytes.len() as u64;
                if bytes.is_empty() {
                    continue;
                }
            }
            if self.out.send(next).await.is_err() {
                return;
            }
        }
    }

    /// Shows what was kept back, which begins at this offset; returns whether anybody listens.
    async fn show_rest(&mut self, offset: u64) -> bool {
        let bytes = self.redactor.finish();
        bytes.is_empty() || self.out.send(Shown::Output { offset, bytes }).await.is_ok()
    }
}

/// One who looks at a session, and what it may do there.
struct Seat {
    id: SessionId,
    number: u64,
    typing: bool,
    session: Session,
    desks: Desks,
}

impl Seat {
    /// Does what is wished, as far as the session takes it.
    async fn obey(&self, mut wishes: mpsc::Receiver<Wish>) {
        while let Some(wish) = wishes.recv().await {
            let is_typed = matches!(wish, Wish::Keys(_));
            let Some(bytes) = self.take(wish) else { continue };
            // Only what a person typed may be a half-written line.
            let written = if is_typed { self.session.write(&bytes).await } else { self.session.respond(&bytes).await };
            if written.is_err() {
                break;
            }
        }
        // The session has ended, or it is only looked at from now on.
        std::future::pending::<()>().await;
    }

    /// Returns what is to be typed.
    fn take(&self, wish: Wish) -> Option<Vec<u8>> {
        if !self.typing {
            return None;
        }
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let desk = desks.get_mut(&self.id)?;
        match wish {
            Wish::Keys(bytes) | Wish::Mouse(bytes) => {
                desk.lead(self.number, &self.session);
                Some(bytes)
            }
            Wish::Size(columns, rows) => {
                desk.sizes.insert(self.number, Some((columns.clamp(2, 1000), rows.clamp(2, 1000))));
                desk.lead(self.number, &self.session);
                None
            }
            Wish::Answer { offset, bytes } => {
                if desk.leader != self.number || offset <= desk.answered {
                    return None;
                }
                desk.answered = offset;
                Some(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::secrets::Redactor;
    use crate::model::secret::Secret;
    use crate::model::session::Exit;

    #[tokio::test]
    async fn a_screen_sees_all_but_secrets_each_byte_in_its_place() {
        let secret = Secret { name: "KEY".to_owned(), value: "very-secret-42".to_owned() };
        let redactor = Redactor::new(vec![secret]).stream(Form::SameLength);
        let (out, mut shown) = mpsc::channel(QUEUE);
        let (size, sizes) = watch::channel((80, 24));
        let (say, output) = mpsc::channel(QUEUE);
        tokio::spawn(Listener { out, sizes, redactor }.tell(std::iter::empty(), output));
        let said = "$ echo very-secret-42 | cat\r\nvery-secret-42\r\n$ very";
        let mut offset = 7;
        for piece in said.as_bytes().chunks(9) {
            let bytes = piece.to_vec();
            assert!(say.send(SessionOutput::Bytes { offset, bytes }).await.is_ok());
            offset += piece.len() as u64;
        }
        // The last word may begin a secret; a person sees it all the same.
        let (mut seen, mut next) = (Vec::new(), 7);
        while seen.len() < said.len() {
            let Some(Shown::Output { offset, bytes }) = shown.recv().await else { break };
            assert_eq!(offset, next);
            next += bytes.len() as u64;
            seen.extend(bytes);
        }
        let want = said.replace("very-secret-42", "[secret KEY**]");
        assert_eq!(String::from_utf8_lossy(&seen), want);
        assert!(say.send(SessionOutput::Bytes { offset, bytes: b"-secret-42".to_vec() }).await.is_ok());
        assert!(say.send(SessionOutput::Ended(Exit::Code(0))).await.is_ok());
        let rest = shown.recv().await;
        assert_eq!(rest, Some(Shown::Output { offset, bytes: b"[secret**]".to_vec() }));
        assert!(matches!(shown.recv().await, Some(Shown::Ended(_))));
        drop(size);
    }
}
