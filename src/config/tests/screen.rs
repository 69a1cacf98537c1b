//! What the user's file says about the screen: themes, keys, signs.

use ratatui::style::{Color, Modifier, Style};

use super::support::{environment, folder, inputs, loaded, shown, write};
use crate::config::{FILE_NAME, Inputs, UiSettings, load};
use crate::ui::action::{Action, Context};
use crate::ui::glyph::{ASCII, UNICODE};
use crate::ui::keymap::{Found, Keymap};
use crate::ui::theme::{ROLES, Role, Theme};

/// Loads what a user's file says, on a terminal with all colours; `themes` are files beside it.
fn read(text: &str, themes: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<UiSettings, String> {
    let (project, home) = (folder(), folder());
    write(home.path(), "orchestrator.toml", text);
    for (name, text) in themes {
        write(home.path(), &format!("themes/{name}.toml"), text);
    }
    let mut variables: Vec<(&str, &str)> = variables.to_vec();
    if !variables.iter().any(|(name, _)| *name == "COLORTERM") {
        variables.push(("COLORTERM", "truecolor"));
    }
    let user_file = Some(home.path().join("orchestrator.toml"));
    let inputs = Inputs { user_file, environment: environment(&variables), ..inputs(project.path()) };
    let home = home.path().display().to_string();
    load(&inputs).map(|loaded| loaded.ui).map_err(|errors| shown(&errors).replace(&home, "~"))
}

fn ui(text: &str) -> UiSettings {
    read(text, &[], &[]).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn nothing_written_is_the_default() {
    let built_in = ui("");
    assert_eq!(built_in.theme, Theme::default(), "themes/default.toml says what the code says");
    assert_eq!(built_in.keymap, Keymap::default());
    assert_eq!((built_in.glyphs, built_in.mouse), (UNICODE, true));
    let other = ui("[ui]\nascii = true\nmouse = false");
    assert_eq!((other.glyphs, other.mouse), (ASCII, false));
}

#[test]
fn keys_are_bound_and_unbound() {
    let keymap =
        ui("[keys]\n\"task.kill\" = \"ctrl+k\"\n\"move.top\" = [\"g>t\", \"home\"]\n\"task.hold\" = []\n").keymap;
    assert_eq!(keymap.keys_of(Action::Kill), ["ctrl+k"]);
    assert_eq!(keymap.keys_of(Action::Top), ["home", "gt"]);
    assert_eq!(keymap.keys_of(Action::Hold), [""; 0]);
    let chords = ["x".parse().unwrap()];
    assert_eq!(keymap.find(Context::Tasks, &chords), Found::Nothing);
}

#[test]
fn wrong_keys_are_explained() {
    let text = "[keys]\n\"task.kil\" = \"ctrl+k\"\n\"task.fix\" = \"k\"\n\"task.retry\" = [\"f9\", \"ctrl+c\", \"etner\"]\n\"health\" = \"g\"\n";
    insta::assert_snapshot!(read(text, &[], &[]).unwrap_err(), @r#"
    error: there is no action `task.kil`
      --> ~/orchestrator.toml:2:1
       |
     2 | "task.kil" = "ctrl+k"
       | ^^^^^^^^^^
      hint: did you mean "task.kill"?

    error: `k` would be `task.fix` and `move.up` at the same place
      --> ~/orchestrator.toml:3:14
       |
     3 | "task.fix" = "k"
       |              ^^^
      hint: give `move.up` another key here, or none: "move.up" = []

    error: ctrl+c always stops, and can have no other meaning
      --> ~/orchestrator.toml:4:24
       |
     4 | "task.retry" = ["f9", "ctrl+c", "etner"]
       |                        ^^^^^^
      hint: use another key

    error: "etner" is no key
      --> ~/orchestrator.toml:4:34
       |
     4 | "task.retry" = ["f9", "ctrl+c", "etner"]
       |                                  ^^^^^
      hint: did you mean "enter"?

    error: `g` would be `health` and `move.top` at the same place
      --> ~/orchestrator.toml:5:12
       |
     5 | "health" = "g"
       |            ^^^
      hint: give `move.top` another key here, or none: "move.top" = []
    "#);
}

#[test]
fn a_project_changes_neither_keys_nor_looks() {
    let project = folder();
    write(project.path(), FILE_NAME, "[ui]\ntheme = \"light\"\n[keys]\n\"task.kill\" = \"k\"\n");
    let loaded = loaded(&inputs(project.path()));
    assert_eq!((&loaded.ui.keymap, &loaded.ui.theme), (&Keymap::default(), &Theme::default()));
    let said: Vec<String> =
        loaded.warnings.iter().map(|warning| format!("{:?} {}", warning.line, warning.message)).collect();
    assert_eq!(
        said,
        [
            "Some(1) [ui] counts only in the user's own file; it is not used",
            "Some(3) [keys] counts only in the user's own file; it is not used",
        ]
    );
}

#[test]
fn a_theme_of_ones_own_inherits() {
    let mine = "inherits = \"dark\"\n[palette]\npink = \"#ff00ff\"\n[roles]\naccent = { fg = \"pink\", bold = true }\n";
    let theme = read("[ui]\ntheme = \"mine\"", &[("mine", mine)], &[]).unwrap().theme;
    let pink = Style::new().fg(Color::Rgb(255, 0, 255)).add_modifier(Modifier::BOLD);
    assert_eq!(theme.style(Role::Accent), pink);
    let dark = ui("[ui]\ntheme = \"dark\"").theme;
    assert_eq!(theme.style(Role::Bad), dark.style(Role::Bad));
    let file = read("[ui]\ntheme = \"dark\"", &[("dark", "[roles]\ntext = { fg = \"red\" }")], &[]).unwrap().theme;
    assert_eq!(file.style(Role::Bad), Style::new(), "a file goes before what is built in");
}

#[test]
fn wrong_themes_are_explained() {
    let mine = "inherits = \"drak\"\n";
    let other = "[palette]\nblue = \"#12345\"\n[roles]\naccnet = { fg = \"blue\" }\nbad = { fg = \"rde\", blod = true }\ngood = \"green\"\n";
    let mut said = read("[ui]\ntheme = \"mien\"", &[("mine", mine)], &[]).unwrap_err();
    said += &read("[ui]\ntheme = \"mine\"", &[("mine", mine)], &[]).unwrap_err();
    said += &read("[ui]\ntheme = \"other\"", &[("other", other)], &[]).unwrap_err();
    said += &read("[ui]\ntheme = \"a\"", &[("a", "inherits = \"b\""), ("b", "inherits = \"a\"")], &[]).unwrap_err();
    said += &read("[ui]\ntheme = \"../../etc/passwd\"", &[], &[]).unwrap_err();
    insta::assert_snapshot!(said, @r##"
    error: there is no theme "mien"
      --> ~/orchestrator.toml:2:10
       |
     2 | theme = "mien"
       |          ^^^^
      hint: did you mean "mine"?

    error: there is no theme "drak"
      --> ~/themes/mine.toml:1:12
       |
     1 | inherits = "drak"
       |            ^^^^^^
      hint: did you mean "dark"?

    error: "#12345" is no colour
      --> ~/themes/other.toml:2:8
       |
     2 | blue = "#12345"
       |        ^^^^^^^^
      hint: write a name of the palette, "red", "bright-red", "default", "#rrggbb", or "0" to "255"

    error: there is no role `accnet`
      --> ~/themes/other.toml:4:1
       |
     4 | accnet = { fg = "blue" }
       | ^^^^^^
      hint: did you mean `accent`?

    error: "rde" is no colour
      --> ~/themes/other.toml:5:14
       |
     5 | bad = { fg = "rde", blod = true }
       |              ^^^^^
      hint: did you mean "red"?

    error: unknown key `blod`
      --> ~/themes/other.toml:5:21
       |
     5 | bad = { fg = "rde", blod = true }
       |                     ^^^^
      hint: did you mean `bold`?

    error: "green" is not possible here
      --> ~/themes/other.toml:6:8
       |
     6 | good = "green"
       |        ^^^^^^^
      hint: write a table such as { fg = "red", bold = true }

    error: these themes inherit from one another in a circle
      --> ~/themes/a.toml:1:12
       |
     1 | inherits = "b"
       |            ^^^
      hint: let one of them inherit from "default"

    error: there is no theme "../../etc/passwd"
      --> ~/orchestrator.toml:2:10
       |
     2 | theme = "../../etc/passwd"
       |          ^^^^^^^^^^^^^^^^
      hint: there are dark, default, high-contrast, light; files in themes/ beside the user's file add others
    "##);
}

#[test]
fn colours_are_those_that_the_terminal_has() {
    let text = "[ui]\ntheme = \"dark\"";
    let accent = |variables: &[(&str, &str)]| read(text, &[], variables).unwrap().theme.style(Role::Accent).fg;
    assert_eq!(accent(&[]), Some(Color::Rgb(0x6c, 0xb6, 0xff)));
    assert_eq!(accent(&[("COLORTERM", "")]), Some(Color::Indexed(75)));
    assert_eq!(accent(&[("NO_COLOR", "1")]), None);
    assert_eq!(accent(&[("NO_COLOR", "")]), Some(Color::Rgb(0x6c, 0xb6, 0xff)));
    assert_eq!(read("", &[], &[("TERM", "linux")]).unwrap().glyphs, ASCII);
    assert_eq!(read("[ui]\nascii = false", &[], &[("TERM", "linux")]).unwrap().glyphs, UNICODE);
}

/// Returns how much a colour shines, by the definition of WCAG 2.
fn luminance(colour: Color) -> f64 {
    let Color::Rgb(red, green, blue) = colour else { panic!("{colour:?} depends on the terminal") };
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[test]
fn every_role_can_be_read() {
    for (name, least) in [("dark", 4.5), ("light", 4.5), ("high-contrast", 7.0)] {
        let theme = ui(&format!("[ui]\ntheme = \"{name}\"")).theme;
        let ground = theme.style(Role::Text).bg.unwrap();
        for (role_name, role) in ROLES {
            let style = theme.style(*role);
            let (fg, bg) = (luminance(style.fg.unwrap()), luminance(style.bg.unwrap_or(ground)));
            let contrast = (fg.max(bg) + 0.05) / (fg.min(bg) + 0.05);
            // A border is no text.
            let least = if *role == Role::Border { 3.0_f64.min(least) } else { least };
            assert!(contrast >= least, "{name}: {role_name} has {contrast:.1}:1");
        }
    }
}
