//! Paths inside a project: bytes with `/`, relative, never `..`.

use std::ffi::OsStr;
use std::fmt;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A file's path relative to the project root; any bytes but NUL, as Unix allows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectPath(Vec<u8>);

impl ProjectPath {
    /// Takes a relative path apart and keeps its normal parts; `None` if it is absolute, empty or leaves the project.
    pub fn new(path: impl AsRef<Path>) -> Option<Self> {
        let mut bytes = Vec::new();
        for part in path.as_ref().components() {
            match part {
                Component::Normal(name) => {
                    if !bytes.is_empty() {
                        bytes.push(b'/');
                    }
                    bytes.extend_from_slice(name.as_bytes());
                }
                Component::CurDir => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// Takes bytes as git prints them (already relative and normal).
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::new(OsStr::from_bytes(bytes))
    }

    /// Returns the bytes, as git wants them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path to hand to the operating system, still relative.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// Returns the absolute path below `root`.
    pub fn under(&self, root: &Path) -> PathBuf {
        root.join(self.as_path())
    }

    /// Whether this path lies in `folder`, at any depth.
    pub fn is_below(&self, folder: &Self) -> bool {
        self.0.strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/'))
    }

    /// Whether both are one place, or one lies in the other.
    pub fn meets(&self, other: &Self) -> bool {
        self == other || self.is_below(other) || other.is_below(self)
    }

    /// Returns the folders that it lies in, the nearest first.
    pub fn folders(&self) -> impl Iterator<Item = Self> {
        let slashes = self.0.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
        slashes.map(|(at, _)| Self(self.0[..at].to_vec()))
    }

    /// Returns where what lies below it begins and ends in the order of paths.
    pub fn within(&self) -> Range<Self> {
        let with = |byte: u8| Self(self.0.iter().copied().chain([byte]).collect());
        with(b'/')..with(b'/' + 1)
    }

    /// Returns the last part, for a person to read.
    pub fn file_name(&self) -> String {
        let start = self.0.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        escape(&self.0[start..])
    }
}

/// Writes bytes as text without loss: invalid UTF-8 and control characters as `\xHH`, a backslash doubled.
fn escape(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                control if control.is_ascii_control() => {
                    let _ = write!(text, "\\x{:02x}", u32::from(control));
                }
                other => text.push(other),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Reverses [`escape`]; `None` if a backslash starts nothing known.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'\\' {
            bytes.push(first);
            continue;
        }
        match rest {
            [b'\\', tail @ ..] => {
                bytes.push(b'\\');
                rest = tail;
            }
            [b'x', high, low, tail @ ..] => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
                rest = tail;
            }
            _ => return None,
        }
    }
    Some(bytes)
}

impl fmt::Display for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl fmt::Debug for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ProjectPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ProjectPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        unescape(&text)
            .and_then(|bytes| Self::from_bytes(&bytes))
            .ok_or_else(|| D::Error::custom(format!("{text:?} is not a path inside a project")))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn any_name_survives_the_journal() {
        for name in [&b"src/a b.rs"[..], b"new\nline", b"\xff\xfe/x", b"back\\slash", "grün.rs".as_bytes()] {
            let path = ProjectPath::from_bytes(name).unwrap();
            let json = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<ProjectPath>(&json).unwrap(), path, "{json}");
            assert_eq!(path.as_bytes(), name);
        }
    }

    #[test]
    fn nothing_outside_the_project_has_a_project_path() {
        for outside in ["/etc/passwd", "../x", "a/../../x", ""] {
            assert_eq!(ProjectPath::new(outside), None);
        }
        assert_eq!(ProjectPath::new("./a/./b"), ProjectPath::new("a/b"));
    }
}
