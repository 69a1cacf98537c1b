//! Lets other programs find the journal where `DATABASE_PATH` says: by a link, so that it stays where no agent can write.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Makes a link at `path` that leads to the journal. One that is there already, and one that leads to a journal that is gone,
/// is as good; anything else that is there is left alone.
///
/// # Errors
/// If something else is there, such as another project's link; `path` lies in the project; or its folder cannot be written.
pub fn link(path: &Path, journal: &Path, project: &Path) -> io::Result<()> {
    if path.starts_with(project) {
        // Snapshots and results would hold it.
        return Err(io::Error::other("it lies in the project"));
    }
    match path.symlink_metadata() {
        Ok(_) if leads_to(path, journal) => return Ok(()),
        Ok(there) if !there.is_symlink() => return Err(io::Error::other("it is there already, and is not ours")),
        Ok(_) => {
            let target = fs::read_link(path)?;
            if path.exists() || target.file_name() != journal.file_name() {
                return Err(io::Error::other(format!("it is a link to {} already", target.display())));
            }
            // Of a project whose state was purged.
            fs::remove_file(path)?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    symlink(journal, path)
}

/// Whether `path` is our link to this journal.
pub fn leads_to(path: &Path, journal: &Path) -> bool {
    fs::read_link(path).is_ok_and(|target| target == journal)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_takes_nobodys_place() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let (journal, other, project) = (at("one/journal.db"), at("two/journal.db"), at("project"));
        for file in [&journal, &other] {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "rows").unwrap();
        }
        let path = at("new/folder/data.db");
        link(&path, &journal, &project).unwrap();
        link(&path, &journal, &project).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"rows");

        let why = |path: &Path| link(path, &other, &project).unwrap_err().to_string();
        assert!(why(&path).contains("one/journal.db already"), "{}", why(&path));
        assert!(leads_to(&path, &journal));
        fs::write(at("mine"), "mine").unwrap();
        assert!(why(&at("mine")).contains("not ours"));
        assert_eq!(fs::read(at("mine")).unwrap(), b"mine");
        assert!(why(&project.join("data.db")).contains("in the project"));
        symlink(at("nowhere"), at("elsewhere")).unwrap();
        assert!(why(&at("elsewhere")).contains("nowhere already"));

        fs::remove_file(&journal).unwrap();
        link(&path, &other, &project).unwrap();
        assert!(leads_to(&path, &other));
    }
}
