//! What the world does in the bench: everything at once, and nothing lands.

use orchestrator_tui::core::effect::Work;
use orchestrator_tui::core::input::{Collected, Product};
use orchestrator_tui::model::workspace::{Snapshot, TreeId};

pub(crate) fn product(work: &Work) -> Product {
    let snapshot = || Snapshot { tree: TreeId("t".into()), commit: "c".into(), left_out: Vec::new() };
    match work {
        Work::Snapshot | Work::Compose { .. } => Product::Snapshot(snapshot()),
        Work::Prepare { .. } => Product::Prepared { needs_command: false, warnings: Vec::new() },
        Work::Collect { .. } => Product::Collected(Collected {
            tree: TreeId("t".into()),
            changes: Vec::new(),
            suspicions: Vec::new(),
            patch: String::new(),
        }),
        Work::Restore { .. } => Product::Restored,
        Work::Merge { .. }
        | Work::Land { .. }
        | Work::RecordInPlace { .. }
        | Work::Undo { .. }
        | Work::PutAway { .. } => Product::Failed("not in a bench".into()),
    }
}
