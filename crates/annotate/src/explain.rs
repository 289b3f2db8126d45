//! Why each item was made and each number was not: for those who mend the rules.

use std::fmt;

use model::{Condition, Item, Span, What};
use serde::Serialize;

use crate::annotator::{Annotator, Input};
use crate::bind::Binding;
use crate::catalogue::{Catalogue, RuleEntry};
use crate::conditions::{Reading as SentenceReading, Role};
use crate::page::Page;
use crate::sections::SectionNode;

/// What was made of a text, and why.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Explanation {
    /// The triage class of the document, if its title tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triage: Option<String>,
    /// The section tree.
    pub sections: Vec<SectionNode>,
    /// The items, each with its reasons.
    pub items: Vec<Explained>,
    /// Numbers that became nothing.
    pub unused: Vec<Unused>,
}

/// An item with its reasons.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The item; `rule` in it is the grammar that made it.
    #[serde(flatten)]
    pub item: Item,
    /// The sentence it stands in.
    pub sentence: String,
    /// The headings it stands under, from the outermost; the class of the innermost behind.
    pub section: String,
    /// The rules whose words it rests on.
    pub grounds: Vec<Ground>,
}

/// A rule an item rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// File and line.
    pub place: String,
    /// Table and name.
    pub rule: String,
    /// Its word in the text.
    pub word: String,
    /// Whether the word stands in the quote, and not only in the sentence around it.
    pub quoted: bool,
}

/// A number that became nothing.
#[derive(Debug, Clone, Serialize)]
pub struct Unused {
    /// The number with its unit.
    pub quote: String,
    /// Where it stands.
    pub span: Span,
    /// Why not, as far as it is known.
    pub why: String,
    /// The sentence it stands in.
    pub sentence: String,
    /// The headings it stands under.
    pub section: String,
}

impl Annotator {
    /// Annotates a text and says which rules made each item, and why numbers were passed over.
    #[must_use]
    pub fn explain(&self, input: &Input<'_>) -> Explanation {
        let annotation = self.annotate(input);
        let page = self.page(input);
        let explainer = Explainer { page: &page, catalogue: self.catalogue(), starts: sentence_starts(&page) };
        Explanation {
            triage: page.triage.clone(),
            sections: crate::sections::tree(&page),
            unused: explainer.unused(&annotation.items),
            items: annotation.items.into_iter().map(|item| explainer.explained(item)).collect(),
        }
    }
}

/// The first character of each sentence in the text.
fn sentence_starts(page: &Page<'_>) -> Vec<u32> {
    page.outline.sentences.iter().map(|sentence| page.reading.span(sentence.start, sentence.end).start).collect()
}

struct Explainer<'p> {
    page: &'p Page<'p>,
    catalogue: &'p Catalogue,
    starts: Vec<u32>,
}

impl Explainer<'_> {
    fn explained(&self, item: Item) -> Explained {
        let sentence = self.starts.partition_point(|start| *start <= item.span.start).saturating_sub(1);
        let grounds = self.grounds(sentence, &item);
        Explained { sentence: self.sentence_text(sentence), section: self.section(sentence), grounds, item }
    }

    fn sentence_text(&self, sentence: usize) -> String {
        let bounds = self.page.sentence(sentence);
        self.page.reading.quote(self.page.reading.span(bounds.start, bounds.end)).trim().to_owned()
    }

    /// The headings above a sentence and the class of its section.
    fn section(&self, sentence: usize) -> String {
        const MOST_TITLE: usize = 24;
        let page = self.page;
        let Some(line) = page.line(sentence) else { return String::new() };
        let lines = &page.outline.lines;
        let mut titles: Vec<String> = std::iter::successors(line.parent, |at| lines.get(*at).and_then(|line| line.parent))
            .filter_map(|at| lines.get(at))
            .map(|line| {
                page.slice(line.start, line.end).chars().take_while(|character| *character != '。').take(MOST_TITLE).collect()
            })
            .collect();
        titles.reverse();
        let class =
            serde_json::to_value(line.section).ok().and_then(|class| class.as_str().map(str::to_owned)).unwrap_or_default();
        let rule = line.rule.and_then(|rule| page.rules.sections.section.get(usize::from(rule)));
        let label = rule.map(|rule| rule.label.as_str()).unwrap_or_default();
        let refused = if line.refused { " 各项均被拒绝" } else { "" };
        format!("{} [{class}{}{label}{refused}]", titles.join(" › "), if label.is_empty() { "" } else { " " }).trim().to_owned()
    }

    /// The rules with words in the quote, and the context words of the sentence.
    fn grounds(&self, sentence: usize, item: &Item) -> Vec<Ground> {
        let bounds = self.page.sentence(sentence);
        let mut grounds: Vec<(usize, Ground)> = Vec::new();
        let all = self.catalogue.find(self.page.slice(bounds.start, bounds.end));
        for found in self.catalogue.longest_of_tables(all) {
            let rule = &self.catalogue.rules()[found.rule];
            let (start, end) = (bounds.start + found.start, bounds.start + found.end);
            let quoted = self.page.reading.span(start, end).overlaps(item.span);
            if !bears_on(rule, &item.what, quoted) {
                continue;
            }
            let word = self.page.slice(start, end).to_owned();
            let ground = Ground { place: rule.place(), rule: rule.name(), word, quoted };
            // Of the words of one rule the longest one in the quote tells most.
            match grounds.iter_mut().find(|(index, _)| *index == found.rule) {
                Some((_, known)) if (quoted, ground.word.len()) > (known.quoted, known.word.len()) => *known = ground,
                Some(_) => {}
                None => grounds.push((found.rule, ground)),
            }
        }
        // A rule that composes other names has no words of its own.
        for index in self.catalogue.wordless(&item.what, &item.rule) {
            let rule = &self.catalogue.rules()[index];
            grounds.push((index, Ground { place: rule.place(), rule: rule.name(), word: "（合成）".to_owned(), quoted: true }));
        }
        let mut grounds: Vec<Ground> = grounds.into_iter().map(|(_, ground)| ground).collect();
        grounds.sort_by_key(|ground| !ground.quoted);
        grounds
    }

    fn unused(&self, items: &[Item]) -> Vec<Unused> {
        let mut unused = Vec::new();
        for sentence in 0..self.page.outline.sentences.len() {
            let range = self.page.quantities_of(sentence);
            if range.is_empty() {
                continue;
            }
            let reading = SentenceReading::new(self.page, sentence);
            for index in range {
                let quantity = self.page.quantity(index);
                let span = self.page.reading.span(quantity.start, quantity.end);
                if quantity.unit.is_empty() || items.iter().any(|item| item.span.overlaps(span)) {
                    continue;
                }
                unused.push(Unused {
                    quote: self.page.reading.quote(span).to_owned(),
                    span,
                    why: self.why_unused(sentence, index, reading.role(index), reading.binding(index)),
                    sentence: self.sentence_text(sentence),
                    section: self.section(sentence),
                });
            }
        }
        unused
    }

    fn why_unused(&self, sentence: usize, index: usize, role: Role, binding: Option<&Binding>) -> String {
        let quantity = self.page.quantity(index);
        let permit = self.page.permit(sentence);
        let named = binding.map(|binding| format!("指标 {}；", binding.indicator)).unwrap_or_default();
        match role {
            Role::Selector => return format!("{named}只说明其后条件的情形"),
            Role::Condition | Role::Award => return format!("{named}已取，后与别项合并或被舍去"),
            Role::Nothing => {}
        }
        if !permit.conditions {
            return format!("{named}此处不设条件：{}", why_words(permit.why));
        }
        if binding.is_none() {
            return "没有可归的指标".to_owned();
        }
        if quantity.per.is_some() {
            return format!("{named}是单价（每…）");
        }
        let compared = crate::lists::operator(self.page, index).or(binding.and_then(|binding| binding.op));
        if compared.is_none() {
            return format!("{named}没有比较词");
        }
        format!("{named}不是对申报者的要求")
    }
}

/// Why a sentence sets no conditions, in the words of users.
fn why_words(why: &str) -> &str {
    match why {
        "document" => "文种（新闻、解读、结果、废止）",
        "report" => "文种（总结、统计）",
        "service" => "对平台、服务商的要求",
        "budget" => "资金盘子",
        "target" => "政府目标",
        "title" => "标题",
        "priority" => "优先考虑的对象",
        "statistic" => "统计数字",
        "scoring" => "评分标准",
        "definition" => "定义",
        "duty" => "部门职责",
        "after award" => "获支持后的义务",
        "section" => "所在章节不讲条件",
        "" => "语法未取",
        other => other,
    }
}

/// Whether a rule can have had a part in an item: rules of conditions in conditions, and of an indicator only its own.
fn bears_on(rule: &RuleEntry, what: &What, quoted: bool) -> bool {
    let file = rule.file.as_str();
    if rule.is_of_titles() || ["tags/", "cms/", "compilations/", "qualifications/"].iter().any(|other| file.starts_with(other)) {
        return match what {
            What::Condition(condition) if file == "tags/size.toml" => bears_on_condition(rule, condition, quoted),
            _ => false,
        };
    }
    if file == "cues.toml" {
        return true;
    }
    match what {
        What::Condition(condition) => bears_on_condition(rule, condition, quoted),
        What::Award(_) => quoted && ["awards.toml", "units.toml", "numbers.toml"].contains(&file),
        What::Window(_) => file == "windows.toml",
        What::Material { .. } => quoted && file == "materials.toml",
        What::ConditionText { .. } => quoted && file == "wordings.toml",
        _ => false,
    }
}

/// Of an indicator only its own rules, of a unit, comparison or period only those the condition has.
fn bears_on_condition(rule: &RuleEntry, condition: &Condition, quoted: bool) -> bool {
    let is_number = condition.unit_base.is_some();
    match rule.table.as_str() {
        "indicator" | "fact" | "ellipsis" | "growth" | "tie" => {
            // A ratio or growth is composed of the names of others.
            let composed = rule.table == "indicator" && condition.unit_base.as_deref() == Some("ratio");
            quoted && (composed || rule.id == condition.indicator)
        }
        "ratio" => rule.id == condition.indicator,
        "qualification" => quoted && condition.indicator == "qual.has",
        "unit" => quoted && condition.unit_base.as_deref() == Some(&rule.id),
        "comparator" => quoted && rule.id == condition.op.sign(),
        "period" => condition.period.as_deref() == Some(&rule.id),
        "aggregate" => condition.agg.as_deref() == Some(&rule.id),
        "words" => quoted && rule.file == "numbers.toml" && condition.indicator.starts_with("free:"),
        "wording" => quoted && !is_number,
        "industry" => quoted && condition.indicator == "industry.in",
        "alias" | "relative" | "division" | "zone" => quoted && condition.indicator == "reg.place",
        "size" => quoted && condition.indicator == "size.class",
        "scale" => quoted && condition.indicator == "size.above_scale",
        _ => false,
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(triage) = &self.triage {
            writeln!(formatter, "分流：{triage}\n")?;
        }
        if !self.sections.is_empty() {
            writeln!(formatter, "# 章节\n")?;
            self.sections.iter().try_for_each(|section| show_section(formatter, section))?;
            writeln!(formatter)?;
        }
        writeln!(formatter, "# 得出 {} 项\n", self.items.len())?;
        self.items.iter().try_for_each(|explained| write!(formatter, "{explained}"))?;
        writeln!(formatter, "# 未取的数字 {} 个\n", self.unused.len())?;
        for unused in &self.unused {
            writeln!(formatter, "{} {}：{}", span_words(unused.span), one_line(&unused.quote), unused.why)?;
            writeln!(formatter, "    节：{}\n    句：{}", one_line(&unused.section), one_line(&unused.sentence))?;
        }
        Ok(())
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = &self.item;
        let words = crate::score::in_words(item);
        writeln!(formatter, "{} {} {words}", span_words(item.span), item.what.name())?;
        writeln!(formatter, "    引文：{}\n    语法：{}，置信 {:.2}", one_line(&item.quote), item.rule, item.confidence)?;
        for ground in &self.grounds {
            let place = if ground.quoted { "" } else { "（在句中）" };
            writeln!(formatter, "    规则：{} {}：{}{place}", ground.place, ground.rule, ground.word)?;
        }
        if !self.section.is_empty() {
            writeln!(formatter, "    节：{}", one_line(&self.section))?;
        }
        writeln!(formatter, "    句：{}\n", one_line(&self.sentence))
    }
}

fn show_section(formatter: &mut fmt::Formatter<'_>, section: &SectionNode) -> fmt::Result {
    let label = if section.label.is_empty() { String::new() } else { format!("（{}）", section.label) };
    let indent = "  ".repeat(usize::from(section.level.saturating_sub(1)));
    writeln!(formatter, "{indent}{} {}{label}", span_words(section.span), one_line(&section.title))?;
    section.children.iter().try_for_each(|child| show_section(formatter, child))
}

fn span_words(span: Span) -> String {
    format!("[{}–{}]", span.start, span.end)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::shipped;

    fn explain(text: &str) -> Explanation {
        shipped().explain(&Input { text, title: "关于组织申报2026年奖励资金的通知", ..Input::default() })
    }

    #[test]
    fn each_item_names_the_rules_its_words_come_from() {
        let explanation = explain("一、申报条件\n（一）上年度营业收入不低于1000万元。\n二、支持标准\n给予最高50万元奖励。");
        let revenue = explanation.items.iter().find(|explained| explained.item.quote.contains("营业收入")).unwrap();
        let rules: Vec<&str> = revenue.grounds.iter().map(|ground| ground.rule.as_str()).collect();
        for rule in ["indicator `fin.revenue`", "comparator `>=`", "unit `元`", "period `last_year`"] {
            assert!(rules.contains(&rule), "{rule} in {rules:?}");
        }
        assert!(revenue.grounds[0].place.starts_with("rules/"), "{}", revenue.grounds[0].place);
        assert!(revenue.section.contains("申报条件") && revenue.section.contains("conditions"), "{}", revenue.section);
        assert_eq!(explanation.sections.len(), 2);
        let text = explanation.to_string();
        assert!(text.contains("语法：number") && text.contains("rules/indicators/finance.toml:"), "{text}");
    }

    #[test]
    fn numbers_that_became_nothing_say_why() {
        for (text, why) in
            [("力争到2030年全市高新技术企业达到2000家。", "政府目标"), ("市财政每年安排专项资金2亿元。", "资金盘子")]
        {
            let explanation = explain(text);
            assert!(explanation.unused.iter().any(|unused| unused.why.contains(why)), "{explanation}");
        }
    }
}
