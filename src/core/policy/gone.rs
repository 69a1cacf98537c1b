//! Which files of the project would be gone, and what stands against that.

use std::path::Path;

use globset::GlobBuilder;

use super::place::{Folders, Place, outside, refuse_protected};
use super::word::Word;
use super::world::World;
use crate::model::policy::{Permission, PolicyScope, Verdict};

/// Returns what stands against deleting what a word names, or moving it away.
pub(super) fn refuse_delete(word: &Word, folders: &Folders, scope: &PolicyScope, tree: &dyn World) -> Option<Verdict> {
    let refusals = folders.places(word, scope, tree).into_iter().filter_map(|place| match place {
        Place::Free => None,
        Place::Outside(path) => Some(outside(&path, scope)),
        Place::Unknown => {
            Some(Verdict::ask("default.unclear", format!("it is not known which files {} names", word.text)))
        }
        Place::Inside(path) => {
            refuse_protected(&path).or_else(|| by_setting(&first_gone(&path, word.glob, tree)?, scope))
        }
    });
    refusals.max_by_key(Verdict::weight)
}

/// Says what the configuration says about deleting a file of the project.
pub(super) fn by_setting(file: &str, scope: &PolicyScope) -> Option<Verdict> {
    let what = format!("{file} is a file of the project, and would be gone (policy.delete)");
    match scope.policy.delete {
        Permission::Allow => None,
        Permission::Ask => Some(Verdict::ask("guard.delete", what)),
        Permission::Deny => Some(Verdict::violation("guard.delete", what)),
    }
}

/// Returns the first file of the project that would be gone.
fn first_gone(path: &Path, is_glob: bool, tree: &dyn World) -> Option<String> {
    let text = path.to_str().unwrap_or_default();
    let files = tree.project_files();
    if text.is_empty() {
        return files.first().cloned();
    }
    let glob = is_glob.then(|| GlobBuilder::new(text).literal_separator(true).build().ok()).flatten();
    let matcher = glob.map(|glob| glob.compile_matcher());
    let mut gone = files.iter().filter(|file| {
        let mut upward = Path::new(file).ancestors().filter(|part| !part.as_os_str().is_empty());
        upward.any(|part| part == path || matcher.as_ref().is_some_and(|matcher| matcher.is_match(part)))
    });
    gone.next().cloned()
}

/// What `find` finds, as far as its words say.
struct Search {
    starts: Vec<Word>,
    /// Names that it looks for; with none, all are meant.
    names: Vec<globset::GlobMatcher>,
    /// Whether it finds only what holds no file of the project: empty ones, folders, pipes.
    is_hollow: bool,
}

impl Search {
    /// Reads the words of `find`, without what it runs.
    fn new(args: &[Word]) -> Self {
        // Options before the places: `-L`, `-O3`, `-D tree`.
        let options = args.iter().take_while(|arg| ["-H", "-L", "-P"].iter().any(|option| arg.is(option))).count();
        let args = &args[options..];
        let mut starts: Vec<Word> =
            args.iter().take_while(|arg| !arg.text.starts_with(['-', '(', '!'])).cloned().collect();
        if starts.is_empty() {
            starts.push(Word::literal("."));
        }
        let valued = |options: &[&str]| -> Vec<&Word> {
            let pairs = args.windows(2).filter(|pair| options.iter().any(|option| pair[0].is(option)));
            pairs.map(|pair| &pair[1]).collect()
        };
        // What may be turned round or left out says nothing about what is found.
        let is_plain = !args.iter().any(|arg| ["!", "-not", "-o", "-or", ","].iter().any(|word| arg.is(word)));
        let names = valued(&["-name", "-iname"]);
        let glob = |name: &&Word| GlobBuilder::new(&name.text).case_insensitive(true).build().ok();
        let globs: Vec<_> = names.iter().filter(|name| name.known).filter_map(glob).collect();
        let is_known = is_plain && globs.len() == names.len();
        Self {
            starts,
            names: if is_known { globs.iter().map(globset::Glob::compile_matcher).collect() } else { Vec::new() },
            is_hollow: is_plain
                && (args.iter().any(|arg| arg.is("-empty")) || valued(&["-type"]).iter().any(|kind| kind.is("d"))),
        }
    }

    /// Whether it finds something with this name.
    fn finds(&self, name: &str) -> bool {
        self.names.iter().all(|pattern| pattern.is_match(name))
    }

    /// Whether it finds a file below `start`; `whole`: or a folder on the way to it.
    fn takes(&self, file: &Path, start: &Path, whole: bool) -> bool {
        let Ok(below) = file.strip_prefix(start) else { return false };
        // A place that is a file itself is found by its own name; one that is a folder, too.
        let from_start = start.file_name().into_iter().chain(below.iter());
        let mut names = from_start.filter_map(|name| name.to_str());
        if whole { names.any(|name| self.finds(name)) } else { names.next_back().is_some_and(|name| self.finds(name)) }
    }
}

/// Returns what stands against deleting all that `find` finds; `whole`: folders with all that is in them.
pub(super) fn found_and_deleted(
    args: &[Word],
    whole: bool,
    folders: &Folders,
    scope: &PolicyScope,
    tree: &dyn World,
) -> Option<Verdict> {
    let search = Search::new(args);
    let places = search.starts.iter().flat_map(|start| folders.places(start, scope, tree));
    for place in places {
        match place {
            Place::Free => {}
            Place::Outside(path) => return Some(outside(&path, scope)),
            Place::Unknown => return Some(Verdict::ask("default.unclear", "where it looks for files is not known")),
            Place::Inside(_) if search.is_hollow && !whole => {}
            Place::Inside(path) => {
                let files = tree.project_files();
                let gone = files.iter().find(|file| search.takes(Path::new(file), &path, whole));
                if let Some(verdict) = gone.and_then(|file| by_setting(file, scope)) {
                    return Some(verdict);
                }
            }
        }
    }
    None
}
