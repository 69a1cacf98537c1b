//! Which file a person asks to have in the context, in words.

use crate::model::lesson::words::words;

/// What "add PAGINATION.md to default context for pagination tasks" asks for.
pub(super) struct Wish<'a> {
    /// The file, as it is called.
    pub(super) file: &'a str,
    /// The words of what it is wanted for.
    pub(super) about: Vec<String>,
    /// Whether it is wanted for whatever there is to do.
    pub(super) for_all: bool,
}

impl<'a> Wish<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let lower = text.to_lowercase();
        let asks = ["add ", "include ", "give ", "read ", "put "].iter().any(|verb| lower.starts_with(verb));
        if !asks || !(lower.contains("context") || lower.starts_with("read ")) {
            return None;
        }
        let file = text
            .split_whitespace()
            .map(|word| word.trim_matches(['`', '"', '\'', ',', ';', ':']).trim_end_matches('.'))
            .find(|word| {
                word.rsplit_once('.').is_some_and(|(name, ending)| !name.is_empty() && ending.len() <= 5)
                    || word.contains('/')
            })?;
        let for_what = lower.split_once(" for ").map(|(_, rest)| rest.to_owned());
        let mut about = words(for_what.as_deref().unwrap_or_default());
        about.remove("task");
        let for_all = about.is_empty();
        Some(Self { file, about: about.into_iter().collect(), for_all })
    }
}
