//! `countersign man`: made from the same tree of arguments as the parser.

use super::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use clap::{Args, CommandFactory};
use clap_mangen::{Man as Page, generate_to};
use std::path::PathBuf;

/// Arguments of `man`.
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Write a page for every command to this directory, instead of printing the first one
    directory: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        if let Some(directory) = self.directory {
            let written = std::fs::create_dir_all(&directory).and_then(|()| generate_to(Arguments::command(), &directory));
            return written.map_err(|error| Failure::error("output", format!("cannot write to {}: {error}", directory.display())));
        }
        let mut page = Vec::new();
        Page::new(Arguments::command()).render(&mut page).map_err(Failure::from_output)?;
        output.text(&String::from_utf8_lossy(&page))
    }
}
