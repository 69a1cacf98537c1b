//! Carries out `lessons`: what was learnt from feedback files, and what of it is quoted no more.

use clap::{Args, Subcommand};

use super::verbs::said;
use crate::app::day::lessons;
use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::verbs::ask;
use crate::app::words::say::{pretty, say};
use crate::model::lesson::LessonId;

/// What to do with the lessons; nothing: list them.
#[derive(Debug, Args)]
#[command(after_help = "lessons                  all, with their ids\n\
                        lessons drop 3f2a91c0    no prompt quotes it from now on")]
pub struct Lessons {
    /// Which.
    #[command(subcommand)]
    pub verb: Option<LessonVerb>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The verbs of `lessons`.
#[derive(Debug, Subcommand)]
pub enum LessonVerb {
    /// Let no prompt quote a lesson from now on.
    Drop(One),
    /// Let prompts quote a lesson again that was dropped.
    Keep(One),
}

/// A lesson.
#[derive(Debug, Args)]
pub struct One {
    /// Its eight signs in the list, such as 3f2a91c0.
    #[arg(value_name = "ID")]
    pub lesson: LessonId,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Carries out `lessons`.
pub(super) fn run(site: &Site, wish: &Lessons) -> Result<u8, Failure> {
    match &wish.verb {
        None => {
            let all = lessons::all(site)?;
            say(&if wish.json { pretty(&lessons::json(&all)) } else { lessons::text(&all) });
            Ok(0)
        }
        Some(LessonVerb::Drop(one)) => decide(site, one, true),
        Some(LessonVerb::Keep(one)) => decide(site, one, false),
    }
}

fn decide(site: &Site, one: &One, dropped: bool) -> Result<u8, Failure> {
    if !lessons::all(site)?.iter().any(|learnt| learnt.lesson.id == one.lesson) {
        return Err(Failure::refused(format!(
            "no lesson {} was learnt here\nhint: `orchestrator-tui lessons` lists them",
            one.lesson
        )));
    }
    Ok(said(&ask::drop_lesson(site, one.lesson, dropped)?, one.json))
}
