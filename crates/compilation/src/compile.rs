//! From records to a book: which policies, in which chapter, in which order, with which proved statements.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use model::annotation::Item;
use model::policy::Desk;
use model::region::{COUNTRY, lies_within};
use model::{Annotation, LifeCycle, Record, Regions, Span, What};

use crate::book::{Benefit, Book, Chapter, ConditionRow, Entry, FactRow, Proof, Quote, WindowRow};
use crate::index;
use crate::period::Period;
use crate::template::{FactField, Grouping, Section, Template};
use crate::words::{self, Namer};

/// Binds the policies of a period into a book.
///
/// A policy is taken when its date lies in the period, no editor excluded or withdrew it, and the template includes its
/// triage class and state. What an editor set by hand (state, tags) wins over what was found. The order of `records` does
/// not matter, and one policy given twice is printed once.
#[must_use]
pub fn compile(template: &Template, period: &Period, records: &[Record], regions: &Regions, made_at: Timestamp) -> Book {
    let namer = Namer { template, regions };
    let today = model::clock::day_of(made_at);
    let mut unproved = 0;
    let mut chapters: Vec<Chapter> = Vec::new();
    for (title, chosen) in arrange(&namer, choose(template, period, records)) {
        let entries = chosen
            .into_iter()
            .map(|(date, record)| {
                let mut binder = Binder { namer: &namer, text: Text::new(&record.document.text), today, unproved: 0 };
                let entry = binder.entry(date, record);
                unproved += binder.unproved;
                entry
            })
            .collect();
        chapters.push(Chapter { title, entries });
    }
    let mut serial = 0;
    for entry in chapters.iter_mut().flat_map(|chapter| &mut chapter.entries) {
        serial += 1;
        entry.serial = serial;
    }
    let fill = |pattern: &str| pattern.replace("{period}", &period.label).replace("{count}", &serial.to_string());
    Book {
        title: fill(&template.title),
        subtitle: fill(&template.subtitle),
        editor: template.editor.clone(),
        template: template.name.clone(),
        period: period.clone(),
        made_at,
        preface: preface(template, period, &chapters, unproved),
        sections: template.sections.clone(),
        by_number: index::by_number(&chapters),
        by_issuer: index::by_issuer(&chapters),
        chapters,
        unproved,
    }
}

type Dated<'a> = (Date, &'a Record);

/// The records the template takes, by date, then number, then id; each policy once.
fn choose<'a>(template: &Template, period: &Period, records: &'a [Record]) -> Vec<Dated<'a>> {
    let mut chosen: Vec<Dated<'a>> = records
        .iter()
        .filter_map(|record| Some((record.date().filter(|date| period.contains(*date))?, record)))
        .filter(|(_, record)| takes(template, record))
        .collect();
    chosen.sort_by(|left, right| print_order(left).cmp(&print_order(right)));
    let mut seen = std::collections::HashSet::new();
    chosen.retain(|(_, record)| seen.insert(&record.policy.id));
    chosen
}

/// Date, then number (policies without one last), then id; of two revisions the newer first.
fn print_order<'a>((date, record): &Dated<'a>) -> impl Ord + use<'a> {
    let record: &'a Record = record;
    let number = record.document.numbers.first().map(|number| (&number.agency, number.year, number.sequence));
    (*date, number.is_none(), number, &record.policy.id, std::cmp::Reverse(record.policy.revision()))
}

fn takes(template: &Template, record: &Record) -> bool {
    let refused = record.decision.as_ref().is_some_and(|decision| matches!(decision.desk, Desk::Excluded | Desk::Withdrawn));
    if refused || template.exclude_states.iter().any(|state| state == state_of(record).name()) {
        return false;
    }
    match hand_set(record, "triage").next().or_else(|| record.annotation.triage()) {
        Some(class) => template.triage.iter().any(|taken| taken == class),
        None => template.include_unclassified,
    }
}

fn state_of(record: &Record) -> LifeCycle {
    record.decision.as_ref().and_then(|decision| decision.state).unwrap_or(record.policy.state)
}

/// Values of one kind of tag an editor set by hand.
fn hand_set<'a>(record: &'a Record, kind: &'a str) -> impl Iterator<Item = &'a str> {
    let tags = record.decision.as_ref().map_or(&[][..], |decision| &decision.tags);
    tags.iter().filter_map(move |tag| tag.split_once(':').filter(|(found, _)| *found == kind).map(|(_, value)| value))
}

/// Puts each policy in its chapter. Titles come in the order of print.
fn arrange<'a>(namer: &Namer<'_>, chosen: Vec<Dated<'a>>) -> Vec<(String, Vec<Dated<'a>>)> {
    // Listed chapters sort by their place, found ones behind them by value, the rest last.
    let mut chapters: BTreeMap<(usize, String), (String, Vec<Dated<'a>>)> = BTreeMap::new();
    for dated in chosen {
        let (place, value, title) = chapter_of(namer, dated.1);
        chapters.entry((place, value)).or_insert_with(|| (title, Vec::new())).1.push(dated);
    }
    chapters.into_values().collect()
}

/// The chapter of a policy: its place among the template's, its value where the template lists none, and its title.
fn chapter_of(namer: &Namer<'_>, record: &Record) -> (usize, String, String) {
    let template = namer.template;
    let rest = (usize::MAX, String::new(), template.rest.clone());
    let listed = |place: usize| (place, String::new(), template.chapters[place].title.clone());
    if template.chapters_by == Grouping::Region {
        let code = &record.policy.region;
        let place = template.chapters.iter().position(|rule| rule.values.iter().any(|outer| region_takes(outer, code)));
        return match place {
            Some(place) => listed(place),
            None if template.chapters.is_empty() && words::is_region_code(code) => {
                let province = format!("{}0000", &code[..2]);
                let title = namer.place(&province);
                (0, province, title)
            }
            None => rest,
        };
    }
    let values = tag_values(record, template.chapters_by.tag_kind());
    if template.chapters.is_empty() {
        return values.first().map_or(rest, |(value, label)| (0, (*value).to_owned(), (*label).to_owned()));
    }
    let by_tag = values
        .iter()
        .find_map(|(value, _)| template.chapters.iter().position(|rule| rule.values.iter().any(|taken| taken == value)));
    let by_title = || {
        let title = record.policy.title.as_str();
        values.is_empty().then(|| template.chapters.iter().position(|rule| rule.takes_title(title))).flatten()
    };
    by_tag.or_else(by_title).map_or(rest, listed)
}

/// The whole country takes only what is for the whole country, every other place what lies within it.
fn region_takes(outer: &str, code: &str) -> bool {
    if outer == COUNTRY { code == COUNTRY } else { code != COUNTRY && lies_within(code, outer) }
}

/// Values and labels of one kind of tag, the surest first; those set by hand replace those found.
fn tag_values<'a>(record: &'a Record, kind: &'a str) -> Vec<(&'a str, &'a str)> {
    let found = || record.annotation.tags_of(kind);
    let by_hand: Vec<(&str, &str)> = hand_set(record, kind)
        .map(|value| (value, found().find(|tag| tag.value == value).map_or(value, |tag| tag.label.as_str())))
        .collect();
    if !by_hand.is_empty() {
        return by_hand;
    }
    let mut tags: Vec<_> = found().collect();
    tags.sort_by(|left, right| right.confidence.total_cmp(&left.confidence).then_with(|| left.value.cmp(&right.value)));
    tags.into_iter().map(|tag| (tag.value.as_str(), tag.label.as_str())).collect()
}

fn preface(template: &Template, period: &Period, chapters: &[Chapter], unproved: usize) -> Vec<String> {
    let count: usize = chapters.iter().map(|chapter| chapter.entries.len()).sum();
    let (from, to) = (words::day(period.from), words::day(period.to));
    if count == 0 {
        return vec![format!("本期没有收录政策。期间为{from}至{to}，按发布日期（无发布日期的按成文日期）计。")];
    }
    let by = template.chapters_by.label();
    let mut paragraphs = vec![
        format!("本汇编收录{from}至{to}发布的政策{count}件，发布日期缺失的按成文日期计。按{by}分为{}章，各章之内依日期和发文字号排列。", chapters.len()),
        "各条要点、标准、条件和时间均为原文摘录，并注明出处：“第n–m字”是该句在所存正文中的位置，自第1字起计，含首尾两字。以发文机关公布的文本为准。".to_owned(),
        "效力状态和申报时间的状态以编制日为准。文末附文号索引和发文机关索引。".to_owned(),
    ];
    if unproved > 0 {
        paragraphs.push(format!("另有{unproved}处摘录与所存正文不符，未予收录。"));
    }
    paragraphs
}

/// A stored text with the byte at which each 64th character starts, so that a span deep in a long text is found at once.
struct Text<'a> {
    text: &'a str,
    marks: Vec<usize>,
}

const STRIDE: usize = 64;

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, marks: text.char_indices().step_by(STRIDE).map(|(byte, _)| byte).collect() }
    }

    fn of(&self, span: Span) -> &'a str {
        let whole = span.start as usize / STRIDE;
        let Some(mark) = self.marks.get(whole) else { return "" };
        let skipped = u32::try_from(whole * STRIDE).unwrap_or(u32::MAX);
        Span::new(span.start - skipped, span.end.saturating_sub(skipped)).of(&self.text[*mark..])
    }
}

/// Words one policy and counts what its text does not prove.
struct Binder<'a> {
    namer: &'a Namer<'a>,
    text: Text<'a>,
    today: Date,
    unproved: usize,
}

impl Binder<'_> {
    fn prove(&mut self, quote: &str, span: Span) -> Option<Proof> {
        let proved = !quote.trim().is_empty() && self.text.of(span) == quote;
        self.unproved += usize::from(!proved);
        proved.then(|| Proof { quote: quote.to_owned(), span })
    }

    fn entry(&mut self, date: Date, record: &Record) -> Entry {
        let template = self.namer.template;
        let has = |section: Section| template.sections.contains(&section);
        let annotation = &record.annotation;
        let url = record.policy.copies.first().map(|copy| copy.url.clone()).unwrap_or_default();
        let title = [&record.policy.title, &record.document.title].into_iter().find(|title| !title.trim().is_empty());
        let conditions = if has(Section::Conditions) { self.conditions(annotation) } else { (Vec::new(), None) };
        let document = &record.document;
        Entry {
            serial: 0,
            id: record.policy.id.clone(),
            revision: record.policy.revision(),
            title: title.map_or_else(|| "（无标题）".to_owned(), |title| crate::clean::one_line(title)),
            facts: template.facts.iter().filter_map(|field| self.fact(*field, record, &url)).collect(),
            url,
            numbers: document.numbers.clone(),
            issuers: document
                .issuers
                .iter()
                .map(|issuer| crate::clean::one_line(issuer))
                .filter(|issuer| !issuer.is_empty())
                .collect(),
            date,
            state: state_of(record).label(),
            region: self.namer.place(&record.policy.region),
            key_points: if has(Section::KeyPoints) { self.key_points(annotation) } else { Vec::new() },
            benefits: if has(Section::Benefits) { self.benefits(annotation) } else { Vec::new() },
            conditions: conditions.0,
            logic: conditions.1,
            windows: if has(Section::Windows) { self.windows(annotation) } else { Vec::new() },
            materials: if has(Section::Materials) { self.materials(annotation) } else { Vec::new() },
            handling: if has(Section::Materials) { self.handling(annotation) } else { Vec::new() },
            text: if has(Section::Text) { full_text(record) } else { Vec::new() },
        }
    }

    fn fact(&self, field: FactField, record: &Record, url: &str) -> Option<FactRow> {
        let document = &record.document;
        let list = |values: Vec<String>| values.join("；");
        let (label, value) = match field {
            FactField::Number => ("发文字号", list(document.numbers.iter().map(ToString::to_string).collect())),
            FactField::Issuer => ("发文机关", list(document.issuers.clone())),
            FactField::Issued => ("成文日期", document.issued.map(words::day).unwrap_or_default()),
            FactField::Published => ("发布日期", document.published.map(|moment| words::day(moment.date)).unwrap_or_default()),
            FactField::Effective => ("施行日期", document.effective.map(words::day).unwrap_or_default()),
            FactField::Expires => ("失效日期", document.expires.map(words::day).unwrap_or_default()),
            FactField::State => ("效力状态", state_of(record).label().to_owned()),
            FactField::Region => ("适用地区", self.namer.place(&record.policy.region)),
            FactField::IndexNumber => ("索引号", document.index_number.clone().unwrap_or_default()),
            FactField::Source => ("来源", document.source.clone().unwrap_or_default()),
            FactField::Url => ("原文链接", url.to_owned()),
        };
        let value = crate::clean::one_line(&value);
        (!value.is_empty()).then_some(FactRow { label, value, is_url: field == FactField::Url })
    }

    fn key_points(&mut self, annotation: &Annotation) -> Vec<Quote> {
        let most = self.namer.template.key_points;
        let mut points = Vec::new();
        for point in &annotation.key_points {
            if points.len() == most {
                break;
            }
            if let Some(proof) = self.prove(&point.quote, point.span) {
                points.push(Quote { about: words::about_words(&point.about).to_owned(), proof });
            }
        }
        points
    }

    fn benefits(&mut self, annotation: &Annotation) -> Vec<Benefit> {
        self.collect(annotation, |what| match what {
            What::Award(award) => Some(words::award_words(award)),
            _ => None,
        })
        .into_iter()
        .map(|(words, proof)| Benefit { words, proof })
        .collect()
    }

    fn materials(&mut self, annotation: &Annotation) -> Vec<Quote> {
        self.collect(annotation, |what| match what {
            What::Material { required, copies, form, .. } => Some(words::material_words(*required, *copies, form.as_deref())),
            _ => None,
        })
        .into_iter()
        .map(|(about, proof)| Quote { about, proof })
        .collect()
    }

    /// Who takes applications, in which round, and what it costs.
    fn handling(&mut self, annotation: &Annotation) -> Vec<Quote> {
        self.collect(annotation, |what| match what {
            What::Department { role, .. } => Some(words::role_words(role).to_owned()),
            What::Batch { year, batch } => Some(words::batch_words(*year, *batch)),
            What::Fee { amount } => Some(words::fee_words(*amount)),
            _ => None,
        })
        .into_iter()
        .map(|(about, proof)| Quote { about, proof })
        .collect()
    }

    fn windows(&mut self, annotation: &Annotation) -> Vec<WindowRow> {
        let today = self.today;
        self.collect(annotation, |what| match what {
            What::Window(window) if window.role == "applicant" => Some(window.clone()),
            _ => None,
        })
        .into_iter()
        .map(|(window, proof)| WindowRow {
            words: words::window_words(&window),
            status: words::window_status(&window, today),
            start: window.start,
            end: window.end,
            proof,
        })
        .collect()
    }

    /// The items `read` takes, each with its proof; what has none is counted and left out.
    fn collect<T>(&mut self, annotation: &Annotation, read: impl Fn(&What) -> Option<T>) -> Vec<(T, Proof)> {
        let mut collected = Vec::new();
        for item in &annotation.items {
            if let Some(value) = read(&item.what)
                && let Some(proof) = self.prove(&item.quote, item.span)
            {
                collected.push((value, proof));
            }
        }
        collected
    }

    /// The conditions with numbers, and how they combine.
    fn conditions(&mut self, annotation: &Annotation) -> (Vec<ConditionRow>, Option<String>) {
        let mut rows: Vec<ConditionRow> = Vec::new();
        let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
        let cases = annotation.tree.as_ref().map(words::cases).unwrap_or_default();
        for (index, item) in annotation.items.iter().enumerate() {
            if !matches!(item.what, What::Condition(_) | What::ConditionText { .. }) {
                continue;
            }
            let Some(proof) = self.prove(&item.quote, item.span) else { continue };
            let number = rows.len() + 1;
            numbers.insert(index, number);
            rows.extend(self.condition_row(number, item, cases.get(&index).copied(), proof));
        }
        let logic = annotation.tree.as_ref().and_then(|tree| words::logic_words(tree, &|index| numbers.get(&index).copied()));
        (rows, logic)
    }

    fn condition_row(&self, number: usize, item: &Item, of_case: Option<&str>, proof: Proof) -> Option<ConditionRow> {
        let empty = ConditionRow {
            number,
            indicator: String::new(),
            name: "须人工核对".to_owned(),
            op: "",
            value: String::new(),
            number_value: None,
            unit: String::new(),
            words: "见原文".to_owned(),
            case: String::new(),
            proof,
        };
        match &item.what {
            What::Condition(condition) => Some(ConditionRow {
                indicator: condition.indicator.clone(),
                name: self.namer.indicator(&condition.indicator),
                op: condition.op.sign(),
                value: self.namer.value(&condition.value),
                number_value: match condition.value {
                    model::Value::Number(number) => Some(number),
                    _ => None,
                },
                unit: condition.unit.clone().unwrap_or_default(),
                words: self.namer.requirement(condition),
                case: words::case_words(condition, of_case),
                ..empty
            }),
            What::ConditionText { negated } => {
                let words = if *negated { "不得有此情形" } else { "见原文" }.to_owned();
                Some(ConditionRow { words, case: of_case.unwrap_or_default().to_owned(), ..empty })
            }
            _ => None,
        }
    }
}

fn full_text(record: &Record) -> Vec<(u8, String)> {
    let document = &record.document;
    if document.blocks.is_empty() {
        let lines = document.text.lines().filter(|line| !line.trim().is_empty());
        return lines.map(|line| (0, line.to_owned())).collect();
    }
    document.blocks.iter().filter(|block| !block.text.trim().is_empty()).map(|block| (block.level, block.text.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn titles(book: &Book) -> Vec<&str> {
        book.entries().map(|entry| entry.title.as_str()).collect()
    }

    #[test]
    fn only_policies_of_the_period_and_of_the_templates_classes_are_taken() {
        let book = samples::book();
        let titles = titles(&book);
        assert!(titles.contains(&"示例市中小企业数字化转型试点申报通知"));
        for left_out in ["上一季度的政策", "被编辑排除的政策", "被撤回的政策", "征求意见稿", "公示名单", "没有日期的政策"]
        {
            assert!(!titles.iter().any(|title| title.contains(left_out)), "{left_out} in {titles:?}");
        }
    }

    #[test]
    fn every_printed_quote_stands_in_the_text_at_its_span() {
        let (_, _, records, _, _) = samples::input();
        let book = samples::book();
        let mut checked = 0;
        for entry in book.entries() {
            let record = records.iter().find(|record| record.policy.id == entry.id).unwrap();
            let proofs = entry.key_points.iter().chain(&entry.materials).map(|quote| &quote.proof);
            let proofs = proofs.chain(entry.conditions.iter().map(|row| &row.proof));
            let proofs =
                proofs.chain(entry.benefits.iter().map(|row| &row.proof)).chain(entry.windows.iter().map(|row| &row.proof));
            for proof in proofs {
                assert_eq!(proof.span.of(&record.document.text), proof.quote);
                checked += 1;
            }
        }
        assert!(checked >= 8, "{checked}");
    }

    #[test]
    fn a_quote_its_span_does_not_prove_is_left_out_and_counted() {
        let (template, period, mut records, regions, made_at) = samples::input();
        let before = compile(&template, &period, &records, &regions, made_at);
        assert_eq!(before.unproved, 0);
        for record in &mut records {
            record.annotation.key_points.iter_mut().for_each(|point| point.span.start += 1);
        }
        let after = compile(&template, &period, &records, &regions, made_at);
        assert!(after.unproved > 0);
        assert!(after.entries().all(|entry| entry.key_points.is_empty()));
        assert!(after.preface.last().unwrap().contains(&after.unproved.to_string()));
    }

    #[test]
    fn within_a_chapter_policies_go_by_date_and_then_number() {
        let book = samples::book();
        for chapter in &book.chapters {
            let dates: Vec<Date> = chapter.entries.iter().map(|entry| entry.date).collect();
            assert!(dates.is_sorted(), "{}: {dates:?}", chapter.title);
        }
        let same_day: Vec<u32> = book
            .entries()
            .filter(|entry| entry.date == Date::constant(2026, 8, 5))
            .flat_map(|entry| entry.numbers.first())
            .map(|number| number.sequence)
            .collect();
        assert_eq!(same_day, [9, 12]);
        let serials: Vec<usize> = book.entries().map(|entry| entry.serial).collect();
        assert_eq!(serials, (1..=serials.len()).collect::<Vec<_>>());
    }

    #[test]
    fn what_an_editor_set_by_hand_wins() {
        let (template, period, mut records, regions, made_at) = samples::input();
        let record = records.iter_mut().find(|record| record.policy.id.as_str() == "p-digital").unwrap();
        record.decision = Some(samples::decision(Desk::Published, &["tool:tax", "triage:standard"], Some(LifeCycle::Expired)));
        let book = compile(&template, &period, &records, &regions, made_at);
        let chapter = book.chapters.iter().find(|chapter| chapter.title == "税费优惠").unwrap();
        let entry = chapter.entries.iter().find(|entry| entry.id.as_str() == "p-digital").unwrap();
        assert_eq!(entry.state, "已失效");
        let record = records.iter_mut().find(|record| record.policy.id.as_str() == "p-digital").unwrap();
        record.decision = Some(samples::decision(Desk::Accepted, &["triage:news"], None));
        let book = compile(&template, &period, &records, &regions, made_at);
        assert!(book.entries().all(|entry| entry.id.as_str() != "p-digital"));
    }

    #[test]
    fn a_policy_without_tags_finds_its_chapter_by_the_words_of_its_title() {
        let book = samples::book();
        let chapter = book.chapters.iter().find(|chapter| chapter.entries.iter().any(|entry| entry.id.as_str() == "p-untagged"));
        assert_eq!(chapter.unwrap().title, "融资支持");
    }

    #[test]
    fn chapters_can_be_places() {
        let (_, period, records, regions, made_at) = samples::input();
        let toml = samples::TEMPLATE.split("\n[[chapter]]").next().unwrap().replace("\"tool\"", "\"region\"");
        let template = Template::parse("t.toml", &toml).unwrap();
        let book = compile(&template, &period, &records, &regions, made_at);
        let titles: Vec<&str> = book.chapters.iter().map(|chapter| chapter.title.as_str()).collect();
        assert_eq!(titles, ["全国", "新疆维吾尔自治区", "综合及其他"]);
    }

    #[test]
    fn one_policy_given_twice_is_printed_once() {
        let (template, period, mut records, regions, made_at) = samples::input();
        let once = compile(&template, &period, &records, &regions, made_at);
        records.extend(records.clone());
        assert_eq!(compile(&template, &period, &records, &regions, made_at), once);
    }

    #[test]
    fn a_span_deep_in_a_long_text_is_found_as_by_counting() {
        let text: String = (0..1_000).map(|index| if index % 3 == 0 { '策' } else { 'a' }).collect();
        let marked = Text::new(&text);
        for (start, end) in [
            (0, 3),
            (63, 66),
            (64, 64),
            (500, 1_000),
            (999, 1_001),
            (2_000, 2_001),
            (130, 20),
            (0, u32::MAX),
            (u32::MAX, u32::MAX),
        ] {
            let span = Span::new(start, end);
            assert_eq!(marked.of(span), span.of(&text), "{span:?}");
        }
    }
}
