//! Secrets: what is one, where it stands in a text or a stream of bytes, and what is read in its place.
//!
//! Two kinds are known: the *values* of variables whose names say that they are secret ([`of_variables`]), and what has
//! the *shape* of a well-known token. A [`Redactor`] covers them in whole texts, a [`StreamRedactor`] in bytes that come
//! in pieces of any size. Both read past line breaks and colours, as a terminal shows them.

mod redactor;
mod scan;
mod shape;
mod squeeze;
mod stream;
mod variable;

pub use redactor::{Form, Redactor};
pub use stream::StreamRedactor;
pub use variable::{of_dot_env, of_variables};

#[cfg(test)]
mod tests;
