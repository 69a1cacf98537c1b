//! What a conversation has used, as its transcript says: tokens at any time, the price when its process has ended.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::cost::{Spent, Usd};

/// What a transcript says was used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Bill {
    /// Tokens that went in, cached ones included.
    pub tokens_in: u64,
    /// Tokens that came out.
    pub tokens_out: u64,
    /// The price of all; written when the process ends.
    pub total: Option<Usd>,
}

impl Bill {
    /// Reads a transcript: JSON lines, of which unknown ones mean nothing. A message's usage stands in every line that has a
    /// part of it, so it is taken by the message's id.
    pub fn read(transcript: &str) -> Self {
        let mut messages: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut total = None;
        let lines = transcript.lines().filter(|line| line.contains("\"usage\"") || line.contains("\"cost-state\""));
        for line in lines.filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let message = &line["message"];
            match line["type"].as_str() {
                Some("cost-state") => total = line["totalCostUSD"].as_f64().and_then(Usd::from_dollars).or(total),
                Some("assistant") if message["model"] != "<synthetic>" => {
                    let Some(id) = message["id"].as_str() else { continue };
                    let count = |names: &[&str]| -> u64 {
                        names.iter().filter_map(|name| message["usage"][*name].as_u64()).sum()
                    };
                    let input = count(&["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]);
                    let seen = messages.entry(id.to_owned()).or_default();
                    *seen = (seen.0.max(input), seen.1.max(count(&["output_tokens"])));
                }
                _ => {}
            }
        }
        let sum = |pick: fn(&(u64, u64)) -> u64| messages.values().map(pick).sum();
        Self { tokens_in: sum(|(input, _)| *input), tokens_out: sum(|(_, output)| *output), total }
    }
}

/// A conversation, and what is known of its bill.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Past {
    /// Its id.
    pub conversation: String,
    /// What it has cost.
    pub total: Usd,
    /// The tokens that it has used, in and out.
    pub tokens: (u64, u64),
}

impl Past {
    /// Takes the cost of the whole conversation so far, and returns what is new; a cost that is lower than before began anew.
    pub(super) fn used(&mut self, total: Option<Usd>, bill: Bill) -> Option<Spent> {
        let total = total.unwrap_or(self.total);
        let tokens = (bill.tokens_in.max(self.tokens.0), bill.tokens_out.max(self.tokens.1));
        let usd = if total < self.total { total } else { total.minus(self.total) };
        let (tokens_in, tokens_out) = (tokens.0 - self.tokens.0, tokens.1 - self.tokens.1);
        (self.total, self.tokens) = (total, tokens);
        let spent = Spent { usd, tokens_in, tokens_out, unpriced: false };
        (spent != Spent::default()).then_some(spent)
    }

    /// Takes what the transcript says when the process has ended. Tokens that got no price are of an unknown one.
    pub(super) fn settle(&mut self, bill: Bill) -> Option<Spent> {
        let total = bill.total.filter(|total| *total >= self.total);
        let spent = self.used(total, bill)?;
        Some(Spent { unpriced: bill.total.is_none() && spent.usd == Usd(0), ..spent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_counted_once_and_the_last_price_holds() {
        let assistant = |id: &str, output: u64| {
            format!(
                "{{\"type\":\"assistant\",\"message\":{{\"id\":\"{id}\",\"model\":\"m\",\"usage\":{{\"input_tokens\":10,\
                 \"cache_read_input_tokens\":5,\"output_tokens\":{output}}}}}}}\n"
            )
        };
        let price = |dollars: &str| format!("{{\"totalCostUSD\":{dollars},\"type\":\"cost-state\"}}\n");
        let transcript =
            [assistant("a", 1), assistant("a", 4), "{\"usage\" cut off".to_owned() + "\n", assistant("b", 2)].concat();
        assert_eq!(Bill::read(&transcript), Bill { tokens_in: 30, tokens_out: 6, total: None });
        let ended = [transcript, price("0.01"), price("0.03")].concat();
        assert_eq!(Bill::read(&ended).total, Some(Usd(30_000)));
    }
}
