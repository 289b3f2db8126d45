//! A rule set put to an enterprise: from the verdicts on its rules to the conclusion and its reason.

use jiff::civil::Date;
use model::{Enterprise, Record, Truth};

use super::choose::Choice;
use super::report::{Assessment, RuleKind, RuleVerdict, ScoreVerdict, Standing};
use super::rule::Bench;
use super::score::{Score, collect_asks};
use crate::facts::Facts;
use crate::{Matcher, tree};

/// What was found out, before it is concluded from.
struct Findings {
    requirements: Vec<RuleVerdict>,
    direct: Vec<RuleVerdict>,
    score: Option<ScoreVerdict>,
}

pub(super) fn assess(matcher: &Matcher, choice: &Choice<'_>, enterprise: &Enterprise, on: Date) -> Assessment {
    let (set, record) = (choice.set, Record::default());
    let bench = Bench { matcher, facts: Facts::new(enterprise, on), purpose: choice.purpose, record: &record };
    let local = choice.local(enterprise.region.as_deref());
    let findings = Findings {
        requirements: bench.judge_each(&set.requirements),
        direct: bench.judge_each(&set.direct),
        score: set.score.as_ref().map(|score| score.judge(&bench, local.map(|plug_in| plug_in.items.as_slice()))),
    };
    let standing = findings.standing();
    let mut notes = set.notes.clone();
    if set.score.as_ref().is_some_and(Score::has_plug_in) {
        notes.push(local.map_or_else(
            || "省级自主设定的评分指标尚未收录，按可能的得分范围计算".to_owned(),
            |plug_in| format!("省级自主设定的评分指标依据{}", plug_in.document),
        ));
    }
    notes.push("自动比对结果，不代表主管部门的认定结论".to_owned());
    Assessment {
        enterprise: enterprise.id.clone(),
        name: enterprise.name.clone(),
        title: set.title.clone(),
        purpose: choice.purpose,
        on,
        standing,
        standing_label: standing.label(),
        reason: findings.reason(standing),
        rule_set: choice.chosen.clone(),
        missing: findings.missing(),
        requirements: findings.requirements,
        direct: findings.direct,
        score: findings.score,
        notes,
    }
}

impl Findings {
    /// Whether the direct routes or the score are enough; met where the rules have neither.
    fn routes(&self) -> Truth {
        let direct = self.direct.iter().map(|rule| rule.truth);
        let score = self.score.iter().map(|score| score.truth);
        if self.direct.is_empty() && self.score.is_none() { Truth::Met } else { tree::any(direct.chain(score)) }
    }

    fn truth(&self) -> Truth {
        tree::all(self.requirements.iter().map(|rule| rule.truth).chain([self.routes()]))
    }

    fn standing(&self) -> Standing {
        match self.truth() {
            Truth::NotMet => Standing::Not,
            Truth::Unknown => Standing::Unknown,
            Truth::Met => Standing::Eligible,
            Truth::Review if self.open().iter().any(|rule| rule.kind == RuleKind::Manual) => Standing::ManualReview,
            Truth::Review => Standing::Likely,
        }
    }

    /// The single rules that are for a person to judge and matter.
    fn open(&self) -> Vec<&RuleVerdict> {
        let mut found = Vec::new();
        self.requirements.iter().for_each(|rule| blamed(rule, Truth::Review, &mut found));
        if self.routes() == Truth::Review {
            self.direct.iter().for_each(|rule| blamed(rule, Truth::Review, &mut found));
        }
        found
    }

    /// Facts to ask for: of the requirements, and of the routes while none of them is certain.
    fn missing(&self) -> Vec<String> {
        let mut asks = Vec::new();
        self.requirements.iter().for_each(|rule| collect_asks(rule, &mut asks));
        if self.routes() == Truth::Unknown {
            let of_items = self.score.iter().flat_map(|score| score.items.iter().flat_map(|item| &item.asks));
            for ask in of_items {
                if !asks.contains(ask) {
                    asks.push(ask.clone());
                }
            }
            self.direct.iter().for_each(|rule| collect_asks(rule, &mut asks));
        }
        asks
    }

    fn reason(&self, standing: Standing) -> String {
        match standing {
            Standing::Eligible => match &self.score {
                Some(score) if score.truth == Truth::Met => {
                    format!("全部条件满足，评价得分{}（需{}分）", range(score), score.pass.normalize())
                }
                Some(_) => "基本条件满足，并符合直接认定的条件".to_owned(),
                None => "全部条件满足".to_owned(),
            },
            Standing::Not => self.why_not(),
            Standing::Unknown => {
                let missing = self.missing();
                let shown: Vec<&str> = missing.iter().take(3).map(String::as_str).collect();
                let more = if missing.len() > 3 { format!("等{}项资料", missing.len()) } else { String::new() };
                format!("尚不能判断：{}{more}", shown.join("；"))
            }
            Standing::ManualReview | Standing::Likely => {
                let open = self.open();
                let names: Vec<&str> = open.iter().take(3).map(|rule| rule.name.as_str()).collect();
                let more = if open.len() > 3 { format!("等{}项", open.len()) } else { String::new() };
                let who = if standing == Standing::Likely { "需对照原文核对" } else { "由专家或主管部门认定" };
                format!("没有发现不符合的条件；{}{more}{who}", names.join("、"))
            }
        }
    }

    fn why_not(&self) -> String {
        let mut failed = Vec::new();
        self.requirements.iter().for_each(|rule| blamed(rule, Truth::NotMet, &mut failed));
        let mut reasons: Vec<String> = failed.iter().map(|rule| missed(rule)).collect();
        if self.routes() == Truth::NotMet {
            reasons.extend(self.score.iter().map(why_score));
        }
        let Some(first) = reasons.first() else { return "不符合条件".to_owned() };
        let more = if reasons.len() > 1 { format!("；另有{}项不满足", reasons.len() - 1) } else { String::new() };
        format!("{first}{more}")
    }
}

/// The single rules because of which a rule has this truth.
pub(super) fn blamed<'a>(rule: &'a RuleVerdict, truth: Truth, found: &mut Vec<&'a RuleVerdict>) {
    if rule.truth != truth {
        return;
    }
    if rule.parts.is_empty() || rule.unverified && truth == Truth::Review {
        found.push(rule);
        return;
    }
    // Of a case only what it asks for can be missed.
    let parts = if rule.kind == RuleKind::Case && truth == Truth::NotMet { &rule.parts[1..] } else { &rule.parts[..] };
    parts.iter().for_each(|part| blamed(part, truth, found));
}

fn missed(rule: &RuleVerdict) -> String {
    let need = rule.need.as_ref().map_or_else(String::new, |need| format!("：需{need}"));
    let has = rule.has.as_ref().map_or_else(String::new, |has| format!("，现为{has}"));
    let gap = rule.gap.as_ref().map_or_else(String::new, |gap| format!("，{gap}"));
    format!("“{}”不满足{need}{has}{gap}", rule.name)
}

fn why_score(score: &ScoreVerdict) -> String {
    if let Some(part) = score.parts.iter().find(|part| part.truth == Truth::NotMet) {
        let least = part.min.unwrap_or_default().normalize();
        return format!("“{}”得分最高{}分，低于最低要求{least}分", part.name, part.high.normalize());
    }
    format!("评价得分{}，低于{}分，且不符合直接认定的条件", range(score), score.pass.normalize())
}

fn range(score: &ScoreVerdict) -> String {
    let (low, high) = (score.low.normalize(), score.high.normalize());
    if low == high { format!("{low}分") } else { format!("{low}—{high}分") }
}
