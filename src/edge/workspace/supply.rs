//! What a snapshot lacks and a workspace needs: ignored files and folders, copied or linked from the user's tree.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::{At, Result};
use super::git::items;
use super::shadow::Shadow;
use super::slot::{SlotRecord, Supplied};
use crate::model::id::Slot;
use crate::model::path::ProjectPath;

/// How deep a folder is looked through for its stamp and for links back: `lib/python3.12/site-packages/NAME`.
const DEPTH: u32 = 4;
/// Text files above so many bytes are copied as they are; those that name an environment's place are far smaller.
const LARGEST_TEXT: u64 = 64 * 1024;

impl Shadow {
    /// Copies and links what was asked for; returns what could not be done and why.
    pub(super) fn supply(
        &self,
        slot: Slot,
        copy: &[String],
        link: &[String],
        record: &mut SlotRecord,
    ) -> Result<Vec<String>> {
        let folder = self.workspace(slot);
        let mut warnings = Vec::new();
        let wanted: BTreeSet<&String> = copy.iter().chain(link).collect();
        let stale: Vec<String> = record.supplied.keys().filter(|name| !wanted.contains(name)).cloned().collect();
        for name in stale {
            if let Some(old) = record.supplied.remove(&name) {
                discard(&old.path.under(&folder))?;
            }
        }
        for (names, is_link) in [(copy, false), (link, true)] {
            for name in names {
                let Some(path) = ProjectPath::new(name) else {
                    warnings.push(format!("`{name}` is not a path inside the project"));
                    continue;
                };
                if !is_link && path.under(&self.project).symlink_metadata().is_err() {
                    // Copied where it exists; what `prepare` made in the workspace stays, a copy of what is gone not.
                    if let Some(old) = record.supplied.remove(name) {
                        discard(&old.path.under(&folder))?;
                    }
                    continue;
                }
                let done = self.supply_one(slot, &path, is_link, record.supplied.get(name))?;
                match done {
                    Ok(Some(supplied)) => drop(record.supplied.insert(name.clone(), supplied)),
                    Ok(None) => {}
                    Err(why) => {
                        if let Some(old) = record.supplied.remove(name) {
                            discard(&old.path.under(&folder))?;
                        }
                        let verb = if is_link { "linked" } else { "copied" };
                        warnings.push(format!("`{name}` was not {verb} into the workspace: {why}"));
                    }
                }
            }
        }
        Ok(warnings)
    }

    /// Copies or links one path. Inside: what was done, `None` if it was done before, or why not.
    fn supply_one(
        &self,
        slot: Slot,
        path: &ProjectPath,
        is_link: bool,
        before: Option<&Supplied>,
    ) -> Result<std::result::Result<Option<Supplied>, String>> {
        let (source, target) = (path.under(&self.project), path.under(&self.workspace(slot)));
        if source.symlink_metadata().is_err() {
            // `copy` names what a workspace needs where it exists; the default names what only some projects have.
            return Ok(Ok(None));
        }
        let present = target.symlink_metadata();
        let stamp = if is_link { None } else { Some(stamp(&source).at("read", &source)?) };
        let same = |before: &Supplied| before.path == *path && before.stamp == stamp;
        if before.is_some_and(same) && present.as_ref().is_ok_and(|meta| meta.is_symlink() || !is_link) {
            return Ok(Ok(None));
        }
        if self.is_tracked(slot, path)? {
            return Ok(Err("it is part of the snapshot already".to_owned()));
        }
        if is_link && let Some(why) = leads_back(&source, &self.project).at("read", &source)? {
            return Ok(Err(why));
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).at("create", parent)?;
        }
        if is_link {
            discard(&target)?;
            symlink(&source, &target).at("link", &target)?;
        } else {
            // Copied beside and moved into place: a copy that was cut short never counts as one.
            let new = self.state.join("work").join(format!("new-{}", slot.0));
            let _ = fs::remove_dir_all(&new);
            let _ = fs::remove_file(&new);
            let places = Places { from: &self.project, to: &self.workspace(slot) };
            copy_tree(&source, &new, places).at("copy", &source)?;
            discard(&target)?;
            fs::rename(&new, &target).at("copy", &target)?;
        }
        Ok(Ok(Some(Supplied { path: path.clone(), stamp })))
    }

    /// Whether the workspace's tree has files at or below this path.
    fn is_tracked(&self, slot: Slot, path: &ProjectPath) -> Result<bool> {
        let mut spec = b":(top,literal)".to_vec();
        spec.extend_from_slice(path.as_bytes());
        let args = [b"ls-files".as_slice(), b"-z", b"--", &spec].map(OsStr::from_bytes);
        let listing = self.slot_git(slot).run(&args)?;
        Ok(items(&listing).next().is_some())
    }
}

/// Removes something that was supplied earlier.
fn discard(target: &Path) -> Result<()> {
    match target.symlink_metadata() {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(target).at("remove", target),
        Ok(_) => fs::remove_file(target).at("remove", target),
        Err(_) => Ok(()),
    }
}

/// The project and its copy: what names the one must name the other in a copy.
#[derive(Clone, Copy)]
struct Places<'a> {
    from: &'a Path,
    to: &'a Path,
}

impl Places<'_> {
    /// Moves an absolute path inside the project to the copy.
    fn moved(&self, target: PathBuf) -> PathBuf {
        target.strip_prefix(self.from).map(|rest| self.to.join(rest)).unwrap_or(target)
    }

    /// Replaces the project's path in a text that tells programs where to find code (`*.pth`, `#!…`, `pyvenv.cfg`);
    /// left alone, an environment copied into a workspace would run the user's files instead.
    fn rewritten(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (from, to) = (self.from.as_os_str().as_bytes(), self.to.as_os_str().as_bytes());
        let mut rest = text;
        let mut out = Vec::new();
        while let Some(found) = find(rest, from) {
            let end = found + from.len();
            out.extend_from_slice(&rest[..found]);
            let whole =
                rest.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.'));
            out.extend_from_slice(if whole { to } else { from });
            rest = &rest[end..];
        }
        if out.is_empty() {
            return None;
        }
        out.extend_from_slice(rest);
        Some(out)
    }
}

/// Returns where `needle` first stands.
fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|part| part == needle)
}

/// Copies a file or a folder with all in it; shares the blocks where the file system can (`fs::copy` asks it to).
fn copy_tree(from: &Path, to: &Path, places: Places<'_>) -> io::Result<()> {
    let meta = from.symlink_metadata()?;
    if meta.is_symlink() {
        return symlink(places.moved(fs::read_link(from)?), to);
    }
    if meta.is_file() {
        if meta.len() <= LARGEST_TEXT
            && names_places(from)?
            && let Some(text) = places.rewritten(&fs::read(from)?)
        {
            fs::write(to, text)?;
            return fs::set_permissions(to, meta.permissions());
        }
        fs::copy(from, to)?;
        // Tools compare times of sources and products; a copy with new times would be built again.
        return fs::OpenOptions::new()
            .write(true)
            .open(to)
            .and_then(|file| file.set_modified(meta.modified()?))
            .or(Ok(()));
    }
    if !meta.is_dir() {
        return Ok(());
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_tree(&entry.path(), &to.join(entry.file_name()), places)?;
    }
    fs::set_permissions(to, meta.permissions())
}

/// Whether a file is one of those that tell programs where an environment is.
fn names_places(path: &Path) -> io::Result<bool> {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let by_name = name.ends_with(b".pth")
        || name.ends_with(b".egg-link")
        || name.starts_with(b"__editable__")
        || name == b"direct_url.json"
        || name == b"pyvenv.cfg"
        || name.starts_with(b"activate");
    if by_name {
        return Ok(true);
    }
    let in_bin = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "bin" || folder == ".bin");
    if !in_bin {
        return Ok(false);
    }
    let mut start = [0; 2];
    let read = io::Read::read(&mut fs::File::open(path)?, &mut start)?;
    Ok(read == 2 && start == *b"#!")
}

/// Returns a stamp of a file or folder that changes when packages are added or removed, without reading it all:
/// names, sizes and times of the top entries, times of the folders below.
fn stamp(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let meta = path.symlink_metadata()?;
    hash.update(format!("{} {} {} {}", meta.mode(), meta.size(), meta.mtime(), meta.mtime_nsec()));
    if meta.is_dir() {
        stamp_folder(path, 0, &mut hash)?;
    } else if meta.is_symlink() {
        hash.update(fs::read_link(path)?.into_os_string().into_vec());
    }
    Ok(format!("{:x}", hash.finalize()))
}

/// Adds the entries of a folder to a stamp.
fn stamp_folder(folder: &Path, depth: u32, hash: &mut Sha256) -> io::Result<()> {
    for entry in sorted(folder)? {
        let is_dir = entry.file_type()?.is_dir();
        if depth > 0 && !is_dir {
            continue;
        }
        let meta = entry.metadata()?;
        hash.update(entry.file_name().as_bytes());
        hash.update(format!("\0{} {} {}\0", if is_dir { 0 } else { meta.size() }, meta.mtime(), meta.mtime_nsec()));
        let libraries =
            matches!(folder.file_name(), Some(name) if name == "lib" || name == "lib64") || entry.file_name() == "lib";
        if is_dir && (depth < 1 || libraries && depth < DEPTH) {
            stamp_folder(&entry.path(), depth + 1, hash)?;
        }
    }
    Ok(())
}

/// Returns why a folder must not be linked: something in it leads back into the project, so a program in the workspace
/// would run the user's files instead of the workspace's.
fn leads_back(source: &Path, project: &Path) -> io::Result<Option<String>> {
    let real = source.canonicalize()?;
    if project.starts_with(&real) {
        return Ok(Some("it contains the project itself".to_owned()));
    }
    if real.is_dir() { leads_back_below(&real, &real, project, 0) } else { Ok(None) }
}

fn leads_back_below(folder: &Path, root: &Path, project: &Path, depth: u32) -> io::Result<Option<String>> {
    for entry in sorted(folder)? {
        let path = entry.path();
        let kind = entry.file_type()?;
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if kind.is_symlink() {
            let target = path.canonicalize().unwrap_or_default();
            if target.starts_with(project) && !target.starts_with(root) {
                return Ok(Some(format!("{shown} in it is a link back into the project; use `copy` or `prepare`")));
            }
        } else if kind.is_file() {
            let name = entry.file_name();
            let name = name.as_bytes();
            let tells = name.ends_with(b".pth")
                || name.ends_with(b".egg-link")
                || name == b"direct_url.json"
                || name.starts_with(b"__editable__");
            if tells
                && entry.metadata()?.len() <= LARGEST_TEXT
                && find(&fs::read(&path)?, project.as_os_str().as_bytes()).is_some()
            {
                return Ok(Some(format!(
                    "{shown} in it is an editable install of the project; use `copy` or `prepare`"
                )));
            }
        } else if kind.is_dir()
            && depth < DEPTH
            && let Some(why) = leads_back_below(&path, root, project, depth + 1)?
        {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Lists a folder in a fixed order.
fn sorted(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}
