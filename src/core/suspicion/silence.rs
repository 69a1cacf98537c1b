//! Which markers that silence a tool a change adds.

use super::source::{Language, Part, without};

/// Markers in code, which count outside of quotes and comments.
const IN_CODE: [&str; 12] = [
    "#[allow(",
    "#![allow(",
    "#[expect(",
    "#![expect(",
    "#[rustfmt::skip",
    " allow(clippy",
    " as any",
    " as unknown as ",
    "<any>",
    "@SuppressWarnings",
    "@Suppress(",
    "#pragma GCC diagnostic ignored",
];

/// Markers in comments, which count anywhere outside of quotes.
const IN_COMMENTS: [&str; 37] = [
    "# noqa",
    "#noqa",
    "# type: ignore",
    "#type: ignore",
    "# pyright:",
    "# mypy:",
    "# pylint: disable",
    "# ruff: noqa",
    "# flake8: noqa",
    "# nosec",
    "# pragma: no cover",
    "# pragma: no branch",
    "# fmt: off",
    "# fmt: skip",
    "# isort: skip",
    "# pytype: disable",
    "eslint-disable",
    "tslint:disable",
    "oxlint-disable",
    "biome-ignore",
    "prettier-ignore",
    "stylelint-disable",
    "@ts-ignore",
    "@ts-expect-error",
    "@ts-nocheck",
    "istanbul ignore",
    "c8 ignore",
    "v8 ignore",
    "nolint",
    "#nosec",
    "rubocop:disable",
    ":nocov:",
    "phpstan-ignore",
    "@psalm-suppress",
    "@codeCoverageIgnore",
    "NOLINT",
    "shellcheck disable",
];

/// Returns the lines of a text that silence a tool, each with its marker.
pub(super) fn lines(path: &str, text: &str) -> Vec<(&'static str, String)> {
    let language = Language::of(path);
    let code = without(text, language, &[Part::Text, Part::Comment]);
    let comments = without(text, language, &[Part::Text]);
    let mut found = Vec::new();
    for ((raw, code), comments) in text.lines().zip(code.lines()).zip(comments.lines()) {
        let marker = IN_CODE
            .iter()
            .find(|marker| format!(" {code}").contains(*marker))
            .or_else(|| IN_COMMENTS.iter().find(|marker| comments.contains(*marker)));
        if let Some(marker) = marker {
            found.push((*marker, raw.trim().to_owned()));
        }
    }
    found
}
