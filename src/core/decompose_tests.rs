//! Is every requirement taken apart into something that can be run, and is what agents propose judged?

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn shape(requirement: &str) -> String {
    let part = |one: &Component| match one.dependencies.as_slice() {
        [] => one.name.clone(),
        after => format!("{}<{}", one.name, after.join("+")),
    };
    by_words(requirement).iter().map(part).collect::<Vec<_>>().join(" ")
}

#[test]
fn requirements_are_taken_apart_by_their_words() {
    for (requirement, want) in [
        ("Make it faster", "Analysis Implementation<Analysis"),
        ("Fix the typo", "Analysis Implementation<Analysis"),
        ("", "Analysis Implementation<Analysis"),
        ("Build a REST API", "Analysis API<Analysis"),
        ("A GraphQL endpoint for orders", "Analysis API<Analysis"),
        ("A React page that lists books", "Analysis Frontend<Analysis"),
        ("Add OAuth2 login", "Analysis Authentication<Analysis"),
        ("JWT, please", "Analysis Authentication<Analysis"),
        ("Store the orders in PostgreSQL", "Analysis Database<Analysis"),
        ("Write unit tests", "Analysis Testing<Analysis"),
        ("Deploy it with Docker and Kubernetes", "Analysis Deployment<Analysis"),
        ("A REST API without tests", "Analysis API<Analysis"),
        ("A REST API, no frontend, and not a database", "Analysis API<Analysis"),
        ("The rapid arrest of a therapist", "Analysis Implementation<Analysis"),
        (
            "Build a REST API with authentication",
            "Analysis Authentication<Analysis API<Analysis+Authentication Testing<Analysis+Authentication+API \
             Review<Analysis+Authentication+API+Testing",
        ),
        (
            "An API on a database",
            "Analysis Database<Analysis API<Analysis+Database Testing<Analysis+Database+API \
             Review<Analysis+Database+API+Testing",
        ),
        (
            "Vue UI for the backend, with e2e tests and CI/CD",
            "Analysis API<Analysis Frontend<Analysis+API Testing<Analysis+API+Frontend \
             Deployment<Analysis+API+Frontend+Testing Review<Analysis+API+Frontend+Testing+Deployment",
        ),
        (
            "Full-stack app: React frontend, Express API, JWT auth, Postgres schema, tests, Docker",
            "Analysis Database<Analysis Authentication<Analysis+Database API<Analysis+Database+Authentication \
             Frontend<Analysis+API+Authentication Testing<Analysis+Database+Authentication+API+Frontend \
             Deployment<Analysis+Database+Authentication+API+Frontend+Testing \
             Review<Analysis+Database+Authentication+API+Frontend+Testing+Deployment",
        ),
    ] {
        assert_eq!(shape(requirement), want, "{requirement}");
    }
}

fn one(name: &str, kind: &str, after: &[&str]) -> Component {
    component(name, kind, "do it".to_owned(), after.iter().map(|name| (*name).to_owned()).collect())
}

fn arrange(components: &[Component], mode: Mode) -> String {
    match arranged(components, mode) {
        Ok(all) => {
            let part = |one: &Component| format!("{}<{}", one.name, one.dependencies.join("+"));
            all.iter().map(part).collect::<Vec<_>>().join(" ")
        }
        Err(why) => why,
    }
}

#[test]
fn a_mode_adds_what_must_be_done_before() {
    let app = [
        one("Tests", "testing", &["API"]),
        one("API", "implementation", &["Plan"]),
        one("UI", "implementation", &[]),
        one("Plan", "analysis", &[]),
        one("Look", "review", &["UI", "UI"]),
    ];
    assert_eq!(arrange(&app, Mode::Parallel), "UI< Plan< API<Plan Tests<API Look<UI");
    assert_eq!(arrange(&app, Mode::Sequential), "UI< Plan<UI API<Plan Tests<API Look<UI+Tests");
    assert_eq!(arrange(&app, Mode::WaitForCore), "UI<Plan Plan< API<Plan Tests<API+UI+Plan Look<UI+Plan+API",);
    // Without an analysis, what the others build on is the core.
    let built =
        [one("DB", "implementation", &[]), one("API", "implementation", &["DB"]), one("UI", "implementation", &[])];
    assert_eq!(arrange(&built, Mode::WaitForCore), "DB< API<DB UI<DB");
    // What is built after a test comes after it in any mode.
    let odd =
        [one("Tests", "testing", &[]), one("Fix", "implementation", &["Tests"]), one("More", "implementation", &[])];
    assert_eq!(arrange(&odd, Mode::WaitForCore), "Tests<More Fix<Tests+More More<");
}

#[test]
fn what_cannot_be_run_is_refused_with_a_reason() {
    for (components, why) in [
        (vec![], "it names no components"),
        (vec![one("A", "implementation", &[]); 31], "it names 31 components; 30 are the most"),
        (vec![one("A", "implementation", &[]), one("A", "testing", &[])], "two components are called `A`"),
        (
            vec![one("A", "painting", &[])],
            "`A` is of type `painting`; there are analysis, implementation, testing, review",
        ),
        (
            vec![one("A", "coordination", &[])],
            "`A` is of type `coordination`; there are analysis, implementation, testing, review",
        ),
        (vec![one("A", "review", &["B"])], "`A` depends on `B`, and no component is called so"),
        (vec![one("A", "review", &["A"])], "these components wait for each other: `A`"),
        (
            vec![one("A", "review", &["B"]), one("B", "review", &["A"]), one("C", "review", &[])],
            "these components wait for each other: `A`, `B`",
        ),
        (vec![one(" ", "review", &[])], "component 1 has no name, or one of more than 80 characters"),
        (vec![component("A", "review", " ".to_owned(), Vec::new())], "`A` has no description"),
    ] {
        assert_eq!(arrange(&components, Mode::Parallel), why);
    }
}

const SOME: [&str; 24] = [
    "api", "React", "auth", "JWT", "database", "tests", "docker", "no", "without", "a", "the", "and", "build",
    "schema", "ÜBER", "deploy", "k8s", "GraphQL", "login", "\n", ",", "ui", "service", "x",
];

const MODES: [Mode; 3] = [Mode::Parallel, Mode::Sequential, Mode::WaitForCore];

/// Whether each comes after what it depends on, in a list that names all of them.
fn is_in_order(all: &[Component]) -> bool {
    let names: BTreeSet<&str> = all.iter().map(|one| one.name.as_str()).collect();
    let mut done = BTreeSet::new();
    while done.len() < all.len() {
        let is_free = |one: &&Component| {
            !done.contains(one.name.as_str()) && one.dependencies.iter().all(|name| done.contains(name.as_str()))
        };
        let Some(next) = all.iter().find(is_free) else { return false };
        done.insert(next.name.as_str());
    }
    names.len() == all.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the words are, what comes out can be run in every mode.
    #[test]
    fn every_requirement_can_be_run(words in prop::collection::vec(prop::sample::select(SOME.to_vec()), 0..14)) {
        let components = by_words(&words.join(" "));
        for mode in MODES {
            let all = arranged(&components, mode);
            prop_assert!(all.as_ref().is_ok_and(|all| is_in_order(all)), "{:?}", all);
        }
    }

    /// Whatever is proposed is refused, or can be run; a mode takes no dependency away.
    #[test]
    fn every_proposal_is_refused_or_can_be_run(
        given in prop::collection::vec((0_usize..8, 0_usize..5, prop::collection::vec(0_usize..9, 0..3)), 0..8),
    ) {
        let kinds = ["analysis", "implementation", "testing", "review", "implementation"];
        let given: Vec<Component> = given
            .into_iter()
            .enumerate()
            .map(|(at, (_, kind, after))| component(
                &format!("c{at}"), kinds[kind], "do".to_owned(), after.into_iter().map(|other| format!("c{other}")).collect(),
            ))
            .collect();
        let free = arranged(&given, Mode::Parallel);
        for mode in MODES {
            let all = arranged(&given, mode);
            prop_assert_eq!(all.is_ok(), free.is_ok());
            let Ok(all) = all else { continue };
            prop_assert!(is_in_order(&all), "{:?}", all);
            for one in &given {
                let now = all.iter().find(|other| other.name == one.name);
                prop_assert!(now.is_some_and(|now| one.dependencies.iter().all(|name| now.dependencies.contains(name))));
            }
            if mode == Mode::Sequential {
                let chained = all.windows(2).all(|pair| pair[1].dependencies.contains(&pair[0].name));
                prop_assert!(chained);
            }
        }
    }
}
