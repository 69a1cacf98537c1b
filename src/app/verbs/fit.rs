//! Whether a configuration fits its project: what is written well and probably means something else.

use crate::app::project::setup::Site;
use crate::config::{Diagnostic, Loaded};
use crate::core::matching::compile;
use crate::edge::watch;

/// Returns what is odd: checks whose `paths` match no file. They run at the start, and then never again by themselves.
pub fn misfits(site: &Site, loaded: &Loaded) -> Vec<Diagnostic> {
    let Ok(files) = watch::walk(&site.project, &loaded.settings.watch) else { return Vec::new() };
    let checks = loaded.settings.checks.iter().enumerate();
    let misfits = checks.filter(|(_, check)| !check.paths.is_empty()).filter_map(|(number, check)| {
        // A glob that cannot be read was said before.
        let globs = compile(&check.paths).ok()?;
        if files.iter().any(|file| globs.is_match(file.as_path())) {
            return None;
        }
        let place = loaded.sources.get(&format!("check[{number}].paths")).map(ToString::to_string);
        let message = format!("no file of the project matches the paths of check \"{}\"", check.name);
        let hint = "no change starts it; correct the globs, which are relative to the project, or leave `paths` out";
        Some(Diagnostic::about(place.unwrap_or_else(|| "the kind of project".to_owned()), message).warning().hint(hint))
    });
    misfits.collect()
}
