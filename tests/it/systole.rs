//! The real program, run as a person or a script runs it, over a store that nobody else uses.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use patience::{LOOK_EVERY, Look, PATIENCE, run, wait};
use serde_json::Value;
use tempfile::TempDir;

/// So many of the first and of the last lines that a program wrote are shown when a test fails.
const SHOWN_LINES: usize = 40;

/// The program over a store of its own.
pub(crate) struct Systole {
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) command: String,
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A command that runs; killed when this is dropped.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
    lines: mpsc::Receiver<String>,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Systole {
    pub(crate) fn new() -> Self {
        Systole { folder: tempfile::tempdir().unwrap() }
    }

    /// The folder of the store.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Where the store keeps its files.
    pub(crate) fn files(&self) -> PathBuf {
        self.store().join("files")
    }

    /// Where files are dropped; made if it is not there yet.
    pub(crate) fn drop_area(&self) -> PathBuf {
        let area = self.files().join("incoming");
        std::fs::create_dir_all(&area).unwrap();
        area
    }

    /// The names of the files in the drop area.
    pub(crate) fn dropped(&self) -> Vec<String> {
        names(&self.drop_area())
    }

    /// A folder beside the store, for files that are dropped later.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Puts a definition into the overlay.
    pub(crate) fn overlay(&self, name: &str, xml: &str) {
        let folder = self.files().join("pipelines");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), xml).unwrap();
    }

    /// Starts a command over the store.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = program();
        command.arg("--store").arg(self.store()).args(arguments);
        Running::start(command)
    }

    /// Runs a command over the store to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.start(arguments).end()
    }

    /// Runs a command that does what it is asked for, and reads the JSON that it prints. An import may have findings.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[&["--json"], arguments].concat());
        assert!(matches!(ran.code, Some(0 | 13)), "{ran}");
        ran.json()
    }

    /// Starts the local host and waits until it says where it listens.
    pub(crate) fn dev(&self, arguments: &[&str]) -> (Running, SocketAddr) {
        let dev = self.start(&[&["dev", "--listen", "127.0.0.1:0", "--tick", "0.1"], arguments].concat());
        let line = dev.line("where the API listens", |line| line.starts_with("API "));
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        (dev, address.parse().unwrap())
    }
}

/// The program alone, without a store.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_systole-under-test"));
    command.current_dir(root());
    for variable in ["SYSTOLE_STORE", "SYSTOLE_LOG", "USER", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command
}

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A folder of fixtures that the tests bring along.
pub(crate) fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    assert!(folder.exists(), "there is no fixture `{}`", folder.display());
    folder.to_str().unwrap().to_owned()
}

/// A file of the samples that lie beside the project.
pub(crate) fn sample(name: &str) -> String {
    let path = root().join("../shared/samples").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("there is no sample `{}`: {error}", path.display()))
}

/// The names of what is in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Looks again until there is an answer.
#[track_caller]
pub(crate) fn wait_for<T, L: Look<T>>(what: &str, look: impl FnMut() -> L) -> T {
    wait(what).look(look)
}

/// Asks the API of a local host.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap_or_else(|error| panic!("no answer to {method} {path}: {error}: {text}"));
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, body: serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {text}")) }
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let shown = format!("{command:?}");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = child.stdout.take().unwrap();
        let stdout = std::thread::spawn(move || collect(stdout, Some(sender)));
        let stderr = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || collect(stderr, None));
        Running { command: shown, child, stdout: Some(stdout), stderr: Some(stderr), lines }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of standard output.
    #[track_caller]
    pub(crate) fn line(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let mut wait = wait(format!("{} prints {what}", self.command));
        let mut printed = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(wait.left()) {
            if is_it(&line) {
                return line;
            }
            printed.push(line);
        }
        wait.saw(printed);
        wait.fail();
    }

    /// Kills it as the machine's failure would.
    pub(crate) fn kill(mut self) -> Ran {
        self.child.kill().unwrap();
        self.end()
    }

    /// Sends it a signal by name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let killed = run(Command::new("kill").args(["-s", name, &self.id().to_string()]));
        assert!(killed.status.success(), "{killed:?}");
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ran {
        let mut wait = wait(format!("{} ends", self.command));
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if wait.left().is_zero() {
                self.child.kill().unwrap();
                wait.saw(self.output());
                wait.fail();
            }
            std::thread::sleep(LOOK_EVERY);
        };
        let (stdout, stderr) = self.output();
        Ran { command: self.command.clone(), code: status.code(), stdout, stderr }
    }

    fn output(&mut self) -> (String, String) {
        let ended = |pipe: &mut Option<JoinHandle<String>>| {
            wait(format!("{} closes its output", self.command)).join(pipe.take().unwrap())
        };
        (ended(&mut self.stdout), ended(&mut self.stderr))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, or a failed test leaves it behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ran { command, code, .. } = self;
        let (stdout, stderr) = (shortened(&self.stdout), shortened(&self.stderr));
        write!(f, "{command} ended with {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// The first and the last lines of what a program wrote: a host logs thousands.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    match lines.len().checked_sub(2 * SHOWN_LINES) {
        None | Some(0) => text.to_owned(),
        Some(left) => {
            let (first, last) = (&lines[..SHOWN_LINES], &lines[SHOWN_LINES + left..]);
            format!("{}\n… {left} more lines …\n{}", first.join("\n"), last.join("\n"))
        }
    }
}

fn collect(stream: impl Read, lines: Option<mpsc::Sender<String>>) -> String {
    let mut text = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        text.push_str(&line);
        text.push('\n');
        if let Some(lines) = &lines {
            // Nobody has to listen.
            let _ = lines.send(line);
        }
    }
    text
}
