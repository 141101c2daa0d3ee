//! A clock of the gateway's own, which can be set while it runs (libfaketime). Its timers go on as they do when a real
//! clock is set.

use crate::gateway::Folder;
use std::path::{Path, PathBuf};

/// The clock.
#[derive(Debug)]
pub struct Clock(Folder);

impl Clock {
    /// One that is off by so much, as `-1h`, `+31d` or `+0s`.
    pub fn off_by(time: &str) -> Self {
        let clock = Self(Folder::new());
        clock.set(time);
        clock
    }

    /// From now on it is off by so much.
    pub fn set(&self, time: &str) {
        // Replaced as a whole: read at any time, it says one thing or the other.
        std::fs::rename(self.0.write("next", time), self.path()).unwrap();
    }

    /// What a gateway is started under to go by it.
    pub fn under(&self) -> Vec<String> {
        let library = format!("LD_PRELOAD={}", library().display());
        let file = format!("FAKETIME_TIMESTAMP_FILE={}", self.path().display());
        ["env", &library, &file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"].map(str::to_owned).to_vec()
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("clock")
    }
}

/// Where Debian has put it: the one for programs with threads.
fn library() -> PathBuf {
    let places = std::fs::read_dir(Path::new("/usr/lib")).unwrap().flatten().map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    places.into_iter().find(|path| path.exists()).expect("faketime is installed")
}
