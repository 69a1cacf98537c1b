//! What a library's desk computes: due days, renewals, late fees.

mod loan;

pub use loan::{Day, Loan, Terms};
