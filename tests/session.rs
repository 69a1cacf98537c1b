//! Sessions as they are: real holders, real terminals, real processes; and after each, proof that none is left.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "a test reads its environment and its deadline itself")]

mod session {
    mod home;

    mod endings;
    mod holders;
    mod streams;
    mod sweeps;
    mod typing;
}
