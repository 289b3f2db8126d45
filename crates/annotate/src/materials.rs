//! 申报材料: names of what must be handed in, from lists under their heading and from `材料包括…` in running text.

use model::What;

use crate::outline::Line;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, Section};
use crate::tables::Kind;
use crate::words::List;

/// How many words tell the form of one document.
const MOST_FORMS: usize = 4;
/// The longest list of what is sent together, in bytes.
const MOST_SENT_BYTES: usize = 480;
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
        return entry(page, sentence, line);
    }
    let asked = [List::MaterialIntroducer, List::MaterialHanded, List::MaterialVerb];
    if !asked.into_iter().any(|list| page.present(sentence, list)) {
        return Vec::new();
    }
    let slice = page.slice(bounds.start, bounds.end);
    let told = if page.present(sentence, List::MaterialIntroducer) { slice } else { "" };
    if let Some((_, end)) = page.words(List::MaterialIntroducer).first(told).filter(|(_, end)| !told[*end..].starts_with('的')) {
        return listed(page, sentence, bounds.start + end, bounds.end);
    }
    // Documents the authorities exchange among themselves are not the applicant's.
    let authority = page
        .hits
        .cue(CueKind::Authority, bounds.start, bounds.end)
        .is_some_and(|cue| slice[..cue.start - bounds.start].chars().count() < 12);
    let handed = page.present(sentence, List::MaterialHanded);
    if authority {
        return Vec::new();
    }
    let sent = if handed { sent_together(page, sentence) } else { Vec::new() };
    if !sent.is_empty() {
        return sent;
    }
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
    let mut drafts = Vec::new();
    for index in page.clauses_of(sentence) {
        let clause = page.clause(index);
        let slice = page.slice(clause.start, clause.end);
        let Some((_, mut end)) = page.words(List::MaterialVerb).first(slice) else { continue };
        // 填写并提交申报书: the last of two verbs.
        if let Some((at, next)) = page.words(List::MaterialVerb).first(&slice[end..])
            && slice[end..].starts_with('并')
            && at == '并'.len_utf8()
        {
            end += next;
        }
        let rest = &slice[end..];
        let last = page.words(List::MaterialDocument).last(rest).map_or(0, |(_, end)| end);
        let behind = rest[last..].trim_start_matches('》');
        let closes = behind.is_empty() || page.words(List::MaterialBehind).at_start(behind).is_some();
        let name = rest[..last].trim_end_matches('》');
        let generic = is_generic(page, name);
        if last > 0 && closes && !generic && name.chars().count() <= MOST_NAME_CHARACTERS {
            let listed = listed(page, sentence, clause.start + end, clause.start + end + rest.len() - behind.len());
            drafts.extend(listed.into_iter().filter(|one| !is_generic(page, page.slice(one.start, one.end))));
        }
    }
    drafts
}

/// `申报材料`, `相关文件`: papers as such; 证明材料 and papers told apart by their form are some.
fn is_generic(page: &Page<'_>, name: &str) -> bool {
    page.words(List::MaterialGeneric).at_end(name).is_some()
        && (page.words(List::MaterialProof).at_end(name).is_none() || name.starts_with(['相', '有', '其', '虚']))
}

/// A numbered entry under the heading: its first words are the name, or several names joined by 、 and 及.
fn entry(page: &Page<'_>, sentence: usize, line: &Line) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let start = line.body.max(bounds.start);
    let slice = page.slice(start, bounds.end);
    let mut from = 0;
    let mut end = entry_end(slice, 0);
    // 纸质版:申报书…: the label says the form, the name follows.
    let label = &slice[..end];
    if slice[end..].starts_with(':') && (is_form(page, label) || page.words(List::MaterialGeneric).at_end(label).is_some()) {
        from = end + 1;
        end = entry_end(slice, from);
    }
    let words = &slice[from..end];
    let case = words.ends_with('的') || words.starts_with(['为', '凡', '若', '如']) || asks_how(page, words);
    if case {
        return named_behind_verbs(page, sentence, line);
    }
    let pieces = split_at(words, &['、']);
    let several = pieces.len() > 1 && pieces.iter().all(|(one, other)| ends_as_document(page, &words[*one..*other]));
    let pieces = if several { pieces } else { vec![(0, words.len())] };
    let drafts = pieces.into_iter().filter_map(|(one, other)| {
        let other = one + without_note(page, &words[one..other]);
        let strict = from > 0;
        let told = !strict || ends_as_document(page, &words[one..other]);
        told.then(|| named(page, sentence, start + from + one, start + from + other, strict)).flatten()
    });
    drafts.collect()
}

/// Where the first clause of an entry ends; signs in brackets end none.
fn entry_end(slice: &str, from: usize) -> usize {
    let mut depth = 0i32;
    for (at, character) in slice[from..].char_indices() {
        match character {
            '(' | '《' => depth += 1,
            ')' | '》' => depth -= 1,
            ',' | '。' | ':' | ';' if depth <= 0 && slice[from..from + at].chars().count() >= 2 => return from + at,
            _ => {}
        }
    }
    slice.len()
}

/// `材料应于3月1日前递交`: a sentence about papers, no name.
fn asks_how(page: &Page<'_>, words: &str) -> bool {
    let at = ["应", "须", "请", "不得"].iter().filter_map(|word| words.find(word)).min();
    at.is_some_and(|at| at > 0 && page.words(List::MaterialGeneric).at_end(&words[..at]).is_some())
}

/// `纸质版`, `电子版`: nothing but a form.
fn is_form(page: &Page<'_>, words: &str) -> bool {
    page.words(List::MaterialForm).at_start(words) == Some(words.len())
}

/// Whether a piece ends as documents do, with or without a note in brackets.
fn ends_as_document(page: &Page<'_>, words: &str) -> bool {
    let words = words.find('(').filter(|at| *at > 0).map_or(words, |at| &words[..at]);
    page.words(List::MaterialDocument).at_end(words.trim_end_matches(['》', ' '])).is_some()
}

/// The length of a name without the note behind it, unless the note tells form or copies.
fn without_note(page: &Page<'_>, words: &str) -> usize {
    let closed = words.strip_suffix(')').and_then(|rest| rest.rfind('(')).filter(|at| *at > 0);
    let told = |note: &str| {
        note.contains('份') || page.words(List::MaterialForm).stand_in(note) || page.words(List::MaterialOptional).stand_in(note)
    };
    closed.filter(|at| !told(&words[*at..])).unwrap_or(words.len())
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
                // Behind a comma another clause may stand as well as another name.
                let open = character == ',' && slice[at..].starts_with(',') && !pieces.is_empty();
                if open && !ends_as_document(page, &slice[start..at]) {
                    break;
                }
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

/// `将推荐函、汇总表连同申报书一并报送`: what is sent together, each by its name.
fn sent_together(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let Some(from) = ["将", "把"].iter().filter_map(|word| slice.find(word).map(|at| at + word.len())).min() else {
        return Vec::new();
    };
    let rest = &slice[from..];
    let Some((to, _)) = page.words(List::MaterialSent).first(rest).filter(|(to, _)| *to <= MOST_SENT_BYTES) else {
        return Vec::new();
    };
    let dated = page.tokens.dates.partition_point(|date| date.start < bounds.start + from);
    let date = page.tokens.dates.get(dated).map(|date| date.start.saturating_sub(bounds.start + from));
    let words = rest[..date.map_or(to, |date| date.min(to))].trim_end_matches(['于', '请', '在', ',', '一', '并']);
    let pieces = split_and(words);
    let drafts = pieces.into_iter().filter_map(|(one, other)| {
        let piece = words[one..other].trim_start_matches(['连', '同', '以', ' ']);
        let one = other - piece.len();
        let known = ends_as_document(
            page,
            piece.trim_end_matches(|last: char| last.is_ascii_digit() || "一二三四式各两份".contains(last)),
        );
        let told = known && !is_generic(page, piece) || page.words(List::MaterialCounted).stand_in(piece);
        let start = bounds.start + from;
        told.then(|| named(page, sentence, start + one, start + other, true)).flatten()
    });
    drafts.collect()
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
    split_at(words, &['及', '、', '和', ','])
}

/// Splits at signs outside of parentheses, and before 连同.
fn split_at(words: &str, signs: &[char]) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let (mut start, mut depth) = (0, 0i32);
    for (at, character) in words.char_indices() {
        match character {
            '(' | '《' => depth += 1,
            ')' | '》' => depth -= 1,
            _ if depth == 0 && signs.contains(&character) => {
                pieces.push((start, at));
                start = at + character.len_utf8();
            }
            _ if depth == 0 && words[at..].starts_with("连同") => {
                pieces.push((start, at));
                start = at;
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
    fn entries_with_several_names_notes_and_labels_are_taken_apart() {
        let list = "三、申报材料\n1.贷款协议、租赁合同、审计报告;\n2.登记表(由市统计局提供格式);\n3.纸质版:申报书,双面打印。\n四、申报程序";
        check(list, "贷款协议 | 租赁合同 | 审计报告 | 登记表 | 申报书");
        check("三、申报材料\n1.属于多方主办的,由申报单位出具《授权书》;\n2.材料应于3月1日前递交。\n四、申报程序", "授权书");
    }

    #[test]
    fn what_is_sent_together_is_named_one_by_one() {
        check("请申报单位将申报书、真实性声明连同汇总表于6月1日前一并报送市局。", "申报书 | 真实性声明 | 汇总表");
        check("申报企业在线填写并提交项目申报书,提供虚假证明材料的取消资格。", "项目申报书");
        check("申报单位填报申请材料和相关佐证材料。", "");
    }

    #[test]
    fn documents_in_running_text_are_found_behind_their_verb() {
        check("申报单位需提交营业执照、审计报告和项目申请表。", "营业执照 | 审计报告 | 项目申请表");
        check("申请人凭不动产权证、契税完税证明办理。", "不动产权证 | 契税完税证明");
        check("申报单位须如实提交申报材料。", "");
    }
}
