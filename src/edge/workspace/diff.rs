//! What differs between two trees: lists, patches, contents.

use std::collections::BTreeMap;

use super::error::{Result, WorkspaceError};
use super::git::items;
use super::shadow::Shadow;
use crate::model::path::ProjectPath;
use crate::model::workspace::{ChangeKind, FileChange, TreeId};

/// Files above so many bytes are not read for [`Shadow::pairs`]: nothing a person wrote.
const LARGEST_READ: u64 = 1_000_000;

/// So much of a patch is searched for the first line of each file; the files behind that are named without one.
const LONGEST_SEARCHED: usize = 8_000_000;

/// One file that differs, as git sees it.
#[derive(Clone, Debug)]
pub(super) struct RawChange {
    pub(super) change: FileChange,
    /// Git's modes before and after: `100644`, `100755`, `120000`, `160000`, or `000000` for nothing.
    pub(super) modes: (u32, u32),
    oids: (String, String),
}

/// A changed file with its content before and after; `None` where there is none, or it is too big to look at.
pub type Pair = (FileChange, Option<Vec<u8>>, Option<Vec<u8>>);

impl Shadow {
    /// Lists the git modes of the files that differ between two trees, before and after: `100644`, `100755`, `120000`,
    /// or `0` for nothing.
    ///
    /// # Errors
    /// When git fails, as for a tree that does not exist.
    pub fn modes(&self, from: &TreeId, to: &TreeId) -> Result<Vec<(ProjectPath, u32, u32)>> {
        Ok(self.raw_changes(from, to)?.into_iter().map(|raw| (raw.change.path, raw.modes.0, raw.modes.1)).collect())
    }

    /// Lists the files that differ between two trees, with the lines added and removed. A renamed file is one deleted
    /// and one added.
    ///
    /// # Errors
    /// When git fails, as for a tree that does not exist.
    pub fn changes(&self, from: &TreeId, to: &TreeId) -> Result<Vec<FileChange>> {
        Ok(self.placed_changes(from, to)?.into_iter().map(|raw| raw.change).collect())
    }

    /// Lists what differs, with the first line that changed in each file.
    pub(super) fn placed_changes(&self, from: &TreeId, to: &TreeId) -> Result<Vec<RawChange>> {
        let mut changes = self.raw_changes(from, to)?;
        if changes.is_empty() {
            return Ok(changes);
        }
        let args = ["diff-tree", "-r", "-p", "-U0", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"];
        let args: Vec<&str> = args.into_iter().chain(["--no-color", &from.0, &to.0]).collect();
        let (patch, _) = self.git.head(&args, LONGEST_SEARCHED)?;
        let lines = first_lines(&patch);
        for raw in changes.iter_mut().filter(|raw| raw.change.kind != ChangeKind::Deleted) {
            raw.change.line = lines.get(&raw.oids).copied();
        }
        Ok(changes)
    }

    /// Lists what differs with modes and object ids.
    pub(super) fn raw_changes(&self, from: &TreeId, to: &TreeId) -> Result<Vec<RawChange>> {
        if from == to {
            return Ok(Vec::new());
        }
        let args = ["diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--raw", "--numstat"];
        let args: Vec<&str> = args.into_iter().chain([from.0.as_str(), to.0.as_str()]).collect();
        let listing = self.git.run(&args)?;
        let unreadable = || WorkspaceError::Unreadable { command: "diff-tree".to_owned() };
        let mut found: BTreeMap<ProjectPath, RawChange> = BTreeMap::new();
        let mut fields = items(&listing);
        while let Some(field) = fields.next() {
            if let Some(raw) = field.strip_prefix(b":") {
                let path = fields.next().and_then(ProjectPath::from_bytes).ok_or_else(unreadable)?;
                let raw = parse_raw(raw, path.clone()).ok_or_else(unreadable)?;
                found.insert(path, raw);
            } else {
                // `ADDED\tREMOVED\tPATH`, with `-` for what is not text.
                let mut parts = field.splitn(3, |byte| *byte == b'\t');
                let (added, removed) = (count(parts.next()), count(parts.next()));
                let path = parts.next().and_then(ProjectPath::from_bytes).ok_or_else(unreadable)?;
                if let Some(raw) = found.get_mut(&path) {
                    (raw.change.added, raw.change.removed) = (added, removed);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// Returns the difference as a unified patch for a person to read, at most about `limit_bytes` long. What is not
    /// UTF-8 is replaced, and a patch that was cut says so.
    ///
    /// # Errors
    /// When git fails.
    pub fn patch(&self, from: &TreeId, to: &TreeId, limit_bytes: usize) -> Result<String> {
        let args = ["diff-tree", "-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color"];
        let args: Vec<&str> = args.into_iter().chain([from.0.as_str(), to.0.as_str()]).collect();
        let (mut bytes, more) = self.git.head(&args, limit_bytes)?;
        if more {
            let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            bytes.truncate(end);
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if more {
            text.push_str("… the patch is longer\n");
        }
        Ok(text)
    }

    /// Returns the content of a file in a tree (a link's target for a link); `None` if there is no such file.
    ///
    /// # Errors
    /// When git fails.
    pub fn content(&self, tree: &TreeId, path: &ProjectPath) -> Result<Option<Vec<u8>>> {
        let mut name = tree.0.clone().into_bytes();
        name.push(b':');
        name.extend_from_slice(path.as_bytes());
        name.push(0);
        let answer = self.git.feed(&["cat-file", "--batch", "-z"], &name)?;
        let Some(end) = answer.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        match parse_header(&answer[..end]) {
            Some(("blob", size)) => Ok(answer.get(end + 1..end + 1 + size).map(<[u8]>::to_vec)),
            _ => Ok(None),
        }
    }

    /// Returns the changed files with their contents, to look for what a person should see before they land.
    ///
    /// # Errors
    /// When git fails.
    pub fn pairs(&self, from: &TreeId, to: &TreeId) -> Result<Vec<Pair>> {
        let raws = self.raw_changes(from, to)?;
        let ids: Vec<&str> = raws
            .iter()
            .flat_map(|raw| [(raw.modes.0, &raw.oids.0), (raw.modes.1, &raw.oids.1)])
            .filter(|(mode, _)| is_content(*mode))
            .map(|(_, oid)| oid.as_str())
            .collect();
        let contents = self.blobs(&ids, LARGEST_READ)?;
        let of = |mode: u32, oid: &String| if is_content(mode) { contents.get(oid).cloned() } else { None };
        Ok(raws
            .into_iter()
            .map(|raw| {
                let (before, after) = (of(raw.modes.0, &raw.oids.0), of(raw.modes.1, &raw.oids.1));
                (raw.change, before, after)
            })
            .collect())
    }

    /// Reads blobs of at most `largest` bytes; the others are missing in the answer.
    pub(super) fn blobs(&self, ids: &[&str], largest: u64) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut list = ids.join("\n").into_bytes();
        list.push(b'\n');
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sizes = self.git.feed(&["cat-file", "--batch-check"], &list)?;
        let mut wanted = Vec::new();
        for row in sizes.split(|byte| *byte == b'\n') {
            if let Some(("blob", size)) = parse_header(row)
                && u64::try_from(size).is_ok_and(|size| size <= largest)
            {
                wanted.extend(row.split(|byte| *byte == b' ').next().unwrap_or_default());
                wanted.push(b'\n');
            }
        }
        let answer = self.git.feed(&["cat-file", "--batch"], &wanted)?;
        let mut contents = BTreeMap::new();
        let mut rest = answer.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let Some(("blob", size)) = parse_header(&rest[..end]) else { break };
            let Some(content) = rest.get(end + 1..end + 1 + size) else { break };
            let oid = rest[..end].split(|byte| *byte == b' ').next().unwrap_or_default();
            contents.insert(String::from_utf8_lossy(oid).into_owned(), content.to_vec());
            rest = rest.get(end + 2 + size..).unwrap_or_default();
        }
        Ok(contents)
    }
}

/// Whether a mode is that of a file or a link.
fn is_content(mode: u32) -> bool {
    matches!(mode & 0o170_000, 0o100_000 | 0o120_000)
}

/// Reads `OID TYPE SIZE`.
fn parse_header(row: &[u8]) -> Option<(&str, usize)> {
    let mut parts = std::str::from_utf8(row).ok()?.split(' ');
    let oid = parts.next()?;
    let kind = parts.next()?;
    let size = parts.next()?.parse().ok()?;
    (oid.bytes().all(|byte| byte.is_ascii_hexdigit()) && parts.next().is_none()).then_some((kind, size))
}

/// Reads `OLDMODE NEWMODE OLDOID NEWOID STATUS`.
fn parse_raw(row: &[u8], path: ProjectPath) -> Option<RawChange> {
    let mut parts = std::str::from_utf8(row).ok()?.split(' ');
    let mut mode = || u32::from_str_radix(parts.next()?, 8).ok();
    let modes = (mode()?, mode()?);
    let oids = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let kind = match modes {
        (0, _) => ChangeKind::Added,
        (_, 0) => ChangeKind::Deleted,
        _ => ChangeKind::Modified,
    };
    Some(RawChange { change: FileChange { path, kind, added: 0, removed: 0, line: None }, modes, oids })
}

/// Reads from a patch without context where the first change of each file lies, by the object ids before and after:
/// unlike paths, they are never quoted.
fn first_lines(patch: &[u8]) -> BTreeMap<(String, String), u32> {
    let mut lines = BTreeMap::new();
    let mut oids = None;
    for row in patch.split(|byte| *byte == b'\n') {
        if let Some(index) = row.strip_prefix(b"index ") {
            oids = parse_index(index);
        } else if let Some(hunk) = row.strip_prefix(b"@@ -")
            && let Some(oids) = oids.take()
        {
            lines.extend(parse_hunk(hunk).map(|line| (oids, line)));
        }
    }
    lines
}

/// Reads `OLDOID..NEWOID MODE`, with the mode only where it stays.
fn parse_index(row: &[u8]) -> Option<(String, String)> {
    let (old, new) = std::str::from_utf8(row).ok()?.split(' ').next()?.split_once("..")?;
    Some((old.to_owned(), new.to_owned()))
}

/// Reads the line after the change from `START,COUNT +START,COUNT @@`. Where lines only went, that is the line before.
fn parse_hunk(row: &[u8]) -> Option<u32> {
    let (_, after) = std::str::from_utf8(row.split(|byte| *byte == b'@').next()?).ok()?.split_once('+')?;
    let start: u32 = after.split([',', ' ']).next()?.parse().ok()?;
    Some(start.max(1))
}

/// Reads a number of lines; what is not text has none.
fn count(field: Option<&[u8]>) -> u32 {
    field.and_then(|field| std::str::from_utf8(field).ok()).and_then(|text| text.parse().ok()).unwrap_or(0)
}
