//! What a YAML text says, with the place of everything, and within limits that no file of a person needs.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::config::diagnostic::{Diagnostic, SourceText};

/// How deep lists and maps may lie in each other.
const DEEPEST: usize = 24;

/// How much a text may grow by its aliases, in bytes; each node counts as [`NODE`] more.
const LARGEST: usize = 8 << 20;

/// How many fields a map may have; each is compared with those before it.
const MOST_FIELDS: usize = 256;

/// What a node weighs besides its text.
const NODE: usize = 16;

/// What is said of an empty file.
pub(super) const BEGIN: &str = "begin with date: 2025-11-18, and tasks: below it";

/// Why a text cannot be read.
pub(super) type Mistake = Box<Diagnostic>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
    /// What it is.
    pub(super) value: Value,
}

/// A value; whether a text means a number is for whoever reads it.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing was written, or `~`, or `null`.
    Null,
    /// A scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
    /// What it says.
    pub(super) text: String,
}

impl Value {
    /// Says what it is, as a person calls it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map of fields",
        }
    }
}

/// Reads a text of one document; fields that are written twice are told, and the first counts, so that reading goes on.
pub(super) fn parse(source: &SourceText) -> Result<(Node, Vec<Diagnostic>), Mistake> {
    let mut builder = Builder::new(source);
    for event in Parser::new_from_str(&source.text) {
        let (event, span) = event.map_err(|error| Box::new(builder.syntax(error.marker().index(), error.info())))?;
        builder.take(event, span)?;
    }
    let twice = builder.twice;
    let root = builder.root.ok_or_else(|| source.diagnostic(&(0..0), "there is nothing in this file").hint(BEGIN))?;
    Ok((root, twice))
}

/// A list or map that is not closed yet.
struct Open {
    start: usize,
    anchor: usize,
    holds: Holds,
    weight: usize,
    depth: usize,
}

enum Holds {
    Items(Vec<Node>),
    Entries { entries: Vec<(Key, Node)>, key: Option<Key>, merges: Vec<Node> },
}

/// What an anchor stands for.
struct Anchored {
    node: Node,
    weight: usize,
    depth: usize,
}

struct Builder<'a> {
    source: &'a SourceText,
    /// Where each character begins, in bytes; the parser counts characters.
    bytes: Vec<usize>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    /// All that was made so far, copies included.
    weight: usize,
    documents: usize,
    twice: Vec<Diagnostic>,
    root: Option<Node>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a SourceText) -> Self {
        let bytes = source.text.char_indices().map(|(at, _)| at).chain([source.text.len()]).collect();
        let (open, anchors) = (Vec::new(), BTreeMap::new());
        Self { source, bytes, open, anchors, weight: 0, documents: 0, twice: Vec::new(), root: None }
    }

    fn byte(&self, index: usize) -> usize {
        self.bytes.get(index).copied().unwrap_or(self.source.text.len())
    }

    fn range(&self, span: Span) -> Range<usize> {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        start..end.max(start)
    }

    /// Says what is no YAML, with what is mostly meant by it.
    fn syntax(&self, index: usize, info: &str) -> Diagnostic {
        let at = self.byte(index);
        let start = self.source.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = self.source.text[start..].lines().next().unwrap_or_default();
        // What the parser says of a tab is often about the line before.
        let reach = if info.contains("tab") { self.source.text.len() } else { start + line.len() };
        if let Some(tab) = indenting_tab(&self.source.text[..reach], start) {
            let error =
                self.source.diagnostic(&(tab..tab + 1), "this is no YAML: a tab where only spaces are possible");
            return error.hint("YAML is indented by spaces; replace the tabs");
        }
        let error = self.source.diagnostic(&(at..at), format!("this is no YAML: {info}"));
        if info.contains("unknown anchor") {
            error.hint("*name takes over what &name was written before, and there is none of that name above")
        } else if info.contains("mapping values") {
            error.hint("a text with \": \" in it is written in quotes, and fields of one map start in one column")
        } else if line
            .trim_start()
            .trim_start_matches("- ")
            .contains(['@', '`', '%', '&', '*', '!', '|', '>', '"', '\'', '[', '{'])
        {
            error.hint("a text that starts with a sign, or has quotes in it, is written in quotes")
        } else {
            error.hint("fields of one map, and items of one list, start in one column")
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Mistake> {
        let range = self.range(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let error = self.source.diagnostic(&range, "a second document begins here");
                    return Err(error.hint("write one file for each day").into());
                }
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, range),
            Event::Scalar(text, style, anchor, tag) => {
                self.tag(tag.as_deref(), &range)?;
                let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let weight = NODE + text.len();
                let value = if is_null { Value::Null } else { Value::Text(text.into_owned()) };
                self.grow(weight, &range)?;
                self.place(Node { range, value }, anchor, weight, 0)
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag(tag.as_deref(), &range)?;
                self.begin(range, anchor, Holds::Items(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.tag(tag.as_deref(), &range)?;
                let (entries, merges) = (Vec::new(), Vec::new());
                self.begin(range, anchor, Holds::Entries { entries, key: None, merges })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range),
        }
    }

    /// Refuses tags that would ask for another kind of value.
    fn tag(&self, tag: Option<&saphyr_parser::Tag>, range: &Range<usize>) -> Result<(), Mistake> {
        match tag {
            Some(tag) if !tag.is_yaml_core_schema() && !tag.suffix.is_empty() => {
                let error = self.source.diagnostic(range, format!("the tag {tag} means nothing here"));
                Err(error.hint("leave it out").into())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn grow(&mut self, weight: usize, range: &Range<usize>) -> Result<(), Mistake> {
        self.weight += weight;
        if self.weight > LARGEST {
            let error = self.source.diagnostic(range, "this grows beyond every task file by its aliases");
            return Err(error.hint("write out what is meant, without *aliases").into());
        }
        Ok(())
    }

    fn deep(&self, more: usize, range: &Range<usize>) -> Result<(), Mistake> {
        if self.open.len() + more > DEEPEST {
            let message = format!("lists and maps lie more than {DEEPEST} deep in each other");
            return Err(self.source.diagnostic(&(range.start..range.start), message).into());
        }
        Ok(())
    }

    fn begin(&mut self, range: Range<usize>, anchor: usize, holds: Holds) -> Result<(), Mistake> {
        self.deep(1, &range)?;
        self.grow(NODE, &range)?;
        self.open.push(Open { start: range.start, anchor, holds, weight: NODE, depth: 1 });
        Ok(())
    }

    fn end(&mut self, range: Range<usize>) -> Result<(), Mistake> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let range = open.start..range.end.max(open.start);
        let value = match open.holds {
            Holds::Items(items) => Value::List(items),
            Holds::Entries { mut entries, merges, .. } => {
                for merge in merges {
                    self.merge(&mut entries, merge)?;
                }
                Value::Map(entries)
            }
        };
        self.place(Node { range, value }, open.anchor, open.weight, open.depth)
    }

    /// Adds the fields of `<<: *other` that the map does not have itself.
    fn merge(&self, entries: &mut Vec<(Key, Node)>, from: Node) -> Result<(), Mistake> {
        match from.value {
            Value::Map(others) => {
                for (key, node) in others {
                    if entries.iter().all(|(known, _)| known.text != key.text) {
                        self.source.few(entries, &key.range)?;
                        entries.push((key, node));
                    }
                }
                Ok(())
            }
            Value::List(maps) => maps.into_iter().try_for_each(|map| self.merge(entries, map)),
            Value::Null | Value::Text(_) => {
                let error = self.source.diagnostic(&from.range, "<< takes over the fields of a map, and this is none");
                Err(error.hint("write <<: *name, where a map has &name before it").into())
            }
        }
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result<(), Mistake> {
        let Some(found) = self.anchors.get(&anchor) else {
            return Err(self.source.diagnostic(&range, "this alias stands inside of what it stands for").into());
        };
        let (node, weight, depth) = (&found.node, found.weight, found.depth);
        self.deep(depth, &range)?;
        // Before it is copied, not after.
        if self.weight + weight <= LARGEST {
            let node = node.clone();
            self.grow(weight, &range)?;
            return self.place(node, 0, weight, depth);
        }
        self.grow(weight, &range)
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node, anchor: usize, weight: usize, depth: usize) -> Result<(), Mistake> {
        if anchor > 0 {
            self.grow(weight, &node.range)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), weight, depth });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.weight += weight;
        open.depth = open.depth.max(depth + 1);
        match &mut open.holds {
            Holds::Items(items) => items.push(node),
            Holds::Entries { entries, key, merges } => match key.take() {
                None => *key = Some(self.source.key(entries, node)?),
                Some(key) if key.text == "<<" => merges.push(node),
                Some(key) => match entries.iter().find(|(known, _)| known.text == key.text) {
                    Some((first, _)) if self.twice.len() < MOST_FIELDS => {
                        self.twice.push(self.source.twice(first, &key));
                    }
                    Some(_) => {}
                    None => entries.push((key, node)),
                },
            },
        }
        Ok(())
    }
}

/// Returns where the first line from `start` on has a tab in its indentation, in bytes.
fn indenting_tab(text: &str, start: usize) -> Option<usize> {
    let mut at = start;
    for line in text.get(start..)?.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..indent].find('\t') {
            return Some(at + tab);
        }
        at += line.len();
    }
    None
}

impl SourceText {
    /// Takes a node as the next key of a map.
    fn key(&self, entries: &[(Key, Node)], node: Node) -> Result<Key, Mistake> {
        self.few(entries, &node.range)?;
        let Value::Text(text) = node.value else {
            return Err(self
                .diagnostic(&node.range, format!("a field's name is a text, not {}", node.value.kind()))
                .into());
        };
        Ok(Key { range: node.range, text })
    }

    /// Says that a field is written twice in one map.
    fn twice(&self, first: &Key, again: &Key) -> Diagnostic {
        let (line, _) = self.place(first.range.start);
        let error = self.diagnostic(&again.range, format!("{} is written twice in one map", again.text));
        error.hint(format!("it stands on line {line} already; remove one"))
    }

    /// Makes sure that a map can take one field more.
    fn few(&self, entries: &[(Key, Node)], range: &Range<usize>) -> Result<(), Mistake> {
        if entries.len() < MOST_FIELDS {
            return Ok(());
        }
        Err(self.diagnostic(range, format!("a map has more than {MOST_FIELDS} fields")).into())
    }
}
