//! What words may leave, and what is covered in them.

pub mod redact;
pub mod say;
pub mod secrecy;
