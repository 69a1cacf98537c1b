//! Test runners, by what their output looks like.

pub(super) mod go;
pub(super) mod jest;
pub(super) mod libtest;
pub(super) mod mocha;
pub(super) mod nextest;
pub(super) mod node;
pub(super) mod phpunit;
pub(super) mod pytest;
pub(super) mod rspec;
pub(super) mod tap;
pub(super) mod unittest;
pub(super) mod vitest;
