//! The screens of what lies over the panes: questions, the palette, the first run.

use super::fixture::busy;
use super::scene::{Person, Scene};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "ask-kill", make: |size| Person::before(busy(), Some(15), size).types("x").state },
    Scene { name: "ask-land", make: |size| Person::before(busy(), Some(14), size).types("L").state },
    Scene { name: "ask-quit", make: |size| Person::before(busy(), Some(15), size).types("q").state },
    Scene { name: "palette", make: |size| Person::before(busy(), Some(15), size).types(":").state },
    Scene { name: "palette-typed", make: |size| Person::before(busy(), Some(15), size).types(":undo").state },
];
