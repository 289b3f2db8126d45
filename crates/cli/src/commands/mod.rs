//! One file a command.

mod annotate;
mod backup;
mod bench;
mod bench_crawl;
mod bench_dedup;
mod bench_search;
mod check;
pub(crate) mod compile;
mod crawl;
mod dedup;
mod dictionary;
mod diff;
mod doctor;
mod enterprise;
mod eval;
mod extract;
mod gold_texts;
mod import;
mod matching;
mod pairs;
mod policy;
mod probe;
mod proposals;
mod push;
mod read_file;
mod reprocess;
pub(crate) mod run;
mod search;
mod source;
mod state;

use clap::CommandFactory;

use crate::Ended;
use crate::arguments::{Arguments, Command};
use crate::surroundings::Surroundings;

/// Does what was asked.
pub(crate) fn perform(command: Command, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    match command {
        Command::Demo(asked) => crate::demo::perform(&asked, surroundings),
        Command::Run(asked) => run::perform(&asked, surroundings),
        Command::Crawl(asked) => crawl::perform(&asked, surroundings),
        Command::Extract(asked) => extract::perform(&asked, surroundings),
        Command::Annotate(asked) => annotate::perform(&asked, surroundings),
        Command::Import(asked) => import::perform(&asked, surroundings),
        Command::Dedup(asked) => dedup::perform(&asked, surroundings),
        Command::Policy(asked) => policy::perform(&asked, surroundings),
        Command::Search(asked) => search::perform(&asked, surroundings),
        Command::State(asked) => state::perform(&asked, surroundings),
        Command::Diff(asked) => diff::perform(&asked, surroundings),
        Command::Match(asked) => matching::perform(&asked, surroundings),
        Command::Enterprise(asked) => enterprise::perform(&asked, surroundings),
        Command::Push(asked) => push::perform(&asked, surroundings),
        Command::Compile(asked) => compile::perform(&asked, surroundings),
        Command::Eval(asked) => eval::perform(&asked, surroundings),
        Command::Bench(asked) => bench::perform(&asked, surroundings),
        Command::Probe(asked) => probe::perform(&asked, surroundings),
        Command::Source(asked) => source::perform(&asked, surroundings),
        Command::Check(asked) => check::perform(&asked, surroundings),
        Command::ReadFile(asked) => read_file::perform(&asked),
        Command::Dictionary(asked) => dictionary::perform(&asked, surroundings),
        Command::Reprocess(asked) => reprocess::perform(&asked, surroundings),
        Command::Backup(asked) => backup::perform(&asked, surroundings),
        Command::Restore(asked) => backup::restore(&asked, surroundings),
        Command::Doctor => doctor::perform(surroundings),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "huice", &mut script);
            crate::output::bytes(&script)?;
            Ok(Ended::Well)
        }
    }
}
