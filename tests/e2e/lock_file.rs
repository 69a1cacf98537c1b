//! `LOCK_FILE` may come from the project itself: it never costs anybody a file.

use std::fs;

use crate::site::Site;

#[test]
fn what_is_no_lock_is_neither_overwritten_nor_purged() {
    let site = Site::new(&[("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"true\"\n")]);
    let (folder, notes) = (site.outside("folder"), site.outside("notes.txt"));
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join("work"), "of a person").expect("written");
    fs::write(&notes, "of a person").expect("written");
    assert_eq!(site.until_idle().code, 0);
    for named in [&folder, &notes] {
        site.write(".env", &format!("LOCK_FILE={}\n", named.display()));
        let ran = site.until_idle();
        assert!(ran.code == 2 && ran.err.contains("LOCK_FILE"), "{ran:?}");
        let done = site.run(&["purge", "--yes"]);
        assert!(!done.out.contains("LOCK_FILE"), "{done:?}");
        assert!(folder.join("work").exists(), "{done:?}");
        assert_eq!(fs::read_to_string(&notes).expect("it is there"), "of a person", "{done:?}");
    }
}
