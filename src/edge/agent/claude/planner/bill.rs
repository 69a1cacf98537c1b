//! What a conversation has used, as its transcript says: tokens at any time, the price when its process has ended.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::model::cost::{Spent, Usd};

/// What a transcript says was used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Bill {
    /// Tokens that went in, cached ones included.
    pub tokens_in: u64,
    /// Tokens that came out.
    pub tokens_out: u64,
    /// The price of all, if it is known; written when the process ends.
    pub total: Option<Usd>,
}

/// The most of a transcript that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

impl Bill {
    /// Reads the file of a transcript; what cannot be read says nothing. Blocks.
    pub fn of(transcript: &Path) -> Self {
        let is_small = std::fs::metadata(transcript).is_ok_and(|meta| meta.len() <= LARGEST);
        let text = is_small.then(|| std::fs::read(transcript).ok()).flatten();
        text.map(|text| Self::read(&String::from_utf8_lossy(&text))).unwrap_or_default()
    }

    /// Reads a transcript: JSON lines, of which unknown ones mean nothing. A message's usage stands in every line that has a
    /// part of it, so it is taken by the message's id. A price is that of what stands before it.
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
                    let more = (seen.0.max(input), seen.1.max(count(&["output_tokens"])));
                    if std::mem::replace(seen, more) != more {
                        total = None;
                    }
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
    /// Returns one of which so much is paid.
    pub fn of(billed: Spent) -> Self {
        Self { conversation: String::new(), total: billed.usd, tokens: (billed.tokens_in, billed.tokens_out) }
    }

    /// Returns what of it is paid.
    pub(super) fn billed(&self) -> Spent {
        Spent { usd: self.total, tokens_in: self.tokens.0, tokens_out: self.tokens.1, unpriced: false }
    }

    /// Takes the cost of the whole conversation so far, and returns what is new; a cost that is lower than before began
    /// anew. Tokens without a cost are of an unknown one.
    pub(super) fn used(&mut self, total: Option<Usd>, bill: Bill) -> Option<Spent> {
        let is_known = total.is_some();
        let total = total.unwrap_or(self.total);
        let tokens = (bill.tokens_in.max(self.tokens.0), bill.tokens_out.max(self.tokens.1));
        let usd = if total < self.total { total } else { total.minus(self.total) };
        let (tokens_in, tokens_out) = (tokens.0 - self.tokens.0, tokens.1 - self.tokens.1);
        (self.total, self.tokens) = (total, tokens);
        let spent = Spent { usd, tokens_in, tokens_out, unpriced: !is_known && tokens_in + tokens_out > 0 };
        (spent != Spent::default()).then_some(spent)
    }

    /// Takes what the transcript says when the process has ended. A price that is lower than what was paid is an old one.
    pub fn settle(&mut self, bill: Bill) -> Option<Spent> {
        self.used(bill.total.filter(|total| *total >= self.total), bill)
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
        let resumed = [ended, assistant("b", 2), assistant("c", 1)].concat();
        assert_eq!(Bill::read(&resumed).total, None, "what came after it has no price yet");
    }

    #[test]
    fn tokens_without_a_price_are_of_an_unknown_one() {
        let bill = |tokens_in: u64, total: Option<u64>| Bill { tokens_in, tokens_out: 1, total: total.map(Usd) };
        let spent = |usd: u64, tokens_in: u64, tokens_out: u64, unpriced: bool| {
            Some(Spent { usd: Usd(usd), tokens_in, tokens_out, unpriced })
        };
        let mut past = Past::default();
        assert_eq!(past.used(None, bill(0, None)), spent(0, 0, 1, true));
        assert_eq!(past.used(None, bill(10, None)), spent(0, 10, 0, true), "a status line without a total");
        assert_eq!(past.used(Some(Usd(20)), bill(15, None)), spent(20, 5, 0, false));
        assert_eq!(past.used(Some(Usd(20)), bill(15, None)), None);
        let mut dead = past.clone();
        assert_eq!(dead.settle(bill(18, Some(30))), spent(10, 3, 0, false), "its end has told the price");
        assert_eq!(past.clone().settle(bill(18, Some(9))), spent(0, 3, 0, true), "that price is of an earlier end");
        assert_eq!(Past::of(past.billed()).settle(bill(18, None)), spent(0, 3, 0, true), "it was killed");
        assert_eq!(Past::of(past.billed()).settle(bill(15, None)), None, "and all was paid");
    }
}
