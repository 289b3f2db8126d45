//! `huice eval`: the scorecard of annotation against labelled phrases.

use annotate::score::{Variant, evaluate};
use pipeline::Stages;

use crate::Ended;
use crate::arguments::{Eval, Variant as Asked};
use crate::output;
use crate::surroundings::{Surroundings, read_text};

pub(crate) fn perform(asked: &Eval, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let (annotator, _) = Stages::annotator(&surroundings.data()?)?;
    let gold = read_text(&asked.gold)?;
    let variant = match asked.variant {
        None => Variant::Plain,
        Some(Asked::Fullwidth) => Variant::Fullwidth,
        Some(Asked::Spaced) => Variant::Spaced,
    };
    let card = evaluate(&annotator, &gold, variant);
    if asked.json {
        output::json(&card)?;
    } else {
        output::text(&card.to_string())?;
    }
    Ok(Ended::Well)
}
