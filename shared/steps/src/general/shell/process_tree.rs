//! All processes of one command, however they got away from it, and their end.
//!
//! A process that nobody waits for any more is given to its nearest ancestor that asked for such: this program asks. So
//! whatever a command starts is below it or a child of ours, also after a double fork, and is known by its session, its
//! group, a variable in its environment, or by having been seen below another one. What none of these tells is the
//! command's if no other command is running; else it is named and left to the last of them. Where the kernel keeps a list of
//! a command's processes ([`ControlGroup`]), that list says it all.
//!
//! **Invariant:** a number is signalled only after the process of that number was seen to have the same time of start.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::process::{Signal, WaitOptions, kill_process, kill_process_group, waitpid};
use tokio::process::{Child, Command};

use super::control_group::ControlGroup;
use super::process_table::{self, Process};

/// The variable that all processes of a command have in their environment.
pub(super) const MARK: &str = "SYSTOLE_COMMAND";

/// How often it is looked whether processes have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long killed processes are waited for. One that hangs in the kernel ends later or never.
const KILLED_WITHIN: Duration = Duration::from_secs(1);

/// The commands that this program runs now.
static RUNNING: Mutex<Vec<Arc<ProcessTree>>> = Mutex::new(Vec::new());

/// How many commands this program has started.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// Whether this program is about to exit, and begins and ends no command any more.
static IS_CLOSING: AtomicBool = AtomicBool::new(false);

/// The processes of one command.
#[derive(Debug)]
pub(super) struct ProcessTree {
    leader: i32,
    /// `SYSTOLE_COMMAND=…`
    variable: String,
    /// Where the kernel has a list of them.
    group: Option<ControlGroup>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// By number, as they were when they were seen first.
    processes: BTreeMap<i32, Process>,
    is_over: bool,
}

/// What the end of a command's processes found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TreeEnd {
    /// What was running and has ended now.
    pub(super) ended: Vec<String>,
    /// What is still there, or may be the command's.
    pub(super) survivors: Vec<String>,
}

/// Ends the processes of all commands, at the same time, and lets no further command begin.
pub(super) fn close(grace: Duration) {
    IS_CLOSING.store(true, Ordering::SeqCst);
    let trees: Vec<Arc<ProcessTree>> = running().clone();
    std::thread::scope(|scope| {
        for tree in &trees {
            scope.spawn(|| tree.end(grace));
        }
    });
}

/// Whether [`close`] was called: what becomes of commands from then on is nobody's result.
pub(super) fn is_closing() -> bool {
    IS_CLOSING.load(Ordering::SeqCst)
}

fn running() -> MutexGuard<'static, Vec<Arc<ProcessTree>>> {
    RUNNING.lock().expect("nothing panics while it is held")
}

/// Asks the kernel to give orphans to this program. Without it (not Linux) a double fork escapes.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    {
        // An error means a kernel before 3.4; group and session still end what did not get away.
        let _ = rustix::process::set_child_subreaper(process_table::as_pid(process_table::own()));
    }
}

impl ProcessTree {
    /// Starts a command with a text in its environment by which its processes are known; for people it begins with `attempt`.
    pub(super) fn start(command: &mut Command, attempt: &str) -> io::Result<(Child, Arc<Self>)> {
        adopt_orphans();
        // Attempts of two stores can have the same name; two commands never have the same mark.
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{attempt}/{}-{number}", process_table::own());
        let group = ControlGroup::make(number);
        command.envs(group.as_ref().map(ControlGroup::variable));
        // Held until the command is known, or the end of another one would take it for a stray.
        let mut running = running();
        let child = command.env(MARK, &mark).spawn()?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).expect("nobody has waited for it yet");
        let processes = process_table::process(leader).map(|process| (leader, process)).into_iter().collect();
        let seen = Mutex::new(Seen { processes, is_over: false });
        let tree = Arc::new(ProcessTree { leader, variable: format!("{MARK}={mark}"), group, seen });
        running.push(tree.clone());
        Ok((child, tree))
    }

    /// Takes the command off the list, when its leader has been waited for.
    pub(super) fn forget(&self) {
        running().retain(|tree| tree.leader != self.leader);
    }

    pub(super) fn is_over(&self) -> bool {
        self.seen().is_over
    }

    /// Looks for processes that have not been seen, and buries those of ours that have ended. Called every now and then,
    /// so that what gets away has been seen below another one before.
    pub(super) fn look(&self) {
        self.look_into(&mut self.seen());
    }

    /// Ends all processes: asks them to, and kills what is left after `grace`. Waits for it, so it is not for an async task.
    pub(super) fn end(&self, grace: Duration) -> TreeEnd {
        let mut seen = self.seen();
        let mut end = TreeEnd::default();
        if seen.is_over {
            return end;
        }
        let asked = self.look_into(&mut seen);
        for process in &asked {
            signal(process, Signal::TERM);
            // One that is stopped would never hear of it.
            signal(process, Signal::CONT);
        }
        let is_alone = running().len() == 1;
        self.wait_until_gone(&mut seen, Instant::now() + grace);
        let until = Instant::now() + KILLED_WITHIN;
        loop {
            let left = self.look_into(&mut seen);
            if left.is_empty() || Instant::now() > until {
                end.survivors = names(&left);
                break;
            }
            // Again and again: they may fork as fast as they are found.
            self.kill(&left);
            std::thread::sleep(LOOK_EVERY);
        }
        end.ended = names(&asked).into_iter().filter(|name| !end.survivors.contains(name)).collect();
        if !is_alone {
            end.survivors
                .extend(self.strays().iter().map(|stray| format!("{} (of this or another command)", name(stray))));
        }
        seen.is_over = true;
        end
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nothing panics while it is held")
    }

    fn wait_until_gone(&self, seen: &mut Seen, until: Instant) {
        while Instant::now() < until && !self.look_into(seen).is_empty() {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn kill(&self, left: &[Process]) {
        // Reaches also what was forked since the look. The group is the leader's as long as one process is in it.
        if left.iter().any(|process| process.group == self.leader)
            && let Some(group) = process_table::as_pid(self.leader)
        {
            // An error means that it has just become empty.
            let _ = kill_process_group(group, Signal::KILL);
        }
        if let Some(group) = &self.group {
            group.kill();
        }
        left.iter().for_each(|process| signal(process, Signal::KILL));
    }

    /// Whether a process that was seen to run belongs to the command for sure.
    fn owns(&self, process: &Process) -> bool {
        process.session == self.leader
            || process.group == self.leader
            || process_table::has_variable(process.pid, &self.variable)
            || self.group.as_ref().is_some_and(|group| group.processes().contains(&process.pid))
    }

    /// The processes that are running, after a new look.
    fn look_into(&self, seen: &mut Seen) -> Vec<Process> {
        seen.processes.retain(|_, process| is_same(process));
        let mut roots: Vec<i32> = seen.processes.keys().copied().collect();
        roots.extend(process_table::children(process_table::own()).into_iter().filter(|pid| self.is_own_orphan(*pid)));
        roots.extend(self.group.iter().flat_map(ControlGroup::processes));
        while let Some(pid) = roots.pop() {
            let children = process_table::children(pid);
            roots.extend(children.into_iter().filter(|child| !seen.processes.contains_key(child)));
            if !seen.processes.contains_key(&pid)
                && let Some(process) = process_table::process(pid)
            {
                seen.processes.insert(pid, process);
            }
        }
        self.living(seen)
    }

    /// Those of the seen that have not ended; what has is buried, if that is up to us.
    fn living(&self, seen: &Seen) -> Vec<Process> {
        let mut living = Vec::new();
        for process in seen.processes.values().filter_map(|known| process_table::process(known.pid)) {
            if !process.is_zombie {
                living.push(process);
            } else if process.parent == process_table::own() && process.pid != self.leader {
                bury(&process);
            }
        }
        living
    }

    /// Whether a child of ours belongs to the command.
    fn is_own_orphan(&self, pid: i32) -> bool {
        let Some(process) = process_table::process(pid) else { return false };
        if process.is_zombie && is_stray(&process) {
            // It tells its variables no more, and needs nothing but to be buried.
            bury(&process);
            return false;
        }
        self.owns(&process) || (running().len() == 1 && is_stray(&process))
    }

    /// Orphans that may be of this command or of another one that runs at the same time.
    fn strays(&self) -> Vec<Process> {
        let children = process_table::children(process_table::own()).into_iter().filter_map(process_table::process);
        let trees: Vec<Arc<ProcessTree>> =
            running().iter().filter(|tree| tree.leader != self.leader).cloned().collect();
        let is_of_other = |process: &Process| trees.iter().any(|tree| tree.owns(process));
        children.filter(|process| is_stray(process) && !process.is_zombie && !is_of_other(process)).collect()
    }
}

/// Whether a child of ours is in another session. What this program itself starts stays in its own, unless it is a command,
/// so this one was adopted.
fn is_stray(process: &Process) -> bool {
    let own = process_table::process(process_table::own()).map_or(0, |own| own.session);
    let is_leader = running().iter().any(|tree| tree.leader == process.pid);
    process.session != own && !is_leader
}

/// Whether the number still is that of the process that was seen.
fn is_same(known: &Process) -> bool {
    process_table::process(known.pid).is_some_and(|process| process.started == known.started)
}

fn signal(process: &Process, signal: Signal) {
    if is_same(process)
        && let Some(pid) = process_table::as_pid(process.pid)
    {
        // An error means that it has just ended, or that it became another user's, who would have to end it.
        let _ = kill_process(pid, signal);
    }
}

/// Takes note of the end of an adopted process, or its entry would stay as long as this program runs.
fn bury(process: &Process) {
    // An error means that it was buried already.
    let _ = waitpid(process_table::as_pid(process.pid), WaitOptions::NOHANG);
}

fn names(processes: &[Process]) -> Vec<String> {
    processes.iter().map(name).collect()
}

fn name(process: &Process) -> String {
    format!("`{}` ({})", pipeline::visible::visible(&process.name), process.pid)
}
