//! Titles of enterprises that are required: `应为有效期内的高新技术企业`.

use model::{Condition, Op, Value, What};

use crate::lexicon::{Hit, within};
use crate::outline::Clause;
use crate::page::{Draft, Page};
use crate::rules::CueKind;

/// Verbs before a title that is required.
const HOLDING: &[&str] = &[
    "获得",
    "取得",
    "获评",
    "获批",
    "拥有",
    "具有",
    "具备",
    "通过",
    "认定为",
    "已认定",
    "认定的",
    "应是",
    "应为",
    "须为",
    "须是",
    "需为",
    "必须是",
    "列为",
    "列入",
    "入选",
    "有效期内",
    "被评为",
    "评为",
    "属于",
    "已成为",
    "为国家",
    "是国家",
];
/// Words behind a title that make it a thing talked about.
const NOT_HELD: &[&str] = &[
    "认定标准",
    "认定条件",
    "标准",
    "条件",
    "管理办法",
    "培育",
    "申报",
    "认定管理",
    "发展",
    "名单",
    "建设",
    "认定办法",
    "工作",
    "评价",
    "申请",
    "的通知",
    "贯标工作",
];

/// The titles one sentence requires.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let hits = within(&page.hits.qualifications, bounds.start, bounds.end);
    let clauses = page.outline.clauses_at(hits.iter().map(|hit| hit.start));
    let mut drafts: Vec<Draft> = Vec::new();
    let mut previous_end = 0;
    for (hit, clause) in hits.iter().zip(clauses) {
        let clause = page.clause(clause);
        let name = &page.rules.qualifications[usize::from(hit.what)].name;
        let between = page.slice(previous_end, hit.start);
        let listed = !drafts.is_empty()
            && (between.trim_matches(['、', '或', '和', '及', '与', '"', '”', '“', ' ']).is_empty()
                || between.chars().count() <= 6 && between.contains(['、', '或']));
        if listed {
            extend_titles(drafts.last_mut(), name, between, hit.end);
        } else if let Some(draft) = held(page, sentence, hit, clause, name) {
            drafts.push(draft);
        } else {
            continue;
        }
        previous_end = hit.end;
    }
    for draft in &mut drafts {
        let rest = page.slice(draft.end, bounds.end);
        if let Some(tail) = ["认定", "称号", "资质", "资格", "证书"].iter().find(|tail| rest.starts_with(**tail)) {
            draft.end += tail.len();
        }
    }
    drafts
}

fn extend_titles(draft: Option<&mut Draft>, name: &str, between: &str, end: usize) {
    if let Some(draft) = draft
        && let What::Condition(condition) = &mut draft.what
        && let Value::List(names) = &mut condition.value
    {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        condition.op = if between.contains('和') { Op::Has } else { Op::HasAny };
        draft.end = end;
    }
}

fn held(page: &Page<'_>, sentence: usize, hit: &Hit<u16>, clause: Clause, name: &str) -> Option<Draft> {
    let rest = page.slice(hit.end, page.sentence(sentence).end);
    // 与…企业存在控股关系: the title of somebody else.
    if NOT_HELD.iter().any(|word| rest.starts_with(word)) || rest.starts_with("存在") || rest.starts_with("有关联") {
        return None;
    }
    // 称号自动失效: what becomes of the title, not who holds it.
    if page.slice(hit.end, page.sentence(sentence).end).contains("失效") {
        return None;
    }
    let before = page.slice(clause.start, hit.start);
    let verb = HOLDING.iter().filter_map(|verb| before.rfind(verb)).max().filter(|at| before[*at..].chars().count() <= 26);
    let refused = page.is_refused(sentence, hit.start);
    let object = before.trim_end_matches(['级', '上', '以', ')', '(', '含', '省', '市', '区', '国', '家', '部']).ends_with('对')
        && is_awarded_object(page, hit, sentence);
    let at = verb.or_else(|| object.then(|| before.rfind('对').map_or(0, |at| at + '对'.len_utf8())))?;
    if !object && !refused && is_award_tier(page, sentence, before, at) {
        return None;
    }
    let mut condition = Condition::new("qual.has", Op::Has, Value::List(vec![name.to_owned()]));
    let denied = ["未", "非", "不是", "不属于", "没有"].iter().any(|word| before[..at].ends_with(word));
    condition.negated = refused != denied;
    let start = match ["有效期内", "认定的", "获得", "取得", "列为", "列入", "通过", "获评"]
        .iter()
        .any(|verb| before[at..].starts_with(verb))
    {
        true => clause.start + at,
        false => {
            clause.start
                + at
                + HOLDING.iter().filter(|verb| before[at..].starts_with(**verb)).map(|verb| verb.len()).max().unwrap_or_default()
        }
    };
    let (start, end) = page.trimmed(start, hit.end);
    Some(Draft { what: What::Condition(condition), start, end, confidence: 0.8, rule: "title", sentence })
}

/// `对首台(套)重大技术装备产品,按照…奖励`: what is supported is a thing, and having it is the condition.
fn is_awarded_object(page: &Page<'_>, hit: &Hit<u16>, sentence: usize) -> bool {
    let end = page.sentence(sentence).end;
    page.has(CueKind::Award, hit.end, end) && page.slice(hit.end, end).starts_with([',', '产'])
}

/// `对首次获评…的,给予…`: becoming it is what is rewarded.
fn is_award_tier(page: &Page<'_>, sentence: usize, before: &str, verb: usize) -> bool {
    let bounds = page.sentence(sentence);
    let rewards = page.has(CueKind::Award, bounds.start, bounds.end);
    let becomes = ["获得", "取得", "获评", "获批", "通过", "认定为", "评为", "入选", "列入", "列为", "已认定", "认定的"]
        .iter()
        .any(|word| before[verb..].starts_with(word));
    let aimed = before.contains('对') || before.contains("首次") || before.contains("新");
    rewards && becomes && aimed
}
