//! What is read where a secret stood.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::model::secret::Secret;

use super::scan::{Found, Scanned, Scanner, Which};
use super::shape::SHAPES;
use super::stream::StreamRedactor;

/// The longest name that is shown, in bytes.
const NAME: usize = 60;

/// How a secret is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// By `[secret NAME]` or `[secret: a GitHub token]`.
    Named,
    /// By as many bytes, line breaks kept: what follows stays where it was.
    SameLength,
}

/// Covers secrets in texts. Cheap to clone.
#[derive(Clone)]
pub struct Redactor(Arc<Inner>);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.secrets()).finish()
    }
}

struct Inner {
    secrets: Vec<Secret>,
    scanner: Scanner,
}

impl Redactor {
    /// Prepares to cover these values, and everything with the shape of a well-known token.
    pub fn new(mut secrets: Vec<Secret>) -> Self {
        // The same value under two names has the first.
        secrets.sort_by(|one, other| (&one.value, &one.name).cmp(&(&other.value, &other.name)));
        secrets.dedup_by(|one, other| one.value == other.value);
        let scanner = Scanner::new(&secrets);
        Self(Arc::new(Inner { secrets, scanner }))
    }

    /// Returns the values that are covered.
    pub fn secrets(&self) -> &[Secret] {
        &self.0.secrets
    }

    /// Returns a text with its secrets covered.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Covers the secrets of a text where it stands.
    pub fn cover(&self, text: &mut String) {
        if let Cow::Owned(covered) = self.text(text) {
            *text = covered;
        }
    }

    /// Returns bytes with the secrets in them covered.
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let Scanned { found, .. } = self.scan(bytes, true);
        if found.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut covered = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for found in found {
            covered.extend_from_slice(&bytes[from..found.from]);
            self.write(&found, &bytes[found.from..found.to], Form::Named, &mut covered);
            from = found.to;
        }
        covered.extend_from_slice(&bytes[from..]);
        Cow::Owned(covered)
    }

    /// Returns a document with the secrets in its texts covered; `None` if there are none.
    pub fn document(&self, document: &Value) -> Option<Value> {
        match document {
            Value::String(text) => match self.text(text) {
                Cow::Borrowed(_) => None,
                Cow::Owned(covered) => Some(Value::String(covered)),
            },
            Value::Array(items) => {
                let covered: Vec<Option<Value>> = items.iter().map(|item| self.document(item)).collect();
                if covered.iter().all(Option::is_none) {
                    return None;
                }
                let items =
                    covered.into_iter().zip(items).map(|(covered, item)| covered.unwrap_or_else(|| item.clone()));
                Some(Value::Array(items.collect()))
            }
            Value::Object(fields) => {
                let mut changed = None;
                for (name, value) in fields {
                    if let Some(covered) = self.document(value) {
                        changed.get_or_insert_with(|| fields.clone()).insert(name.clone(), covered);
                    }
                }
                changed.map(Value::Object)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }

    /// Starts to cover what comes in pieces.
    pub fn stream(&self, form: Form) -> StreamRedactor {
        StreamRedactor::new(self.clone(), form)
    }

    pub(super) fn scan(&self, bytes: &[u8], ends: bool) -> Scanned {
        self.0.scanner.scan(bytes, ends)
    }

    /// Writes what is read instead of a secret, of which `raw` is what would have been.
    pub(super) fn write(&self, found: &Found, raw: &[u8], form: Form, into: &mut Vec<u8>) {
        let label = match found.which {
            Which::Known(number) => {
                let name = self.0.secrets.get(number).map_or("", |secret| &secret.name);
                let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "_-.".contains(*letter);
                format!("[secret {}", name.chars().filter(is_plain).take(NAME).collect::<String>())
            }
            Which::Shaped(number) => format!("[secret: {}", SHAPES.get(number).map_or("", |shape| shape.what)),
        };
        match form {
            Form::Named => into.extend_from_slice(format!("{label}]").as_bytes()),
            Form::SameLength => {
                let stays = |byte: &u8| matches!(byte, b'\n' | b'\r');
                let room = raw.iter().filter(|byte| !stays(byte)).count();
                let label =
                    [label.as_str(), "[secret", ""].into_iter().find(|label| label.len() < room || label.is_empty());
                let label = label.unwrap_or_default().as_bytes();
                let mut written = 0;
                for byte in raw {
                    into.push(if stays(byte) {
                        *byte
                    } else {
                        written += 1;
                        match label.get(written - 1) {
                            Some(&letter) => letter,
                            None if written == room && !label.is_empty() => b']',
                            None => b'*',
                        }
                    });
                }
            }
        }
    }
}
