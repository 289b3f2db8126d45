//! What kind of enterprise is meant: size class, 规模以上, line of business, legal form, and dates of its acts.

use model::{Condition, Op, Value, What};

use crate::facts::is_about;
use crate::lexicon::within;
use crate::page::{Draft, Page};
use crate::rules::CueKind;

/// The conditions of one sentence on the kind of enterprise.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let mut drafts = sizes(page, sentence);
    drafts.extend(scales(page, sentence));
    drafts.extend(industries(page, sentence));
    drafts.extend(transition(page, sentence));
    drafts.extend(dates(page, sentence));
    drafts
}

fn sizes(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let mut drafts: Vec<Draft> = Vec::new();
    for hit in within(&page.hits.sizes, bounds.start, bounds.end) {
        let rule = &page.rules.sizes.size[usize::from(hit.what)];
        if rule.values.is_empty() || overlaps_title(page, bounds.start, bounds.end, hit.start, hit.end) {
            continue;
        }
        let before = page.slice(bounds.start, hit.start);
        let after = page.slice(hit.end, bounds.end);
        let start = if rule.standard {
            let Some(at) = before.rfind("符合").filter(|at| before[*at..].chars().count() <= 10) else { continue };
            bounds.start + at
        } else if is_subject(before, after) {
            hit.start
        } else {
            continue;
        };
        let tail = ["规定", "标准规定", "标准"]
            .iter()
            .find(|tail| rule.standard && after.starts_with(**tail))
            .map_or(0, |tail| tail.len());
        if drafts.iter().any(|draft| is_about(draft, "size.class")) {
            continue;
        }
        let mut condition = Condition::new("size.class", Op::In, Value::List(rule.values.clone()));
        condition.negated = page.is_refused(sentence, hit.start);
        drafts.push(Draft {
            what: What::Condition(condition),
            start,
            end: hit.end + tail,
            confidence: 0.85,
            rule: "size",
            sentence,
        });
    }
    drafts
}

/// `创新型中小企业` is a title, not a size.
fn overlaps_title(page: &Page<'_>, from: usize, to: usize, start: usize, end: usize) -> bool {
    within(&page.hits.qualifications, from, to).iter().any(|title| title.start < end && start < title.end)
}

/// A class of enterprises is a condition where the enterprise itself is named by it: `应为中小企业`, `对小微企业…`, `…的小微企业`.
fn is_subject(before: &str, after: &str) -> bool {
    let required =
        ["应为", "须为", "应是", "须是", "必须是", "属于", "对", "面向", "的", "支持"].iter().any(|word| before.ends_with(word));
    let ends = after.is_empty()
        || after.starts_with([',', '(', '。', ';'])
        || ["在", "新", "可", "且", "年", "首次", "申", "用"].iter().any(|word| after.starts_with(word));
    let definition = before.ends_with('为') && !before.ends_with("应为") && !before.ends_with("须为");
    required && ends && !definition
}

fn scales(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let Some(hit) = within(&page.hits.scales, bounds.start, bounds.end).first() else { return Vec::new() };
    let slice = page.slice(bounds.start, bounds.end);
    if ["增加值", "总产值", "企业数量", "总数"].iter().any(|word| slice.contains(word)) {
        return Vec::new();
    }
    let before = page.slice(bounds.start, hit.start);
    let first = ["首次", "新增", "新纳入", "首家", "新升", "首年", "新入"]
        .iter()
        .filter_map(|word| before.rfind(word))
        .max()
        .filter(|at| before[*at..].chars().count() <= 12);
    let rest = page.slice(hit.end, bounds.end);
    let tail = ["企业", "统计"]
        .iter()
        .filter_map(|word| rest.find(word).map(|at| at + word.len()))
        .min()
        .filter(|end| rest[..*end].chars().count() <= 14 && !rest[..*end].contains([',', '、']));
    if first.is_none() && (tail.is_none() || page.slice(hit.start, hit.end) == "小升规") {
        return Vec::new();
    }
    let start = first.map_or(hit.start, |at| bounds.start + at);
    let mut condition =
        Condition::new("size.above_scale", if first.is_some() { Op::FirstTime } else { Op::Is }, Value::Bool(true));
    condition.negated = page.is_refused(sentence, hit.start);
    vec![Draft {
        what: What::Condition(condition),
        start,
        end: hit.end + tail.unwrap_or_default(),
        confidence: 0.75,
        rule: "scale",
        sentence,
    }]
}

/// Words around a line of business that is required, with what stands behind the business.
const BUSINESSES: &[(&str, &[&str])] = &[
    ("以", &["为主业", "为主营业务", "为主要业务", "为主的企业", "为主要经营"]),
    ("从事", &["的企业", "的单位", "业务", "行业", "产业", "领域", "的生产", "服务业", "经营活动"]),
    ("属于", &["行业", "产业", "领域"]),
    ("主营业务为", &["业", ",", "等"]),
    ("的", &["相关企业"]),
    ("注册的", &["工业企业", "制造业企业", "服务业企业", "软件企业", "建筑业企业"]),
];

fn industries(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    for (opening, closings) in BUSINESSES {
        for (at, _) in slice.match_indices(opening).take(8) {
            let rest = &slice[at + opening.len()..];
            let Some((length, closing)) = closings.iter().filter_map(|closing| Some((rest.find(closing)?, *closing))).min()
            else {
                continue;
            };
            let business = rest[..length].trim_matches(['"', '“', '”']);
            let whole = closing == "工业企业" || closing.ends_with("业企业") || closing == "软件企业";
            let named = if whole && business.is_empty() { closing.trim_end_matches("企业") } else { business };
            let names = named_businesses(named, closing);
            let suits = !names.is_empty()
                && business.chars().count() <= 24
                && !business.contains([',', '(', '。'])
                && (!whole || business.is_empty());
            let is_standing = *opening != "的" || page.has(CueKind::Applicant, bounds.start, bounds.end) || page.phrase;
            if suits && is_standing && !business.contains("的") && business.chars().all(|character| !character.is_ascii_digit())
            {
                let keeps = ["以", "从事", "属于", "主营业务为"].contains(opening);
                let start = bounds.start + at + if keeps { 0 } else { opening.len() };
                let end = bounds.start + at + opening.len() + length + closing.trim_end_matches([',', '等']).len();
                let mut condition = Condition::new("industry.in", Op::In, Value::List(names.clone()));
                condition.value_base = codes_of(page, &names);
                condition.negated = page.is_refused(sentence, start);
                return vec![Draft { what: What::Condition(condition), start, end, confidence: 0.6, rule: "industry", sentence }];
            }
        }
    }
    Vec::new()
}

fn named_businesses(words: &str, closing: &str) -> Vec<String> {
    let vague = ["申报", "国家", "鼓励", "禁止", "限制", "淘汰", "该", "本", "其", "相关", "特定", "细分", "研发", "经营"];
    if words.is_empty() && !closing.ends_with("业企业") || vague.iter().any(|word| words.starts_with(word)) {
        return Vec::new();
    }
    words
        .split(['、', '或', '和', '及'])
        .map(str::trim)
        .filter(|name| name.chars().count() >= 2)
        .map(str::to_owned)
        .take(8)
        .collect()
}

/// Codes of industries named by their standard names or by words of the industry tags.
fn codes_of(page: &Page<'_>, names: &[String]) -> Option<Value> {
    let tags = page.rules.tags.iter().find(|(kind, _)| *kind == "industry").map(|(_, file)| file)?;
    let code = |name: &String| {
        let core = name.trim_end_matches("企业");
        let listed = page
            .rules
            .industries
            .iter()
            .find(|(_, known)| *known == core || known.trim_end_matches('业') == core)
            .map(|(code, _)| code.clone());
        listed.or_else(|| tags.tag.iter().find(|tag| tag.words.iter().any(|word| word == core)).map(|tag| tag.id.clone()))
    };
    let codes: Option<Vec<String>> = names.iter().map(code).collect();
    codes.filter(|codes| !codes.is_empty()).map(Value::List)
}

/// `由个体工商户、个人独资企业转型登记为有限责任公司`.
fn transition(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let (turn, word) = ["转型登记为", "转型升级为", "转登记为", "变更登记为", "转型为", "转为"]
        .iter()
        .filter_map(|word| Some((slice.find(word)?, *word)))
        .min()?;
    let from_at = slice[..turn].rfind('由')?;
    let from = &slice[from_at + '由'.len_utf8()..turn];
    let rest = &slice[turn + word.len()..];
    let to = &rest[..rest.find(['的', ',', '。']).unwrap_or(rest.len())];
    let known = ["个体工商户", "企业", "公司", "合伙", "合作社"];
    if !known.iter().any(|word| from.contains(word))
        || !known.iter().any(|word| to.contains(word))
        || from.chars().count() > 40
        || to.chars().count() > 20
    {
        return None;
    }
    let value = Value::Text(format!("{from}→{to}"));
    let mut condition = Condition::new("reg.entity_type", Op::Transition, value);
    condition.negated = page.is_refused(sentence, bounds.start + turn);
    let (start, end) = (bounds.start + from_at, bounds.start + turn + word.len() + to.len());
    Some(Draft { what: What::Condition(condition), start, end, confidence: 0.8, rule: "transition", sentence })
}

/// `于2016年1月1日后新购置办公用房的`.
fn dates(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let from = page.tokens.dates.partition_point(|date| date.start < bounds.start);
    let mut drafts = Vec::new();
    for token in page.tokens.dates[from..].iter().take_while(|date| date.end <= bounds.end) {
        let Some(date) = token.date(None).filter(|_| token.day.is_some()) else { continue };
        let rest = page.slice(token.end, bounds.end);
        let (op, word) = match ["以后", "之后", "后", "起"].iter().find(|word| rest.starts_with(**word)) {
            Some(word) => (Op::More, word.len()),
            None => continue,
        };
        let acts = [
            "购置", "投产", "竣工", "开工", "注册", "成立", "设立", "租赁", "引进", "获得", "取得", "完工", "投入", "认定",
            "新建",
        ];
        let reach = rest.char_indices().nth(24).map_or(rest.len(), |(at, _)| at);
        let deadline = page.has(CueKind::Deadline, bounds.start, bounds.end) && !rest.contains("可申请");
        if deadline || !rest.contains('的') || !acts.iter().any(|act| rest[..reach].contains(act)) {
            continue;
        }
        let mut condition = Condition::new("project.date", op, Value::Text(date.to_string()));
        condition.negated = page.is_refused(sentence, token.start);
        drafts.push(Draft {
            what: What::Condition(condition),
            start: token.start,
            end: token.end + word,
            confidence: 0.65,
            rule: "date",
            sentence,
        });
    }
    drafts
}
