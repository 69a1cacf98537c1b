//! What every prompt tells of what was before and of what holds for all: earlier attempts, and the documents.

use super::text::{block, line, shorten};
use crate::model::attempt::{AttemptEnd, AttemptRecord};
use crate::model::document::{Document, Documents, QUOTED};

/// Limits in bytes, except where they count things.
const ATTEMPTS: usize = 4;
const ATTEMPT_SUMMARY_CAP: usize = 600;
const ATTEMPT_OUTPUT_CAP: usize = 1_500;
const ATTEMPT_DIFF_CAP: usize = 3_000;

/// Tells the last few attempts: how each ended, what the check said then, what it had changed.
pub(super) fn attempts(records: &[AttemptRecord]) -> String {
    // Who begins again after a result that was taken has none of it in the tree: it did not land, or was taken back.
    let is_lost = |record: &AttemptRecord| record.end == AttemptEnd::Verified && !record.landing;
    let told: Vec<_> = records.iter().filter(|record| record.end.is_charged() || is_lost(record)).collect();
    let skipped = told.len().saturating_sub(ATTEMPTS);
    let mut parts = Vec::new();
    if skipped > 0 {
        parts.push(format!("({skipped} older ones are left out.)"));
    }
    for record in &told[skipped..] {
        parts.push(format!("### Attempt {}: {}", record.number, line(&record.end.to_string())));
        if is_lost(record) {
            let why = "changed by others meanwhile, refused, or taken back";
            parts.push(format!(
                "Its result passed the checks, and is not in the tree ({why}). Look at what is there now."
            ));
        }
        if !record.summary.is_empty() {
            parts.push(format!("It said: {}", shorten(&record.summary, ATTEMPT_SUMMARY_CAP)));
        }
        if let AttemptEnd::Refuted { run, .. } = &record.end {
            let excerpt = block("", &run.findings.excerpt, ATTEMPT_OUTPUT_CAP);
            if !excerpt.is_empty() {
                parts.push(format!("The check said then:\n\n{excerpt}"));
            }
        }
        let diff = block("diff", &record.diff, ATTEMPT_DIFF_CAP);
        if !diff.is_empty() {
            parts.push(format!("It had changed:\n\n{diff}"));
        }
    }
    parts.join("\n\n")
}

/// Quotes the documents that are `wanted`, each below its title.
pub(super) fn documents(documents: &Documents, wanted: impl Fn(&Document) -> bool) -> String {
    let wanted = documents.iter().filter(|(_, document)| wanted(document) && !document.text.trim().is_empty());
    let parts = wanted
        .map(|(name, document)| format!("### {}\n\n{}", name.title(), below(&shorten(document.text.trim(), QUOTED))));
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Moves the headings of a document below the one it gets, so that it cannot begin a section of the prompt.
pub(super) fn below(text: &str) -> String {
    let mut fenced = false;
    let lines = text.lines().map(|line| {
        fenced ^= line.trim_start().starts_with("```");
        let level = line.len() - line.trim_start_matches('#').len();
        let is_heading = !fenced && (1..=6).contains(&level) && line[level..].starts_with(' ');
        if is_heading { format!("{}{}", "#".repeat((level + 3).min(6)), &line[level..]) } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::DocumentName;

    #[test]
    fn documents_stand_below_their_titles_and_cannot_begin_a_section() {
        let text = "# Rules\n\nOne.\n\n```sh\n# a comment\n```\n## More\n#no heading\n";
        let edited = Document { text: text.to_owned(), edited: true };
        let built_in = Document { text: "Built in.".to_owned(), edited: false };
        let all = Documents::from([
            (DocumentName::AgentInstructions, edited),
            (DocumentName::OrchestratorRules, built_in),
            (DocumentName::CodeQualityStandards, Document { text: " \n".to_owned(), edited: true }),
        ]);
        let own = "### Agent instructions\n\n#### Rules\n\nOne.\n\n```sh\n# a comment\n```\n##### More\n#no heading";
        assert_eq!(documents(&all, |document| document.edited), own);
        assert_eq!(documents(&all, |_| true), format!("### Orchestrator rules\n\nBuilt in.\n\n{own}"));
    }
}
