//! Lists under a heading that says the same of all their lines: `附件1 废止的规范性文件目录`.

use jiff::civil::Date;
use model::link::Relation;
use model::number::find_numbers;

use super::mention::{self, Mention};
use super::sentence::{day_of, until};
use super::{Effect, Since};

/// What the lines under a heading are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    relation: Relation,
    since: Option<Date>,
}

/// The longest heading, in characters.
const MOST_HEADING: usize = 120;
/// The longest item, in bytes: a row of a table.
const MOST_ITEM_BYTES: usize = 2_000;

/// Whether a title announces lists: `关于公布规范性文件清理结果的通知`.
pub(super) fn speaks_of_lists(title: &str) -> bool {
    ["废止", "失效", "清理", "停止执行", "继续有效", "有效"].iter().any(|word| title.contains(word))
        || title.contains("修改") && (title.contains("部分") || title.contains('件'))
}

/// What a line says of the lines below it: `Some(None)` where it ends what was said before.
pub(super) fn heading(line: &str, is_list: bool) -> Option<Option<Mode>> {
    let line = line.trim();
    if line.contains(['《', '\t']) || line.is_empty() || line.chars().count() > MOST_HEADING {
        return None;
    }
    let names = ["文件", "规章", "法规", "目录", "清单", "政策", "规定", "决定", "办法"].iter().any(|word| line.contains(word));
    let introduces = line.ends_with([':', '：']) && ["下列", "以下", "如下"].iter().any(|word| line.contains(word));
    let is_title = !line.ends_with(['。', ';', ',']) && is_list;
    let says = names && (introduces || is_title);
    if !says || !find_numbers(line).is_empty() {
        return None;
    }
    let words = [
        (Relation::Extends, ["继续有效", "保留", "继续执行"].as_slice()),
        (Relation::Expires, &["失效", "停止执行", "不再执行"]),
        (Relation::Repeals, &["废止"]),
        (Relation::Amends, &["修改", "修订"]),
    ];
    let mut said = words.iter().filter(|(_, words)| words.iter().any(|word| line.contains(word)));
    let first = said.next();
    let proposed = ["拟", "建议", "征求", "不予"].iter().any(|word| line.contains(word));
    // 废止和修改的文件目录 says not which is which, and a title of the whole list says nothing of its parts.
    match (first, said.next()) {
        _ if proposed => Some(None),
        // 符合下列条件的可以修改: many lines that introduce a list speak of other things.
        (Some((Relation::Amends, _)), None) if !is_title => None,
        (Some((relation, _)), None) => Some(Some(Mode { relation: *relation, since: day_of(line) })),
        (Some((Relation::Expires, _)), Some((Relation::Repeals, _))) => {
            Some(Some(Mode { relation: Relation::Repeals, since: day_of(line) }))
        }
        (Some(_), Some(_)) => Some(None),
        (None, _) if is_title && (line.starts_with("附件") || line.ends_with("目录") || line.ends_with("清单")) => {
            Some(None)
        }
        (None, _) => None,
    }
}

/// Whether a line that is no item ends a list: a sentence does, a head of a table does not.
pub(super) fn ends(line: &str) -> bool {
    line.trim_end().ends_with('。') && line.chars().count() > 20
}

/// A line of a list as what is said of the policies it names; `None` where it names none.
pub(super) fn item(line: &str, mode: Mode) -> Option<Vec<Effect>> {
    if line.len() > MOST_ITEM_BYTES || line.trim().is_empty() {
        return None;
    }
    let mut mentions = by_cell(line);
    if mentions.iter().all(|mention| mention.title.is_none()) {
        let title = bare_title(line);
        let mut number = mentions.into_iter().next();
        if title.is_none() && number.as_ref().is_none_or(|_| !starts_as_item(line) && !line.contains('\t')) {
            return None;
        }
        let whole = Mention { start: 0, end: line.len(), title, number: number.take().and_then(|mention| mention.number) };
        mentions = vec![whole];
    } else if !starts_as_item(line) && !line.contains('\t') && !line.trim_start().starts_with('《') && line.contains('。') {
        return None;
    }
    // A row has one title and one number, in cells of their own.
    let titles: Vec<Mention> = mentions.iter().filter(|mention| mention.title.is_some()).cloned().collect();
    let numbers: Vec<&Mention> = mentions.iter().filter(|mention| mention.title.is_none()).collect();
    let mut named = if titles.is_empty() { mentions.clone() } else { titles };
    if let ([one], [number, ..]) = (named.as_mut_slice(), numbers.as_slice())
        && one.number.is_none()
    {
        one.number.clone_from(&number.number);
    }
    let from = line.len() - line.trim_start().len();
    let to = line.trim_end().len();
    let since = mode.since.map_or(Since::Issued, Since::Day);
    let until = (mode.relation == Relation::Extends).then(|| until(line)).flatten();
    let effect = |mention| Effect { relation: mode.relation, mention, from, to, since, until, words: line.to_owned() };
    Some(named.into_iter().map(effect).collect())
}

/// The policies each cell names; a number must not reach back into the cell before.
fn by_cell(line: &str) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let mut at = 0;
    for cell in line.split('\t') {
        mentions.extend(mention::all(cell).into_iter().map(|one| Mention { start: one.start + at, end: one.end + at, ..one }));
        at += cell.len() + 1;
    }
    mentions
}

fn starts_as_item(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(|first: char| first.is_ascii_digit() || first == '(' || "一二三四五六七八九十".contains(first))
}

/// `1.示例市人民政府关于印发某办法的通知(示政发〔2015〕3号)` without 《》: the title between ordinal and number.
fn bare_title(line: &str) -> Option<String> {
    const KINDS: [&str; 18] = [
        "通知", "意见", "办法", "规定", "细则", "决定", "公告", "方案", "条例", "函", "批复", "通告", "措施", "规则", "规程",
        "标准", "制度", "规划",
    ];
    let cells = line.split('\t').filter(|cell| !cell.trim().is_empty());
    let plain = cells.map(|cell| {
        let cell = cell.trim().trim_start_matches(|first: char| first.is_ascii_digit() || ".、() ".contains(first));
        let cell = cell.trim_start_matches(|first: char| "一二三四五六七八九十".contains(first) && cell.contains('、'));
        let cell = cell.trim_start_matches(['、', '.', ' ']);
        without_number(cell)
    });
    let titled = |cell: &String| {
        let name = cell.rfind('(').filter(|at| cell.ends_with(')') && *at > 0).map_or(cell.as_str(), |at| &cell[..at]);
        cell.chars().count() >= 6 && KINDS.iter().any(|kind| name.ends_with(kind))
    };
    plain.filter(titled).max_by_key(String::len)
}

/// A cell up to its number, with the bracket before it taken off.
fn without_number(cell: &str) -> String {
    let first = find_numbers(cell).into_iter().next();
    let kept: String = first.map_or_else(|| cell.to_owned(), |(_, span)| cell.chars().take(span.start as usize).collect());
    kept.trim_end_matches(['(', ' ', '，', ',', '。', ';']).to_owned()
}
