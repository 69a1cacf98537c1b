//! What the seeds reached, so that a test can tell whether the world is rich enough.

/// What the seeds reached, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub inputs: u64,
    pub landed: u64,
    pub undone: u64,
    pub taken_back: u64,
    pub reviews: u64,
    pub ready: u64,
    pub escalated: u64,
    pub flaky: u64,
    pub fixed_by_you: u64,
    pub fixed_by_other: u64,
    pub parked: u64,
    pub killed: u64,
    pub crashes: u64,
    pub quits: u64,
    pub surprises: u64,
    pub half_landed: u64,
    pub recovered: u64,
    pub changed_settings: u64,
    pub snoozed: u64,
    pub unsnoozed: u64,
    pub held_by_you: u64,
    pub first: u64,
    pub replaced: u64,
    pub reconfigured: u64,
    pub checks_gone: u64,
    pub raised: u64,
    pub day_lines: u64,
    pub batch_lines: u64,
    pub limited: u64,
    pub kept: u64,
    pub unpriced: u64,
    pub planned: u64,
    pub plans_given_up: u64,
    pub questions: u64,
    pub answered: u64,
    pub late_answers: u64,
    pub withdrawn: u64,
    pub unanswered: u64,
    pub restarted: u64,
    pub planners_ended: u64,
    pub planners_left: u64,
    pub events: u64,
    pub started: u64,
    pub completed: u64,
    pub bugs: u64,
    pub nobody: u64,
    pub not_followed: u64,
    pub cut: u64,
    pub files_left: u64,
    pub declined: u64,
    pub not_wanted: u64,
    /// A hash of all effects, so that two runs of a seed can be compared; zero if not asked for.
    pub story: u64,
}

impl Report {
    pub(crate) fn add(&mut self, other: &Self) {
        self.inputs += other.inputs;
        self.landed += other.landed;
        self.undone += other.undone;
        self.taken_back += other.taken_back;
        self.reviews += other.reviews;
        self.ready += other.ready;
        self.escalated += other.escalated;
        self.flaky += other.flaky;
        self.fixed_by_you += other.fixed_by_you;
        self.fixed_by_other += other.fixed_by_other;
        self.parked += other.parked;
        self.killed += other.killed;
        self.crashes += other.crashes;
        self.quits += other.quits;
        self.surprises += other.surprises;
        self.half_landed += other.half_landed;
        self.recovered += other.recovered;
        self.changed_settings += other.changed_settings;
        self.snoozed += other.snoozed;
        self.unsnoozed += other.unsnoozed;
        self.held_by_you += other.held_by_you;
        self.first += other.first;
        self.replaced += other.replaced;
        self.reconfigured += other.reconfigured;
        self.checks_gone += other.checks_gone;
        self.raised += other.raised;
        self.batch_lines += other.batch_lines;
        self.limited += other.limited;
        self.day_lines += other.day_lines;
        self.kept += other.kept;
        self.unpriced += other.unpriced;
        self.planned += other.planned;
        self.plans_given_up += other.plans_given_up;
        self.questions += other.questions;
        self.answered += other.answered;
        self.late_answers += other.late_answers;
        self.withdrawn += other.withdrawn;
        self.events += other.events;
        self.started += other.started;
        self.completed += other.completed;
        self.bugs += other.bugs;
        self.nobody += other.nobody;
        self.not_followed += other.not_followed;
        self.cut += other.cut;
        self.files_left += other.files_left;
        self.declined += other.declined;
        self.not_wanted += other.not_wanted;
        self.unanswered += other.unanswered;
        self.restarted += other.restarted;
        self.planners_ended += other.planners_ended;
        self.planners_left += other.planners_left;
    }
}
