//! The one binary, `huice`: arguments, printing, exit codes and the clock.
//!
//! Results go to stdout as JSON lines, logs and progress to stderr. Exit codes: 0 all well, 1 the command could not do its
//! work, 2 it did, but some items failed (each is named in the log and counted in the report).

mod arguments;
mod commands;
mod demo;
mod output;
mod surroundings;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::surroundings::Surroundings;

/// How a command that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well,
    /// Some items failed.
    Partly,
}

impl Ended {
    fn after(failed: u64) -> Self {
        if failed == 0 { Self::Well } else { Self::Partly }
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let wrong = error.use_stderr();
            // Help and version go to stdout and are no failure; a wrong argument is one of the command, not of an item.
            if error.print().is_err() {
                return ExitCode::FAILURE;
            }
            return if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let surroundings = Surroundings::new(&arguments);
    match commands::perform(arguments.command, &surroundings) {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Partly) => ExitCode::from(2),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
