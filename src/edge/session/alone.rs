//! How a process of ours leaves behind what belongs to whoever started it.

use std::fs;

use nix::unistd::setsid;

/// Closes what a careless parent left open. To be called before anything of ours is.
pub(super) fn close_inherited() {
    let Ok(folder) = fs::read_dir("/dev/fd") else { return };
    let numbers: Vec<i32> =
        folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(|&fd| fd > 2).collect();
    for number in numbers {
        // The one that the list itself was read from is closed already.
        let _ = nix::unistd::close(number);
    }
}

/// Makes this a process of its own: without a terminal, in a session of its own, with nothing open but standard input,
/// output and error. To be called first of all.
pub fn stand_alone() {
    close_inherited();
    // Fails only for one that leads a group already, which then has no terminal to lose by.
    let _ = setsid();
}
