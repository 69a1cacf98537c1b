//! What is said about a configuration that cannot be used.
#![expect(clippy::disallowed_methods, reason = "BLESS is for whoever runs the tests")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::support::{environment, folder, inputs, loaded, settings, shown, write};
use crate::config::{EXAMPLE, FILE_NAME, Severity, load};

/// Each `tests/bad_config/NAME.toml` as a project's file gives what `NAME.txt` says. `BLESS=1` writes those.
#[test]
fn bad_files_are_explained() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_config");
    let mut files: Vec<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    assert!(files.len() >= 10);
    let mut wrong = String::new();
    for file in files {
        let project = folder();
        fs::copy(&file, project.path().join(FILE_NAME)).unwrap();
        let errors = load(&inputs(project.path())).err().unwrap_or_default();
        assert!(!errors.is_empty(), "{} is taken", file.display());
        let said = shown(&errors);
        let expected = file.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.extend(["=== ", &file.display().to_string(), "\n", &said]);
        }
    }
    assert!(wrong.is_empty(), "not as in the .txt files (BLESS=1 writes them):\n{wrong}");
}

#[test]
fn a_bad_variable_is_named() {
    let project = folder();
    write(project.path(), ".env", "OTHER=1\nMAX_RETRIES=many\n");
    let mut inputs = inputs(project.path());
    inputs.environment = environment(&[
        ("AUTO_FIX_ENABLED", "perhaps"),
        ("ENABLE_QUEUE_PROCESSOR", "maybe"),
        ("FILE_WATCH_DEBOUNCE_SECONDS", "-1"),
        ("WATCH_PATHS", "/etc"),
        ("CIRCUIT_BREAKER_WINDOW", "NaN"),
        ("MAX_DAILY_COST_USD", "much"),
        ("COST_WARNING_THRESHOLD", "75"),
    ]);
    insta::assert_snapshot!(shown(&load(&inputs).unwrap_err()), @r#"
    error: "many" is not possible here
      --> .env:2:13
       |
     2 | MAX_RETRIES=many
       |             ^^^^
      hint: write a number from 1 to 100

    error: WATCH_PATHS: "/etc" is not possible here
      --> environment
      hint: write folders inside the project, separated by : or ,

    error: AUTO_FIX_ENABLED: "perhaps" is not possible here
      --> environment
      hint: write true or false

    error: FILE_WATCH_DEBOUNCE_SECONDS: "-1" is not possible here
      --> environment
      hint: write a number of seconds, from 10ms to 1m

    error: CIRCUIT_BREAKER_WINDOW: "NaN" is not possible here
      --> environment
      hint: write a number of seconds, from 1s to 30d

    error: MAX_DAILY_COST_USD: "much" is not possible here
      --> environment
      hint: write dollars, such as 50; 0: no limit

    error: COST_WARNING_THRESHOLD: "75" is not possible here
      --> environment
      hint: write a share from 0 to 1, such as 0.75

    error: ENABLE_QUEUE_PROCESSOR: "maybe" is not possible here
      --> environment
      hint: write true or false
    "#);
}

#[test]
fn oddities_are_warnings() {
    let project = folder();
    write(project.path(), ".env", "PROJECT_ROOT=/somewhere/else\n");
    write(
        project.path(),
        FILE_NAME,
        "[[check]]\nname = \"a\"\nrun = \"x\"\ntests = \"t/{stem}\"\n[workspace]\nlink = [\"node_modules\"]",
    );
    let loaded = loaded(&inputs(project.path()));
    assert!(loaded.warnings.iter().all(|warning| warning.severity == Severity::Warning));
    let places: Vec<_> = loaded.warnings.iter().map(|warning| (warning.file.as_str(), warning.line)).collect();
    assert_eq!(places, [(".env", Some(1)), (FILE_NAME, Some(4))]);
    // Whoever links what is copied by default means the link.
    assert_eq!((loaded.settings.workspace.copy.len(), loaded.settings.workspace.link.len()), (0, 1));
    let mut absurd = inputs(project.path());
    absurd.flags.running = Some(0);
    assert_eq!(load(&absurd).unwrap_err()[0].message, "--running: 0 makes no sense here");
}

/// The example with its check, as one file that uses every key.
fn everything() -> String {
    let mut lines: Vec<String> = EXAMPLE.lines().map(str::to_owned).collect();
    let start = lines.iter().position(|line| line == "# [[check]]").unwrap();
    for line in lines[start..].iter_mut().take_while(|line| line.starts_with('#')) {
        line.replace_range(0..2, "");
    }
    lines.join("\n")
}

#[test]
fn a_file_with_every_key_is_taken() {
    assert_eq!(settings(&everything()).checks.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a file, it is taken or explained: no panic, no endless loop, every place within the file.
    #[test]
    fn any_file_is_taken_or_explained(
        cuts in prop::collection::vec((0_usize..4000, 0_usize..40, "[a-z\\[\\]{}=\"\n,.0-9\u{1b}ü ]{0,6}"), 0..6),
    ) {
        let project = folder();
        let mut text: Vec<char> = everything().chars().collect();
        for (at, length, new) in cuts {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, new.chars());
        }
        let text: String = text.into_iter().collect();
        write(project.path(), FILE_NAME, &text);
        if let Err(errors) = load(&inputs(project.path())) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(error.line.is_some_and(|line| line <= text.lines().count() + 1), "{error}");
                let escapes = error.to_string().contains('\u{1b}');
                prop_assert!(!escapes);
            }
        }
    }
}

#[test]
fn unreadable_is_not_absent() {
    let project = folder();
    fs::create_dir(project.path().join(FILE_NAME)).unwrap();
    let errors = load(&inputs(project.path())).unwrap_err();
    assert!(errors[0].message.starts_with("cannot be read"), "{errors:?}");
}

#[test]
fn diagnostics_are_data_too() {
    let project = folder();
    write(project.path(), FILE_NAME, "[fix]\nlnad = 1");
    let errors = load(&inputs(project.path())).unwrap_err();
    let json = serde_json::to_value(&errors).unwrap();
    assert_eq!(json[0]["file"], "orchestrator.toml");
    assert_eq!((json[0]["line"].as_u64(), json[0]["col"].as_u64()), (Some(2), Some(1)));
    assert_eq!(json[0]["hint"], "did you mean `land`?");
}
