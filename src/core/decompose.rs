//! Takes a requirement apart into components: judges and orders what an agent proposed, or goes by the words alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::assignment::Mode;
use crate::model::outcome::Component;

/// The roles that a component may be for.
pub const KINDS: [&str; 4] = ["analysis", "implementation", "testing", "review"];

/// The most components of one requirement; more is no plan that a person can judge.
const MOST: usize = 30;

/// The longest name, in characters.
const LONGEST_NAME: usize = 80;

/// What a requirement may be about, and the words by which that is known; `*` stands for any end of a word.
const TOPICS: [Topic; 4] = [
    Topic {
        name: "Database",
        words: &[
            "database",
            "databases",
            "db",
            "sql",
            "sqlite",
            "postgres*",
            "mysql",
            "mongodb",
            "redis",
            "schema",
            "schemas",
            "migration",
            "migrations",
            "model",
            "models",
            "table",
            "tables",
            "storage",
            "persist*",
        ],
        does: "Build the storage: the schema, models and migrations (written, never run against a database).",
        after: &[],
    },
    Topic {
        name: "Authentication",
        words: &[
            "auth",
            "authenticat*",
            "authoriz*",
            "authoris*",
            "login",
            "logins",
            "logout",
            "signup",
            "jwt",
            "oauth*",
            "password*",
            "permission*",
            "security",
            "sso",
            "token",
            "tokens",
        ],
        does: "Build the authentication: who somebody is, what they may do, and how that is kept safe.",
        after: &["Database"],
    },
    Topic {
        name: "API",
        words: &[
            "api",
            "apis",
            "rest",
            "restful",
            "graphql",
            "grpc",
            "endpoint*",
            "backend",
            "server",
            "service",
            "services",
            "microservice*",
            "webhook*",
            "route",
            "routes",
        ],
        does: "Build the API: its routes or operations, what they take and return, their errors.",
        after: &["Database", "Authentication"],
    },
    Topic {
        name: "Frontend",
        words: &[
            "frontend",
            "ui",
            "ux",
            "react",
            "vue",
            "angular",
            "svelte",
            "component",
            "components",
            "page",
            "pages",
            "dashboard",
            "form",
            "forms",
            "css",
            "html",
            "browser",
            "website",
            "webapp",
            "screen",
            "screens",
        ],
        does: "Build the frontend: what people see and do, and how it shows loading, errors and nothing.",
        after: &["API", "Authentication"],
    },
];

const TESTS: &[&str] = &["test", "tests", "testing", "tested", "e2e", "coverage", "qa"];
const DEPLOYMENT: &[&str] = &[
    "deploy*",
    "docker*",
    "kubernetes",
    "k8s",
    "ci",
    "cd",
    "pipeline",
    "pipelines",
    "helm",
    "terraform",
    "container",
    "containers",
    "hosting",
];

/// Words after which something is not wanted.
const NOT: &[&str] = &["no", "not", "without", "excluding", "except", "skip"];

struct Topic {
    name: &'static str,
    words: &'static [&'static str],
    does: &'static str,
    after: &'static [&'static str],
}

/// Takes a requirement apart by its words alone; the same words always give the same components.
pub fn by_words(requirement: &str) -> Vec<Component> {
    let wanted = wanted(requirement);
    let is_about = |words: &[&str]| wanted.iter().any(|word| words.iter().any(|known| is_word(word, known)));
    let about = |does: &str| format!("{does}\n\nThis is one part of a larger requirement:\n\n{}", requirement.trim());
    let analysis = "Analysis".to_owned();
    let mut all = vec![component(
        "Analysis",
        "analysis",
        about(
            "Find out how the project is built and design what the parts below share: names, shapes, files, order, risks.",
        ),
        Vec::new(),
    )];
    let built: Vec<&Topic> = TOPICS.iter().filter(|topic| is_about(topic.words)).collect();
    for topic in &built {
        let is_built = |name: &&&str| built.iter().any(|other| other.name == **name);
        let before = topic.after.iter().filter(is_built).map(|name| (*name).to_owned());
        let dependencies = [analysis.clone()].into_iter().chain(before).collect();
        all.push(component(topic.name, "implementation", about(topic.does), dependencies));
    }
    if built.is_empty() && !is_about(DEPLOYMENT) && !is_about(TESTS) {
        let does = "Build all of it, with its tests.";
        all.push(component("Implementation", "implementation", about(does), vec![analysis.clone()]));
    }
    if is_about(TESTS) || built.len() > 1 {
        let does =
            "Test what the parts do together: the paths that a user takes, what they may not do, and the corners.";
        let parts = names(&all);
        all.push(component("Testing", "testing", about(does), parts));
    }
    if is_about(DEPLOYMENT) {
        let does = "Build what is needed to build, check and deploy it; deploy nothing.";
        let parts = names(&all);
        all.push(component("Deployment", "implementation", about(does), parts));
    }
    if built.len() > 1 {
        let does = "Look at the whole: does it do what was asked for, do the parts fit together, what is missing?";
        let parts = names(&all);
        all.push(component("Review", "review", about(does), parts));
    }
    all
}

fn component(name: &str, kind: &str, description: String, dependencies: Vec<String>) -> Component {
    Component { name: name.to_owned(), kind: kind.to_owned(), description, dependencies }
}

fn names(all: &[Component]) -> Vec<String> {
    all.iter().map(|one| one.name.clone()).collect()
}

/// Returns the words of a text that it does not say no to: `no frontend`, `without a database`.
fn wanted(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_refused = |at: usize| {
        let before = &words[at.saturating_sub(2)..at];
        match before {
            [.., last] if NOT.contains(last) => true,
            [first, article] => NOT.contains(first) && ["a", "an", "any", "the"].contains(article),
            _ => false,
        }
    };
    (0..words.len()).filter(|at| !is_refused(*at)).map(|at| words[at].to_owned()).collect()
}

fn is_word(word: &str, known: &str) -> bool {
    known.strip_suffix('*').map_or(word == known, |begin| word.starts_with(begin))
}

/// Judges what an agent proposed, and says for each component, in order, what it waits for in this mode.
///
/// # Errors
/// Why nothing can be made of it, for the agent to read.
pub fn arranged(components: &[Component], mode: Mode) -> Result<Vec<Component>, String> {
    let order = judged(components)?;
    let mut all: Vec<Component> = order.iter().map(|at| components[*at].clone()).collect();
    for one in &mut all {
        let mut seen = BTreeSet::new();
        one.dependencies.retain(|name| seen.insert(name.clone()));
    }
    match mode {
        Mode::Parallel => {}
        Mode::Sequential => {
            for at in 1..all.len() {
                let before = all[at - 1].name.clone();
                if !all[at].dependencies.contains(&before) {
                    all[at].dependencies.push(before);
                }
            }
        }
        Mode::WaitForCore => {
            let ranks = ranks(&all);
            let named: Vec<(String, u32)> = all.iter().map(|one| one.name.clone()).zip(ranks.iter().copied()).collect();
            for (one, rank) in all.iter_mut().zip(&ranks) {
                let before = named.iter().filter(|(_, other)| other < rank).map(|(name, _)| name);
                let added: Vec<String> = before.filter(|name| !one.dependencies.contains(*name)).cloned().collect();
                one.dependencies.extend(added);
            }
        }
    }
    Ok(all)
}

/// Says in which wave each component starts when the core goes first: analysis, or without one what others build on;
/// then what is built; then tests and reviews. Nothing comes before what it depends on.
fn ranks(all: &[Component]) -> Vec<u32> {
    let is_designed = all.iter().any(|one| one.kind == "analysis");
    let is_built_on = |name: &str| all.iter().any(|other| other.dependencies.iter().any(|known| known == name));
    let mut ranks: BTreeMap<&str, u32> = BTreeMap::new();
    for one in all {
        let own = match one.kind.as_str() {
            "analysis" => 0,
            "implementation" if !is_designed && one.dependencies.is_empty() && is_built_on(&one.name) => 0,
            "implementation" => 1,
            _ => 2,
        };
        let before = one.dependencies.iter().filter_map(|name| ranks.get(name.as_str())).max();
        ranks.insert(&one.name, before.copied().unwrap_or(0).max(own));
    }
    all.iter().map(|one| ranks[one.name.as_str()]).collect()
}

/// Judges components; returns the order in which none comes before what it depends on.
fn judged(components: &[Component]) -> Result<Vec<usize>, String> {
    match components.len() {
        0 => return Err("it names no components".to_owned()),
        count if count > MOST => return Err(format!("it names {count} components; {MOST} are the most")),
        _ => {}
    }
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, one) in components.iter().enumerate() {
        if one.name.trim().is_empty() || one.name.chars().count() > LONGEST_NAME {
            return Err(format!("component {} has no name, or one of more than {LONGEST_NAME} characters", at + 1));
        }
        if one.description.trim().is_empty() {
            return Err(format!("`{}` has no description", one.name));
        }
        if !KINDS.contains(&one.kind.as_str()) {
            let kinds = KINDS.join(", ");
            return Err(format!("`{}` is of type `{}`; there are {kinds}", one.name, one.kind));
        }
        if places.insert(&one.name, at).is_some() {
            return Err(format!("two components are called `{}`", one.name));
        }
    }
    let mut left: Vec<BTreeSet<usize>> = Vec::new();
    for one in components {
        let mut waits = BTreeSet::new();
        for name in &one.dependencies {
            let Some(other) = places.get(name.as_str()) else {
                return Err(format!("`{}` depends on `{name}`, and no component is called so", one.name));
            };
            waits.insert(*other);
        }
        left.push(waits);
    }
    let mut order = Vec::new();
    while order.len() < components.len() {
        let is_free = |at: &usize| !order.contains(at) && left[*at].iter().all(|other| order.contains(other));
        let Some(next) = (0..components.len()).find(is_free) else {
            let stuck = (0..components.len()).filter(|at| !order.contains(at));
            let names: Vec<String> = stuck.map(|at| format!("`{}`", components[at].name)).collect();
            return Err(format!("these components wait for each other: {}", names.join(", ")));
        };
        order.push(next);
    }
    Ok(order)
}

#[cfg(test)]
#[path = "decompose_tests.rs"]
mod tests;
