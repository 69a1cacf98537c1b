//! The screens of what was spent: the page, the header, the question, a quiet agent, what a fix has cost.

use orchestrator_tui::core::view::{CostLine, Costs, Group, Sum, TaskCosts, View};
use orchestrator_tui::model::budget::{Day, Limit};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::ui::state::State;

use super::fixture::{ago, ahead, busy};
use super::scene::{Person, Scene};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "costs", make: |size| page(spent(21_300_000, 0), size) },
    Scene { name: "costs-near", make: |size| page(spent(41_250_000, 0), size) },
    Scene { name: "costs-reached", make: |size| page(spent(50_210_000, 0), size) },
    Scene { name: "costs-raised", make: |size| page(spent(50_210_000, 10_000_000), size) },
    Scene { name: "costs-many", make: |size| page(many(), size) },
    Scene { name: "costs-none", make: |size| page(Costs::default(), size) },
    Scene { name: "over-the-line", make: |size| Person::before(with(spent(50_210_000, 0)), Some(16), size).state },
    Scene {
        name: "ask-raise",
        make: |size| Person::before(with(spent(50_210_000, 0)), Some(16), size).types("+").state,
    },
    Scene { name: "quiet", make: |size| Person::before(quiet(), Some(15), size).state },
];

fn with(costs: Costs) -> View {
    View { costs, ..busy() }
}

fn page(costs: Costs, size: (u16, u16)) -> State {
    Person::before(with(costs), None, size).types("$").state
}

/// An agent that says nothing for long, and a held task of which is known what its fix will cost.
fn quiet() -> View {
    let mut view = busy();
    for row in &mut view.rows {
        match row.group {
            Group::Working => row.quiet = Some(ago(372)),
            Group::Held => row.typical = Some("such a fix: $0.08, 1:20 (7 landed)".to_owned()),
            Group::NeedsYou | Group::Queued | Group::Done | Group::Failed => {}
        }
    }
    view
}

fn dollars(micros: u64) -> Spent {
    Spent { usd: Usd(micros), unpriced: false, tokens_in: micros / 4, tokens_out: micros / 100 }
}

/// A day with more tasks, after more days, than are listed.
fn many() -> Costs {
    let costs = spent(21_300_000, 0);
    let day = |at: i64| (Day(20_777 - 19 + at), costs.days[0].1);
    let task =
        |id: u32| TaskCosts { id: TaskId(id), title: format!("Page {id} of the manual"), ..costs.tasks[0].clone() };
    Costs { tasks: (1..=34).map(task).collect(), days: (0..20).map(day).collect(), ..costs }.short()
}

fn spent(fixer: u64, raised: u64) -> Costs {
    let unpriced = Spent { usd: Usd(0), unpriced: true, tokens_in: 12_000, tokens_out: 400 };
    let today = Sum { fixer: dollars(fixer) + unpriced, planner: dollars(2_500_000), unpriced: 12_400, landed: 9 };
    let before = Sum { fixer: dollars(8_000_000), planner: dollars(900_000), unpriced: 0, landed: 4 };
    let used = today.spent();
    let line = |line: Limit, limit: u64, raised: u64| CostLine {
        line,
        used: line.measure(used),
        limit: limit + raised,
        raised,
        warn: 750,
    };
    Costs {
        day: Day(20_777),
        ends: ahead(4 * 3600),
        today,
        total: Sum { fixer: today.fixer + before.fixer, planner: today.planner + before.planner, landed: 13, ..today },
        lines: vec![line(Limit::DayUsd, 50_000_000, raised), line(Limit::DayTokens, 200_000_000, 0)],
        tasks: vec![
            TaskCosts {
                id: TaskId(14),
                title: "CaseService.ts · unit".to_owned(),
                today: dollars(3_400_000),
                total: dollars(4_100_000),
            },
            TaskCosts { id: TaskId(12), title: String::new(), today: unpriced, total: unpriced },
        ],
        days: vec![(Day(20_776), before), (Day(20_777), today)],
        ..Costs::default()
    }
}
