//! What a run has used: counted by message while it runs, priced by what the CLI says when asked, settled by each result.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::cost::{Spent, Usd};

/// Counts tokens and money of one run.
///
/// The CLI repeats a message's usage in every line that carries a part of it, so usage is kept by message id. Its
/// numbers are not final then; the result's are, and only the result has a price: `total_cost_usd`. It counts from the
/// start of the process; in a resumed conversation 2.1.328 counts on from the saved total and says what is new in
/// `model_usage_since_last_result`, which 2.1.197 lacks, and that one starts at zero.
#[derive(Debug, Default)]
pub(super) struct Meter {
    base: Usd,
    resumed: bool,
    messages: BTreeMap<String, Tokens>,
    settled: Tokens,
    priced: Option<Usd>,
    /// Whether something was used since the last price, so that there is more to pay than is known.
    open: bool,
    /// Whether the CLI only guesses the price of a model.
    guessed: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tokens {
    input: u64,
    output: u64,
}

impl Meter {
    /// Starts at nothing.
    pub(super) fn new(resumed: bool) -> Self {
        Self { resumed, ..Self::default() }
    }

    /// Notes that a request is under way, whose price is not known yet.
    pub(super) fn request(&mut self) {
        self.open = true;
    }

    /// Notes the usage of a message, as an `assistant` line gives it; those that the CLI makes up itself are free.
    pub(super) fn message(&mut self, message: &Value) {
        let Some(id) = message["id"].as_str() else { return };
        if message["model"].as_str() == Some("<synthetic>") {
            return;
        }
        let usage = &message["usage"];
        let input: u64 = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
            .iter()
            .filter_map(|name| usage[*name].as_u64())
            .sum();
        let seen = self.messages.entry(id.to_owned()).or_default();
        seen.input = seen.input.max(input);
        seen.output = seen.output.max(usage["output_tokens"].as_u64().unwrap_or(0));
        self.open = true;
    }

    /// Settles with what a `result` line says.
    pub(super) fn result(&mut self, result: &Value) {
        if !self.resumed {
            self.settle(&result["modelUsage"]);
        }
        if let Some(total) = result["total_cost_usd"].as_f64().and_then(Usd::from_dollars) {
            if self.resumed && self.priced.is_none() {
                self.base = new_cost(result).map_or(Usd(0), |new| total.minus(new));
            }
            self.price(total.minus(self.base), &result["modelUsage"]);
        }
    }

    /// Takes what the CLI says in the middle of a turn when it is asked for its usage. A resumed conversation counts
    /// what came before as well, so that only its results tell.
    pub(super) fn told(&mut self, session: &Value) {
        let total = session["total_cost_usd"].as_f64().and_then(Usd::from_dollars);
        let (Some(total), false) = (total, self.resumed) else { return };
        self.settle(&session["model_usage"]);
        self.price(total, &session["model_usage"]);
    }

    fn settle(&mut self, models: &Value) {
        let Some(models) = models.as_object() else { return };
        let sum = |names: &[&str]| {
            models.values().flat_map(|model| names.iter().filter_map(|name| model[*name].as_u64())).sum()
        };
        self.settled = Tokens {
            input: sum(&["inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"]),
            output: sum(&["outputTokens"]),
        };
    }

    /// Notes a price. For a model that it does not know the CLI takes that of another one, and says so; zero for work
    /// that took tokens is no price either.
    fn price(&mut self, used: Usd, models: &Value) {
        let models = models.as_object().into_iter().flat_map(|models| models.values());
        let guessed = models.filter(|model| model["costBasis"] == "unknown");
        let guess = Usd::from_dollars(guessed.clone().filter_map(|model| model["costUSD"].as_f64()).sum());
        self.guessed = guessed.count() > 0;
        self.priced = Some(used.minus(guess.unwrap_or_default()).max(self.priced.unwrap_or_default()));
        let tokens = self.tokens();
        self.open = used == Usd(0) && tokens.input + tokens.output > 0;
    }

    /// Returns what was used so far in all.
    pub(super) fn spent(&self) -> Spent {
        let tokens = self.tokens();
        Spent {
            usd: self.priced.unwrap_or_default(),
            unpriced: self.open || self.guessed,
            tokens_in: tokens.input,
            tokens_out: tokens.output,
        }
    }

    fn tokens(&self) -> Tokens {
        let input = self.messages.values().map(|tokens| tokens.input).sum::<u64>().max(self.settled.input);
        let output = self.messages.values().map(|tokens| tokens.output).sum::<u64>().max(self.settled.output);
        Tokens { input, output }
    }
}

/// Returns what was added since the last result, or since the conversation was resumed, if the CLI says so.
fn new_cost(result: &Value) -> Option<Usd> {
    let models = result["model_usage_since_last_result"].as_object()?;
    Usd::from_dollars(models.values().filter_map(|model| model["costUSD"].as_f64()).sum())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(id: &str, input: u64, output: u64) -> Value {
        json!({ "id": id, "usage": { "input_tokens": input, "cache_read_input_tokens": 10, "output_tokens": output } })
    }

    #[test]
    fn a_repeated_message_counts_once_and_the_result_settles() {
        let mut meter = Meter::new(false);
        meter.message(&message("a", 100, 1));
        meter.message(&message("a", 100, 1));
        meter.message(&message("b", 50, 7));
        assert_eq!(meter.spent(), Spent { usd: Usd(0), unpriced: true, tokens_in: 170, tokens_out: 8 });
        meter.result(&json!({ "total_cost_usd": 0.024, "modelUsage": {
            "m": { "inputTokens": 150, "cacheReadInputTokens": 20, "outputTokens": 400, "costUSD": 0.024 } } }));
        assert_eq!(meter.spent(), Spent { usd: Usd(24_000), unpriced: false, tokens_in: 170, tokens_out: 400 });
        meter.message(&message("c", 90, 1));
        assert!(meter.spent().unpriced, "used after the price was named");
        assert_eq!(meter.spent().usd, Usd(24_000));
    }

    #[test]
    fn what_it_says_in_the_middle_is_a_price() {
        let mut meter = Meter::new(false);
        meter.message(&message("a", 100, 1));
        let models = json!({ "m": { "inputTokens": 110, "outputTokens": 30, "costUSD": 0.01, "costBasis": "list" } });
        meter.told(&json!({ "total_cost_usd": 0.01, "model_usage": models }));
        assert_eq!(meter.spent(), Spent { usd: Usd(10_000), unpriced: false, tokens_in: 110, tokens_out: 30 });
        meter.message(&message("b", 100, 1));
        assert!(meter.spent().unpriced, "the next call has no price yet");
        meter.told(&json!({ "total_cost_usd": "soon" }));
        assert_eq!(meter.spent().usd, Usd(10_000), "what is no price changes nothing");
    }

    #[test]
    fn a_guessed_price_is_no_price() {
        let mut meter = Meter::new(false);
        let known = json!({ "inputTokens": 10, "outputTokens": 1, "costUSD": 0.02, "costBasis": "list" });
        let odd = json!({ "inputTokens": 90, "outputTokens": 9, "costUSD": 0.5, "costBasis": "unknown" });
        meter.told(&json!({ "total_cost_usd": 0.52, "model_usage": { "known": known, "odd": odd } }));
        assert_eq!(meter.spent(), Spent { usd: Usd(20_000), unpriced: true, tokens_in: 100, tokens_out: 10 });
        meter.result(&json!({ "total_cost_usd": 0.52, "modelUsage": { "known": known, "odd": odd } }));
        assert_eq!(meter.spent(), Spent { usd: Usd(20_000), unpriced: true, tokens_in: 100, tokens_out: 10 });
    }

    #[test]
    fn a_resumed_conversation_pays_only_for_itself() {
        let mut meter = Meter::new(true);
        meter.message(&message("a", 100, 1));
        let new = json!({ "m": { "costUSD": 0.024 } });
        meter.result(&json!({ "total_cost_usd": 1.624, "modelUsage": { "m": { "inputTokens": 9000 } },
            "model_usage_since_last_result": new }));
        assert_eq!(meter.spent(), Spent { usd: Usd(24_000), unpriced: false, tokens_in: 110, tokens_out: 1 });
        meter.result(&json!({ "total_cost_usd": 1.648, "model_usage_since_last_result": new }));
        assert_eq!(meter.spent().usd, Usd(48_000));
        let mut older = Meter::new(true);
        older.result(&json!({ "total_cost_usd": 0.024 }));
        assert_eq!(older.spent().usd, Usd(24_000), "it starts at zero");
    }

    #[test]
    fn no_price_is_not_a_price_of_zero() {
        let mut meter = Meter::new(false);
        meter.request();
        assert!(meter.spent().unpriced);
        meter.result(&json!({ "total_cost_usd": 0, "modelUsage": {} }));
        assert_eq!(meter.spent(), Spent::default(), "nothing used costs nothing");
        meter.message(&message("a", 100, 1));
        meter.result(&json!({ "total_cost_usd": 0 }));
        assert!(meter.spent().unpriced);
        meter.result(&json!({}));
        assert!(meter.spent().unpriced);
    }
}
