//! Thirty sessions that wait for each other at random: order, parallelism, what a failure blocks, what a retry frees.

use std::collections::BTreeSet;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::outcome::Outcome;
use orchestrator_tui::model::task::TaskState;
use proptest::prelude::*;

use crate::hands::{Hands, node, settings};

/// So many sessions.
const COUNT: usize = 30;

/// A graph without circles, and who fails in it.
#[derive(Clone, Debug)]
struct Graph {
    /// For each, those of lower number that it waits for.
    after: Vec<BTreeSet<usize>>,
    /// The order in which they are filed.
    filed: Vec<usize>,
    fails: BTreeSet<usize>,
    width: u32,
    /// Which of those that work ends next.
    chances: Vec<prop::sample::Index>,
}

fn graph() -> impl Strategy<Value = Graph> {
    let edges = prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), COUNT);
    let fails = prop::collection::btree_set(0..COUNT, 0..4);
    let filed = Just((0..COUNT).collect::<Vec<_>>()).prop_shuffle();
    let chances = prop::collection::vec(any::<prop::sample::Index>(), 4 * COUNT);
    (edges, fails, filed, prop::sample::select(vec![1_u32, 2, 4, 64]), chances).prop_map(
        |(edges, fails, filed, width, chances)| {
            let before = |(at, picks): (usize, Vec<prop::sample::Index>)| -> BTreeSet<usize> {
                if at == 0 { BTreeSet::new() } else { picks.iter().map(|pick| pick.index(at)).collect() }
            };
            Graph { after: edges.into_iter().enumerate().map(before).collect(), filed, fails, width, chances }
        },
    )
}

fn label(at: usize) -> String {
    format!("s{at}")
}

impl Graph {
    /// Whether one waits, through others, for one that fails; it is not asked of those that fail themselves.
    fn is_below_a_failure(&self, at: usize) -> bool {
        self.after[at].iter().any(|other| self.fails.contains(other) || self.is_below_a_failure(*other))
    }
}

/// What the test knows of the run.
struct Run<'a> {
    graph: &'a Graph,
    hands: Hands,
    ids: Vec<TaskId>,
    done: BTreeSet<usize>,
    failed: BTreeSet<usize>,
    seen: usize,
    turn: usize,
}

impl Run<'_> {
    fn begin(graph: &Graph) -> Run<'_> {
        let mut hands = Hands::new(settings(1, graph.width));
        let tasks = graph.filed.iter().map(|at| {
            let after: Vec<String> = graph.after[*at].iter().map(|other| label(*other)).collect();
            node(&label(*at), &after)
        });
        hands.file(tasks.collect()).expect("it has no circles");
        let ids = (0..COUNT).map(|at| hands.task(&label(at)).id).collect();
        Run { graph, hands, ids, done: BTreeSet::new(), failed: BTreeSet::new(), seen: 0, turn: 0 }
    }

    fn number(&self, id: TaskId) -> usize {
        self.ids.iter().position(|known| *known == id).expect("it is one of them")
    }

    /// Order is respected, and as many work as may.
    fn check(&mut self) {
        for order in &self.hands.started[self.seen..] {
            let at = self.number(order.task.id);
            assert!(self.graph.after[at].is_subset(&self.done), "{at} began too early");
            let told: BTreeSet<String> = order.brought.iter().map(|one| one.outcome.summary.clone()).collect();
            assert_eq!(told, self.graph.after[at].iter().map(|other| label(*other)).collect(), "what {at} is told");
        }
        self.seen = self.hands.started.len();
        let is_ready = |at: &usize| {
            self.graph.after[*at].is_subset(&self.done) && !self.done.contains(at) && !self.failed.contains(at)
        };
        let ready = (0..COUNT).filter(is_ready).count();
        assert_eq!(
            self.hands.agents.len(),
            ready.min(self.graph.width as usize),
            "how many work, of {ready} that could"
        );
    }

    /// Lets agents end one by one until none works.
    fn play(&mut self, may_fail: bool) {
        self.check();
        while !self.hands.agents.is_empty() {
            let works: Vec<TaskId> = self.hands.agents.keys().copied().collect();
            let id = works[self.graph.chances[self.turn % self.graph.chances.len()].index(works.len())];
            self.turn += 1;
            let at = self.number(id);
            let ok = !(may_fail && self.graph.fails.contains(&at));
            if ok {
                self.done.insert(at)
            } else {
                self.failed.insert(at)
            };
            self.hands.end(id, ok, Outcome { summary: label(at), ..Outcome::default() });
            self.check();
        }
    }

    fn state(&self, at: usize) -> &TaskState {
        &self.hands.machine.book().tasks[&self.ids[at]].state
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn thirty_sessions_keep_their_order(graph in graph()) {
        let mut run = Run::begin(&graph);
        run.play(true);
        for at in 0..COUNT {
            let state = run.state(at);
            if graph.is_below_a_failure(at) {
                prop_assert!(matches!(state, TaskState::Blocked(root) if graph.fails.contains(&run.number(*root))), "{at}: {state:?}");
            } else if graph.fails.contains(&at) {
                prop_assert!(matches!(state, TaskState::Failed(_)), "{at}: {state:?}");
            } else {
                prop_assert!(matches!(state, TaskState::Done(_)), "{at}: {state:?}");
            }
        }
        // Every retry frees what only that one blocked; a graph may have failures below failures.
        while !run.failed.is_empty() {
            let failed: Vec<usize> = std::mem::take(&mut run.failed).into_iter().collect();
            for (number, at) in failed.iter().enumerate() {
                run.hands.ask(Command::Retry { task: run.ids[*at] }).expect("it failed");
                run.failed = failed[number + 1..].iter().copied().collect();
                run.check();
            }
            run.play(false);
        }
        for at in 0..COUNT {
            prop_assert!(matches!(run.state(at), TaskState::Done(_)), "{at}: {:?}", run.state(at));
        }
    }
}

#[test]
fn who_wait_for_each_other_are_refused_at_creation() {
    let mut hands = Hands::new(settings(1, 4));
    let circle = vec![node("a", &["b".into()]), node("b", &["c".into()]), node("c", &["a".into()])];
    let refused = hands.file(circle).expect_err("it is a circle");
    assert!(refused.message.contains("wait for each other"), "{refused}");
    assert!(hands.machine.book().tasks.is_empty());
}
