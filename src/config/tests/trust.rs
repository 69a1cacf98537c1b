//! What needs a yes, and how long a yes holds.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::support::{folder, inputs, loaded, write};
use crate::config::{FILE_NAME, Inputs, TrustError, TrustStore};

fn hash(text: &str) -> String {
    let project = folder();
    write(project.path(), FILE_NAME, text);
    loaded(&inputs(project.path())).running.hash()
}

#[test]
fn trust_hangs_on_what_runs_and_on_nothing_else() {
    let base = "[[check]]\nname = \"a\"\nrun = \"x {file}\"\nfixers = [\"f\"]\n[workspace]\nprepare = \"p\"\n\
                [agent.s]\nkind = \"command\"\nprogram = \"s\"\nargs = [\"1\", \"2\"]\nenv = { A = \"b\" }\n";
    let known = hash(base);
    for (from, to) in [
        ("name = \"a\"", "name = \"b\""),
        ("fixers = [\"f\"]", "fixers = [\"f\"]\npaths = [\"src\"]\ntimeout = \"1m\"\nlock = \"l\"\nparallel = true"),
        ("[workspace]", "[fix]\nattempts = 9\nland = \"ask\"\n[workspace]\ncopy = [\"x\"]"),
        ("[agent.s]", "# a comment\n[agent.s]\nmodel = \"m\"\ntimeout = \"5m\""),
    ] {
        assert_eq!(hash(&base.replace(from, to)), known, "{from} → {to}");
    }
    for (from, to) in [
        ("\"x {file}\"", "\"y {file}\""),
        ("[\"f\"]", "[\"f\", \"g\"]"),
        ("[\"f\"]", "[]"),
        ("prepare = \"p\"", "prepare = \"q\""),
        ("program = \"s\"", "program = \"t\""),
        ("\"1\", \"2\"", "\"2\", \"1\""),
        ("\"1\", \"2\"", "\"1 2\""),
        ("A = \"b\"", "A = \"c\""),
        ("A = \"b\"", "B = \"b\""),
    ] {
        assert_ne!(hash(&base.replace(from, to)), known, "{from} → {to}");
    }
}

#[test]
fn fewer_command_lines_need_no_other_yes_and_fewer_arguments_do() {
    let running = |text: &str| {
        let project = folder();
        write(project.path(), FILE_NAME, text);
        loaded(&inputs(project.path())).running
    };
    let base = "[[check]]\nname = \"a\"\nrun = \"x\"\nfixers = [\"f\"]\n[[check]]\nname = \"b\"\nrun = \"y\"\n\
                [agent.s]\nkind = \"command\"\nprogram = \"s\"\nargs = [\"--safe\"]\nenv = { A = \"b\" }\n";
    let agreed = running(base);
    assert!(agreed.is_part_of(&agreed));
    for (less, is_part) in [
        (base.replace("fixers = [\"f\"]", ""), true),
        (base.replace("[[check]]\nname = \"b\"\nrun = \"y\"\n", ""), true),
        (base.replace("\"y\"", "\"z\""), false),
        (base.replace("args = [\"--safe\"]", ""), false),
        (base.replace("env = { A = \"b\" }", ""), false),
    ] {
        assert_eq!(running(&less).is_part_of(&agreed), is_part, "{less}");
        assert!(less.len() > 20 && !agreed.is_part_of(&running(&less)), "{less}");
    }
}

#[test]
fn what_the_user_writes_needs_no_trust_and_detected_checks_do() {
    let project = folder();
    let home = folder();
    write(home.path(), "u.toml", "[[check]]\nname = \"a\"\nrun = \"mine\"\n[agent.claude]\nprogram = \"/opt/claude\"");
    let mut inputs = Inputs { user_file: Some(home.path().join("u.toml")), ..inputs(project.path()) };
    assert!(loaded(&inputs).running.is_empty());
    write(project.path(), FILE_NAME, "[fix]\nattempts = 2");
    assert!(loaded(&inputs).running.is_empty());
    inputs.user_file = None;
    write(project.path(), "go.mod", "module x");
    assert_eq!(loaded(&inputs).running.describe(), ["check run: go test ./..."]);
}

#[test]
fn a_yes_is_kept_for_one_content_of_one_project() {
    let state = folder();
    let (here, there) = (folder(), folder());
    let file = state.path().join("deep/trusted.json");
    let mut store = TrustStore::load(&file).unwrap();
    assert!(!store.is_trusted(here.path(), "abc"));
    store.trust(here.path(), "abc").unwrap();
    let mut second = TrustStore::load(&file).unwrap();
    store.trust(there.path(), "def").unwrap();
    second.trust(here.path(), "ghi").unwrap();
    let store = TrustStore::load(&file).unwrap();
    for (project, hash, yes) in [
        (&here, "abc", true),
        (&here, "ghi", true),
        (&there, "def", true),
        (&there, "abc", false),
        (&here, "def", false),
    ] {
        assert_eq!(store.is_trusted(project.path(), hash), yes, "{hash}");
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "{").unwrap();
    assert!(matches!(TrustStore::load(&file), Err(TrustError::Damaged { .. })));
}
