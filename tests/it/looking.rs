//! Looking changes nothing: neither a folder nor a file, and a disk that is full or read-only will do.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use patience::run;

use crate::systole::{Ran, Running, Systole, program, sample};

/// Every command that only looks, and some that change what must be there.
const LOOKING: [&[&str]; 26] = [
    &["pipeline", "list"],
    &["pipeline", "list", "--definitions"],
    &["pipeline", "status"],
    &["pipeline", "search", "x"],
    &["pipeline", "details", "p"],
    &["pipeline", "check", "p"],
    &["pipeline", "watch", "--timeout", "0.1"],
    &["step", "active"],
    &["step", "log", "p", "a"],
    &["settings", "list"],
    &["settings", "get", "spawning"],
    &["maintenance", "status"],
    &["queue", "status"],
    &["queue", "peek"],
    &["audit"],
    &["health"],
    &["import", "list"],
    &["catalog", "export"],
    &["catalog", "list"],
    &["catalog", "categories"],
    &["catalog", "listing"],
    &["import", "export", "products"],
    &["settings", "set", "spawning", "off"],
    &["maintenance", "on"],
    &["pipeline", "cancel", "--name", "p", "--yes"],
    &["queue", "redrive"],
];

fn systole_in(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = program();
    command.current_dir(folder).args(arguments);
    Running::start(command).end()
}

/// Every file below a folder with its size.
fn files(folder: &Path) -> BTreeMap<String, u64> {
    let listed = run(Command::new("find").arg(folder).args(["-type", "f", "-printf", "%P %s\n"]));
    let text = String::from_utf8(listed.stdout).unwrap();
    let line = |line: &str| line.rsplit_once(' ').map(|(path, size)| (path.to_owned(), size.parse().unwrap())).unwrap();
    text.lines().map(line).collect()
}

#[test]
fn no_command_that_looks_makes_a_store() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in LOOKING {
        let ran = systole_in(folder.path(), &[&["--store", "typo/"], arguments].concat());
        let expected = "systole: there is no store at `typo/`; `systole dev --store typo/` creates one\n";
        assert_eq!((ran.code, ran.stderr.as_str(), ran.stdout.as_str()), (Some(1), expected, ""), "{ran}");
        let ran = systole_in(folder.path(), arguments);
        let expected = "systole: there is no store at `.systole`; `systole dev` creates one\n";
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), expected), "{ran}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was made");
}

#[test]
fn a_mistyped_store_is_told_with_the_one_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    systole_in(folder.path(), &["heartbeat", "--store", "shop-store"]);
    for (typed, meant) in [("shop-stroe", "shop-store"), (".", "there is no"), ("shop-store/files", "shop-store")] {
        let ran = systole_in(folder.path(), &["pipeline", "list", "--store", typed]);
        let is_told = ran.stderr.contains(&format!("there is no store at `{typed}`; did you mean `{meant}`?"));
        assert!(ran.code == Some(1) && (is_told || typed == "."), "{ran}");
    }
    let ran = systole_in(folder.path(), &["heartbeat", "--store", "shop-stroe"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("did you mean `shop-store`?"), "{ran}");
    let ran = systole_in(folder.path(), &["heartbeat", "--store", "elsewhere"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "systole: made a new store at `elsewhere`\n"), "{ran}");
}

#[test]
fn a_folder_with_definitions_alone_can_be_looked_at_with_samples() {
    let systole = Systole::new();
    systole.overlay("a.xml", &sample("reports/engine/store-read-only/a.xml"));
    let before = files(&systole.store());
    assert_eq!(systole.json(&["pipeline", "list"]), serde_json::json!([]));
    assert_eq!(systole.json(&["pipeline", "check", "p"])["is_due"], false);
    assert_eq!(files(&systole.store()), before, "looking made a file");
}

#[test]
fn looking_leaves_the_files_of_a_store_as_they_are_with_samples() {
    let systole = Systole::new();
    systole.overlay("a.xml", &sample("reports/engine/store-read-only/a.xml"));
    systole.json(&["pipeline", "init", "p"]);
    let before = files(&systole.store());
    for arguments in &LOOKING[..18] {
        systole.run(arguments);
    }
    assert_eq!(files(&systole.store()), before, "looking changed a file");
}

/// A small file system of its own with a store on it, or `None` where nobody may mount one.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Self {
        let disk = SmallDisk { folder: tempfile::tempdir().unwrap() };
        disk.mount_with(&["-t", "tmpfs", "-o", "size=3m", "tmpfs"]);
        let overlay = disk.path().join(".systole/files/pipelines");
        std::fs::create_dir_all(&overlay).unwrap();
        std::fs::write(overlay.join("a.xml"), sample("reports/engine/store-read-only/a.xml")).unwrap();
        disk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn mount_with(&self, arguments: &[&str]) {
        let mounted = run(Command::new("mount").args(arguments).arg(self.path()));
        assert!(mounted.status.success(), "a test that mounts must run as root: {mounted:?}");
    }

    /// Every command that looks shows what it would show elsewhere.
    #[track_caller]
    fn can_be_looked_at(&self) {
        let listed = systole_in(self.path(), &["pipeline", "list"]);
        assert!(listed.code == Some(0) && listed.stdout.contains("  p         running"), "{listed}");
        for arguments in LOOKING[..18].iter().filter(|arguments| !["health"].contains(&arguments[0])) {
            let ran = systole_in(self.path(), arguments);
            assert!(matches!(ran.code, Some(0 | 4)), "{ran}");
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn a_read_only_disk_can_be_looked_at_and_is_named_when_something_is_to_change_with_samples() {
    let disk = SmallDisk::mount();
    for command in [&["pipeline", "init", "p"][..], &["heartbeat"]] {
        assert_eq!(systole_in(disk.path(), command).code, Some(0));
    }
    disk.mount_with(&["-o", "remount,ro"]);
    disk.can_be_looked_at();
    let ran = systole_in(disk.path(), &["heartbeat"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("its file system is read-only"), "{ran}");
}

#[test]
fn a_full_disk_can_be_looked_at_and_is_named_when_something_is_to_change_with_samples() {
    let disk = SmallDisk::mount();
    for command in [&["pipeline", "init", "p"][..], &["heartbeat"]] {
        assert_eq!(systole_in(disk.path(), command).code, Some(0));
    }
    // Until there is no room left.
    let _ = std::fs::write(disk.path().join("fill"), vec![0; 4 << 20]);
    disk.can_be_looked_at();
    let ran = systole_in(disk.path(), &["heartbeat"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("no room left on its disk"), "{ran}");
}

#[test]
fn what_a_killed_process_left_in_the_log_is_seen_on_a_read_only_disk_with_samples() {
    let disk = SmallDisk::mount();
    let mut dev = program();
    dev.current_dir(disk.path()).args(["dev", "--listen", "127.0.0.1:0", "--tick", "60"]);
    let dev = Running::start(dev);
    dev.line("that it runs", |line| line.starts_with("stop "));
    assert_eq!(systole_in(disk.path(), &["pipeline", "init", "p"]).code, Some(0));
    dev.kill();
    let log = disk.path().join(".systole/store.sqlite3-wal");
    assert!(log.metadata().unwrap().len() > 0, "the killed process left a log");
    std::fs::remove_file(disk.path().join(".systole/store.sqlite3-shm")).unwrap();
    disk.mount_with(&["-o", "remount,ro"]);
    let listed = systole_in(disk.path(), &["--json", "pipeline", "list"]);
    assert_eq!((listed.code, listed.json().as_array().unwrap().len()), (Some(0), 1), "{listed}");
}
