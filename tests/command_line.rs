//! Commands made for a file mean that file to a real shell, whatever its name is.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::process::Command;

use proptest::prelude::*;

use orchestrator_tui::core::command_line::expand;
use orchestrator_tui::model::path::ProjectPath;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_shell_sees_the_very_bytes(name in prop::collection::vec(1_u8..=255, 1..12)) {
        let Some(file) = ProjectPath::from_bytes(&name) else { return Ok(()) };
        let line = expand("printf '%s|' {file}", None, &file).unwrap();
        let out = Command::new("sh").arg("-c").arg(&line).output().unwrap();
        let mut want = file.as_bytes().to_vec();
        if want.starts_with(b"-") {
            want.splice(0..0, *b"./");
        }
        want.push(b'|');
        prop_assert_eq!(out.stdout, want, "{}", line);
    }
}
