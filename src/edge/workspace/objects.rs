//! Which objects of the shadow repository nothing needs, and how they are removed.
//!
//! git's own `gc` does not serve: its `repack` either drops what was pinned against the user's `gc`, or copies the
//! user's whole history, which each snapshot's commit names.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::{At, Result, WorkspaceError};
use super::git::{Git, items};
use super::upkeep::Needed;

/// The objects of a shadow repository that nothing needs.
#[derive(Debug)]
pub struct Garbage {
    git: Git,
    /// Names of snapshots and results that go.
    names: Vec<PathBuf>,
    /// Loose objects that go.
    loose: Vec<PathBuf>,
    /// Packs that go, as `pack-….pack`.
    packs: Vec<PathBuf>,
    /// Objects in those packs that stay.
    kept: Vec<String>,
    /// How many objects go.
    pub objects: usize,
    /// What they take on disk, in bytes.
    pub bytes: u64,
}

impl Garbage {
    /// Finds it in the shadow repository of a state folder; `None` if there is none, or no shadow.
    ///
    /// Needed is what tasks and checks name, what our own index holds, and where the workspaces stand.
    ///
    /// # Errors
    /// If git fails, or an object that is needed is incomplete: then it is not known what is needed.
    pub fn find(project: &Path, state: &Path, needed: &Needed) -> Result<Option<Self>> {
        let dir = state.join("shadow.git");
        if !dir.join("objects").is_dir() {
            return Ok(None);
        }
        let git = Git { dir: dir.clone(), tree: project.to_owned(), index: dir.join("snap.index") };
        let (needed_names, reachable) = reachable(&git, state, needed)?;
        let mut garbage = Self {
            git,
            names: Vec::new(),
            loose: Vec::new(),
            packs: Vec::new(),
            kept: Vec::new(),
            objects: 0,
            bytes: 0,
        };
        for entry in fs::read_dir(dir.join("refs/snapshots")).into_iter().flatten().flatten() {
            if !entry.file_name().to_str().is_some_and(|name| needed_names.contains(name)) {
                garbage.names.push(entry.path());
            }
        }
        garbage.look_at_loose(&dir.join("objects"), &reachable);
        garbage.look_at_packs(&dir.join("objects/pack"), &reachable)?;
        Ok((garbage.objects > 0 || !garbage.names.is_empty()).then_some(garbage))
    }

    fn look_at_loose(&mut self, objects: &Path, reachable: &BTreeSet<String>) {
        for folder in fs::read_dir(objects).into_iter().flatten().flatten() {
            let name = folder.file_name();
            let Some(first) = name.to_str().filter(|name| name.len() == 2) else { continue };
            for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let Some(rest) = entry.file_name().to_str().map(str::to_owned) else { continue };
                // What a killed git left half-written is called `tmp_obj_…`.
                if !reachable.contains(&format!("{first}{rest}")) {
                    self.bytes += entry.metadata().map_or(0, |meta| meta.blocks() * 512);
                    self.objects += 1;
                    self.loose.push(entry.path());
                }
            }
        }
    }

    fn look_at_packs(&mut self, folder: &Path, reachable: &BTreeSet<String>) -> Result<()> {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let pack = entry.path();
            if pack.extension().is_none_or(|extension| extension != "pack") {
                continue;
            }
            let sizes = self.objects_of(&pack)?;
            let (stay, go): (Vec<_>, Vec<_>) = sizes.into_iter().partition(|(id, _)| reachable.contains(id));
            if go.is_empty() {
                continue;
            }
            self.objects += go.len();
            self.bytes += go.into_iter().map(|(_, bytes)| bytes).sum::<u64>();
            self.kept.extend(stay.into_iter().map(|(id, _)| id));
            self.packs.push(pack);
        }
        Ok(())
    }

    /// Lists the objects of a pack with the bytes that each takes in it.
    fn objects_of(&self, pack: &Path) -> Result<Vec<(String, u64)>> {
        let index = pack.with_extension("idx");
        let listing = self.git.feed(&["show-index"], &fs::read(&index).at("read", &index)?)?;
        let text = String::from_utf8_lossy(&listing);
        // `OFFSET ID (CRC)`; in the pack one begins where the one before it ends.
        let mut objects: Vec<(u64, String)> = text
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(' ');
                Some((fields.next()?.parse().ok()?, fields.next()?.to_owned()))
            })
            .collect();
        objects.sort_unstable();
        let end = fs::metadata(pack).at("read", pack)?.len();
        let ends: Vec<u64> = objects.iter().skip(1).map(|(offset, _)| *offset).chain([end]).collect();
        Ok(objects.into_iter().zip(ends).map(|((start, id), end)| (id, end.saturating_sub(start))).collect())
    }

    /// Removes it. What shares a pack with it is packed anew before anything goes.
    ///
    /// # Errors
    /// If git fails or a file cannot be removed; no needed object is lost then.
    pub fn remove(self) -> Result<()> {
        let mut packs = self.packs;
        if !self.kept.is_empty() {
            let args: Vec<std::ffi::OsString> = ["pack-objects", "-q", "--compression=0", "--window=0"]
                .map(Into::into)
                .into_iter()
                .chain([self.git.dir.join("objects/pack/pack").into()])
                .collect();
            let mut list = self.kept.join("\n");
            list.push('\n');
            let made = self.git.feed(&args, list.as_bytes())?;
            // The new pack may hold just what an old one does, and then has its name.
            let name = format!("pack-{}.pack", String::from_utf8_lossy(&made).trim());
            packs.retain(|pack| pack.file_name().is_none_or(|known| known != name.as_str()));
        }
        for name in self.names.into_iter().chain(self.loose) {
            fs::remove_file(&name).at("remove", &name)?;
        }
        for pack in packs {
            // The index first: without it a pack is nothing to git.
            for extension in ["idx", "rev", "pack"] {
                let file = pack.with_extension(extension);
                match fs::remove_file(&file) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(error).at("remove", &file);
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Returns the names of snapshots and results that stay, and all objects that are needed.
fn reachable(git: &Git, state: &Path, needed: &Needed) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let mut names: BTreeSet<String> = needed.trees.iter().map(|tree| tree.0.clone()).collect();
    names.extend(needed.commits.iter().cloned());
    for entry in fs::read_dir(state.join("work")).into_iter().flatten().flatten() {
        let head = fs::read_to_string(entry.path().join(".git/HEAD")).unwrap_or_default();
        let head = head.trim();
        if head.bytes().all(|byte| byte.is_ascii_hexdigit()) && !head.is_empty() {
            names.insert(head.to_owned());
        }
    }
    let list: String = names.iter().fold(String::new(), |list, name| list + name + "\n");
    let kinds = git.feed(&["cat-file", "--batch-check=%(objectname) %(objecttype)"], list.as_bytes())?;
    let mut roots = Vec::new();
    let mut found = BTreeSet::new();
    for line in String::from_utf8_lossy(&kinds).lines() {
        match line.split_once(' ') {
            Some((id, "commit")) => {
                found.insert(id.to_owned());
                roots.push(format!("{id}^{{tree}}\n"));
            }
            Some((id, "tree")) => roots.push(format!("{id}\n")),
            // It is gone already, by the user's own `gc`; nothing can be kept of it.
            Some((_, "missing")) => {}
            _ => return Err(WorkspaceError::Unreadable { command: "cat-file --batch-check".to_owned() }),
        }
    }
    let listing = git.feed(&["rev-list", "--objects", "--no-object-names", "--stdin"], roots.concat().as_bytes())?;
    found.extend(String::from_utf8_lossy(&listing).lines().map(str::to_owned));
    // What our index of the user's tree names, as `MODE ID STAGE\tPATH`.
    let listing = git.run(&["ls-files", "-s", "-z"])?;
    let blobs = items(&listing).filter_map(|item| item.split(|byte| *byte == b' ').nth(1));
    found.extend(blobs.map(|id| String::from_utf8_lossy(id).into_owned()));
    Ok((names, found))
}
