//! `huice enterprise`: profiles into the store, and out again.

use serde::Serialize;

use crate::Ended;
use crate::arguments::Enterprise;
use crate::output;
use crate::surroundings::Surroundings;

#[derive(Serialize)]
struct Imported {
    imported: usize,
    failed: u64,
}

pub(crate) fn perform(asked: &Enterprise, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings.pipeline()?;
    match asked {
        Enterprise::Import { file } => {
            let (enterprises, failed) = super::matching::read_enterprises(file, surroundings.clock.today())?;
            let imported = pipeline.store.put_enterprises(&enterprises)?;
            output::json(&Imported { imported, failed })?;
            Ok(Ended::after(failed))
        }
        Enterprise::List => {
            for enterprise in pipeline.store.enterprises()? {
                output::json(&enterprise)?;
            }
            Ok(Ended::Well)
        }
    }
}
