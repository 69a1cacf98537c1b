//! Theme files: a palette of named colours, and what each role looks like. Four are built in.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use ratatui::style::{Color, Modifier, Style};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::config::diagnostic::{Diagnostic, SourceText, nearest};
use crate::config::draft::Draft;
use crate::config::file::Given;
use crate::config::parse::parse;
use crate::ui::theme::{ROLES, Theme};

/// The themes that need no file.
const BUILT_IN: [(&str, &str); 4] = [
    ("default", include_str!("../../themes/default.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
];

/// How many themes may inherit from one another.
const DEEPEST: usize = 8;

/// The names of colours that are shown when one is not known.
const COLOURS: [&str; 9] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "default"];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    inherits: Given<String>,
    #[serde(default)]
    palette: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    roles: BTreeMap<Spanned<String>, Look>,
}

/// What a role looks like: a colour, or a table.
#[derive(Debug, Default)]
struct Look(LookTable);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "what a terminal can do to a letter, each with its name")]
struct LookTable {
    fg: Given<String>,
    bg: Given<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    italic: bool,
    #[serde(default)]
    underlined: bool,
    #[serde(default)]
    reversed: bool,
}

impl<'de> Deserialize<'de> for Look {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LookVisitor;
        impl<'de> Visitor<'de> for LookVisitor {
            type Value = Look;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table such as { fg = \"red\", bold = true }")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Look, A::Error> {
                LookTable::deserialize(MapAccessDeserializer::new(map)).map(Look)
            }
        }
        deserializer.deserialize_any(LookVisitor)
    }
}

/// Returns the theme that the user's file names, and the files that it is made of.
pub(crate) fn named(draft: &mut Draft, user_file: Option<&Path>) -> (Theme, Vec<PathBuf>) {
    let folder = user_file.and_then(Path::parent).map(|folder| folder.join("themes"));
    let mut reader = Reader { folder, files: Vec::new(), diagnostics: Vec::new() };
    let name = draft.screen.theme.clone();
    let theme = match reader.find(&name) {
        Found::Text(source) => reader.read(&source, 0),
        Found::Unreadable => None,
        Found::Nothing => {
            let diagnostic = draft.places.within("ui.theme", &name, format!("there is no theme \"{name}\""));
            let hint = reader.known(&name);
            draft.diagnostics.push(diagnostic.hint(hint));
            None
        }
    };
    draft.diagnostics.extend(reader.diagnostics);
    (theme.unwrap_or_default(), reader.files)
}

enum Found {
    Text(SourceText),
    /// It is there, and why it cannot be used was noted.
    Unreadable,
    Nothing,
}

struct Reader {
    folder: Option<PathBuf>,
    files: Vec<PathBuf>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    /// Finds a theme: a file of the user goes before a built-in one of the same name.
    fn find(&mut self, name: &str) -> Found {
        let is_name = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        if let Some(folder) = self.folder.as_ref().filter(|_| is_name) {
            let path = folder.join(format!("{name}.toml"));
            match fs::read_to_string(&path) {
                Ok(text) => {
                    self.files.push(path.clone());
                    return Found::Text(SourceText { label: path.display().to_string(), text });
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let diagnostic = Diagnostic::about(path.display().to_string(), format!("cannot be read: {error}"));
                    self.diagnostics.push(diagnostic.hint("check its permissions, and that it is UTF-8"));
                    return Found::Unreadable;
                }
            }
        }
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => {
                Found::Text(SourceText { label: format!("built-in theme {name}"), text: (*text).to_owned() })
            }
            None => Found::Nothing,
        }
    }

    /// Names the theme that was probably meant, or all there are.
    fn known(&self, name: &str) -> String {
        let mut known: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        let files = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok());
        for path in files.into_iter().flatten().flatten().map(|entry| entry.path()) {
            let is_theme = path.extension().is_some_and(|extension| extension == "toml");
            if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_theme) {
                known.push(stem.to_owned());
            }
        }
        known.sort();
        known.dedup();
        match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                format!("there are {}; files in themes/ beside the user's file add others", known.join(", "))
            }
        }
    }

    /// Makes a theme of a file, and of the one that it inherits from.
    fn read(&mut self, source: &SourceText, depth: usize) -> Option<Theme> {
        let (file, diagnostics): (ThemeFile, _) = parse(source);
        self.diagnostics.extend(diagnostics);
        let mut theme = match &file.inherits {
            None => Theme::blank(),
            Some(name) if depth >= DEEPEST => {
                let diagnostic = source.diagnostic(&name.span(), "these themes inherit from one another in a circle");
                self.diagnostics.push(diagnostic.hint("let one of them inherit from \"default\""));
                return None;
            }
            Some(name) => match self.find(name.get_ref()) {
                Found::Text(parent) => self.read(&parent, depth + 1)?,
                Found::Unreadable => return None,
                Found::Nothing => {
                    let hint = self.known(name.get_ref());
                    let message = format!("there is no theme \"{}\"", name.get_ref());
                    self.diagnostics.push(source.diagnostic(&name.span(), message).hint(hint));
                    return None;
                }
            },
        };
        let mut palette = BTreeMap::new();
        for (name, colour) in &file.palette {
            if let Some(colour) = self.colour(source, colour, &BTreeMap::new()) {
                palette.insert(name.get_ref().clone(), colour);
            }
        }
        for (name, look) in &file.roles {
            if let Some((_, role)) = ROLES.iter().find(|(known, _)| known == name.get_ref()) {
                let style = self.style(source, &look.0, &palette);
                theme.set(*role, style);
            } else {
                let hint = match nearest(name.get_ref(), ROLES.iter().map(|(known, _)| *known)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", ROLES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")),
                };
                let message = format!("there is no role `{}`", name.get_ref());
                self.diagnostics.push(source.diagnostic(&name.span(), message).hint(hint));
            }
        }
        Some(theme)
    }

    fn style(&mut self, source: &SourceText, look: &LookTable, palette: &BTreeMap<String, Color>) -> Style {
        let mut style = Style::new();
        style.fg = look.fg.as_ref().and_then(|colour| self.colour(source, colour, palette));
        style.bg = look.bg.as_ref().and_then(|colour| self.colour(source, colour, palette));
        for (is_so, modifier) in [
            (look.bold, Modifier::BOLD),
            (look.dim, Modifier::DIM),
            (look.italic, Modifier::ITALIC),
            (look.underlined, Modifier::UNDERLINED),
            (look.reversed, Modifier::REVERSED),
        ] {
            if is_so {
                style = style.add_modifier(modifier);
            }
        }
        style
    }

    fn colour(
        &mut self,
        source: &SourceText,
        written: &Spanned<String>,
        palette: &BTreeMap<String, Color>,
    ) -> Option<Color> {
        let text = written.get_ref();
        if text == "default" {
            return Some(Color::Reset);
        }
        let found = palette.get(text).copied().or_else(|| text.parse().ok());
        if found.is_none() {
            let known = palette.keys().map(String::as_str).chain(COLOURS);
            let hint = match nearest(text, known) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write a name of the palette, \"red\", \"bright-red\", \"default\", \"#rrggbb\", or \"0\" to \"255\"".to_owned(),
            };
            self.diagnostics.push(source.diagnostic(&written.span(), format!("\"{text}\" is no colour")).hint(hint));
        }
        found
    }
}
