//! The end of whoever looks at a session's terminal.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;

use super::call::Attached;
use super::frame::carry;
use super::route::PROTOCOL;
use crate::edge::control::client::{Client, broken, build, collect, open, patiently, refused};
use crate::edge::control::error::ClientError;
use crate::model::id::SessionId;

/// How many pieces of output, and how many wishes, may wait.
const QUEUE: usize = 64;

impl Client {
    /// Attaches to the terminal of a session. Must be called within a runtime.
    ///
    /// # Errors
    /// [`ClientError`] when there is no such session, or no connection.
    pub async fn attach(&self, session: SessionId) -> Result<Attached, ClientError> {
        let mut request = build(Method::GET, &format!("sessions/{}/attach", session.0), "", None)?;
        let headers = request.headers_mut();
        headers.insert(hyper::header::CONNECTION, hyper::header::HeaderValue::from_static("upgrade"));
        headers.insert(hyper::header::UPGRADE, hyper::header::HeaderValue::from_static(PROTOCOL));
        let response = patiently(async {
            let stream = TokioIo::new(open(&self.socket).await?);
            let (mut sender, connection) =
                http1::handshake::<_, Full<Bytes>>(stream).await.map_err(|error| broken(&error))?;
            tokio::spawn(async move {
                // How it ends is seen by whoever waits for the reply.
                let _ = connection.with_upgrades().await;
            });
            sender.send_request(request).await.map_err(|error| broken(&error))
        })
        .await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let status = response.status().as_u16();
            return Err(refused(status, &patiently(collect(response)).await?));
        }
        let connection = hyper::upgrade::on(response).await.map_err(|error| broken(&error))?;
        let (heard, shown) = mpsc::channel(QUEUE);
        let (wishes, to_say) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let listened = heard.clone();
            tokio::select! {
                () = carry(TokioIo::new(connection), heard, to_say) => {}
                // Whoever looked has gone; a quiet program must not keep the connection open.
                () = listened.closed() => {}
            }
        });
        Ok(Attached { shown, wishes })
    }
}
