//! Raw images of files before and after a landing: bytes, mode, link target, kept on disk so that it can be undone.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{At, Result, WorkspaceError};
use super::user_repo::is_absent;
use crate::model::own_writes::ContentHash;
use crate::model::path::ProjectPath;
use crate::model::workspace::FileChange;

/// The permission bits of a mode.
const PERMISSIONS: u32 = 0o7777;

/// What stands at a path, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// Its permission bits.
        mode: u32,
        bytes: Vec<u8>,
    },
    /// A symbolic link, never followed.
    Link { target: Vec<u8> },
}

/// What was found at a path.
pub(super) enum Found {
    /// Something that has an image.
    Node(Node),
    /// A file with other names, which a swap would cut off.
    HardLinked,
    /// A folder, a socket, a device.
    Other,
}

impl Node {
    /// Reads what stands at `path`.
    pub(super) fn find(path: &Path) -> Result<Found> {
        let meta = match fs::symlink_metadata(path) {
            Ok(meta) => meta,
            Err(error) if is_absent(&error) => return Ok(Found::Node(Self::Absent)),
            Err(source) => return Err(WorkspaceError::NotReadable { path: path.to_owned(), source }),
        };
        if meta.is_symlink() {
            let target = fs::read_link(path).at("read", path)?.into_os_string().into_vec();
            return Ok(Found::Node(Self::Link { target }));
        }
        if meta.is_dir() {
            return Ok(Found::Other);
        }
        if !meta.is_file() {
            return Ok(Found::Other);
        }
        // The file may have been replaced since: no link is followed, and a pipe in its place must not block.
        let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
        let mut file = opened.map_err(|source| WorkspaceError::NotReadable { path: path.to_owned(), source })?;
        let meta = file.metadata().at("read", path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).at("read", path)?;
        let node = Self::File { mode: meta.mode() & PERMISSIONS, bytes };
        Ok(if meta.nlink() > 1 { Found::HardLinked } else { Found::Node(node) })
    }

    /// Reads what stands at `path`; something that has no image is never equal to one.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        Ok(match Self::find(path)? {
            Found::Node(node) => Some(node),
            Found::HardLinked | Found::Other => None,
        })
    }

    /// Creates what the image shows at `path`, where nothing may stand, safely on disk.
    pub(super) fn create(&self, path: &Path) -> Result<()> {
        match self {
            Self::Absent => Ok(()),
            Self::Link { target } => symlink(OsStr::from_bytes(target), path).at("create", path),
            Self::File { mode, bytes } => {
                let mut file =
                    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).at("create", path)?;
                file.write_all(bytes).at("write", path)?;
                file.set_permissions(Permissions::from_mode(*mode)).at("set the mode of", path)?;
                file.sync_data().at("write", path)
            }
        }
    }

    /// Returns the hash by which the watcher knows the content.
    pub(super) fn hash(&self) -> ContentHash {
        match self {
            Self::Absent => ContentHash::ABSENT,
            Self::File { bytes, .. } | Self::Link { target: bytes } => ContentHash(Sha256::digest(bytes).into()),
        }
    }
}

/// One path of a landing or an undo: what stood there and what shall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: ProjectPath,
    pub(super) pre: Node,
    pub(super) post: Node,
}

/// Everything that a landing or an undo does to the user's tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Images {
    /// For a person to read.
    pub(super) files: Vec<FileChange>,
    pub(super) entries: Vec<Entry>,
    /// Folders that have to be made.
    pub(super) made: Vec<ProjectPath>,
    /// Folders that go if they become empty, with their modes.
    pub(super) emptied: BTreeMap<ProjectPath, u32>,
    /// The modes of folders to be made again.
    pub(super) modes: BTreeMap<ProjectPath, u32>,
}

/// The file `manifest.json`; the bytes stand in `images` beside it.
#[derive(Serialize, Deserialize)]
struct Manifest {
    version: u32,
    files: Vec<FileChange>,
    entries: Vec<StoredEntry>,
    made: Vec<ProjectPath>,
    emptied: Vec<(ProjectPath, u32)>,
    modes: Vec<(ProjectPath, u32)>,
    /// Hash of the whole file `images`.
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    path: ProjectPath,
    pre: StoredNode,
    post: StoredNode,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredNode {
    Absent,
    File { mode: u32, start: usize, len: usize },
    Link { start: usize, len: usize },
}

impl Images {
    /// Writes the images into `folder`, safely on disk when this returns.
    pub(super) fn save(&self, folder: &Path) -> Result<()> {
        let mut bytes = Vec::new();
        let mut store = |node: &Node| {
            let start = bytes.len();
            match node {
                Node::Absent => StoredNode::Absent,
                Node::File { mode, bytes: content } => {
                    bytes.extend_from_slice(content);
                    StoredNode::File { mode: *mode, start, len: content.len() }
                }
                Node::Link { target } => {
                    bytes.extend_from_slice(target);
                    StoredNode::Link { start, len: target.len() }
                }
            }
        };
        let entries = self
            .entries
            .iter()
            .map(|entry| StoredEntry { path: entry.path.clone(), pre: store(&entry.pre), post: store(&entry.post) })
            .collect();
        let pairs = |map: &BTreeMap<ProjectPath, u32>| map.iter().map(|(path, mode)| (path.clone(), *mode)).collect();
        let manifest = Manifest {
            version: 1,
            files: self.files.clone(),
            entries,
            made: self.made.clone(),
            emptied: pairs(&self.emptied),
            modes: pairs(&self.modes),
            sha256: format!("{:x}", Sha256::digest(&bytes)),
        };
        write_safely(&folder.join("images"), &bytes)?;
        let path = folder.join("manifest.json");
        let text = serde_json::to_vec(&manifest).map_err(io::Error::from).at("write", &path)?;
        write_safely(&path, &text)?;
        sync_folder(folder)
    }

    /// Reads the images in `folder`; `None` if they were never written to the end.
    pub(super) fn load(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("manifest.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(source) => return Err(WorkspaceError::Io { what: "read", path, source }),
        };
        let damaged = |why: String| WorkspaceError::Damaged { path: path.clone(), why };
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let bytes = fs::read(folder.join("images")).at("read", &folder.join("images"))?;
        if format!("{:x}", Sha256::digest(&bytes)) != manifest.sha256 {
            return Err(damaged("the bytes in `images` are not those it describes".to_owned()));
        }
        let part = |start: usize, len: usize| {
            let end = start.checked_add(len);
            end.and_then(|end| bytes.get(start..end))
                .map(<[u8]>::to_vec)
                .ok_or_else(|| damaged("a part is missing".to_owned()))
        };
        let node = |stored: StoredNode| {
            Ok(match stored {
                StoredNode::Absent => Node::Absent,
                StoredNode::File { mode, start, len } => Node::File { mode, bytes: part(start, len)? },
                StoredNode::Link { start, len } => Node::Link { target: part(start, len)? },
            })
        };
        let entries = manifest
            .entries
            .into_iter()
            .map(|entry| Ok(Entry { path: entry.path, pre: node(entry.pre)?, post: node(entry.post)? }))
            .collect::<Result<Vec<_>>>()?;
        Ok(Some(Self {
            files: manifest.files,
            entries,
            made: manifest.made,
            emptied: manifest.emptied.into_iter().collect(),
            modes: manifest.modes.into_iter().collect(),
        }))
    }
}

/// Writes a file and waits until it is on disk; a reader sees all of it or none.
fn write_safely(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut file = File::create(&new).at("create", &new)?;
    file.write_all(bytes).at("write", &new)?;
    file.sync_data().at("write", &new)?;
    fs::rename(&new, path).at("write", path)
}

/// Sets a marker, safely on disk.
pub(super) fn mark(folder: &Path, marker: &str) -> Result<()> {
    let path = folder.join(marker);
    File::create(&path).at("create", &path)?;
    sync_folder(folder)
}

/// Waits until the names in a folder are on disk.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|file| file.sync_all()).at("write", folder)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn images_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| ProjectPath::new(name).unwrap();
        let entry = |name: &str, pre, post| Entry { path: path(name), pre, post };
        let images = Images {
            entries: vec![
                entry("a", Node::Absent, Node::File { mode: 0o600, bytes: b"\xff\r\n".to_vec() }),
                entry("b", Node::Link { target: b"../x".to_vec() }, Node::Absent),
                entry("c", Node::File { mode: 0o755, bytes: Vec::new() }, Node::Link { target: b"y".to_vec() }),
            ],
            made: vec![path("d")],
            emptied: BTreeMap::from([(path("e"), 0o700)]),
            ..Images::default()
        };
        assert!(Images::load(folder.path()).unwrap().is_none());
        images.save(folder.path()).unwrap();
        assert_eq!(Images::load(folder.path()).unwrap().unwrap(), images);
        fs::write(folder.path().join("images"), b"other").unwrap();
        assert!(Images::load(folder.path()).is_err());
    }
}
