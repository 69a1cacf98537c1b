//! Reads what an agent hands over: the last fenced JSON block of what it said last, as far as it can be understood.

use serde_json::{Map, Value};

use super::plain::one_line;
use crate::model::outcome::{Artifact, Component, Outcome};
use crate::model::path::ProjectPath;

/// Limits: texts in characters, lists in items. What is beyond is left out, so that no agent floods what is kept.
const SUMMARY: usize = 4_000;
const TEXT: usize = 500;
const DESCRIPTION: usize = 8_000;
const ARTIFACTS: usize = 200;
const STEPS: usize = 20;
const COMPONENTS: usize = 40;

/// The keys by which a JSON object is known to be a result.
const KEYS: [&str; 5] = ["summary", "artifacts", "next_steps", "nextSteps", "components"];

/// Reads the result out of what an agent said last. Never fails: without a block, or where a part of it is of another
/// shape than was asked for, the rest counts, and the text itself is the summary.
pub fn outcome(said: &str) -> Outcome {
    let Some((result, around)) = result(said) else {
        return Outcome { summary: cut(said.trim(), SUMMARY), ..Outcome::default() };
    };
    let mut outcome = of_object(&result);
    if outcome.summary.is_empty() {
        outcome.summary = cut(around.trim(), SUMMARY);
    }
    outcome
}

/// Finds the result: the last block that is one, or a text that is nothing but one; and what was said before it.
fn result(said: &str) -> Option<(Map<String, Value>, &str)> {
    let object = |text: &str| match serde_json::from_str(text.trim()) {
        Ok(Value::Object(object)) if KEYS.iter().any(|key| object.contains_key(*key)) => Some(object),
        Ok(_) | Err(_) => None,
    };
    let fenced = blocks(said).into_iter().rev().find_map(|(at, text)| Some((object(text)?, &said[..at])));
    fenced.or_else(|| Some((object(said)?, "")))
}

/// Returns the fenced blocks of a text: where each begins, and what is inside. One that is not closed goes to the end.
fn blocks(text: &str) -> Vec<(usize, &str)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, usize, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (begin, bare) = (at, line.trim());
        at += line.len();
        let ticks = bare.len() - bare.trim_start_matches('`').len();
        match open {
            Some((start, inside, width)) if ticks >= width && bare.len() == ticks => {
                blocks.push((start, &text[inside..begin]));
                open = None;
            }
            None if ticks >= 3 => open = Some((begin, at, ticks)),
            Some(_) | None => {}
        }
    }
    blocks.extend(open.map(|(start, inside, _)| (start, &text[inside..])));
    blocks
}

fn of_object(object: &Map<String, Value>) -> Outcome {
    let list = |keys: &[&str]| keys.iter().find_map(|key| object.get(*key)).map(items).unwrap_or_default();
    Outcome {
        summary: object.get("summary").map(|summary| cut(text(summary).trim(), SUMMARY)).unwrap_or_default(),
        artifacts: list(&["artifacts"]).into_iter().filter_map(artifact).take(ARTIFACTS).collect(),
        next_steps: list(&["next_steps", "nextSteps"])
            .into_iter()
            .map(|step| cut(text(step).trim(), TEXT))
            .filter(|step| !step.is_empty())
            .take(STEPS)
            .collect(),
        components: list(&["components"]).into_iter().filter_map(component).take(COMPONENTS).collect(),
    }
}

/// A list, or one thing where a list was asked for.
fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// An object with a path or a commit, or only a path; nothing for what leads out of the project.
fn artifact(value: &Value) -> Option<Artifact> {
    let file = |path: &str| ProjectPath::new(path.trim()).map(|path| Artifact::File { path });
    match value {
        Value::String(path) => file(path),
        Value::Object(object) => match (object.get("path"), object.get("sha")) {
            (Some(Value::String(path)), _) => file(path),
            (_, Some(Value::String(sha))) if is_commit(sha.trim()) => {
                Some(Artifact::Commit { sha: sha.trim().to_owned() })
            }
            _ => None,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

fn is_commit(sha: &str) -> bool {
    (7..=64).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A component has a name and a description; without a type it is an implementation.
fn component(value: &Value) -> Option<Component> {
    let field = |key: &str, most: usize| value.get(key).map(|value| cut(text(value).trim(), most)).unwrap_or_default();
    // A title, which stands in lists and graphs.
    let (name, description) = (one_line(&field("name", TEXT), TEXT), field("description", DESCRIPTION));
    if name.is_empty() || description.is_empty() {
        return None;
    }
    let kind = match field("type", TEXT) {
        none if none.is_empty() => "implementation".to_owned(),
        kind => kind.to_lowercase(),
    };
    let dependencies = value.get("dependencies").map(items).unwrap_or_default();
    let dependencies = dependencies.into_iter().map(|name| one_line(&cut(text(name).trim(), TEXT), TEXT));
    Some(Component {
        name,
        kind,
        description,
        dependencies: dependencies.filter(|name| !name.is_empty()).take(COMPONENTS).collect(),
    })
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str) -> Artifact {
        Artifact::File { path: ProjectPath::new(path).unwrap() }
    }

    #[test]
    fn the_last_block_that_is_a_result_counts() {
        let said = "I looked at this:\n```json\n{\"summary\": \"an example\"}\n```\nDone.\n\n```json\n\
                    {\"summary\": \"Did it.\",\n \"artifacts\": [{\"type\": \"file\", \"path\": \"./src/a.rs\"}, \"docs/b.md\",\n\
                    {\"type\": \"commit\", \"sha\": \"abc123def\"}, {\"path\": \"../out\"}, 7],\n \"next_steps\": [\"More\", \"\"]}\n```\n\
                    And a last word with ```sh\nls\n```\n";
        let want = Outcome {
            summary: "Did it.".to_owned(),
            artifacts: vec![file("src/a.rs"), file("docs/b.md"), Artifact::Commit { sha: "abc123def".to_owned() }],
            next_steps: vec!["More".to_owned()],
            components: Vec::new(),
        };
        assert_eq!(outcome(said), want);
    }

    #[test]
    fn what_has_another_shape_than_was_asked_for_is_read_as_far_as_it_goes() {
        for (said, summary) in [
            ("Only words.", "Only words."),
            ("Words.\n```json\n{\"summary\": \"cut off", "Words.\n```json\n{\"summary\": \"cut off"),
            ("Words.\n```json\n{\"summary\": \"no end\"}", "no end"),
            ("Words.\n\n```json\n{\"next_steps\": \"one\"}\n```", "Words."),
            ("{\"summary\": \"all of it\"}", "all of it"),
            ("Words.\n```json\n[1, 2]\n```", "Words.\n```json\n[1, 2]\n```"),
            ("Words.\n```\n{\"summary\": \"no language\"}\n```", "no language"),
            (
                "````markdown\n```json\n{\"summary\": \"quoted\"}\n```\n````\nWords.",
                "````markdown\n```json\n{\"summary\": \"quoted\"}\n```\n````\nWords.",
            ),
            ("", ""),
        ] {
            assert_eq!(outcome(said).summary, summary, "{said}");
        }
        assert_eq!(outcome("{\"nextSteps\": \"one\"}").next_steps, ["one"]);
    }

    #[test]
    fn components_have_a_name_and_a_description() {
        let said = "```json\n{\"components\": [{\"name\": \"API\", \"type\": \"Implementation\", \"description\": \"REST\",\
                    \"dependencies\": [\"Plan\"]}, {\"name\": \"Plan\", \"description\": \"Look\", \"type\": \"analysis\"},\
                    {\"name\": \"x\"}, {\"description\": \"y\"}, \"z\", {\"name\": \"D\", \"description\": \"d\", \"dependencies\": \"API\"}]}\n```";
        let got = outcome(said).components;
        let names: Vec<_> =
            got.iter().map(|one| (one.name.as_str(), one.kind.as_str(), one.dependencies.join(","))).collect();
        let want = [
            ("API", "implementation", "Plan".to_owned()),
            ("Plan", "analysis", String::new()),
            ("D", "implementation", "API".to_owned()),
        ];
        assert_eq!(names, want);
    }

    #[test]
    fn nothing_can_flood_what_is_kept() {
        let long = "ü".repeat(100_000);
        let steps: Vec<_> = (0..1000).map(|_| long.clone()).collect();
        let said =
            serde_json::json!({ "summary": long, "next_steps": steps, "artifacts": vec!["a"; 1000] }).to_string();
        let got = outcome(&said);
        assert_eq!(got.summary.chars().count(), SUMMARY + 1);
        assert_eq!((got.next_steps.len(), got.artifacts.len()), (STEPS, ARTIFACTS));
        assert!(got.next_steps.iter().all(|step| step.chars().count() == TEXT + 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever an agent says, there is an outcome, and what is kept of it can be written and read again.
        #[test]
        fn whatever_is_said_there_is_an_outcome(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "```", "````", "```json", "\n", "{", "}", "\"summary\"", ":", "[", "]", "\"a/../b\"", ",", "null", "7",
                    "\"components\"", "\"name\"", "\"artifacts\"", "ü", " ", "\"x\"", "\"description\"",
                ]),
                0..60,
            ),
        ) {
            let said = pieces.concat();
            let outcome = outcome(&said);
            let json = serde_json::to_string(&outcome).unwrap();
            prop_assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), outcome);
        }
    }
}
