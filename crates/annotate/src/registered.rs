//! Where an applicant must be: `在本市登记注册`, `注册地在…`, `我市企业`, and other ties to a place such as `在本市购房`.

use model::{Condition, Op, Value, What};

use crate::page::{Draft, Page};
use crate::places::{Named, Places};
use crate::rules::{CueKind, Section, WordingKind};
use crate::subject;

/// Words of an area that may follow one name: `北京市` `行政区域` `范围内`.
const MOST_AREAS: usize = 3;
/// Adverbs between a place and what is done there.
const MOST_MANNERS: usize = 5;
/// How far behind a place its enterprise may be named, in characters.
pub(crate) const MOST_MODIFIER: usize = 14;
/// Marks that end a noun.
const STOPS: [char; 9] = [',', '。', ';', ':', '、', '(', ')', '《', '\n'];

/// Names joined into one place: `香港特别行政区、澳门特别行政区`.
struct Place {
    start: usize,
    /// Behind the last name.
    named: usize,
    /// Behind the words of area.
    end: usize,
    names: Vec<String>,
    codes: Vec<String>,
    coded: bool,
    sure: bool,
}

/// What is said of a place.
struct Tied {
    indicator: String,
    start: usize,
    end: usize,
    /// The place is only part of a name for the applicants.
    subject: bool,
}

/// Requirements about places in one sentence.
pub(crate) fn read(page: &Page<'_>, places: &Places, sentence: usize) -> Vec<Draft> {
    if !page.may_set_conditions(sentence) {
        return Vec::new();
    }
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut covered = 0;
    for place in joined(page, slice, &places.find(slice, page.region)) {
        // 《非本市户籍…批准书》 is the name of a paper.
        let quoted = slice[..place.start].rfind('《') > slice[..place.start].rfind('》');
        // 注册在本市其他区域的参照执行: no requirement but an exception from it.
        let alike = slice[place.named..].trim_start_matches("区域").starts_with("其他") && slice.contains("参照");
        if place.start < covered || quoted || alike {
            continue;
        }
        let Some(tied) = tied(page, sentence, slice, &place) else { continue };
        // 在我市注册的本市企业, and 可不受注册地的限制.
        let again = tied.subject && drafts.iter().any(|draft| crate::facts::is_about(draft, "reg.place"));
        let taxed = slice[tied.start..tied.end].contains('税');
        let same = taxed && drafts.iter().any(|draft| names_same(draft, &tied.indicator, &place.names));
        if again || same || slice[..tied.start].ends_with("不受") || is_outcome(page, &slice[..tied.start]) {
            continue;
        }
        covered = tied.end.max(place.end);
        drafts.push(draft(page, sentence, bounds.start, tied, place));
    }
    let park = crate::parks::read(page, sentence, slice, bounds.start);
    let park = park.filter(|park| drafts.iter().all(|draft| park.end < draft.start || draft.end < park.start));
    drafts.splice(0..0, park);
    if !drafts.is_empty() {
        drafts.extend(left_out(page, places, sentence, slice, bounds.start));
    }
    drafts.extend(excepted(page, sentence, slice, bounds.start));
    drafts
}

/// `可以申请在本市落户`: what applicants get.
fn is_outcome(page: &Page<'_>, before: &str) -> bool {
    page.rules
        .words(WordingKind::Outcome)
        .any(|word| before.ends_with(word) && !["支持", "鼓励", "引导", "推动", "帮助"].contains(&word))
}

/// `(宁波市除外)`, `(不含宁波)` behind a place: where applicants must not be.
fn left_out(page: &Page<'_>, places: &Places, sentence: usize, slice: &str, offset: usize) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (open, _) in slice.match_indices('(').take(4) {
        let Some(length) = slice[open..].find(')').filter(|length| *length <= 60) else { continue };
        let note = &slice[open + 1..open + length];
        if !note.ends_with("除外") && !["不含", "不包括", "不包含"].iter().any(|word| note.starts_with(word))
            || note.contains("计划单列")
        {
            continue;
        }
        let found = places.find(note, page.region);
        let (names, codes): (Vec<String>, Vec<Vec<String>>) = found
            .into_iter()
            .filter(|named| !named.codes.is_empty() && !named.relative)
            .map(|named| (note[named.start..named.end].to_owned(), named.codes))
            .unzip();
        let rest: usize = note.chars().count().saturating_sub(names.iter().map(|name| name.chars().count()).sum());
        if names.is_empty() || rest > 6 + names.len() {
            continue;
        }
        let condition = Condition {
            value_base: Some(Value::List(codes.concat())),
            negated: true,
            ..Condition::new("reg.place", Op::In, Value::List(names))
        };
        let (start, end) = (offset + open + 1, offset + open + length);
        drafts.push(Draft { what: What::Condition(condition), start, end, confidence: 0.8, rule: "place", sentence });
    }
    drafts
}

/// Whether a condition on the same places stands already.
fn names_same(draft: &Draft, indicator: &str, names: &[String]) -> bool {
    matches!(&draft.what, What::Condition(condition)
        if condition.indicator == indicator && matches!(&condition.value, Value::List(known) if known == names))
}

/// The places of a sentence, neighbours in a list as one.
fn joined(page: &Page<'_>, slice: &str, found: &[Named]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for named in found.iter().filter(|named| stands_alone(slice, named)) {
        let end = area_end(page, slice, named.end);
        let name = name_of(page, slice, named, end);
        if let Some(last) = places.last_mut()
            && last.end <= named.start
            && (["、", "和", "或", "及", "与", ""].contains(&&slice[last.end..named.start])
                || is_note(&slice[last.end..named.start]))
        {
            // 宝鸡高新区: the park of the place before it.
            if named.zone && last.end == named.start {
                last.names.pop();
                last.names.push(slice[last.start..end].to_owned());
                last.coded = false;
            } else {
                last.names.push(name);
            }
            last.codes.extend(named.codes.iter().cloned());
            (last.named, last.end, last.coded) = (named.end, end, last.coded && !named.codes.is_empty());
            continue;
        }
        places.push(Place {
            start: named.start,
            named: named.end,
            end,
            names: vec![name],
            codes: named.codes.clone(),
            coded: !named.codes.is_empty(),
            sure: !named.relative,
        });
    }
    places
}

/// `(含`: the place before goes on in a note.
fn is_note(between: &str) -> bool {
    ["(含", "(包括", "(包含"].contains(&between)
}

/// Characters before a park that stands for itself.
const ZONE_LEADS: [char; 20] =
    ['在', '于', '为', '至', '的', '是', '与', '和', '及', '或', '市', '区', '省', '县', '对', '入', '到', '册', '由', '家'];

/// 区内 in 社区内 and 市内 in 城市内 are no places.
fn stands_alone(slice: &str, named: &Named) -> bool {
    let name = &slice[named.start..named.end];
    let before = &slice[..named.start];
    let bare = name.starts_with(['区', '市', '县', '省', '州', '辖']);
    let open = before.is_empty() || before.ends_with(['在', '于', '为', ',', ':', '、', '对', '由', '是', '含', '(', '从', '持']);
    // 农业中关村 and 北京市属企业 are no places of registration.
    let within = named.zone && before.ends_with(|last: char| last.is_alphabetic()) && !before.ends_with(ZONE_LEADS);
    let behind = &slice[named.end..];
    let owned = behind.starts_with('属') && !behind.starts_with("属地");
    (!bare || open) && !within && !owned
}

/// Behind the words of area, notes in parentheses and names of parks that follow a name.
pub(crate) fn area_end(page: &Page<'_>, slice: &str, from: usize) -> usize {
    let mut end = from;
    for _ in 0..MOST_AREAS {
        let rest = &slice[end..];
        let note = rest.starts_with('(').then(|| rest.find(')')).flatten().filter(|at| *at <= 60);
        if let Some(word) = page.rules.words(WordingKind::Area).find(|word| rest.starts_with(*word)) {
            end += word.len();
        } else if let Some(close) = note.filter(|at| !slice[end + at + 1..].starts_with([',', '。'])) {
            end += close + 1;
        } else if let Some(length) = park_length(page, rest) {
            end += length;
        } else {
            break;
        }
    }
    end
}

/// `前海深港现代服务业合作区` behind 深圳市.
fn park_length(page: &Page<'_>, rest: &str) -> Option<usize> {
    let reach = rest.char_indices().nth(MOST_MODIFIER).map_or(rest.len(), |(at, _)| at);
    let window = &rest[..reach];
    let window = &window[..window.find(STOPS).unwrap_or(window.len())];
    let end = page.rules.words(WordingKind::Park).filter_map(|word| Some(window.find(word)? + word.len())).min()?;
    let plain = ["注册", "企业", "在", "内", "的", "和", "及", "或"].iter().all(|word| !window[..end].contains(word));
    plain.then_some(end)
}

/// The name as people read it: what 本市 stands for where that is known.
fn name_of(page: &Page<'_>, slice: &str, named: &Named, end: usize) -> String {
    let known = named.codes.first().filter(|_| named.relative || slice[named.start..named.end].starts_with('在'));
    match known.and_then(|code| page.rules.regions.get(code)) {
        Some(region) => region.name.clone(),
        None => {
            let park = page.rules.says(WordingKind::Park, &slice[named.end..end]);
            let words = &slice[named.start..if park || named.zone { end } else { named.end }];
            let plain = words.split('(').next().filter(|words| words.chars().count() >= 2 && !words.starts_with("中国"));
            let words = plain.unwrap_or(words);
            ["范围内", "区域内", "境内", "内"].iter().fold(words, |words, word| words.trim_end_matches(word)).to_owned()
        }
    }
}

/// What is required of a place, if anything.
fn tied(page: &Page<'_>, sentence: usize, slice: &str, place: &Place) -> Option<Tied> {
    labelled(page, slice, place)
        .or_else(|| acted(page, sentence, slice, place))
        .or_else(|| otherwise(page, slice, place))
        .or_else(|| named_subject(page, sentence, slice, place))
        .or_else(|| situated(slice, place))
}

/// `申报主体为在本市范围内,…`, `适用于本省行政区域内,…`: where applicants are, and nothing more.
fn situated(slice: &str, place: &Place) -> Option<Tied> {
    let (start, _) = opening(slice, place);
    let before = &slice[..start];
    let led =
        ["适用", "主体为", "单位为", "企业为", "对象为", "应为", "须为", "应", "须"].iter().any(|word| before.ends_with(word));
    let rest = &slice[place.end..];
    let noted = rest.starts_with('(').then(|| rest.find(')')).flatten().map_or(rest, |close| &rest[close + 1..]);
    let area = place.end > place.named && noted.starts_with([',', '、', '且']);
    (led && area).then(|| registered(start, place.end))
}

fn registered(start: usize, end: usize) -> Tied {
    Tied { indicator: "reg.place".to_owned(), start, end, subject: false }
}

/// `注册地在本市`, `工商登记和税收关系均在本州`, `新迁入本区`.
fn labelled(page: &Page<'_>, slice: &str, place: &Place) -> Option<Tied> {
    const AUXILIARIES: [&str; 9] = ["应当", "必须", "须", "应", "均", "需", "都", "已", "原则上"];
    let bare = |words: &'_ str| -> usize {
        AUXILIARIES.iter().chain(AUXILIARIES.iter()).fold(words, |words, word| words.trim_end_matches(word)).len()
    };
    let before = slice[..place.start].trim_end_matches(['"', '“', ' ']);
    let plain = &before[..bare(before)];
    let zone = !place.coded && place.sure;
    let label = page.rules.words(WordingKind::PlaceLabel).find(|word| plain.ends_with(*word));
    if let Some(label) = label.filter(|label| !zone || label.ends_with(['在', '于', '为'])) {
        return Some(registered(plain.len() - label.len(), place.end));
    }
    // 注册地须在本市: the verb may stand behind its auxiliary.
    let verb = plain.trim_end_matches(['在', '为', '于', '位']);
    if verb.len() == plain.len() && !slice[place.start..].starts_with('在') {
        return None;
    }
    let noun = &verb[..bare(verb)];
    let from = crate::lists::after_last(noun, &[',', '。', ';', ':', '(']);
    let subject = &noun[from..];
    let short = subject.chars().count() <= 24 && !subject.contains(['的', '\n']);
    // 项目实施地在本市: not where the applicant is, but where its project is.
    if let Some(site) = page.rules.words(WordingKind::SiteNoun).find(|word| short && subject.ends_with(*word)) {
        let start = from + subject.len() - site.len();
        return Some(Tied { indicator: "free:项目实施地".to_owned(), start, end: place.end, subject: false });
    }
    let ends = page.rules.words(WordingKind::PlaceNoun).any(|word| subject.ends_with(word));
    let start = page.rules.words(WordingKind::PlaceNoun).filter_map(|word| subject.find(word)).min();
    (short && ends).then(|| registered(from + start.unwrap_or(0), place.end))
}

/// `在本市行政区域内依法登记注册`.
fn acted(page: &Page<'_>, sentence: usize, slice: &str, place: &Place) -> Option<Tied> {
    let (start, opened) = opening(slice, place);
    let mut at = place.end;
    for _ in 0..MOST_MANNERS {
        let rest = &slice[at..];
        if page.rules.words(WordingKind::Registering).any(|word| rest.starts_with(word)) {
            break;
        }
        let Some(word) = page.rules.words(WordingKind::Manner).find(|word| rest.starts_with(*word)) else { break };
        at += word.len();
    }
    let mut end = at;
    // 登记、注册 and 注册及纳税 are several acts.
    for _ in 0..3 {
        let rest =
            slice[end..].trim_start_matches(|character| end > at && ['、', '和', '并', '及', '或', '且'].contains(&character));
        let whole = page.rules.words(WordingKind::Registering).any(|word| rest.starts_with(word));
        let rest =
            if whole { rest } else { ["依法", "新"].iter().fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest)) };
        let Some(word) = page.rules.words(WordingKind::Registering).find(|word| rest.starts_with(*word)) else { break };
        end = slice.len() - rest.len() + word.len();
    }
    let rest = &slice[end..];
    let weak = ["经营", "生产经营", "纳税", "购置", "租赁", "引进", "备案"].iter().any(|word| slice[at..end] == **word);
    // 在本市从事…的企业 is one of the place only where applicants are described.
    let pursues = slice[at..end].ends_with("从事");
    let fits = end > at
        && (!weak || opened)
        && (!pursues || opened && subject::describes(page, sentence))
        && !acts_on_a_thing(page, &slice[at..end], rest)
        && !page.rules.words(WordingKind::NotRegistered).any(|word| rest.starts_with(word));
    fits.then(|| registered(start, end))
}

/// `在京新办展会`, `在本区租赁办公用房`: what is set up or rented there is a thing, not the applicant.
fn acts_on_a_thing(page: &Page<'_>, act: &str, rest: &str) -> bool {
    let takes_an_object = ["新办", "新设", "设立", "租赁", "购置", "引进"].contains(&act);
    let reach = rest.char_indices().nth(MOST_MODIFIER).map_or(rest.len(), |(at, _)| at);
    let window = &rest[..rest[..reach].find(STOPS).unwrap_or(reach)];
    let object = window.split(['的', '且', '并', '满']).next().unwrap_or_default();
    let applicant = page.rules.words(WordingKind::Head).any(|word| object.ends_with(word))
        || ["总部", "法人"].iter().any(|word| object.contains(word));
    let counted = object.starts_with(|first: char| first.is_ascii_digit()) || object.chars().count() < 2;
    takes_an_object && !applicant && !counted
}

/// Where the place begins with its 在 or 于, and whether it has one.
fn opening(slice: &str, place: &Place) -> (usize, bool) {
    if slice[place.start..].starts_with('在') {
        return (place.start, true);
    }
    let before = &slice[..place.start];
    match ["在", "于"].iter().find(|word| before.ends_with(**word) && !before.ends_with("对于")) {
        Some(word) => (place.start - word.len(), true),
        None => (place.start, false),
    }
}

/// `在本市购买首套商品住房`, `本市户籍`.
fn otherwise(page: &Page<'_>, slice: &str, place: &Place) -> Option<Tied> {
    let rest = &slice[place.end..];
    let first = if rest.starts_with("首次") { "首次".len() } else { 0 };
    let rest = &rest[first..];
    let (start, _) = opening(slice, place);
    page.rules.places.tie.iter().find_map(|tie| {
        let word = tie.words.iter().find(|word| rest.starts_with(word.as_str()))?;
        if ["准入", "管理", "制度", "人口", "登记", "迁移"].iter().any(|noun| rest[word.len()..].starts_with(noun)) {
            return None;
        }
        let end = place.end + first + word.len();
        let tail = ["商品住房", "住房", "的", "人员", "人", "家庭"]
            .iter()
            .find(|tail| **tail != "的" && slice[end..].starts_with(**tail))
            .map_or(0, |tail| tail.len());
        Some(Tied { indicator: tie.indicator.clone(), start, end: end + tail, subject: false })
    })
}

/// `我市企业申请…`, `服务对象:北京市文旅企业`.
fn named_subject(page: &Page<'_>, sentence: usize, slice: &str, place: &Place) -> Option<Tied> {
    let bounds = page.sentence(sentence);
    let rest = &slice[place.end..];
    let reach = rest.char_indices().nth(MOST_MODIFIER).map_or(rest.len(), |(at, _)| at);
    let window = &rest[..reach];
    let window = window.strip_prefix('的').filter(|_| place.end > place.named).unwrap_or(window);
    let skipped = rest[..reach].len() - window.len();
    let window = &window[..window.find(STOPS).unwrap_or(window.len())];
    let head = page
        .rules
        .words(WordingKind::Head)
        .filter_map(|word| Some((window.find(word)?, word)))
        .min_by_key(|(at, word)| (*at, usize::MAX - word.len()))?;
    let modifier = &window[..head.0];
    // 我市软件和信息技术服务业企业: a line of business may say 和.
    let trade = page.rules.industries.contains_key(modifier.strip_suffix('业').unwrap_or(modifier))
        || page.rules.industries.contains_key(modifier);
    let foreign = !trade && page.rules.says(WordingKind::Foreign, modifier);
    let zone = !place.coded && place.sure;
    let dated = modifier.contains(|character: char| character.is_ascii_digit());
    let described = dated || !modifier.is_empty() && !is_description(page, sentence, modifier);
    let noun_end = place.end + skipped + head.0 + head.1.len();
    if foreign
        || zone
        || described
        || slice[..place.start].ends_with('(')
        || !subject::is_applicant(page, sentence, bounds.start + place.start, bounds.start + noun_end)
    {
        return None;
    }
    let end = if modifier.is_empty() { noun_end } else { place.end };
    Some(Tied { subject: true, ..registered(opening(slice, place).0, end) })
}

/// `北京市` `文旅` `企业`: other words about the applicant stand between, where a label names the applicants.
fn is_description(page: &Page<'_>, sentence: usize, modifier: &str) -> bool {
    let trade = modifier.ends_with(['业', '类'])
        || modifier.ends_with("产业")
        || modifier.ends_with("地方")
        || modifier.ends_with("领域");
    let labelled = page.line(sentence).is_some_and(|line| line.section == Section::Conditions);
    trade || labelled && !modifier.contains("公司")
}

fn draft(page: &Page<'_>, sentence: usize, offset: usize, tied: Tied, place: Place) -> Draft {
    let (start, end) = (offset + tied.start, offset + tied.end.max(place.end));
    let condition = Condition {
        value_base: (place.coded && !place.codes.is_empty()).then_some(Value::List(place.codes)),
        negated: page.is_refused(sentence, start) != denied(&page.text()[offset..start]),
        ..Condition::new(&tied.indicator, Op::In, Value::List(place.names))
    };
    let confidence = if place.sure { 0.85 } else { 0.75 };
    Draft { what: What::Condition(condition), start, end, confidence, rule: "place", sentence }
}

/// `未在本市注册`, `非本市户籍`.
fn denied(before: &str) -> bool {
    before.ends_with(['未', '非', '不']) || before.ends_with("没有")
}

/// The cities with planning status of their own, left out by `计划单列市除外`, by province.
const PLANNED_CITIES: [(&str, &str, &str, &str); 5] = [
    ("21", "辽宁", "210200", "大连市"),
    ("33", "浙江", "330200", "宁波市"),
    ("35", "福建", "350200", "厦门市"),
    ("37", "山东", "370200", "青岛市"),
    ("44", "广东", "440300", "深圳市"),
];

fn excepted(page: &Page<'_>, sentence: usize, slice: &str, offset: usize) -> Option<Draft> {
    const WORDS: [&str; 4] = ["计划单列市除外", "不含计划单列市", "不包括计划单列市", "计划单列城市除外"];
    if !slice.contains("计划单列") {
        return None;
    }
    let (at, word) = WORDS.iter().filter_map(|word| Some((slice.find(word)?, *word))).min()?;
    let own =
        PLANNED_CITIES.iter().filter(|(code, province, _, _)| page.region.starts_with(code) || slice[..at].contains(province));
    let (codes, names): (Vec<String>, Vec<String>) =
        own.map(|(_, _, code, name)| ((*code).to_owned(), (*name).to_owned())).unzip();
    let names = if names.is_empty() { vec!["计划单列市".to_owned()] } else { names };
    let condition = Condition {
        value_base: (!codes.is_empty()).then_some(Value::List(codes)),
        negated: true,
        ..Condition::new("reg.place", Op::In, Value::List(names))
    };
    let start = offset + at;
    let is_tied = page.has(CueKind::Applicant, offset, offset + slice.len()) || slice.contains("注册") || page.phrase;
    is_tied.then_some(Draft {
        what: What::Condition(condition),
        start,
        end: start + word.len(),
        confidence: 0.85,
        rule: "place",
        sentence,
    })
}
