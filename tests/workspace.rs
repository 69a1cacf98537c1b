//! What a user may rely on: a fix lands whole or not at all, undo gives every byte back, and nothing else is touched.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]
#![expect(clippy::disallowed_methods, reason = "git runs in the environment of the tests, without what is set for git")]

mod workspace {
    mod world;

    mod aside;
    mod corner_cases;
    mod landing;
    mod random;
    mod replaced;
    mod repositories;
    mod supplies;
}
