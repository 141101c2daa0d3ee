//! The binary: started, administered, restarted and killed as a person would do it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// The program under test: `COUNTERSIGN_BIN`, or the one that cargo builds beside the tests.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("COUNTERSIGN_BIN") {
            return path.into();
        }
        // target/debug/deps/TEST
        let test = std::env::current_exe().unwrap();
        let path = test.parent().unwrap().parent().unwrap().join("countersign");
        if !path.exists() {
            let built = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", "countersign-cli"]).status().unwrap();
            assert!(built.success(), "the binary does not build");
        }
        path
    })
}

/// A directory that goes away with the test.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("countersign-suite-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A gateway that runs.
#[derive(Debug)]
pub struct Gateway {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where its admin listener is.
    pub admin: SocketAddr,
    /// Its configuration file and data.
    pub folder: Folder,
    arguments: Vec<String>,
    under: Vec<String>,
    child: Child,
    output: Arc<Mutex<String>>,
}

impl Gateway {
    /// Starts one with this configuration file.
    #[track_caller]
    pub fn start(config: &str) -> Self {
        let folder = Folder::new();
        folder.write("countersign.toml", config);
        Self::start_in(folder, &[])
    }

    /// Starts one in a folder that has a `countersign.toml`, with further arguments.
    #[track_caller]
    pub fn start_in(folder: Folder, further: &[&str]) -> Self {
        let config = folder.path().join("countersign.toml");
        let mut arguments = vec!["--config".to_owned(), config.to_str().unwrap().to_owned()];
        arguments.extend(further.iter().map(|text| (*text).to_owned()));
        Self::start_with(folder, arguments).unwrap_or_else(|said| panic!("the gateway did not start: {said}"))
    }

    /// Starts one with exactly these arguments after `serve`, listeners apart; or gives what it said instead.
    pub fn start_with(folder: Folder, arguments: Vec<String>) -> Result<Self, String> {
        Self::launch(folder, arguments, Vec::new())
    }

    /// Starts one in a folder that has a `countersign.toml`, by a command that becomes the program given to it, as `env`
    /// does; or gives what it said instead.
    pub fn start_under(folder: Folder, under: &[&str]) -> Result<Self, String> {
        let config = folder.path().join("countersign.toml");
        let arguments = vec!["--config".to_owned(), config.to_str().unwrap().to_owned()];
        Self::launch(folder, arguments, under.iter().map(|text| (*text).to_owned()).collect())
    }

    /// Starts one in a folder that has a `countersign.toml`, on a port that something else has to know before.
    #[track_caller]
    pub fn start_on(folder: Folder, port: u16) -> Self {
        let config = folder.path().join("countersign.toml");
        let arguments = vec!["--config".to_owned(), config.to_str().unwrap().to_owned()];
        let output = Arc::new(Mutex::new(String::new()));
        let started = spawn(&folder, &[], &arguments, &format!("127.0.0.1:{port}"), &output);
        let (child, listen, admin) = started.unwrap_or_else(|said| panic!("the gateway did not start: {said}"));
        Self { listen, admin, folder, arguments, under: Vec::new(), child, output }
    }

    fn launch(folder: Folder, arguments: Vec<String>, under: Vec<String>) -> Result<Self, String> {
        let output = Arc::new(Mutex::new(String::new()));
        let (child, listen, admin) = spawn(&folder, &under, &arguments, "127.0.0.1:0", &output)?;
        Ok(Self { listen, admin, folder, arguments, under, child, output })
    }

    /// Ends it without warning, and starts it again on the same address.
    #[track_caller]
    pub fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.restart();
    }

    /// Starts it again on the same address after it has ended.
    #[track_caller]
    pub fn restart(&mut self) {
        let address = self.listen.to_string();
        let (child, listen, admin) = spawn(&self.folder, &self.under, &self.arguments, &address, &self.output).unwrap();
        (self.child, self.listen, self.admin) = (child, listen, admin);
    }

    /// Asks it to stop, and waits.
    pub fn stop(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().unwrap();
        assert!(sent.success());
    }

    /// Sets a soft limit of the running process, as `prlimit` names and takes it: `nofile`, `64` or `unlimited`.
    #[track_caller]
    pub fn limit(&self, resource: &str, value: &str) {
        let pid = self.child.id().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &format!("--{resource}={value}:")]).output().unwrap();
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    }

    /// How many files and sockets it has open.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Is it still running?
    pub fn alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// All that it printed so far.
    pub fn printed(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// The time that it has computed for so far, however busy the machine is.
    pub fn computed(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // Linux tells it in hundredths of a second.
        Duration::from_millis(ticks * 10)
    }

    /// Runs an administration command on its data.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let config: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        // `--listen` and the like belong to `serve`; where the data is concerns every command.
        let at = config.iter().position(|text| *text == "--config" || *text == "--data").unwrap();
        run(&[arguments, &config[at..at + 2]].concat(), input)
    }

    /// The same, and it must succeed: what it printed.
    #[track_caller]
    pub fn administer(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "countersign {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same with `--json`.
    #[track_caller]
    pub fn administer_json(&self, arguments: &[&str]) -> Value {
        let text = self.administer(&[arguments, &["--json"]].concat(), "");
        serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{arguments:?} printed no JSON ({fault}): {text}"))
    }

    /// What the reference holds.
    #[track_caller]
    pub fn explain(&self, reference: &str) -> Value {
        self.administer_json(&["explain", reference])
    }

    /// The cause that the reference holds.
    #[track_caller]
    pub fn cause(&self, reference: &str) -> String {
        self.explain(reference)["cause"].as_str().unwrap().to_owned()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let printed = self.printed();
            let end = printed.len().saturating_sub(4000);
            eprintln_of(&printed[printed.ceil_char_boundary(end)..]);
        }
    }
}

#[expect(clippy::print_stderr, reason = "a failed test shows what the gateway said")]
fn eprintln_of(text: &str) {
    eprintln!("the gateway printed at last:\n{text}");
}

/// Runs the program with these arguments and this standard input.
pub fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = program(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads no input may have closed it already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// The program, without anything of this machine's environment that could configure it.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = clean(binary());
    command.args(arguments);
    command
}

fn clean(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env("NO_COLOR", "1").env_remove("COUNTERSIGN_DATA").env_remove("XDG_STATE_HOME");
    command
}

type Started = (Child, SocketAddr, SocketAddr);

fn spawn(folder: &Folder, under: &[String], arguments: &[String], listen: &str, output: &Arc<Mutex<String>>) -> Result<Started, String> {
    let mut command = match under.split_first() {
        None => clean(binary()),
        Some((first, rest)) => {
            let mut command = clean(Path::new(first));
            command.args(rest).arg(binary());
            command
        }
    };
    let mut child = command
        .args(["serve", "--json", "--listen", listen, "--admin-listen", "127.0.0.1:0"])
        .args(arguments)
        .env("HOME", folder.path())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = child.stderr.take().unwrap();
    let errors = collect(stderr, output.clone());
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while stdout.read_line(&mut line).unwrap_or(0) > 0 {
        let ready = serde_json::from_str::<Value>(&line).ok().filter(|value| value["event"] == "ready");
        output.lock().unwrap().push_str(&line);
        if let Some(ready) = ready {
            let address = |name: &str| ready[name].as_str().and_then(|text| text.parse().ok());
            let (Some(listen), Some(admin)) = (address("listen"), address("admin")) else {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("ready, but where? {ready}"));
            };
            collect(stdout, output.clone());
            return Ok((child, listen, admin));
        }
        line.clear();
    }
    let status = child.wait().unwrap();
    let _ = errors.join();
    Err(format!("{status}\n{}", output.lock().unwrap()))
}

fn collect(mut pipe: impl Read + Send + 'static, output: Arc<Mutex<String>>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(count @ 1..) = pipe.read(&mut bytes) {
            output.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    })
}
