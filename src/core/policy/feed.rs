//! What a command is fed, and what stands in a file: as far as it is known when the command will run.

use std::collections::BTreeMap;
use std::path::Path;

use super::parse::parse;
use super::place::Place;
use super::script::{Reads, Simple};
use super::walk::Walk;
use super::word::Word;
use super::wrap::joined;

/// What a command reads, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fed {
    Nothing,
    /// One of these texts: shells differ in how they print.
    Texts(Vec<Word>),
    Something,
}

/// Where the standard input is a file like any other.
const INPUTS: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

impl Walk<'_> {
    /// Says what a command reads.
    pub(super) fn fed(&self, reads: &Reads, all: &[Simple]) -> Fed {
        match reads {
            Reads::Nothing => Fed::Nothing,
            Reads::Later(_) => Fed::Something,
            Reads::Text(text) => Fed::Texts(vec![text.clone()]),
            Reads::File(Word { printed: Some(at), .. }) => self.fed(&Reads::Pipe(Some(*at)), all),
            Reads::File(file) => self.held(file),
            Reads::Pipe(from) => {
                let Some(from) = from.and_then(|at| all.get(at)) else { return Fed::Something };
                let Some((program, args)) = from.words.split_first() else { return Fed::Something };
                match program.text.as_str() {
                    // Who defines its own says what it likes.
                    name if self.functions.contains(name) || !from.redirects.is_empty() => Fed::Something,
                    "echo" => {
                        let kept: Vec<Word> =
                            args.iter().skip_while(|arg| arg.text.starts_with('-')).cloned().collect();
                        echoed(joined(&kept))
                    }
                    "printf" => match args {
                        // What `%` makes of the others is not worked out here.
                        [format, ..] if !format.text.contains('%') => echoed(format.clone()),
                        _ => echoed(Word { known: false, ..joined(args) }),
                    },
                    "cat" => match args {
                        [] => match &from.reads {
                            Reads::Text(text) => Fed::Texts(vec![text.clone()]),
                            Reads::Nothing | Reads::Later(_) | Reads::File(_) | Reads::Pipe(_) => Fed::Something,
                        },
                        [file] => self.held(file),
                        _ => Fed::Something,
                    },
                    _ => Fed::Something,
                }
            }
        }
    }

    fn held(&self, file: &Word) -> Fed {
        self.text_of(file).map_or(Fed::Something, |text| Fed::Texts(vec![Word::literal(text)]))
    }

    /// Puts what they name in the place of words like `<(…)`, for whoever reads them as a script.
    pub(super) fn printed(&mut self, words: &[Word], all: &[Simple]) -> Vec<Word> {
        let mut words = words.to_vec();
        for word in &mut words {
            let Some(at) = word.printed else { continue };
            self.outputs.push(self.fed(&Reads::Pipe(Some(at)), all));
            word.printed = Some(self.outputs.len() - 1);
        }
        words
    }

    /// Reads a file inside of the workspace, unless this very line may write it first.
    pub(super) fn text_of(&self, file: &Word) -> Option<String> {
        let places = self.folders.places(file, self.scope, self.world);
        let mut texts = places.iter().map(|place| match place {
            Place::Inside(path) if !self.may_be_written(path) => self.world.read(&self.scope.workspace.join(path)),
            Place::Free => {
                let path = Path::new(file.known()?);
                if path.is_absolute() && !self.may_be_written(path) { self.world.read(path) } else { None }
            }
            Place::Inside(_) | Place::Outside(_) | Place::Unknown => None,
        });
        let text = texts.next()?;
        // Which of several it is nobody knows.
        text.filter(|text| texts.all(|other| other.as_ref() == Some(text)))
    }

    /// Notes what a command writes: a script is read before, and run after it.
    pub(super) fn writes(&mut self, file: &Word) {
        let is_pattern = |part: &std::path::Component<'_>| {
            file.glob && part.as_os_str().to_str().is_none_or(|part| part.contains(['*', '?', '[']))
        };
        for place in self.folders.places(file, self.scope, self.world) {
            match place {
                Place::Inside(path) => {
                    self.wrote.push(path.components().take_while(|part| !is_pattern(part)).collect());
                }
                Place::Free => self.wrote.push(Path::new("/").join(&file.text)),
                Place::Outside(_) | Place::Unknown => {}
            }
        }
    }

    /// Whether this line may write a file before it is read.
    pub(super) fn may_be_written(&self, path: &Path) -> bool {
        self.wrote.iter().any(|wrote| path.starts_with(wrote))
    }

    /// Whether a script is as it was when the work began, wherever a word may lead.
    pub(super) fn is_untouched(&self, file: &Word) -> bool {
        self.folders.places(file, self.scope, self.world).into_iter().all(|place| match place {
            Place::Inside(path) => {
                !self.may_be_written(&path) && self.world.is_untouched(&self.scope.workspace.join(path))
            }
            Place::Outside(_) => true,
            Place::Free | Place::Unknown => false,
        })
    }

    /// Judges a file that is run.
    pub(super) fn script_file(&mut self, file: &Word, fed: &Fed) {
        if let Some(printed) = file.printed.and_then(|at| self.outputs.get(at).cloned()) {
            return self.input(&file.text, &printed);
        }
        if INPUTS.iter().any(|input| file.is(input)) {
            return self.input(&file.text, fed);
        }
        match self.text_of(file) {
            Some(text) if is_shell(&text) => self.script(&text),
            Some(_) => self.ask("default.unlisted", format!("{} is a program of its own", file.text)),
            None => self.ask("default.unclear", format!("what is in {} is not known", file.text)),
        }
    }

    /// Judges what is read as a script.
    pub(super) fn input(&mut self, name: &str, fed: &Fed) {
        match fed {
            Fed::Texts(texts) => texts.iter().for_each(|text| self.text(text, false)),
            Fed::Nothing | Fed::Something => self.ask("default.unclear", format!("what {name} reads is not known")),
        }
    }
}

/// Whether a text is a script of a shell, by its first line.
pub(super) fn is_shell(text: &str) -> bool {
    match text.lines().next().and_then(|line| line.strip_prefix("#!")) {
        None => !text.contains('\0'),
        Some(line) => {
            ["sh", "bash", "dash", "zsh", "ksh"].iter().any(|shell| line.split(['/', ' ']).any(|part| part == *shell))
        }
    }
}

/// Returns what is printed: a text as it is, and with `\n` and `\x41` put into letters, as only some do.
fn echoed(word: Word) -> Fed {
    if !word.text.contains('\\') {
        return Fed::Texts(vec![word]);
    }
    let quoted = format!("$'{}'", word.text.replace('\'', "\\'"));
    let parsed = parse(&quoted, &BTreeMap::new()).ok();
    let text = parsed.and_then(|script| script.commands.first()?.words.first().map(|word| word.text.clone()));
    Fed::Texts(vec![Word { text: text.unwrap_or_default(), ..word.clone() }, word])
}
