//! The terminal of a session on the screen: attaches to it through the supervisor, hands on what it shows and what is typed.

use tokio::sync::mpsc;

use crate::edge::control::{About, Attached, Client, Shown, Wish as Asked};
use crate::model::id::SessionId;
use crate::ui::event::{Event, News, Wish};

/// How many pieces of output may wait to be drawn: few, so that a key is not behind a flood.
const NEWS: usize = 8;
/// How many wishes may wait for a program that does not read.
const WISHES: usize = 256;

/// The session whose terminal is shown. Dropped, it is let go.
pub(super) struct Remote {
    news: mpsc::Receiver<Event>,
    wishes: mpsc::Sender<Asked>,
}

impl Remote {
    /// Begins to attach to a session.
    pub(super) fn open(client: Client, session: SessionId) -> Self {
        let (tell, news) = mpsc::channel(NEWS);
        let (wishes, wanted) = mpsc::channel(WISHES);
        tokio::spawn(async move {
            let over = match client.attach(session).await {
                Ok(attached) => carry(session, attached, &tell, wanted).await,
                Err(error) => Some(error.to_string()),
            };
            if let Some(why) = over {
                // The screen may have turned away.
                let _ = tell.send(Event::Terminal(session, News::Over(why))).await;
            }
        });
        Self { news, wishes }
    }

    /// Waits for the next thing that the session shows; for ever after the last one.
    pub(super) async fn next(remote: &mut Option<Self>) -> Event {
        if let Some(remote) = remote
            && let Some(event) = remote.news.recv().await
        {
            return event;
        }
        std::future::pending().await
    }

    /// Passes a wish on.
    ///
    /// # Errors
    /// If too many wait already.
    pub(super) fn wish(&self, wish: Wish) -> Result<(), String> {
        let asked = match wish {
            Wish::Type(bytes) => Asked::Keys(bytes),
            Wish::Mouse(bytes) => Asked::Mouse(bytes),
            Wish::Answer(offset, bytes) => Asked::Answer { offset, bytes },
            Wish::Size(columns, rows) => Asked::Size(columns, rows),
            Wish::Attach(_) | Wish::Detach => return Ok(()),
        };
        match self.wishes.try_send(asked) {
            Err(mpsc::error::TrySendError::Full(_)) => {
                Err("the program does not read what is typed; this was not sent".to_owned())
            }
            // One that has ended says so by itself.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }
}

/// Carries both ways until the session ends, or the screen turns away; says why there is nothing more if nobody has.
async fn carry(
    session: SessionId,
    attached: Attached,
    tell: &mpsc::Sender<Event>,
    mut wanted: mpsc::Receiver<Asked>,
) -> Option<String> {
    let Attached { mut shown, wishes } = attached;
    let told = async {
        while let Some(shown) = shown.recv().await {
            let news = match shown {
                Shown::About(About { terminal, end }) => News::About(terminal, end),
                Shown::Output { offset, bytes } => News::Output(offset, bytes),
                Shown::Hole { from, to } => News::Hole(to.saturating_sub(from)),
                Shown::Size(columns, rows) => News::Size(columns, rows),
                Shown::Ended(why) => {
                    let _ = tell.send(Event::Terminal(session, News::Over(why))).await;
                    return None;
                }
            };
            tell.send(Event::Terminal(session, news)).await.ok()?;
        }
        Some("the supervisor does not show it any more".to_owned())
    };
    let asked = async {
        while let Some(wish) = wanted.recv().await {
            if wishes.send(wish).await.is_err() {
                // Its end is on its way.
                return std::future::pending().await;
            }
        }
    };
    tokio::select! {
        over = told => over,
        () = asked => None,
        () = tell.closed() => None,
    }
}
