//! What a run has used, from its transcript alone: for one that nobody listened to until its end.

use serde_json::Value;

use crate::edge::agent::claude::answer;
use crate::edge::agent::claude::meter::Meter;
use crate::edge::agent::lines::{Line, Lines, MAX_LINE};
use crate::model::cost::Spent;

/// Reads a transcript and adds up what it says was used. Secrets are covered in it, which changes no number.
#[derive(Debug)]
pub struct Tally {
    lines: Lines,
    meter: Meter,
    /// Whether it began at all; what is no run of Claude never does.
    began: bool,
    /// Whether a call may have been under way at the end of what is there.
    is_open: bool,
}

impl Default for Tally {
    fn default() -> Self {
        Self { lines: Lines::new(MAX_LINE), meter: Meter::new(false), began: false, is_open: false }
    }
}

impl Tally {
    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        for line in self.lines.feed(bytes) {
            self.line(&line);
        }
    }

    /// Returns what was used, with what may be still to pay as of unknown price; `None` if no run began.
    pub fn finish(mut self) -> Option<Spent> {
        if let Some(line) = self.lines.finish() {
            self.line(&line);
        }
        if self.is_open {
            self.meter.request();
        }
        self.began.then(|| self.meter.spent())
    }

    fn line(&mut self, line: &Line) {
        let Line::Whole(bytes) = line else { return };
        let Ok(frame) = serde_json::from_slice::<Value>(bytes) else { return };
        match frame["type"].as_str().unwrap_or_default() {
            "system" if frame["subtype"] == "init" => {
                self.meter.request();
                (self.began, self.is_open) = (true, true);
            }
            "assistant" => {
                self.meter.message(&frame["message"]);
                self.is_open = true;
            }
            "control_response" => {
                let response = &frame["response"];
                let is_usage = response["request_id"].as_str().is_some_and(|id| id.starts_with(answer::USAGE));
                if is_usage && response["subtype"] == "success" {
                    self.meter.told(&response["response"]["session"]);
                }
            }
            "result" => {
                self.meter.result(&frame);
                self.is_open = false;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::cost::Usd;

    fn init() -> String {
        json!({ "type": "system", "subtype": "init" }).to_string()
    }

    fn message(id: &str, input: u64) -> String {
        let message = json!({ "id": id, "usage": { "input_tokens": input, "output_tokens": 1 } });
        json!({ "type": "assistant", "message": message }).to_string()
    }

    fn told(usd: f64) -> String {
        let session = json!({ "total_cost_usd": usd, "model_usage": {} });
        let response = json!({ "subtype": "success", "request_id": format!("{}1", answer::USAGE), "response": { "session": session } });
        json!({ "type": "control_response", "response": response }).to_string()
    }

    /// Reads lines in pieces of this size.
    fn tally(lines: &[String], size: usize) -> Option<Spent> {
        let mut tally = Tally::default();
        for piece in lines.join("\n").as_bytes().chunks(size) {
            tally.feed(piece);
        }
        tally.finish()
    }

    #[test]
    fn a_run_that_was_cut_is_counted_to_its_last_line_and_may_owe_more() {
        let lines = [init(), message("a", 100), told(0.5), message("b", 40), message("b", 40)];
        for size in [1, 7, 10_000] {
            let spent = Spent { usd: Usd(500_000), unpriced: true, tokens_in: 140, tokens_out: 2 };
            assert_eq!(tally(&lines, size), Some(spent));
        }
        // Told of all, and yet the next call may have begun.
        assert!(tally(&lines[..3], 64).is_some_and(|spent| spent.unpriced && spent.usd == Usd(500_000)));
    }

    #[test]
    fn a_run_that_came_to_its_result_owes_nothing_more() {
        let result = json!({ "type": "result", "subtype": "success", "total_cost_usd": 0.75,
            "modelUsage": { "m": { "inputTokens": 150, "outputTokens": 9 } } });
        let lines = [init(), message("a", 100), result.to_string()];
        let spent = Spent { usd: Usd(750_000), unpriced: false, tokens_in: 150, tokens_out: 9 };
        assert_eq!(tally(&lines, 64), Some(spent));
    }

    #[test]
    fn what_is_no_run_is_none_and_what_cannot_be_read_is_left_out() {
        assert_eq!(tally(&["$ ./fix-it.sh".to_owned(), "{\"type\": \"assist".to_owned()], 64), None);
        let cut = message("b", 40);
        let lines = [init(), "noise".to_owned(), message("a", 100), cut[..cut.len() / 2].to_owned()];
        assert!(tally(&lines, 64).is_some_and(|spent| spent.tokens_in == 100 && spent.unpriced));
    }
}
