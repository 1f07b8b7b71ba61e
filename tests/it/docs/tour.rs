//! Every command that the documents show, on a fresh store for each page: run as it stands there, or listed with the reason.
//!
//! A page is walked from its top to its end in a folder that has what a checkout has. The programs are those that the tests
//! have built: `cargo run -p cli -- …` runs the same, so `make demo` is the recipe of the Makefile. What the text around the
//! commands takes for granted (a folder of files, a pipeline that waits) is made in `setting.rs`.

mod listed;
mod setting;
mod shown;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use patience::run;
use tempfile::TempDir;

use self::listed::{CODES, IDS, NOT_RUN, ON_A_TERMINAL};
use self::shown::{Shown, of_text};
use crate::systole::{Ran, Running, program, root, wait_for};

/// A folder in which the commands of a page are typed.
struct Tour {
    page: String,
    folder: TempDir,
    /// What goes on while others are typed, by its process group.
    background: Vec<Running>,
    /// Where the API of `systole dev` listens.
    api: Option<String>,
    /// A port for what listens on a fixed one in the documents.
    port: u16,
}

/// What a checkout has that must not be shared.
const OWN: [&str; 4] = [".systole", ".emulators", "target", ".git"];

/// The host listens and beats as a test wants it; all else is as it is typed.
const SYSTOLE: &str = r#"#!/bin/sh
case " $* " in *" dev "*) exec PROGRAM "$@" --listen 127.0.0.1:0 --tick 0.1;; *) exec PROGRAM "$@";; esac
"#;

/// What was built stands for what would be built.
const CARGO: &str = r#"#!/bin/sh
case "$*" in
    "build -p cli") exit 0;;
    "run --locked -p cli -- "*) shift 5; exec systole "$@";;
esac
echo "the tour has no cargo for: $*" >&2
exit 99
"#;

impl Tour {
    fn begin(page: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(root()).unwrap() {
            let entry = entry.unwrap();
            if !OWN.contains(&entry.file_name().to_str().unwrap()) {
                symlink(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
        }
        let programs = folder.path().join("home/bin");
        fs::create_dir_all(&programs).unwrap();
        let systole = SYSTOLE.replace("PROGRAM", program().get_program().to_str().unwrap());
        for (name, script) in [("systole", systole.as_str()), ("cargo", CARGO)] {
            fs::write(programs.join(name), script).unwrap();
            fs::set_permissions(programs.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        // An answer that is an error is one here, too.
        fs::write(folder.path().join("home/.curlrc"), "silent\nshow-error\nfail-with-body\n").unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Tour { page: page.to_owned(), folder, background: Vec::new(), api: None, port }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A shell that types a line.
    fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).current_dir(self.folder.path());
        let path = std::env::var_os("PATH").unwrap();
        let paths = [self.path("home/bin")].into_iter().chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(paths).unwrap()).env("HOME", self.path("home")).env("USER", "ann");
        for variable in ["SYSTOLE_STORE", "SYSTOLE_LOG", "NO_COLOR", "MAKEFLAGS", "MAKELEVEL"] {
            command.env_remove(variable);
        }
        // Whatever a page shows: nothing of it reaches an account of AWS.
        for (variable, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(variable);
        }
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        if self.page == "docs/DEBUGGING.md" {
            command.env("SYSTOLE_STORE", self.path("debugging"));
        }
        command
    }

    /// Types a line that the setting needs and that no page shows.
    #[track_caller]
    fn prepare(&self, line: &str) -> Ran {
        let ran = Running::start(self.shell(line)).end();
        assert_eq!(ran.code, Some(0), "{}: the setting does not come about: {ran}", self.page);
        ran
    }

    /// Starts what goes on until the page is over or until it is stopped.
    fn start(&mut self, line: &str) {
        let mut command = self.shell(line);
        command.process_group(0);
        let running = Running::start(command);
        if line.contains("dev") {
            let said = running.line("where the API listens", |line| line.starts_with("API "));
            let address = said.split("http://").nth(1).and_then(|rest| rest.split('/').next());
            self.api = Some(address.unwrap().to_owned());
        }
        self.background.push(running);
    }

    /// Ends what was started.
    fn stop(&mut self) {
        for running in self.background.drain(..) {
            run(Command::new("kill").args(["-s", "TERM", "--", &format!("-{}", running.id())]));
            running.end();
        }
        self.api = None;
    }

    /// The id of a pipeline of a definition, counted from the first.
    fn id(&self, name: &str, number: usize) -> String {
        let listed = self.prepare(&format!("systole --json pipeline list --limit 100 --name {name}")).json();
        let rows = listed.as_array().unwrap();
        let row = rows.len().checked_sub(number + 1).map(|place| &rows[place]);
        let row = row.unwrap_or_else(|| panic!("{}: there is no pipeline {number} of {name}: {listed}", self.page));
        row["id"].as_str().unwrap().to_owned()
    }

    /// A command with what is here in the places of what was there when it was written.
    fn localized(&self, shown: &Shown) -> String {
        let mut line = shown.text.clone();
        for word in shown.text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_id(word)) {
            let known = IDS.iter().find(|(id, _, _)| *id == word);
            let (id, name, number) = known.unwrap_or_else(|| panic!("{shown}: nobody knows which pipeline {word} is"));
            line = line.replace(id, &self.id(name, *number));
        }
        if let Some(api) = &self.api {
            line = line.replace("127.0.0.1:8330", api);
        }
        let own = format!("127.0.0.1:{}", self.port);
        let line = line.replace("127.0.0.1:9000", &own).replace("serve.py 9000", &format!("serve.py {}", self.port));
        line.replace("/tmp/debugging", self.path("debugging").to_str().unwrap())
    }

    /// Types a command and sees that it does what the page says.
    fn follow(&mut self, shown: &Shown) -> Result<(), String> {
        setting::before(self, shown);
        let line = self.localized(shown);
        let typed = line.split(" #").next().unwrap().trim_end();
        let is_host = typed == "make dev" || typed.contains("systole dev");
        if is_host || typed.ends_with(" &") {
            self.start(typed.trim_end_matches(" &"));
            return Ok(());
        }
        let ran = Running::start(self.shell(&line)).end();
        let code = CODES.iter().find(|(page, text, _)| *page == shown.page && *text == shown.text);
        let code = code.map_or(0, |(_, _, code)| *code);
        if ran.code == Some(code) {
            has_printed(shown, &ran)
        } else {
            Err(format!("{shown} shall end with {code}: {ran}"))
        }
    }
}

impl Drop for Tour {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: `{}`", self.page, self.line, self.text)
    }
}

/// Whether a word is the id of a pipeline, or the beginning of one.
fn is_id(word: &str) -> bool {
    (12..=20).contains(&word.len())
        && word.starts_with("01")
        && word.bytes().any(|b| b.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
}

/// Sees that what a page shows of a table has its columns, and of other output the beginning of its first line.
fn has_printed(shown: &Shown, ran: &Ran) -> Result<(), String> {
    let Some(first) = shown.output.first() else { return Ok(()) };
    if ON_A_TERMINAL.contains(&(shown.page.as_str(), shown.text.as_str())) {
        return Ok(());
    }
    let printed = format!("{}\n{}", ran.stdout, ran.stderr);
    let expected = skeleton(first.split('…').next().unwrap());
    let is_printed = printed.lines().any(|line| skeleton(line).starts_with(&expected));
    if is_printed { Ok(()) } else { Err(format!("{shown} does not print `{first}`: {ran}")) }
}

/// A line without what differs from time to time: numbers, ids, and how wide a column is.
fn skeleton(line: &str) -> String {
    let words = line.split_whitespace().map(|word| {
        let has_digit = word.bytes().any(|b| b.is_ascii_digit());
        if has_digit { "#".to_owned() } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_is_run_or_listed() {
    let mut pages: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
    let mut listed = [0; NOT_RUN.len()];
    for shown in shown::shown() {
        let not_run = NOT_RUN.iter().position(|not| not.page == shown.page && shown.text.starts_with(not.begins));
        match not_run {
            Some(row) => listed[row] += 1,
            None => pages.entry(shown.page.clone()).or_default().push(shown),
        }
    }
    for (not, found) in NOT_RUN.iter().zip(listed) {
        let found = format!("{} commands `{}…`", found, not.begins);
        let expected = format!("{} commands `{}…`", not.count, not.begins);
        assert_eq!(found, expected, "{}: listed as not run ({}); judge the new ones", not.page, not.why);
    }
    let walked: usize = pages.values().map(Vec::len).sum();
    assert!(walked >= 60, "only {walked} commands are run");
    let problems: Vec<_> = pages.iter().flat_map(|(page, commands)| walk(page, commands)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// Follows a page from its top to its end; what does not go as it says.
fn walk(page: &str, commands: &[Shown]) -> Vec<String> {
    let mut tour = Tour::begin(page);
    setting::of_page(&tour);
    commands.iter().filter_map(|shown| tour.follow(shown).err()).collect()
}

#[test]
fn commands_are_found_with_what_they_print() {
    let text = "a\n```console\n$ one \\\n    more\n out\n\n$ two\n```\n```xml\n$ no\n```\n```sh\nthree\n\nfour\n```\n";
    let found: Vec<_> = of_text("a.md", text).into_iter().map(|shown| (shown.line, shown.text, shown.output)).collect();
    let of = |line, text: &str, output: &[&str]| {
        (line, text.to_owned(), output.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
    };
    let expected = [of(3, "one \\\n    more", &[" out"]), of(7, "two", &[]), of(13, "three", &[]), of(15, "four", &[])];
    assert_eq!(found, expected);
}

/// Waits until nothing of a store is under way.
fn wait_until_idle(tour: &Tour, store: &Path) {
    wait_for("the drop area is empty and no pipeline open", || {
        let files = fs::read_dir(store.join("files/incoming")).map_or(0, Iterator::count);
        let open = tour.prepare("systole --json pipeline status").json();
        if files == 0 && open.as_array().unwrap().is_empty() { Ok(()) } else { Err(format!("{files} files, {open}")) }
    });
}
