//! Real products on loopback that refuse in their own ways: started for a test, stopped with it.

use crate::gateway::Folder;
use crate::within;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A product that runs.
#[derive(Debug)]
pub struct Product {
    /// Where it answers.
    pub at: SocketAddr,
    /// Its own files.
    pub folder: Folder,
    child: Child,
}

/// The suites' own folder.
pub fn suites() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The Python that has what `requirements.txt` names; `cargo xtask test` makes it.
pub fn python() -> PathBuf {
    suites().join("../target/suites/python/bin/python")
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Product {
    /// Starts a program in its folder, and waits until the port answers.
    #[track_caller]
    pub fn start(folder: Folder, port: u16, program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Apache's and nginx's programs are in /usr/sbin, which is not on everybody's path.
        command.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let at = SocketAddr::from(([127, 0, 0, 1], port));
        within(Duration::from_secs(60), "the product answers", || TcpStream::connect(at).is_ok());
        Self { at, folder, child }
    }

    /// Starts a script of `suites/products` with its port as the argument.
    #[track_caller]
    pub fn script(program: impl AsRef<Path>, script: &str) -> Self {
        let port = free_port();
        let script = suites().join("products").join(script);
        Self::start(Folder::new(), port, program, &[script.to_str().unwrap(), &port.to_string()])
    }
}

impl Product {
    /// Ends it, as a crash would.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        self.end();
    }
}

/// Writes a file of `suites/products` into the folder, with these words put in.
pub fn fill(folder: &Folder, name: &str, words: &[(&str, &str)]) -> PathBuf {
    let text = std::fs::read_to_string(suites().join("products").join(name)).unwrap();
    let text = words.iter().fold(text, |text, (word, value)| text.replace(word, value));
    folder.write(name, text)
}

/// Runs a command to its end and gives what it printed.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
