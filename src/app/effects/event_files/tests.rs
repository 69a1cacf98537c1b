//! Is each file of the folder for events told from all others, and put away unread by nobody?

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn taken(folder: &Path, name: &str) -> (EventFile, Result<Dropped, String>) {
    match look(folder, name) {
        Found::File(file, said) => (file, said),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_file_is_read_told_apart_and_put_away() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.json", r#"{"type": "pr.created", "data": {"number": 7}, "task": "3"}"#);
    let (file, said) = taken(folder.path(), "a.json");
    let data = r#"{"number":7}"#.to_owned();
    assert_eq!(said, Ok(Dropped { event: "pr.created".to_owned(), data, task: Some(TaskId(3)) }));
    assert_eq!(taken(folder.path(), "a.json").0, file, "it is the same one");

    // Another one of its name stays; the one that was taken goes.
    fs::rename(folder.path().join("a.json"), folder.path().join("kept")).unwrap();
    write("a.json", r#"{"type": "pr.created"}"#);
    put_away(folder.path(), &file).unwrap();
    let (other, said) = taken(folder.path(), "a.json");
    assert_ne!(other, file);
    assert_eq!(said.unwrap().data, "null");
    put_away(folder.path(), &other).unwrap();
    put_away(folder.path(), &other).unwrap();
    assert!(folder.path().join("processed/a.json").exists() && !folder.path().join("a.json").exists());
    fs::rename(folder.path().join("kept"), folder.path().join("a.json")).unwrap();
    put_away(folder.path(), &file).unwrap();
    assert!(folder.path().join("processed/a-2.json").exists());
}

#[test]
fn what_is_no_event_is_said_or_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.txt", ".a.json", "a.json~"] {
        fs::write(folder.path().join(name), "{}").unwrap();
        assert!(matches!(look(folder.path(), name), Found::Nothing), "{name}");
    }
    fs::create_dir(folder.path().join("b.json")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("c.json")).unwrap();
    assert!(matches!(look(folder.path(), "b.json"), Found::Nothing));
    let said = taken(folder.path(), "c.json").1.unwrap_err();
    assert!(said.contains("link"), "{said}");
    for (text, part) in [
        ("{", "write {"),
        (r#"{"data": 1}"#, "type"),
        (r#"{"type": "a.b", "task": "x"}"#, "no task"),
        (r#"{"type": "a.b", "tsak": 1}"#, "did you mean `task`?"),
        (r#"{"type": "a.b", "bogus": 1}"#, "there is no key `bogus`; there are type, data, task"),
    ] {
        fs::write(folder.path().join("bad.json"), text).unwrap();
        let said = taken(folder.path(), "bad.json").1.unwrap_err();
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn what_took_the_name_of_a_file_meanwhile_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    fs::write(&path, r#"{"type": "pr.created"}"#).unwrap();
    let (file, _) = taken(folder.path(), "a.json");
    // Between the look and the move.
    let is_it = |path: &Path| Ok(read(path, "a.json")?.file == file);
    assert!(is_it(&path).unwrap());
    fs::rename(&path, folder.path().join("old")).unwrap();
    fs::write(&path, r#"{"type": "pr.updated"}"#).unwrap();
    put_away_now(folder.path(), &file, &path, |held| {
        fs::write(&path, r#"{"type": "pr.merged"}"#).unwrap();
        is_it(held)
    })
    .unwrap();
    let kind = |name: &str| taken(folder.path(), name).1.unwrap().event;
    assert_eq!((kind("a.json").as_str(), kind("a-2.json").as_str()), ("pr.merged", "pr.updated"));
    assert_eq!(list(&folder.path().join(PROCESSED)), Vec::<String>::new(), "nothing of it was taken in");

    // What was held when the supervisor died is there again.
    fs::rename(folder.path().join("a-2.json"), folder.path().join("processed/.held-b.json")).unwrap();
    bring_back(folder.path());
    assert_eq!(kind("b.json"), "pr.updated");
}

#[test]
fn what_cannot_be_read_is_said_and_what_is_gone_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    fs::write(&path, r#"{"type": "pr.created"}"#).unwrap();
    let about = || path.symlink_metadata();
    let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
    let gone = || io::Error::from(io::ErrorKind::NotFound);
    let Found::Unreadable(left, why) = found("a.json", about(), || Err(denied())) else { unreachable!() };
    assert!(why.starts_with("it cannot be read: "), "{why}");
    assert_ne!(taken(folder.path(), "a.json").0, left, "as soon as it can be read, it is taken in");
    assert!(matches!(found("a.json", Err(denied()), || Ok(None)), Found::Unreadable(..)));
    assert!(matches!(found("a.json", about(), || Err(gone())), Found::Nothing));
    assert!(matches!(found("a.json", Err(gone()), || Ok(None)), Found::Nothing));
}
