//! Lays `[budget]` over the settings so far, and takes it from the variables of the sources.

use toml::Spanned;

use crate::config::file::{BudgetTable, Dollars, Given};
use crate::config::layer::Layer;
use crate::model::budget::{Budget, Limit};
use crate::model::cost::Usd;

/// The price of one task, and of a day, above which a typing error is more likely than a wish.
const DEAREST: (Usd, Usd) = (Usd(1_000_000_000), Usd(100_000_000_000));

/// The number of tokens above which it is one, too.
const MOST_TOKENS: i64 = 1_000_000_000_000;

/// Returns the greatest number of dollars that makes sense for a line.
fn dearest(line: Limit) -> Usd {
    if line.is_of_day() { DEAREST.1 } else { DEAREST.0 }
}

impl Layer<'_> {
    pub(super) fn budget(&mut self, budget: &mut Budget, table: BudgetTable) {
        self.dollars(Limit::DayUsd, &mut budget.day, table.day_usd);
        self.dollars(Limit::TaskUsd, &mut budget.task, table.task_usd);
        self.tokens(Limit::DayTokens, &mut budget.day_tokens, table.day_tokens);
        self.tokens(Limit::TaskTokens, &mut budget.task_tokens, table.task_tokens);
        if let Some(given) = table.warn {
            self.note("budget.warn", &given);
            match share(*given.get_ref()) {
                Some(share) => budget.warn = share,
                None => self.refuse(
                    "budget.warn",
                    given.get_ref(),
                    "write a share from 0 to 1, such as 0.75; 0: no warning",
                ),
            }
        }
    }

    fn dollars(&mut self, line: Limit, target: &mut Usd, given: Given<Dollars>) {
        let Some(given) = given else { return };
        let usd = given.get_ref().0;
        self.note(line.key(), &given);
        if usd <= dearest(line) {
            *target = usd;
        } else {
            let hint = format!("write dollars, at most {}; 0: no limit", dearest(line).dollars());
            self.refuse(line.key(), &usd.dollars(), &hint);
        }
    }

    fn tokens(&mut self, line: Limit, target: &mut u64, given: Given<i64>) {
        let Some(given): Option<Spanned<i64>> = given else { return };
        self.note(line.key(), &given);
        match u64::try_from(*given.get_ref()) {
            Ok(tokens) if *given.get_ref() <= MOST_TOKENS => *target = tokens,
            Ok(_) | Err(_) => self.refuse(line.key(), given.get_ref(), "write a number of tokens; 0: no limit"),
        }
    }

    fn refuse(&mut self, key: &str, value: &impl std::fmt::Display, hint: &str) {
        let diagnostic = self.places.diagnostic(key, format!("{value} makes no sense here"));
        self.diagnostics.push(diagnostic.hint(hint));
    }
}

/// Reads `MAX_DAILY_COST_USD`.
pub(super) fn day_usd(text: &str) -> Option<Usd> {
    text.parse().ok().filter(|usd| *usd <= dearest(Limit::DayUsd))
}

/// Reads `COST_WARNING_THRESHOLD`, in thousandths.
pub(super) fn warn(text: &str) -> Option<u32> {
    share(text.parse().ok()?)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be from 0 to 1")]
fn share(share: f64) -> Option<u32> {
    (0.0..=1.0).contains(&share).then(|| (share * 1000.0).round() as u32)
}
