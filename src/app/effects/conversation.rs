//! Names the conversations of agents, so that no two runs ever share one.

use sha2::{Digest, Sha256};

use crate::app::clock;
use crate::app::effects::places::Places;
use crate::app::project::mark::hex;
use crate::model::id::SessionId;

/// Returns a conversation id, a UUID (version 8: its bits are ours), that no other run ever has: sessions are numbered
/// once for each project, and the time keeps a removed state folder from repeating itself.
pub(in crate::app) fn conversation(places: &Places, session: SessionId) -> String {
    let text = format!("{}/{}/{}", places.mark, session.0, clock::wall().0);
    let mut bytes: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hex(&bytes[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
