//! The `[keys]` of the user's file become a keymap.

use crate::config::diagnostic::nearest;
use crate::config::draft::Draft;
use crate::ui::action::{Action, TABLE};
use crate::ui::keymap::{Chord, Keymap, sequence};

/// Makes the keymap, and notes what is wrong with the keys.
pub(crate) fn keymap(draft: &mut Draft) -> Keymap {
    let mut keymap = Keymap::default();
    let mut changed = Vec::new();
    for (name, keys) in &draft.screen.keys {
        let place = format!("keys.{name}");
        let Some(action) = Action::named(name) else {
            let hint = match nearest(name, TABLE.iter().map(|entry| entry.name)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "the page of keys (?) names every action".to_owned(),
            };
            let message = format!("there is no action `{name}`");
            draft.diagnostics.push(draft.places.diagnostic(&format!("keys[{name}]"), message).hint(hint));
            continue;
        };
        let mut good = Vec::new();
        for key in keys {
            match sequence(key) {
                Ok(chords) if action != Action::Interrupt && chords.first().is_some_and(Chord::is_interrupt) => {
                    let message = "ctrl+c always stops, and can have no other meaning";
                    draft.diagnostics.push(draft.places.within(&place, key, message).hint("use another key"));
                }
                Ok(_) => good.push(key.clone()),
                Err(bad) => {
                    let hint = match nearest(&bad.0, Chord::names()) {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None => "write \"x\", \"ctrl+d\", \"alt+enter\", \"f5\", \"space\", or \"g>g\" for two keys"
                            .to_owned(),
                    };
                    let message = format!("{:?} is no key", bad.0);
                    draft.diagnostics.push(draft.places.within(&place, key, message).hint(hint));
                }
            }
        }
        // What cannot be read was said; what is left cannot fail.
        if keymap.bind(action, &good).is_ok() {
            changed.push(action);
        }
    }
    for conflict in keymap.conflicts() {
        let (one, other) = if changed.contains(&conflict.other) {
            (conflict.other, conflict.one)
        } else {
            (conflict.one, conflict.other)
        };
        let (Some(one), Some(other)) = (one.entry(), other.entry()) else { continue };
        let message = format!("`{}` would be `{}` and `{}` at the same place", conflict.keys, one.name, other.name);
        let hint = format!("give `{}` another key here, or none: \"{}\" = []", other.name, other.name);
        draft.diagnostics.push(draft.places.diagnostic(&format!("keys.{}", one.name), message).hint(hint));
    }
    keymap
}
