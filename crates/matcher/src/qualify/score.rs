//! Scores: every indicator as the range of points it may give, and what they come to.

use model::{ConfigError, Decimal, Op, Truth, Value};
use serde::Deserialize;

use super::file::{ItemNode, Node, Part, Scoring};
use super::report::{ItemVerdict, PartVerdict, RuleKind, RuleVerdict, ScoreVerdict};
use super::rule::{Bench, Place, Rule};
use crate::tree;

/// Points of a score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Points(#[serde(with = "model::decimal")] pub(super) Decimal);

/// A score as the file gives it.
#[derive(Debug, Clone)]
pub(super) struct Score {
    text: String,
    pass: Decimal,
    max: Decimal,
    parts: Vec<Part>,
    items: Vec<Item>,
}

/// One scored indicator.
#[derive(Debug, Clone)]
pub(super) struct Item {
    part: String,
    name: String,
    text: String,
    max: Decimal,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    /// The first that holds gives its points; none gives the last number.
    Steps(Vec<Step>, Decimal),
    /// So many points for each that holds.
    Each(Decimal, Vec<Rule>),
    /// A province's own indicators, else the points themselves as a fact.
    PlugIn { indicator: String, evidence: String },
}

#[derive(Debug, Clone)]
struct Step {
    label: Option<String>,
    points: Decimal,
    rule: Rule,
}

impl Score {
    pub(super) fn build(scoring: &Scoring, place: Place<'_>) -> Result<Self, ConfigError> {
        let items = scoring.item.iter().map(|item| Item::build(item, place)).collect::<Result<Vec<_>, _>>()?;
        let score = Self { text: scoring.text.clone(), pass: scoring.pass, max: scoring.max, parts: scoring.part.clone(), items };
        score.check_sums(place)?;
        Ok(score)
    }

    /// A wrong number in a table of points shows in its sums.
    fn check_sums(&self, place: Place<'_>) -> Result<(), ConfigError> {
        for item in &self.items {
            if !self.parts.iter().any(|part| part.name == item.part) {
                return Err(place.mistake(&item.name, format!("part `{}` is not listed", item.part)));
            }
        }
        for part in &self.parts {
            let sum: Decimal = self.items.iter().filter(|item| item.part == part.name).map(|item| item.max).sum();
            if sum != part.max {
                let message = format!("the indicators of part `{}` come to {sum} points, not {}", part.name, part.max);
                return Err(place.mistake(&part.name, message));
            }
        }
        let sum: Decimal = self.parts.iter().map(|part| part.max).sum();
        if sum == self.max {
            Ok(())
        } else {
            Err(place.mistake("[scoring]", format!("the parts come to {sum} points, not {}", self.max)))
        }
    }

    /// Whether a province sets some of the points.
    pub(super) fn has_plug_in(&self) -> bool {
        self.items.iter().any(|item| matches!(item.way, Way::PlugIn { .. }))
    }

    /// The points and parts of the plug-in, which a province's file must fill.
    pub(super) fn plug_in(&self) -> Option<(&str, Decimal)> {
        self.items.iter().find(|item| matches!(item.way, Way::PlugIn { .. })).map(|item| (item.part.as_str(), item.max))
    }

    /// The score of an enterprise; `local` are its province's own indicators, if they are known.
    pub(super) fn judge(&self, bench: &Bench<'_>, local: Option<&[Item]>) -> ScoreVerdict {
        let mut items = Vec::new();
        for item in &self.items {
            match (&item.way, local) {
                (Way::PlugIn { .. }, Some(local)) => items.extend(local.iter().map(|item| item.judge(bench))),
                _ => items.push(item.judge(bench)),
            }
        }
        let parts: Vec<PartVerdict> = self.parts.iter().map(|part| part_verdict(part, &items)).collect();
        let (low, high) = (parts.iter().map(|part| part.low).sum(), parts.iter().map(|part| part.high).sum());
        let asks = items.iter().any(|item| !item.asks.is_empty());
        let total = reaches(low, high, self.pass, asks);
        let truth = tree::all(parts.iter().map(|part| part.truth).chain([total]));
        ScoreVerdict { text: self.text.clone(), truth, low, high, pass: self.pass, max: self.max, parts, items }
    }
}

/// Whether a score between `low` and `high` is enough.
fn reaches(low: Decimal, high: Decimal, least: Decimal, asks: bool) -> Truth {
    match (low >= least, high < least) {
        (true, _) => Truth::Met,
        (_, true) => Truth::NotMet,
        _ if asks => Truth::Unknown,
        _ => Truth::Review,
    }
}

fn part_verdict(part: &Part, items: &[ItemVerdict]) -> PartVerdict {
    let own = || items.iter().filter(|item| item.part == part.name);
    let (low, high): (Decimal, Decimal) = (own().map(|item| item.low).sum(), own().map(|item| item.high).sum());
    let (low, high) = (low.min(part.max), high.min(part.max));
    let asks = own().any(|item| !item.asks.is_empty());
    let truth = part.min.map_or(Truth::Met, |least| reaches(low, high, least, asks));
    PartVerdict { name: part.name.clone(), truth, low, high, min: part.min, max: part.max }
}

impl Item {
    pub(super) fn build(node: &ItemNode, place: Place<'_>) -> Result<Self, ConfigError> {
        let ways = [!node.bands.is_empty(), !node.options.is_empty(), node.each.is_some(), node.plug_in];
        if ways.into_iter().filter(|is| *is).count() != 1 {
            let message = format!("indicator `{}` needs exactly one of bands, options, each and plug_in", node.name);
            return Err(place.mistake(&node.name, message));
        }
        let text = if node.text.is_empty() { &node.name } else { &node.text };
        let way = match node.each {
            Some(each) => {
                let rules = node.items.iter().map(|item| Rule::build(item, text, place));
                Way::Each(each.0, rules.collect::<Result<Vec<_>, _>>()?)
            }
            None if node.plug_in => Way::PlugIn {
                indicator: node.indicator.clone().unwrap_or_default(),
                evidence: node.evidence.clone().unwrap_or_default(),
            },
            None => Way::Steps(steps(node, text, place)?, node.otherwise.0),
        };
        let item = Self { part: node.part.clone(), name: node.name.clone(), text: text.clone(), max: node.max, way };
        item.check_points(place)?;
        Ok(item)
    }

    /// The best step comes first and gives the most points, as only the first that holds counts.
    fn check_points(&self, place: Place<'_>) -> Result<(), ConfigError> {
        let Way::Steps(steps, otherwise) = &self.way else { return Ok(()) };
        let points: Vec<Decimal> = steps.iter().map(|step| step.points).chain([*otherwise]).collect();
        if points.first() == Some(&self.max) && points.windows(2).all(|pair| pair[0] > pair[1]) {
            return Ok(());
        }
        Err(place.mistake(&self.name, format!("indicator `{}`: points must fall from {}", self.name, self.max)))
    }

    /// How many points it can give.
    pub(super) fn max(&self) -> Decimal {
        self.max
    }

    pub(super) fn part(&self) -> &str {
        &self.part
    }

    pub(super) fn judge(&self, bench: &Bench<'_>) -> ItemVerdict {
        match &self.way {
            Way::Steps(steps, otherwise) => self.by_steps(bench, steps, *otherwise),
            Way::Each(points, rules) => self.by_count(bench, *points, rules),
            Way::PlugIn { indicator, evidence } => self.by_fact(bench, indicator, evidence),
        }
    }

    fn verdict(&self, low: Decimal, high: Decimal) -> ItemVerdict {
        ItemVerdict {
            part: self.part.clone(),
            name: self.name.clone(),
            text: self.text.clone(),
            low,
            high,
            max: self.max,
            reached: None,
            has: None,
            asks: Vec::new(),
        }
    }

    /// The first step that holds decides; steps before it that may hold keep it open upwards.
    fn by_steps(&self, bench: &Bench<'_>, steps: &[Step], otherwise: Decimal) -> ItemVerdict {
        let (mut possible, mut asks, mut has, mut reached) = (Vec::new(), Vec::new(), None, None);
        for step in steps {
            let verdict = bench.judge(&step.rule);
            has = has.or_else(|| shown(&verdict));
            match verdict.truth {
                Truth::NotMet => continue,
                Truth::Met => {
                    possible.push(step.points);
                    reached = step.label.clone().or(verdict.need);
                    break;
                }
                Truth::Unknown | Truth::Review => {
                    possible.push(step.points);
                    collect_asks(&verdict, &mut asks);
                }
            }
        }
        let decided = reached.is_some();
        if !decided {
            possible.push(otherwise);
        }
        let low = possible.iter().min().copied().unwrap_or_default();
        let high = possible.iter().max().copied().unwrap_or_default();
        let reached = reached.filter(|_| low == high);
        ItemVerdict { reached, has, asks, ..self.verdict(low, high) }
    }

    fn by_count(&self, bench: &Bench<'_>, points: Decimal, rules: &[Rule]) -> ItemVerdict {
        let verdicts: Vec<RuleVerdict> = bench.judge_each(rules);
        let count = |counts: fn(Truth) -> bool| verdicts.iter().filter(|verdict| counts(verdict.truth)).count();
        let worth = |count: usize| (points * Decimal::from(count)).min(self.max);
        let low = worth(count(|truth| truth == Truth::Met));
        let high = worth(count(|truth| truth != Truth::NotMet));
        let met: Vec<&str> =
            verdicts.iter().filter(|verdict| verdict.truth == Truth::Met).map(|verdict| verdict.name.as_str()).collect();
        let mut asks = Vec::new();
        if low < high {
            verdicts.iter().for_each(|verdict| collect_asks(verdict, &mut asks));
        }
        let has = (!met.is_empty()).then(|| met.join("、"));
        ItemVerdict { has, asks, ..self.verdict(low, high) }
    }

    /// Points set by a province whose own indicators are not known here: taken from its notice, with a source.
    fn by_fact(&self, bench: &Bench<'_>, indicator: &str, evidence: &str) -> ItemVerdict {
        use crate::facts::Found;
        let year = bench.facts.on.year();
        let found = crate::number::current(year, |year| bench.facts.number(indicator, Some(year)));
        let proved = bench.facts.usable(indicator).all(|fact| !fact.source.trim().is_empty());
        match found {
            Found::Known(known) if proved => {
                let points = known.value.clamp(Decimal::ZERO, self.max);
                ItemVerdict { has: Some(format!("{}分", points.normalize())), ..self.verdict(points, points) }
            }
            _ => {
                let label = indicator.strip_prefix(crate::open::PREFIX).unwrap_or(indicator);
                let asks = vec![format!("请补充{label}并注明来源（{evidence}）")];
                ItemVerdict { asks, ..self.verdict(Decimal::ZERO, self.max) }
            }
        }
    }
}

/// What there is, of a rule or the parts it has.
fn shown(verdict: &RuleVerdict) -> Option<String> {
    verdict.has.clone().or_else(|| {
        let parts: Vec<String> = verdict.parts.iter().filter_map(shown).collect();
        (!parts.is_empty()).then(|| parts.join("；"))
    })
}

/// Questions of the open parts of a rule, each once.
pub(super) fn collect_asks(verdict: &RuleVerdict, asks: &mut Vec<String>) {
    if verdict.truth != Truth::Unknown {
        return;
    }
    if let Some(ask) = verdict.ask.as_ref().filter(|ask| !asks.contains(ask)) {
        asks.push(ask.clone());
    }
    // What is asked of those in a case matters only while they may be of it.
    let parts = match verdict.kind {
        RuleKind::Case if verdict.parts.first().is_some_and(|when| when.truth == Truth::NotMet) => &[],
        _ => verdict.parts.as_slice(),
    };
    parts.iter().for_each(|part| collect_asks(part, asks));
}

fn steps(node: &ItemNode, text: &str, place: Place<'_>) -> Result<Vec<Step>, ConfigError> {
    let of_options = node.options.iter().map(|option| {
        let rule = Rule::build(&option.rule, text, place)?;
        Ok(Step { label: Some(option.label.clone()), points: option.points.0, rule })
    });
    let of_bands = node.bands.iter().map(|(edge, points)| {
        let band = Node {
            indicator: node.indicator.clone(),
            op: Some(node.op.unwrap_or(Op::AtLeast)),
            value: Some(Value::Number(edge.0)),
            unit: node.unit.clone(),
            period: node.period.clone(),
            agg: node.agg.clone(),
            evidence: node.evidence.clone(),
            ..Node::default()
        };
        Ok(Step { label: None, points: points.0, rule: Rule::build(&band, text, place)? })
    });
    of_options.chain(of_bands).collect()
}
