//! The control socket: one HTTP door for the command line, hooks and scripts.
