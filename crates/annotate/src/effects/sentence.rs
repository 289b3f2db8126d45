//! What one sentence, or the title, says of the policies it names.

use std::sync::LazyLock;

use jiff::civil::Date;
use model::date::parse_date;
use model::link::Relation;
use regex::Regex;

use super::mention::{self, Mention};
use super::{Effect, Since};

/// A pattern of this file; each is compiled by the tests.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

/// What ends, in the words for it; longer words first.
static VERBS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        "(?P<repeal>(?:同时|予以|即行|自行|一并|相应|宣布|现予|均予|随之)?废止)",
        "|(?P<expire>(?:同时|予以|即行|自行|一并|宣布|自动|随之|现)?(?:失效|停止执行|停止施行|停止实施|不再执行|终止执行))",
        "|(?P<extend>(?:有效期|执行期限|实施期限|试行期|施行期限)[^，,。;《]{0,8}(?:延长|延续|顺延|延期)|继续有效|继续执行|继续施行)",
        "|(?P<amend>(?:作|做|作出|做出|进行)(?:了)?(?:如下|以下|部分|相应|下列)?(?:修改|修订)|修改为)",
        "|(?P<replace>以本[^，,。;]{1,8}为准|[被由]本[^，,。;]{1,10}(?:替代|取代|代替))",
    ))
});
/// A day from which something holds.
static FROM_DAY: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern("[自从于](?P<day>[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日)(?P<behind>之?(?:起|后)?[^，,。;]{0,4})"));
/// A last day.
static UNTIL_DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern("(?:延长|延续|顺延|延期|继续执行|继续有效|有效期)[^。;\n]{0,16}?至(?P<day>[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日)")
});

/// Characters between the last policy named and the word that is said of it.
const MOST_GAP: usize = 48;
/// The same for what is amended: `第三条第二款`.
const MOST_AMENDED_GAP: usize = 14;
/// Characters between two grounds: `(以下简称`.
const MOST_JOINT: usize = 8;
/// Characters between a word and the policy it is said of: `废止市政府办公厅印发的《…`.
const MOST_LEAD: usize = 30;

/// A word that is said of policies.
struct Verb {
    relation: Relation,
    start: usize,
    end: usize,
}

/// What a sentence says.
pub(super) fn read(sentence: &str) -> Vec<Effect> {
    if !sentence.contains(['《', '号']) || !has_a_verb(sentence) {
        return Vec::new();
    }
    let mentions = mention::all(sentence);
    let mut effects = Vec::new();
    let mut from = 0;
    for verb in verbs(sentence, &mentions) {
        let said = match behind(sentence, &mentions, &verb) {
            said if !said.is_empty() && verb.relation != Relation::Extends => said,
            _ => before(sentence, &mentions, &verb, from),
        };
        from = verb.end;
        effects.extend(said.into_iter().map(|(mention, relation)| {
            let (start, end) = (mention.start.min(verb.start), mention.end.max(verb.end));
            Effect {
                relation,
                mention,
                from: start,
                to: end,
                since: since(sentence, &verb),
                until: (relation == Relation::Extends).then(|| until(sentence)).flatten(),
                words: sentence.to_owned(),
            }
        }));
    }
    effects
}

/// What the title says: `关于废止《…》的通知`, `关于修改《…》的决定`, `关于延长《…》有效期的通知`.
pub(super) fn read_title(title: &str) -> Vec<Effect> {
    if !title.contains(['《', '号']) {
        return Vec::new();
    }
    let mentions = mention::all(title);
    let words = [
        (Relation::Repeals, "废止"),
        (Relation::Expires, "停止执行"),
        (Relation::Expires, "宣布失效"),
        (Relation::Extends, "延长"),
        (Relation::Extends, "延续"),
        (Relation::Amends, "修改"),
        (Relation::Amends, "调整"),
        (Relation::Amends, "修订"),
    ];
    let mut effects = Vec::new();
    for (relation, word) in words {
        let Some(start) = title.find(word).filter(|at| !inside(&mentions, *at)) else { continue };
        let verb = Verb { relation, start, end: start + word.len() };
        let ends = |mention: &Mention| title[mention.end..].contains("有效期") || title[mention.end..].contains("期限");
        for (mention, relation) in behind(title, &mentions, &verb) {
            let fits = relation != Relation::Extends || ends(&mention);
            let (from, to) = (verb.start, mention.end);
            let since = if relation == Relation::Amends { Since::Effective } else { Since::Issued };
            effects.extend(fits.then(|| Effect { relation, mention, from, to, since, until: None, words: title.to_owned() }));
        }
    }
    let behind_it = [
        (Relation::Extends, "继续有效"),
        (Relation::Extends, "继续执行"),
        (Relation::Repeals, "废止"),
        (Relation::Expires, "失效"),
    ];
    for (relation, word) in behind_it {
        let Some(start) = title.rfind(word).filter(|at| !inside(&mentions, *at)) else { continue };
        let verb = Verb { relation, start, end: start + word.len() };
        for (mention, relation) in before(title, &mentions, &verb, 0) {
            let (from, to) = (mention.start, verb.end);
            effects.push(Effect { relation, mention, from, to, since: Since::Issued, until: None, words: title.to_owned() });
        }
    }
    effects
}

/// Quick and sure: most sentences say nothing of the kind.
fn has_a_verb(sentence: &str) -> bool {
    ["废止", "失效", "执行", "施行", "实施", "有效", "延", "修改", "修订", "调整", "补充", "为准", "替代", "取代", "代替"]
        .iter()
        .any(|word| sentence.contains(word))
}

fn inside(mentions: &[Mention], at: usize) -> bool {
    mentions.iter().any(|mention| mention.start < at && at < mention.end)
}

fn verbs(sentence: &str, mentions: &[Mention]) -> Vec<Verb> {
    let Some(pattern) = VERBS.as_ref() else { return Vec::new() };
    let relation = |captures: &regex::Captures<'_>| {
        let of = |name: &str| captures.name(name).is_some();
        match () {
            () if of("repeal") => Relation::Repeals,
            () if of("expire") => Relation::Expires,
            () if of("extend") => Relation::Extends,
            () if of("amend") => Relation::Amends,
            () => Relation::Supersedes,
        }
    };
    pattern
        .captures_iter(sentence)
        .filter_map(|captures| {
            let whole = captures.get(0)?;
            let verb = Verb { relation: relation(&captures), start: whole.start(), end: whole.end() };
            (!inside(mentions, verb.start) && is_said(sentence, &verb)).then_some(verb)
        })
        .collect()
}

/// Whether the word tells a fact: `拟废止`, `不予废止`, `废止前`, `已废止的《…》` tell none.
fn is_said(sentence: &str, verb: &Verb) -> bool {
    const DOUBTS: [&str; 15] =
        ["拟", "建议", "申请", "不予", "尚未", "未被", "未", "应当", "可以", "是否", "及时", "或者", "修改、", "如果", "需要"];
    const BEHIND: [&str; 12] = ["的", "前", "后", "或", "程序", "和", "、", "情况", "情形", "期间", "原因", "之日"];
    let near = last(&sentence[..verb.start], 7);
    let near = near.rfind(['》', ')', ',', '，']).map_or(near, |at| &near[at..]);
    let rest = &sentence[verb.end..];
    let follows = BEHIND.iter().any(|word| rest.starts_with(word)) && !rest.starts_with("的规定") && !rest.starts_with("后续");
    let extends = verb.relation == Relation::Extends;
    !DOUBTS.iter().any(|word| near.contains(word)) && (extends || !follows)
}

fn last(text: &str, characters: usize) -> &str {
    text.char_indices().rev().nth(characters.saturating_sub(1)).map_or(text, |(at, _)| &text[at..])
}

/// `废止《甲》、《乙》`: the policies right behind the word.
fn behind(sentence: &str, mentions: &[Mention], verb: &Verb) -> Vec<(Mention, Relation)> {
    let mut at = verb.end;
    let mut said = Vec::new();
    for mention in mentions.iter().filter(|mention| mention.start >= verb.end) {
        let Some(gap) = sentence.get(at..mention.start) else { break };
        let first = said.is_empty();
        let joined =
            gap.chars().all(|mark| "、,，和及与以 的".contains(mark)) || gap.chars().count() <= MOST_LEAD && is_maker(gap);
        let leads = first && gap.chars().count() <= MOST_LEAD && (gap.is_empty() || is_maker(gap));
        if !(if first { leads } else { joined }) {
            break;
        }
        let part = is_part(&sentence[mention.end..]);
        said.push((mention.clone(), if part { Relation::Amends } else { verb.relation }));
        at = mention.end;
    }
    said
}

/// `市政府办公厅印发的`: who made what is named next.
fn is_maker(gap: &str) -> bool {
    let gap = gap.trim_start_matches(['、', '和', '及', ',']);
    (gap.ends_with("的") || gap.ends_with("关于") || gap.chars().count() <= 16 && !gap.contains(','))
        && !["施行", "实施", "根据", "按照", "依据", "依照"].iter().any(|word| gap.contains(word))
}

/// `《甲》、《乙》同时废止`: the policies before the word, up to the word before it.
fn before(sentence: &str, mentions: &[Mention], verb: &Verb, from: usize) -> Vec<(Mention, Relation)> {
    let candidates: Vec<&Mention> =
        mentions.iter().filter(|mention| mention.start >= from && mention.end <= verb.start).collect();
    let Some(nearest) = candidates.last() else { return Vec::new() };
    let gap = &sentence[nearest.end..verb.start];
    let decides = ["决定", "研究", "现将", "公布", "以下", "下列", "不一致"].iter().any(|word| gap.contains(word));
    // 对《…》作如下修改 stands together; further on the words are about something else.
    let is_far = verb.relation == Relation::Amends && (gap.contains([',', '，']) || gap.chars().count() > MOST_AMENDED_GAP);
    if gap.chars().count() > MOST_GAP || decides || is_far {
        return Vec::new();
    }
    let mut said = Vec::new();
    let mut ground: Option<usize> = None;
    for (index, mention) in candidates.iter().enumerate() {
        let next = candidates.get(index + 1).map_or(verb.start, |next| next.start);
        let rest = &sentence[mention.end..next];
        // 根据《甲》、《乙》(以下简称《丙》): a ground goes on over what joins.
        let goes_on = ground.is_some_and(|end| {
            let gap = &sentence[end..mention.start];
            !gap.contains([',', '，', '的']) && gap.chars().count() <= MOST_JOINT
        });
        if goes_on || is_ground(sentence, mention) {
            ground = Some(mention.end);
            continue;
        }
        if is_other_use(rest) {
            continue;
        }
        let amends = verb.relation == Relation::Amends || index + 1 == candidates.len() && is_part(rest);
        said.push(((*mention).clone(), if amends { Relation::Amends } else { verb.relation }));
    }
    said
}

/// `根据《…》`: what something is grounded on.
fn is_ground(sentence: &str, mention: &Mention) -> bool {
    let lead = &sentence[..mention.start];
    let lead = lead.rfind([',', '，', '。']).map_or(lead, |at| &lead[at..]);
    let lead = lead.rfind('》').map_or(lead, |at| &lead[at..]);
    ["根据", "依据", "按照", "依照", "遵照", "贯彻", "落实", "参照", "执行《", "为了"].iter().any(|word| lead.contains(word))
}

/// `《…》施行之日`, `《…》第一次修正`: the policy is named for something else.
fn is_other_use(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['的', ' ']);
    // The comma itself counts: 修正, goes on with the next act.
    let stop = rest.find([',', '，']).map_or(rest.len(), |at| at + 1).min(rest.len());
    let near: String = rest.get(..stop).unwrap_or(rest).chars().take(30).collect();
    [
        "施行之日",
        "起施行",
        "起实施",
        "起执行",
        "施行后",
        "实施后",
        "第一次修",
        "第二次修",
        "第三次修",
        "第四次修",
        "修正、",
        "修正,",
    ]
    .iter()
    .any(|word| near.contains(word))
        || ["修正", "修订", "规定,", "要求,", "精神"].iter().any(|word| rest.starts_with(word))
}

/// `《…》第三条`, `《…》中的`: only a part of it.
fn is_part(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', ',', '中', '的']);
    let near: String = rest.chars().take(12).collect();
    rest.starts_with('第') && near.contains(['条', '款', '项', '章'])
        || ["部分", "有关规定", "有关条款", "相关规定", "相关条款", "有关内容", "附件"].iter().any(|word| rest.starts_with(word))
}

/// From when on a word holds.
fn since(sentence: &str, verb: &Verb) -> Since {
    let days = FROM_DAY.as_ref().into_iter().flat_map(|pattern| pattern.captures_iter(sentence));
    for captures in days {
        let (Some(day), Some(behind)) = (captures.name("day"), captures.name("behind")) else { continue };
        // 自2019年1月1日起施行的《…》 is since when the other one held.
        if behind.as_str().ends_with('的')
            || behind.as_str().contains("的《")
            || sentence[captures.get(0).map_or(0, |all| all.end())..].starts_with("的《")
        {
            continue;
        }
        let tells = ["起", "废止", "失效"].iter().any(|word| behind.as_str().contains(word));
        if let Some(date) = parse_date(day.as_str()).filter(|_| tells) {
            return Since::Day(date);
        }
    }
    let words = &sentence[verb.start..verb.end];
    let with_it = ["同时", "随之", "一并", "相应"]
        .iter()
        .any(|word| words.contains(word) || last(&sentence[..verb.start], 4).contains(word))
        || ["施行之日", "实施之日", "生效之日"].iter().any(|word| sentence.contains(word))
        || matches!(verb.relation, Relation::Supersedes | Relation::Amends);
    if with_it { Since::Effective } else { Since::Issued }
}

/// The last day a text names for what it prolongs.
pub(super) fn until(text: &str) -> Option<Date> {
    let captures = UNTIL_DAY.as_ref()?.captures(text)?;
    parse_date(captures.name("day")?.as_str())
}

/// The first day a heading names: `自2024年1月1日起废止的文件目录`.
pub(super) fn day_of(heading: &str) -> Option<Date> {
    let captures = FROM_DAY.as_ref()?.captures(heading)?;
    captures.name("behind").filter(|behind| behind.as_str().contains('起'))?;
    parse_date(captures.name("day")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(VERBS.is_some() && FROM_DAY.is_some() && UNTIL_DAY.is_some());
    }
}
