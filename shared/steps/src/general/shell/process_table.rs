//! What the kernel says of processes: `/proc`, read again whenever it is asked.

use std::fs;

use rustix::process::{Pid, getpid};

/// A process as it was a moment ago. The number alone can be given to another one; with the time of its start it cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    /// Its name, at most 15 bytes of the program's.
    pub(super) name: String,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// In ticks since the machine came up.
    pub(super) started: u64,
    /// Whether it has ended and only its parent has not asked yet how.
    pub(super) is_zombie: bool,
}

/// Our own number.
pub(super) fn own() -> i32 {
    getpid().as_raw_nonzero().get()
}

/// The process of a number; nothing if there is none, or no `/proc`.
pub(super) fn process(pid: i32) -> Option<Process> {
    parsed(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads a line of `/proc/PID/stat`: `12 (name) S 1 12 12 …`. The name may hold blanks and parentheses.
fn parsed(pid: i32, stat: &str) -> Option<Process> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    // proc(5) counts from 1 and these begin with the third: state, ppid, pgrp, session, …, starttime as the 22nd.
    let number = |index: usize| fields.get(index).and_then(|field| field.parse::<i32>().ok());
    Some(Process {
        pid,
        name: name.to_owned(),
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        started: fields.get(19)?.parse().ok()?,
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
    })
}

/// The children of a process, those included that it has adopted.
pub(super) fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.filter_map(|thread| Some(thread.ok()?.path().join("children")));
    let mut children = Vec::new();
    for list in lists {
        match fs::read_to_string(list) {
            Ok(list) => children.extend(list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok())),
            // A kernel without these lists; a thread that has just ended does no harm here either.
            Err(_) => return children_by_parent(pid),
        }
    }
    children
}

/// The same by looking at every process.
fn children_by_parent(parent: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| process(*pid).is_some_and(|process| process.parent == parent)).collect()
}

/// Whether a process was started with this in its environment. What replaced its environment has it no more.
pub(super) fn has_variable(pid: i32, variable: &str) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
}

pub(super) fn as_pid(pid: i32) -> Option<Pid> {
    Pid::from_raw(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let fields = "S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 5 6";
        let process = parsed(12, &format!("12 (a) b (c) {fields}")).unwrap();
        let Process { name, parent, group, session, started, is_zombie, .. } = process;
        assert_eq!((name.as_str(), parent, group, session, started, is_zombie), ("a) b (c", 7, 8, 9, 4711, false));
        assert_eq!(parsed(12, "12 (a"), None);
    }

    #[test]
    fn both_ways_find_the_same_children() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(children(own()).contains(&pid) && children_by_parent(own()).contains(&pid));
        child.kill().unwrap();
        assert!(process(pid).is_some_and(|process| process.parent == own()));
        child.wait().unwrap();
    }
}
