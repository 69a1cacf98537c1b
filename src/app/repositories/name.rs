//! What a repository is called: `owner/name`, a name, a folder, or an address to clone from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::app::answers::named::Named as Asked;
use crate::app::failure::Failure;
use crate::model::id::TaskId;

/// The last words of an address, or what somebody wrote instead of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Whose it is; none if only its name was said.
    pub(super) owner: Option<String>,
    /// Its own name.
    pub(super) name: String,
}

/// A repository as somebody named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// By its name.
    Name(Name),
    /// By its folder, which need not exist.
    Folder(PathBuf),
    /// By what it can be cloned from.
    Address(String, Name),
}

impl Named {
    /// Reads what somebody wrote. Nothing but what is certain to be no option and no way out of a folder is a name.
    pub(super) fn read(text: &str, home: Option<&Path>) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            Failure::usage(format!(
                "{:?} names no repository: {why}\nhint: write owner/name, a folder (from /, ./ or ~/ on), or an address to clone from",
                without_login(text)
            ))
        };
        let in_home = text.strip_prefix("~/").and_then(|rest| home.map(|home| home.join(rest)));
        let is_path =
            text.starts_with('/') || matches!(text, "." | "..") || text.starts_with("./") || text.starts_with("../");
        let path = in_home.or_else(|| is_path.then(|| PathBuf::from(text)));
        if text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(wrong("it begins with a dash, or has signs that no name has"));
        }
        let address = match path {
            // What has no tree can only be cloned; from wherever that is done.
            Some(path) if is_bare(&path) => path.canonicalize().ok().and_then(|path| path.to_str().map(str::to_owned)),
            Some(path) => return Ok(Self::Folder(path)),
            None => text.contains(':').then(|| text.to_owned()),
        };
        if let Some(address) = address {
            let name = Name::of_origin(&address).ok_or_else(|| wrong("its address ends in no name"))?;
            return Ok(Self::Address(address, name));
        }
        let words: Vec<&str> = text.split('/').collect();
        match words[..] {
            [name] if is_plain(name) => Ok(Self::Name(Name { owner: None, name: name.to_owned() })),
            [owner, name] if is_plain(owner) && is_plain(name) => {
                let name = name.strip_suffix(".git").filter(|rest| !rest.is_empty()).unwrap_or(name).to_owned();
                Ok(Self::Name(Name { owner: Some(owner.to_owned()), name }))
            }
            _ => Err(wrong("it is neither owner/name nor a name")),
        }
    }

    /// Whether a repository with this origin (empty: none) is the one that is named.
    pub(super) fn is_origin(&self, origin: &str) -> bool {
        match self {
            Self::Name(name) => name.is_end_of(&canonical(origin)),
            Self::Address(address, _) => canonical(address) == canonical(origin),
            Self::Folder(_) => false,
        }
    }

    /// What is kept and shown of it: never what is secret in an address.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Name(name) | Self::Address(_, name) => name.to_string(),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }
}

impl Name {
    /// Returns the name of the repository with this origin; none for an origin that ends in none.
    pub(super) fn of_origin(origin: &str) -> Option<Self> {
        let (owner, name) = last_two(origin);
        is_plain(&name).then(|| Self { owner: owner.filter(|owner| is_plain(owner)), name })
    }

    /// Whether a path or an address that was made canonical ends in it.
    pub(super) fn is_end_of(&self, text: &str) -> bool {
        let own = self.to_string().to_lowercase();
        let before = text.strip_suffix(&own);
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = self.owner.as_deref().map(|owner| format!("{owner}/")).unwrap_or_default();
        write!(f, "{owner}{}", self.name)
    }
}

/// Returns what two ways to write an address have in common: `host/path` in small letters, no login, no `.git`.
pub(super) fn canonical(address: &str) -> String {
    let address = without_login(address.trim());
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        None => match address.split_once(':') {
            Some((host, path)) if !host.contains('/') => format!("{host}/{}", path.trim_start_matches('/')),
            Some(_) | None => address,
        },
    };
    let path = path.trim_end_matches('/');
    path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/').to_lowercase()
}

/// Returns an address without the user and the password in it.
pub(super) fn without_login(address: &str) -> String {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), address),
    };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}{}", &rest[at + 1..]),
        None => address.to_owned(),
    }
}

/// Returns the last two words of a path or an address.
fn last_two(text: &str) -> (Option<String>, String) {
    let text = text.trim_end_matches('/');
    let text = text.strip_suffix(".git").unwrap_or(text).trim_end_matches('/');
    let mut words = text.rsplit(['/', ':']).filter(|word| !word.is_empty());
    let name = words.next().unwrap_or_default().to_owned();
    (words.next().map(str::to_owned), name)
}

/// Whether it is one name of a folder, and nothing else to anybody.
fn is_plain(name: &str) -> bool {
    let letter = |letter: char| letter.is_alphanumeric() || "-_.+@".contains(letter);
    !name.is_empty() && !name.starts_with(['-', '.']) && name.chars().all(letter)
}

/// Whether a folder is a repository without a tree, which can only be cloned.
fn is_bare(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

/// A task of a project: `14`, or `owner/name#14`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskName {
    /// The repository that was named with it.
    pub repository: Option<String>,
    /// Its number there.
    pub task: Asked<TaskId>,
}

impl FromStr for TaskName {
    type Err = <Asked<TaskId> as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = text.rsplit_once('#').filter(|(repository, _)| !repository.is_empty());
        match named {
            Some((repository, task)) => Ok(Self { repository: Some(repository.to_owned()), task: task.parse()? }),
            None => Ok(Self { repository: None, task: text.parse()? }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    fn named(text: &str) -> Named {
        Named::read(text, Some(Path::new("/home/me"))).unwrap()
    }

    fn name(owner: Option<&str>, name: &str) -> Name {
        Name { owner: owner.map(str::to_owned), name: name.to_owned() }
    }

    #[test]
    fn what_is_written_is_a_name_a_folder_or_an_address() {
        assert_eq!(named("owner/shop"), Named::Name(name(Some("owner"), "shop")));
        assert_eq!(named("owner/shop.git"), Named::Name(name(Some("owner"), "shop")));
        assert_eq!(named("shop"), Named::Name(name(None, "shop")));
        assert_eq!(named("~/code/shop"), Named::Folder("/home/me/code/shop".into()));
        assert_eq!(named("../shop"), Named::Folder("../shop".into()));
        for (address, owner) in [
            ("git@github.com:owner/shop.git", Some("owner")),
            ("https://me:secret@github.com/owner/shop", Some("owner")),
            ("ssh://git@host:22/shop.git/", Some("22")),
            ("file:///srv/git/shop.git", Some("git")),
        ] {
            assert_eq!(named(address), Named::Address(address.to_owned(), name(owner, "shop")), "{address}");
        }
        for wrong in ["--upload-pack=x/y", "a/b/c", "..:..", "owner/..", "../", "own er/shop", "https://host/-x", "/\n"]
        {
            let read = Named::read(wrong, None);
            assert!(!matches!(read, Ok(Named::Name(_) | Named::Address(..))), "{wrong}: {read:?}");
        }
        let said = Named::read("https://me:secret@host/..", None).unwrap_err().message;
        assert!(!said.contains("secret"), "{said}");
    }

    #[test]
    fn a_repository_is_known_by_its_origin() {
        for (text, origin, is_it) in [
            ("shop", "https://github.com/owner/shop", true),
            ("owner/shop", "git@github.com:Owner/shop.git", true),
            ("owner/shop", "https://github.com/owner/shop", true),
            ("https://github.com/owner/shop.git", "https://github.com/owner/shop", true),
            ("https://me:secret@github.com/owner/shop", "git@github.com:owner/shop.git", true),
            ("https://gitlab.com/owner/shop", "https://github.com/owner/shop", false),
            ("other/shop", "https://github.com/owner/shop", false),
            ("er/shop", "https://github.com/owner/shop", false),
            ("owner/shop", "", false),
        ] {
            assert_eq!(named(text).is_origin(origin), is_it, "{text} {origin}");
        }
    }

    #[test]
    fn a_task_may_be_named_with_its_repository() {
        let read = |text: &str| text.parse::<TaskName>().map(|name| (name.repository, name.task));
        assert_eq!(read("owner/shop#14").unwrap(), (Some("owner/shop".to_owned()), Asked::Number(TaskId(14))));
        assert_eq!(read("#14").unwrap(), (None, Asked::Number(TaskId(14))));
        assert!(read("owner/shop").is_err());
    }
}
