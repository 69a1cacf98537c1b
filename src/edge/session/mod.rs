//! Sessions: one holder process for each, and the client that talks to it.
