//! What the words of a text are reduced to, so that "tests" and "testing" are one.

use std::collections::BTreeSet;

/// Words that say nothing about what a text is about.
const EMPTY: [&str; 123] = [
    "about",
    "add",
    "after",
    "agent",
    "all",
    "also",
    "always",
    "and",
    "any",
    "app",
    "are",
    "bad",
    "because",
    "been",
    "before",
    "both",
    "but",
    "can",
    "change",
    "claude",
    "clean",
    "clear",
    "code",
    "context",
    "could",
    "create",
    "default",
    "did",
    "doc",
    "does",
    "done",
    "each",
    "enough",
    "every",
    "file",
    "first",
    "follow",
    "for",
    "forget",
    "forgot",
    "from",
    "good",
    "great",
    "had",
    "has",
    "have",
    "how",
    "implement",
    "improve",
    "include",
    "index",
    "instead",
    "instruction",
    "into",
    "its",
    "just",
    "lib",
    "like",
    "main",
    "make",
    "mandatory",
    "many",
    "miss",
    "missing",
    "mod",
    "more",
    "most",
    "must",
    "need",
    "never",
    "new",
    "nice",
    "not",
    "now",
    "one",
    "only",
    "other",
    "our",
    "out",
    "over",
    "path",
    "perfect",
    "please",
    "project",
    "read",
    "readme",
    "require",
    "right",
    "rule",
    "same",
    "should",
    "show",
    "some",
    "src",
    "task",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "thing",
    "this",
    "those",
    "too",
    "update",
    "use",
    "using",
    "very",
    "was",
    "well",
    "what",
    "when",
    "with",
    "without",
    "work",
    "write",
    "written",
    "wrong",
    "wrote",
];

/// The shortest word that counts, in letters.
const SHORTEST: usize = 3;

/// Returns the words of a text, each once: in small letters, without the endings of English, in order of the alphabet.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let split = text.split(|c: char| !c.is_alphanumeric()).flat_map(humps);
    let stems = split.filter(|word| word.chars().count() >= SHORTEST).map(|word| stem(&word));
    stems.filter(|word| !is_empty(word)).collect()
}

/// Takes `questionPollInterval` apart; a word in capitals stays whole.
fn humps(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut after_small = false;
    for letter in word.chars() {
        if parts.is_empty() || (after_small && letter.is_uppercase()) {
            parts.push(String::new());
        }
        after_small = letter.is_lowercase();
        if let Some(part) = parts.last_mut() {
            part.extend(letter.to_lowercase());
        }
    }
    parts
}

/// Takes the usual endings off: both "tests" and "testing" become "test", "queries" becomes "query".
fn stem(word: &str) -> String {
    fn cut<'a>(word: &'a str, ending: &str) -> Option<&'a str> {
        word.strip_suffix(ending).filter(|rest| rest.chars().count() >= SHORTEST)
    }
    if let Some(rest) = cut(word, "ies") {
        return format!("{rest}y");
    }
    let one = cut(word, "s").filter(|rest| !rest.ends_with(['s', 'u', 'i'])).unwrap_or(word);
    let Some(done) = cut(one, "ing").or_else(|| cut(one, "ed")) else {
        return cut(one, "e").unwrap_or(one).to_owned();
    };
    // "running" has the letter twice that "run" has once; "calling" and "call" agree.
    let mut letters: Vec<char> = done.chars().collect();
    let is_doubled = letters.len() > SHORTEST && letters.last() == letters.get(letters.len() - 2);
    if is_doubled && !letters.last().is_some_and(|last| "lsz".contains(*last)) {
        letters.pop();
    }
    letters.into_iter().collect()
}

/// Whether a word, reduced, says nothing.
fn is_empty(stem_of_it: &str) -> bool {
    EMPTY.iter().any(|empty| *empty == stem_of_it || stem(empty) == stem_of_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        words(text).into_iter().collect()
    }

    #[test]
    fn forms_of_a_word_are_one() {
        for same in [
            &["test", "tests", "testing", "Tested"][..],
            &["query", "queries"],
            &["pagination", "PAGINATION.md", "docs/paginations"],
            &["render page", "rendered pages", "rendering page"],
            &["running", "run", "runs"],
            &["pollInterval", "poll interval", "Poll-Intervals"],
            &["process", "processes", "processing"],
        ] {
            let first = said(same[0]);
            for other in same {
                assert_eq!(said(other), first, "{other}");
            }
        }
        assert!(said("Great, this should not be the one for all of it").is_empty());
        assert_eq!(said("grüne Bäume"), ["bäum", "grün"]);
    }
}
