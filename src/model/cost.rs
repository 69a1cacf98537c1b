//! What agents spend, in millionths of a dollar and in tokens; an unknown price stays unknown.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::number::thousands;

/// Money in millionths of a US dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(pub u64);

impl Usd {
    /// Takes a price as JSON gives it; `None` for what is no price (negative, not finite).
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be finite and in range")]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        (dollars.is_finite() && (0.0..1e12).contains(&dollars)).then(|| Self((dollars * 1e6).round() as u64))
    }

    /// Returns dollars, for JSON and for `--max-budget-usd`.
    #[expect(clippy::cast_precision_loss, reason = "exact below nine billion dollars")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Returns what is left of this amount after `spent`, not below zero.
    #[must_use]
    pub fn minus(self, spent: Self) -> Self {
        Self(self.0.saturating_sub(spent.0))
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = (self.0 + 5_000) / 10_000;
        write!(f, "${}.{:02}", cents / 100, cents % 100)
    }
}

/// A text that is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an amount in dollars")]
pub struct BadUsd(String);

impl FromStr for Usd {
    type Err = BadUsd;

    fn from_str(text: &str) -> Result<Self, BadUsd> {
        text.trim_start_matches('$').parse().ok().and_then(Self::from_dollars).ok_or_else(|| BadUsd(text.to_owned()))
    }
}

/// What a run, a task or a day has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Known price; more may have been used at unknown prices.
    pub usd: Usd,
    /// Whether some of it had no known price, so that `usd` is a lower bound.
    pub unpriced: bool,
    /// Tokens that went in, cached ones included.
    pub tokens_in: u64,
    /// Tokens that came out.
    pub tokens_out: u64,
}

impl Spent {
    /// Returns the tokens, in and out.
    pub fn tokens(self) -> u64 {
        self.tokens_in.saturating_add(self.tokens_out)
    }

    /// Returns this count of a run, or what an earlier count of it had more; then something is missing here, and its price
    /// is not known.
    #[must_use]
    pub fn or_more(self, earlier: Self) -> Self {
        let (tokens_in, tokens_out) = (self.tokens_in.max(earlier.tokens_in), self.tokens_out.max(earlier.tokens_out));
        let usd = self.usd.max(earlier.usd);
        let is_whole = (usd, tokens_in, tokens_out) == (self.usd, self.tokens_in, self.tokens_out);
        Self { usd, unpriced: self.unpriced || !is_whole, tokens_in, tokens_out }
    }

    /// Returns what came to an earlier count of the same run; of unknown price if some of it is.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            usd: self.usd.minus(earlier.usd),
            unpriced: self.unpriced,
            tokens_in: self.tokens_in.saturating_sub(earlier.tokens_in),
            tokens_out: self.tokens_out.saturating_sub(earlier.tokens_out),
        }
    }
}

impl Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            usd: Usd(self.usd.0 + other.usd.0),
            unpriced: self.unpriced || other.unpriced,
            tokens_in: self.tokens_in + other.tokens_in,
            tokens_out: self.tokens_out + other.tokens_out,
        }
    }
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.price(), self.tokens()) {
            (Some(usd), _) if self.unpriced => write!(f, "{usd} at least"),
            (Some(usd), _) => write!(f, "{usd}"),
            (None, 0) => f.write_str("no price"),
            (None, tokens) => write!(f, "{} tokens, no price", thousands(tokens)),
        }
    }
}

impl Spent {
    /// What to say, once, of an agent that tells no price.
    pub const NO_PRICE: &str = "no price: this agent does not tell";

    /// Returns what is known of the price; nothing if no price is known at all.
    pub fn price(&self) -> Option<Usd> {
        (!self.unpriced || self.usd.0 > 0).then_some(self.usd)
    }
}
