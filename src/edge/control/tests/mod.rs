//! The control socket with a small app behind it.

mod door;
mod house;
mod streams;
