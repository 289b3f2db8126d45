//! Titles, licences and certificates that are required: `应为有效期内的高新技术企业`, `取得食品生产许可证`.
//!
//! Names listed in the rules are found anywhere; others by how they end (…示范企业, …许可证), and only right behind a verb
//! of holding. Becoming a title in a sentence that rewards it is a tier of the award, not a condition.

use model::{Condition, Op, Value, What};

use crate::lexicon::within;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, WordingKind};
use crate::subject;

/// How far before a name its verb may stand, in characters.
const MOST_BEFORE: usize = 26;
/// Longest name that no rule lists, in characters.
const MOST_NAME: usize = 26;
/// Names that no rule lists, in one sentence.
const MOST_OPEN: usize = 24;
/// Marks a name does not reach across.
const STOPS: [char; 8] = [',', '。', ';', ':', '、', '(', ')', '\n'];
/// Quotation marks around names.
const QUOTES: [char; 6] = ['"', '“', '”', '《', '》', ' '];

/// A name in a sentence, in bytes of the reading.
#[derive(Debug, Clone)]
struct Mention {
    /// With the words of level before it.
    start: usize,
    end: usize,
    names: Vec<String>,
    /// The ending it was known by, where no rule lists it.
    ending: Option<String>,
}

/// The titles one sentence requires.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let mentions = mentions(page, sentence);
    let clauses = page.outline.clauses_at(mentions.iter().map(|mention| mention.start));
    let mut drafts: Vec<Draft> = Vec::new();
    let mut previous_end = 0;
    for (mention, clause) in mentions.iter().zip(clauses) {
        let between = page.slice(previous_end, mention.start);
        let listed = !drafts.is_empty() && previous_end <= mention.start && joins(page, between);
        if listed {
            extend_titles(drafts.last_mut(), mention);
        } else if let Some(draft) = held(page, sentence, mention, page.clause(clause).start) {
            drafts.push(draft);
        } else {
            continue;
        }
        previous_end = mention.end + tail_length(page, page.slice(mention.end, bounds.end));
    }
    for draft in &mut drafts {
        // Either name will do, unless all are asked for at once.
        if let What::Condition(condition) = &mut draft.what
            && matches!(&condition.value, Value::List(names) if names.len() > 1)
        {
            let all = page.slice(bounds.start, draft.start).ends_with("同时");
            condition.op = if all { Op::Has } else { Op::HasAny };
        }
        draft.end += tail_length(page, page.slice(draft.end, bounds.end));
    }
    drafts
}

/// `认定`, `称号` behind a name, with the quotation marks around it.
fn tail_length(page: &Page<'_>, rest: &str) -> usize {
    let quotes = rest.len() - rest.trim_start_matches(['"', '”', '》']).len();
    let tail = page.rules.words(WordingKind::TitleTail).find(|tail| rest[quotes..].starts_with(*tail)).map_or(0, str::len);
    quotes + tail
}

/// Whether what stands between two names makes them a list.
fn joins(page: &Page<'_>, between: &str) -> bool {
    let core = between.trim_matches(QUOTES);
    let core = core.trim_start_matches(['、', '或', '和', '及', '与', '/']).trim_start_matches("者").trim_start_matches("以");
    let core = core.trim_start_matches('及').trim_matches(QUOTES);
    let short = between.chars().count() <= 8 && between.contains(['、', '或']) && !between.contains([',', '。']);
    let again = page.rules.words(WordingKind::Holding).any(|verb| core == verb);
    core.is_empty() && !between.is_empty() || short || again && between.contains(['、', '或', '和'])
}

fn extend_titles(draft: Option<&mut Draft>, mention: &Mention) {
    if let Some(draft) = draft
        && let What::Condition(condition) = &mut draft.what
        && let Value::List(names) = &mut condition.value
    {
        for name in &mention.names {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        draft.end = mention.end;
    }
}

/// Listed and open names of a sentence in text order.
fn mentions(page: &Page<'_>, sentence: usize) -> Vec<Mention> {
    let bounds = page.sentence(sentence);
    let mut mentions: Vec<Mention> = within(&page.hits.qualifications, bounds.start, bounds.end)
        .iter()
        .map(|hit| {
            let name = &page.rules.qualifications[usize::from(hit.what)].name;
            let (start, levels) = levels_before(page, bounds.start, hit.start);
            let names = levels.iter().map(|level| format!("{level}{name}")).collect();
            Mention { start, end: hit.end, names, ending: None }
        })
        .collect();
    let listed = mentions.len();
    for mention in open_mentions(page, sentence) {
        if !mentions[..listed].iter().any(|known| known.start < mention.end && mention.start < known.end) {
            mentions.push(mention);
        }
    }
    mentions.sort_by_key(|mention| (mention.start, mention.end));
    mentions
}

/// The words of level before a name: `国家和市级` are two levels.
fn levels_before(page: &Page<'_>, from: usize, at: usize) -> (usize, Vec<String>) {
    let mut start = at;
    loop {
        let before = page.slice(from, start);
        let bare = before.trim_end_matches(['"', '“']);
        let length = page.rules.words(WordingKind::Level).find(|word| bare.ends_with(*word)).map(str::len);
        let Some(length) = length else { break };
        start = from + bare.len() - length;
    }
    // 市级及以上 is one level, not two.
    let words = page.slice(start, at).replace(['"', '“', '”'], "").replace("及以上", "以上");
    let mut levels: Vec<String> =
        words.split(['、', '和', '或', '及']).map(|level| level.trim_end_matches("的")).map(str::to_owned).collect();
    levels.retain(|level| !level.is_empty());
    // 省级以上(含省级): the note says nothing new.
    if words.contains('(') || levels.is_empty() {
        levels = vec![words.split('(').next().unwrap_or_default().to_owned()];
    }
    let start = start + (page.slice(start, at).len() - page.slice(start, at).trim_start_matches(['、', '和', '或', '及']).len());
    (start, levels)
}

/// Names known only by how they end: `食品生产许可证`, `知识产权试点单位`.
fn open_mentions(page: &Page<'_>, sentence: usize) -> Vec<Mention> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let mut found: Vec<Mention> = Vec::new();
    for ending in page.rules.words(WordingKind::OpenTitle) {
        for (at, _) in slice.match_indices(ending).take(MOST_OPEN) {
            let end = at + ending.len();
            let start = name_start(page, slice, at);
            let name = slice[start..end].trim_matches(QUOTES);
            let given = page.rules.says(WordingKind::Given, name);
            let granted = page.rules.words(WordingKind::Grantor).any(|word| slice[..start].ends_with(word));
            let least = ending.chars().count() + if granted && ending.chars().nth(3).is_some() { 0 } else { 2 };
            let whole = (least..=MOST_NAME).contains(&name.chars().count());
            let goes_on =
                page.rules.words(WordingKind::NotHeld).any(|word| slice[end..].trim_start_matches(['"', '”']).starts_with(word));
            if whole && !given && !goes_on {
                let offset = slice[start..].len() - slice[start..].trim_start_matches(QUOTES).len();
                let start = bounds.start + start + offset;
                found.push(Mention {
                    start,
                    end: bounds.start + end,
                    names: vec![unquoted(name)],
                    ending: Some(ending.to_owned()),
                });
            }
        }
    }
    // 资质证书 ends a name that 资质 ends too.
    found.sort_by_key(|mention| (mention.start, std::cmp::Reverse(mention.end)));
    let mut covered = 0;
    found.retain(|mention| {
        let kept = mention.start >= covered;
        covered = covered.max(mention.end);
        kept
    });
    found
}

/// A name without quotation marks of which only one half stands in it.
fn unquoted(name: &str) -> String {
    let whole = name.matches('“').count() == name.matches('”').count() && name.matches('"').count().is_multiple_of(2);
    if whole { name.to_owned() } else { name.replace(['"', '“', '”'], "") }
}

/// Where an open name begins: behind its verb, a stop, or words that only lead to it.
fn name_start(page: &Page<'_>, slice: &str, at: usize) -> usize {
    let from = slice[..at].char_indices().rev().take(MOST_NAME).last().map_or(0, |(at, _)| at);
    let window = &slice[from..at];
    let cut = |words: &mut dyn Iterator<Item = &str>| words.filter_map(|word| window.rfind(word).map(|at| at + word.len())).max();
    let verb = cut(&mut page.rules.words(WordingKind::Holding));
    let grantor = cut(&mut page.rules.words(WordingKind::Grantor));
    // 二级(含)以上资质 is one name.
    let inside = |at: usize| window[at..].starts_with("(含)") || window[..at].ends_with("(含");
    let stops = window.char_indices().rev().filter(|(_, mark)| STOPS.contains(mark) || *mark == '的');
    let stop = stops.filter(|(at, _)| !inside(*at)).map(|(at, mark)| at + mark.len_utf8()).next();
    // 一级及以上资质 is one name.
    let joint = |word: &str| {
        let joints = window.rmatch_indices(word).map(|(at, word)| at + word.len());
        joints.filter(|end| !window[*end..].starts_with("以上")).max()
    };
    let joint = ["或", "和", "及"].iter().filter_map(|word| joint(word)).max();
    from + [verb, grantor, stop, joint].into_iter().flatten().max().unwrap_or(0)
}

/// The condition of a name, if the sentence requires holding it.
fn held(page: &Page<'_>, sentence: usize, mention: &Mention, clause: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let rest = page.slice(mention.end, bounds.end);
    let behind = rest.trim_start_matches(['"', '”', '》']);
    // 与…企业存在控股关系: the title of somebody else; 称号自动失效: what becomes of it.
    let entered = ["名单", "名录", "库"].iter().any(|word| behind.starts_with(word)) && is_entered(page, mention, clause);
    if !entered && page.rules.words(WordingKind::NotHeld).any(|word| behind.starts_with(word)) || rest.contains("失效") {
        return None;
    }
    // 示范企业,应符合…: the title that is applied for; …是指具备资质: what a word means.
    if [",应", ",须", ",需", ":"].iter().any(|word| behind.starts_with(word))
        || page.slice(bounds.start, mention.start).contains("是指")
    {
        return None;
    }
    let before = page.slice(clause.min(mention.start), mention.start);
    // 申报高新技术企业 is what it aims at; 有下列情形之一的总部企业,不予支持: whom the list is about.
    let aims = ["申报", "申请", "创建", "争创", "参评"].iter().any(|word| before.trim_end_matches(QUOTES).ends_with(word));
    if aims || behind.starts_with(",不") && before.contains("之一") {
        return None;
    }
    let verb = verb_before(page, before, mention.ending.is_some());
    let (verb, shared) = match (verb, &mention.ending) {
        (None, Some(ending)) => sharing(page, before, ending).unzip(),
        _ => (verb, None),
    };
    let refused = page.is_refused(sentence, mention.start);
    let object = before.trim_end_matches(QUOTES).ends_with('对') && is_awarded_object(page, mention.end, bounds.end);
    let noun = verb.is_none() && !object && mention.ending.is_none() && is_holder(page, sentence, mention);
    let at = verb.or_else(|| (object || noun).then_some(before.len()))?;
    let tier = verb.is_some() && !refused && is_award_tier(page, sentence, before, at);
    if tier {
        return None;
    }
    // 可认定为…, 优先推荐…: what becomes of those who meet the conditions.
    let outcome = page.rules.words(WordingKind::Outcome).any(|word| before[..at].ends_with(word))
        || verb.is_some() && page.has(CueKind::Priority, bounds.start, bounds.end);
    // 具有从业资格的人员: somebody's, not the applicant's.
    if outcome || is_of_staff(behind) || is_looked_at(behind) {
        return None;
    }
    let names: Vec<String> = shared.into_iter().flatten().chain(mention.names.iter().cloned()).collect();
    let op = if names.len() > 1 { Op::HasAny } else { Op::Has };
    let mut condition = Condition::new("qual.has", op, Value::List(names));
    let denied = ["未", "非", "不是", "不属于", "没有", "不得为"].iter().any(|word| before[..at].ends_with(word));
    condition.negated = refused != denied;
    let shown = page.rules.words(WordingKind::Becoming).any(|verb| before[at..].starts_with(verb));
    let verb_length = page.rules.words(WordingKind::Holding).filter(|verb| before[at..].starts_with(*verb)).map(str::len).max();
    let from = clause.min(mention.start) + at + if shown { 0 } else { verb_length.unwrap_or_default() };
    let of = if page.slice(from, mention.end).starts_with('的') { '的'.len_utf8() } else { 0 };
    let (start, end) = page.trimmed(from + of, mention.end);
    let confidence = if mention.ending.is_some() { 0.65 } else { 0.8 };
    Some(Draft { what: What::Condition(condition), start, end, confidence, rule: "title", sentence })
}

/// `具有从业资格的人员`, `通过人才认证的、从事…的专业人员`: what stands behind is about staff.
fn is_of_staff(behind: &str) -> bool {
    let reach = behind.char_indices().nth(MOST_BEFORE).map_or(behind.len(), |(at, _)| at);
    let window = &behind[..behind[..reach].find([',', '。', ';']).unwrap_or(reach)];
    behind.starts_with('的') && ["人员", "人才", "员工"].iter().any(|word| window.contains(word))
}

/// `认定为…的企业必须满足`, `认定为示范企业30家`: those who will have the title, or how many do.
fn is_looked_at(behind: &str) -> bool {
    let reach = behind.char_indices().nth(10).map_or(behind.len(), |(at, _)| at);
    let must = ["必须满足", "应满足", "须满足", "应符合", "须符合", "应当符合", "应具备", "须具备", "应当具备"];
    let counted = behind.trim_start_matches("企业");
    let digits = counted.trim_start_matches(|character: char| character.is_ascii_digit());
    let many = ["的共有", "的共", "的已有", "的达", "的企业共", "的企业达"].iter().any(|word| behind.starts_with(word));
    many || behind.starts_with('的') && must.iter().any(|word| behind[..reach].contains(word))
        || digits.len() < counted.len() && digits.starts_with(['家', '个', '户'])
}

/// `获得绿色食品、有机产品认证`: where the verb of a list stands that shares the ending of its last name, and the other names.
fn sharing(page: &Page<'_>, before: &str, ending: &str) -> Option<(usize, Vec<String>)> {
    let verbs = page.rules.words(WordingKind::Becoming).chain(["持有"]);
    let (at, length) = verbs.filter_map(|verb| Some((before.rfind(verb)?, verb.len()))).max_by_key(|(at, length)| at + length)?;
    let list = before[at + length..].trim_matches(QUOTES);
    let list = ["、", "和", "及", "或", "与"].iter().find_map(|joint| list.strip_suffix(joint))?;
    let names: Vec<&str> = list.split(['、', '和', '及', '或', '与']).map(|name| name.trim_matches(QUOTES)).collect();
    let plain = |name: &&str| {
        (2..=MOST_NAME / 2).contains(&name.chars().count())
            && !name.contains(STOPS)
            && !name.contains(['的', '被'])
            && (!name.starts_with('有') || name.starts_with("有机"))
    };
    let known = names.iter().all(plain) && list.chars().count() <= MOST_BEFORE * 2;
    let whole = |name: &&str| if name.ends_with(ending) { (*name).to_owned() } else { format!("{name}{ending}") };
    known.then(|| (at, names.iter().map(whole).collect()))
}

/// `对首次入选国家级、省级…的,分别给予…`: each level has its amount, so that the levels are tiers of the award.
fn is_graded(page: &Page<'_>, sentence: usize) -> bool {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    page.rules.words(WordingKind::Apiece).any(|word| slice.contains(word))
}

/// `列入国家绿色工厂名单`: being on the list of a title is holding it.
fn is_entered(page: &Page<'_>, mention: &Mention, clause: usize) -> bool {
    let before = page.slice(clause.min(mention.start), mention.start).trim_end_matches(QUOTES);
    ["列入", "纳入", "入选", "进入"].iter().any(|verb| before.ends_with(verb))
}

/// The last verb of holding before a name, near enough to govern it.
fn verb_before(page: &Page<'_>, before: &str, open: bool) -> Option<usize> {
    let at = page.rules.words(WordingKind::Holding).filter_map(|verb| Some((before.rfind(verb)?, verb.len()))).max()?;
    let between = before[at.0 + at.1..].trim_matches(QUOTES);
    if before[at.0..].chars().count() > MOST_BEFORE || between.contains([',', '。', ';']) {
        return None;
    }
    // An open name follows its verb at once, or whoever grants it.
    let granted = page.rules.words(WordingKind::Grantor).any(|word| between.ends_with(word));
    let led = page.rules.words(WordingKind::Level).any(|word| between.ends_with(word));
    (!open || between.is_empty() || granted || led).then_some(at.0)
}

/// `注册在示范区范围内的国家高新技术企业`: the title names the applicant.
fn is_holder(page: &Page<'_>, sentence: usize, mention: &Mention) -> bool {
    let name = mention.names.first().map_or("", String::as_str);
    let enterprise = ["企业", "公司", "单位", "机构"]
        .iter()
        .any(|noun| name.ends_with(noun) || page.slice(mention.end, mention.end + 6) == *noun);
    let bounds = page.sentence(sentence);
    let before = page.slice(bounds.start, mention.start).trim_end_matches(QUOTES);
    // 对高新技术企业迁入的,给予…
    let given_to = ["对", "对于"].iter().any(|word| before.ends_with(word)) && page.has(CueKind::Award, mention.end, bounds.end);
    let describes = given_to || subject::describes(page, sentence);
    let aimed =
        given_to || before.is_empty() || before.ends_with([':', '的']) || before.ends_with("应为") || before.ends_with("属于");
    enterprise && describes && aimed && subject::is_applicant(page, sentence, mention.start, mention.end)
}

/// `对首台(套)重大技术装备产品,按照…奖励`: what is supported is a thing, and having it is the condition.
fn is_awarded_object(page: &Page<'_>, from: usize, end: usize) -> bool {
    page.has(CueKind::Award, from, end) && page.slice(from, end).starts_with([',', '产'])
}

/// `对首次获评…的,给予…`: becoming it is what is rewarded.
fn is_award_tier(page: &Page<'_>, sentence: usize, before: &str, verb: usize) -> bool {
    let bounds = page.sentence(sentence);
    let rewards = page.has(CueKind::Award, bounds.start, bounds.end) || is_graded(page, sentence);
    let becomes = page.rules.words(WordingKind::Becoming).any(|word| before[verb..].starts_with(word));
    let lead = page.slice(bounds.start, bounds.start + before.len());
    let aimed = [before, lead].iter().any(|words| words.contains('对') || words.contains("首") || words.contains('新'));
    // 经认定的示范园区 has its title already.
    let fresh = before[..verb].ends_with('新');
    let held = !fresh && (before[verb..].starts_with("认定的") || before[verb..].starts_with("已认定"));
    let direct = ["获评", "评为", "认定为", "入选", "荣获"].iter().any(|word| before[verb..].starts_with(word));
    // 通过…认证的企业,分别给予…: grades of one title.
    rewards && becomes && !held && (aimed || direct || is_graded(page, sentence))
}
