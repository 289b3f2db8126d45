//! 申报材料: names of what must be handed in, from lists under their heading and from `材料包括…` in running text.

use model::What;

use crate::outline::Line;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, Section};
use crate::tables::Kind;
use crate::words::List;

/// How many words tell the form of one document.
const MOST_FORMS: usize = 4;
/// The longest name of a document, in characters.
const MOST_NAME_CHARACTERS: usize = 60;

/// The materials of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let Some(line) = page.line(sentence) else { return Vec::new() };
    let bounds = page.sentence(sentence);
    if page.triage.as_deref().is_some_and(|triage| ["news", "result", "lifecycle", "interpret"].contains(&triage)) {
        return Vec::new();
    }
    let listed_in_table = page.reading.row_at(bounds.start).is_some_and(|row| row.kind == Kind::Materials);
    if line.section == Section::Materials && (line.level > 0 || listed_in_table) && !line.heading && bounds.start == line.body {
        return entry(page, sentence, line).into_iter().collect();
    }
    let asked = [List::MaterialIntroducer, List::MaterialHanded, List::MaterialVerb];
    if !asked.into_iter().any(|list| page.present(sentence, list)) {
        return Vec::new();
    }
    let slice = page.slice(bounds.start, bounds.end);
    let told = if page.present(sentence, List::MaterialIntroducer) { slice } else { "" };
    if let Some((_, end)) = page.words(List::MaterialIntroducer).first(told) {
        return listed(page, sentence, bounds.start + end, bounds.end);
    }
    // Documents the authorities exchange among themselves are not the applicant's.
    let authority = page
        .hits
        .cue(CueKind::Authority, bounds.start, bounds.end)
        .is_some_and(|cue| slice[..cue.start - bounds.start].chars().count() < 12);
    if authority {
        return Vec::new();
    }
    let handed = page.present(sentence, List::MaterialHanded);
    let drafts = if handed { copies(page, sentence) } else { Vec::new() };
    if drafts.is_empty() { named_behind_verbs(page, sentence, line) } else { drafts }
}

/// `凭不动产权证、网签备案单办理`, `提交《申报表》`: documents right behind the verb, each ending as documents do.
fn named_behind_verbs(page: &Page<'_>, sentence: usize, line: &Line) -> Vec<Draft> {
    if !page.present(sentence, List::MaterialVerb) {
        return Vec::new();
    }
    let applying = matches!(line.section, Section::Procedure | Section::Materials | Section::Support) || page.phrase;
    let bounds = page.sentence(sentence);
    if !applying && !page.has(CueKind::Applicant, bounds.start, bounds.end) {
        return Vec::new();
    }
    for index in page.clauses_of(sentence) {
        let clause = page.clause(index);
        let slice = page.slice(clause.start, clause.end);
        let Some((_, end)) = page.words(List::MaterialVerb).first(slice) else { continue };
        let rest = &slice[end..];
        let last = page.words(List::MaterialDocument).last(rest).map_or(0, |(_, end)| end);
        let behind = rest[last..].trim_start_matches('》');
        let closes =
            behind.is_empty() || ["办理", "申请", "即可", "到", "等", "向", "至"].iter().any(|word| behind.starts_with(word));
        let generic = page.words(List::MaterialGeneric).at_end(rest[..last].trim_end_matches('》')).is_some();
        if last > 0 && closes && !generic && rest[..last].chars().count() <= MOST_NAME_CHARACTERS {
            return listed(page, sentence, clause.start + end, clause.start + end + rest.len() - behind.len());
        }
    }
    Vec::new()
}

/// A numbered entry under the heading: its first words are the name.
fn entry(page: &Page<'_>, sentence: usize, line: &Line) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let end = slice.find([',', '。', ':', ';']).unwrap_or(slice.len());
    let end = if slice[..end].chars().count() < 2 { slice.len() } else { end };
    named(page, sentence, line.body.max(bounds.start), bounds.start + end, false)
}

/// `A、B和C等` between two bytes.
fn listed(page: &Page<'_>, sentence: usize, from: usize, to: usize) -> Vec<Draft> {
    let slice = page.slice(from, to);
    let mut drafts = Vec::new();
    let mut start = 0;
    let mut depth = 0i32;
    let mut pieces = Vec::new();
    for (at, character) in slice.char_indices() {
        match character {
            '(' | '《' => depth += 1,
            ')' | '》' => depth -= 1,
            '、' | ',' | '和' | '及' if depth <= 0 => {
                pieces.push((start, at));
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push((start, slice.len()));
    for (start, end) in pieces.into_iter().take(40) {
        let end = start + slice[start..end].trim_end_matches(['等', '。', ' ']).len();
        match named(page, sentence, from + start, from + end, true) {
            Some(draft) => drafts.push(draft),
            None if drafts.is_empty() => {}
            None => break,
        }
    }
    drafts
}

/// `申报材料(格式见附件)一式三份`, `审计报告纸质版原件`: documents named where they are handed in.
fn copies(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for index in page.clauses_of(sentence) {
        let clause = page.clause(index);
        if clause.parent.is_some() {
            continue;
        }
        let slice = page.slice(clause.start, clause.end);
        let from = ["将", "提交"].iter().filter_map(|word| slice.find(word).map(|at| at + word.len())).min().unwrap_or(0);
        let to = page.words(List::MaterialObjectEnd).first(&slice[from..]).map_or(slice.len(), |(at, _)| from + at);
        if from >= to {
            continue;
        }
        let words = &slice[from..to];
        let counted =
            page.words(List::MaterialCounted).stand_in(words) || slice[to..].starts_with("需") && slice.contains("盖章");
        let plain = words.chars().next().is_some_and(|first| !first.is_ascii_digit()) && !words.contains("部门");
        if counted && plain {
            for (start, end) in split_and(words) {
                drafts.extend(named(page, sentence, clause.start + from + start, clause.start + from + end, true));
            }
        } else if drafts.is_empty()
            && index == page.clauses_of(sentence).start
            && page.words(List::MaterialDocument).stand_in(words)
            && words.chars().count() >= 6
            && slice.len() == words.len()
            && page.slice(clause.end, page.sentence(sentence).end).contains("盖章")
        {
            drafts.extend(named(page, sentence, clause.start, clause.end, true));
        }
    }
    drafts
}

/// Splits at 及 and 、 outside of parentheses.
fn split_and(words: &str) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let (mut start, mut depth) = (0, 0i32);
    for (at, character) in words.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            '及' | '、' | '和' if depth == 0 => {
                pieces.push((start, at));
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push((start, words.len()));
    pieces
}

/// A material with its plain name, if the words name a document.
fn named(page: &Page<'_>, sentence: usize, start: usize, end: usize, strict: bool) -> Option<Draft> {
    let (start, end) = page.trimmed(start, end);
    let words = page.slice(start, end);
    let end = start + after_title(words);
    let words = page.slice(start, end);
    let name = plain_name(page, words);
    let characters = name.chars().count();
    let whole = ["以上", "上述", "所有", "全部"].iter().any(|word| name.starts_with(word));
    let document = page.words(List::MaterialDocument).stand_in(name) && !name.starts_with('有') && !whole;
    if !(2..=MOST_NAME_CHARACTERS).contains(&characters) || strict && !document {
        return None;
    }
    let required = !page.words(List::MaterialOptional).stand_in(words);
    let forms: Vec<&str> =
        page.words(List::MaterialForm).places(words).map(|(from, to)| &words[from..to]).take(MOST_FORMS).collect();
    let form = (!forms.is_empty()).then(|| forms.join("、"));
    let what = What::Material { name: name.to_owned(), required, copies: copies_of(words), form };
    Some(Draft { what, start, end, confidence: if strict { 0.7 } else { 0.8 }, rule: "material", sentence })
}

/// `一式三份`, `两份`, `各1份`.
fn copies_of(words: &str) -> Option<u16> {
    let at = words.rfind('份')?;
    let number = words[..at].char_indices().rev().take(3).map(|(at, _)| at).filter_map(|at| {
        let numeral = crate::number::latin(words, at).or_else(|| crate::number::chinese(words, at))?;
        (words[numeral.end..].starts_with('份')).then_some(numeral.value)
    });
    number.last().and_then(|value| u16::try_from(value).ok()).filter(|count| (1..=50).contains(count))
}

/// A name in 《》 ends with it: `《申请书》(平台下载)`.
fn after_title(words: &str) -> usize {
    if words.starts_with('《') { words.find('》').map_or(words.len(), |at| at + '》'.len_utf8()) } else { words.len() }
}

/// Without verbs, brackets, notes, numbers of copies and forms.
fn plain_name<'w>(page: &Page<'_>, words: &'w str) -> &'w str {
    let words = words.trim_start_matches('《');
    let end = first_behind(page, words).unwrap_or(words.len());
    let name = words[..end].trim_matches(['《', '》', ' ']).trim();
    let start = page.words(List::MaterialNameStart).at_start(name).filter(|length| name[*length..].chars().count() >= 2);
    start.map_or(name, |length| &name[length..]).trim_matches(['《', '》', ' '])
}

/// Where the first note behind the first character starts.
fn first_behind(page: &Page<'_>, words: &str) -> Option<usize> {
    let skip = words.chars().next()?.len_utf8();
    page.words(List::MaterialNameEnd).first(&words[skip..]).map(|(at, _)| at + skip)
}

#[cfg(test)]
mod tests {
    use model::What;

    use crate::annotator::Input;
    use crate::examples::shipped;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let items = shipped().annotate(&Input { text, title: "关于组织申报的通知", ..Input::default() }).items;
        let shown: Vec<String> = items
            .iter()
            .filter_map(|item| match &item.what {
                What::Material { name, required, copies, form } => {
                    let copies = copies.map(|copies| format!(" ×{copies}")).unwrap_or_default();
                    let form = form.as_ref().map(|form| format!(" {form}")).unwrap_or_default();
                    Some(format!("{name}{copies}{form}{}", if *required { "" } else { " ?" }))
                }
                _ => None,
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "in {text}");
    }

    #[test]
    fn entries_of_a_list_of_materials_are_named_without_verbs_and_notes() {
        let list = "三、申报材料\n1.提供营业执照复印件;\n2.项目申请表(一式三份);\n3.获奖证书(如有)。\n四、申报程序";
        check(list, "营业执照 复印件 | 项目申请表 ×3 | 获奖证书 ?");
    }

    #[test]
    fn documents_in_running_text_are_found_behind_their_verb() {
        check("申报单位需提交营业执照、审计报告和项目申请表。", "营业执照 | 审计报告 | 项目申请表");
        check("申请人凭不动产权证、契税完税证明办理。", "不动产权证 | 契税完税证明");
        check("申报单位须如实提交申报材料。", "");
    }
}
