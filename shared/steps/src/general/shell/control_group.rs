//! The kernel's own list of a command's processes: a control group (version 2, cgroups(7)) below that of this program.
//!
//! Nothing gets out of it by forking, by a session of its own or by another environment, and one write ends all that is in
//! it. Where groups cannot be made (no version 2, no right to, not Linux) a command has none, and `process_tree.rs` finds
//! its processes in other ways.
//!
//! A program that is killed leaves its groups behind. The next one ends what is in them: nobody waits for it any more.

use std::fs;
use std::path::{Path, PathBuf};

use super::process_table;

/// The variable that tells a command, before it begins, where to write to be in its group.
const VARIABLE: &str = "SYSTOLE_COMMAND_GROUP";

/// How the names of our groups begin.
const PREFIX: &str = "systole-command-";

/// Levels of groups below a command's own that are looked into: a command may make some, as another Systole does.
const LEVELS: usize = 8;

/// The group of one command; it goes when it is dropped, unless something is still in it.
#[derive(Debug)]
pub(super) struct ControlGroup {
    folder: PathBuf,
}

/// What `sh -c` runs so that the command, its first argument, begins inside its group. `0` is the process that writes.
pub(super) const JOIN: &str = r#"if [ -n "$SYSTOLE_COMMAND_GROUP" ]; then { echo 0 > "$SYSTOLE_COMMAND_GROUP"; } 2> /dev/null; unset SYSTOLE_COMMAND_GROUP; fi; exec sh -c "$0""#;

impl ControlGroup {
    /// Makes a group for the command of a number; nothing where that is not possible.
    pub(super) fn make(command: u64) -> Option<Self> {
        let parent = own_folder()?;
        end_abandoned(&parent);
        let own = process_table::process(process_table::own())?;
        let folder = parent.join(format!("{PREFIX}{}-{}-{command}", own.pid, own.started));
        fs::create_dir(&folder).ok()?;
        let group = Self { folder };
        // Older than Linux 5.14, or something that only looks like it.
        group.folder.join("cgroup.kill").exists().then_some(group)
    }

    /// The variable for [`JOIN`].
    pub(super) fn variable(&self) -> (&'static str, PathBuf) {
        (VARIABLE, self.folder.join("cgroup.procs"))
    }

    /// The numbers of all processes in it.
    pub(super) fn processes(&self) -> Vec<i32> {
        let mut processes = Vec::new();
        for folder in with_folders_below(&self.folder) {
            let list = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            processes.extend(list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
        processes
    }

    /// Kills all that is in it, also what forks at this moment.
    pub(super) fn kill(&self) {
        kill(&self.folder);
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

/// The folder of the group that this program is in.
fn own_folder() -> Option<PathBuf> {
    // mountinfo of proc(5): `41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw`, the fourth is the mount's root.
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    let mut fields = mount.split(' ').skip(3);
    let (root, mount_point) = (fields.next()?, fields.next()?);
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let below_root = path.strip_prefix(root.trim_end_matches('/'))?;
    // `/../x` is the path of a group that this mount does not show.
    let is_shown = !below_root.split('/').any(|part| part == "..");
    is_shown.then(|| Path::new(mount_point).join(below_root.trim_start_matches('/')))
}

/// Ends what programs have left in their groups that were killed.
fn end_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(program) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if !is_running(program) {
            kill(&entry.path());
            remove(&entry.path());
        }
    }
}

/// Whether the program still runs that made a group: `<number>-<time of start>-<command>`. If in doubt it does.
fn is_running(program: &str) -> bool {
    let mut parts = program.split('-');
    let (Some(Ok(pid)), Some(Ok(started))) = (parts.next().map(str::parse::<i32>), parts.next().map(str::parse::<u64>))
    else {
        return true;
    };
    process_table::process(pid).is_some_and(|process| process.started == started)
}

fn kill(folder: &Path) {
    // An error means that the group is gone.
    let _ = fs::write(folder.join("cgroup.kill"), "1");
}

/// Removes a group and those below it, the deepest first. One that has processes stays, for [`end_abandoned`].
fn remove(folder: &Path) {
    for folder in with_folders_below(folder).iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

/// A folder, those in it, and so on; each before what is in it.
fn with_folders_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut level = 0..1;
    for _ in 0..LEVELS {
        let next = found.len();
        for index in level {
            let entries = fs::read_dir(&found[index]).into_iter().flatten().flatten();
            let folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
            found.extend(folders);
        }
        level = next..found.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    /// Starts a command in a group, as a step does, and waits until it has said that it has begun.
    fn begun(group: &ControlGroup, command: &str) -> std::process::Child {
        let (variable, file) = group.variable();
        let child = Command::new("sh").args(["-c", JOIN, command]).env(variable, file).spawn().unwrap();
        assert!((0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            group.processes().len() >= 2
        }));
        child
    }

    fn is_empty(group: &ControlGroup) -> bool {
        (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            group.processes().is_empty()
        })
    }

    const DAEMON: &str = "(setsid env -i sleep 600 < /dev/null > /dev/null 2>&1 &); exec sleep 600";

    #[test]
    fn nothing_gets_out_of_a_group() {
        // Where this machine lets nobody make groups there is nothing to see.
        let Some(group) = ControlGroup::make(1_000_001) else { return };
        let mut child = begun(&group, DAEMON);
        group.kill();
        assert!(!child.wait().unwrap().success() && is_empty(&group));
        let folder = group.folder.clone();
        drop(group);
        assert!(!folder.exists());
    }

    #[test]
    fn what_a_killed_program_left_in_its_group_is_ended_by_the_next() {
        let Some(around) = ControlGroup::make(1_000_002) else { return };
        // No process of this number started with the machine. Inside a group of ours no other program ends it.
        let folder = around.folder.join(format!("{PREFIX}{}-0-1", process_table::own()));
        let of_ours = around.folder.join(around.folder.file_name().unwrap());
        fs::create_dir(&folder).unwrap();
        fs::create_dir(&of_ours).unwrap();
        let left = ControlGroup { folder: folder.clone() };
        let mut child = begun(&left, DAEMON);
        end_abandoned(&around.folder);
        assert!(!child.wait().unwrap().success() && is_empty(&left));
        assert!(of_ours.exists());
        // It stays as long as a process in it has not quite ended.
        drop(left);
        assert!(!folder.exists());
    }
}
