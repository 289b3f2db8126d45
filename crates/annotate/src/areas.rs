//! Requirements that differ by place (`珠三角不低于700万元、粤东西北不低于400万元`) or spare some applicants
//! (`除农业企业外`, `软件企业除外`): each number is asked in its own case only.

use model::What;

use crate::page::{Draft, Page};
use crate::words::List;

/// The longest name of who is spared, in characters.
const MOST_SPARED: usize = 20;

/// Gives the conditions of one sentence, in order, the place or the exception they are limited by.
pub(crate) fn limit(page: &Page<'_>, sentence: usize, drafts: &mut [Draft]) {
    by_place(page, sentence, drafts);
    for draft in drafts.iter_mut() {
        let spared = spared_before(page, sentence, draft).or_else(|| spared_behind(page, sentence, draft));
        if let (Some(spared), What::Condition(condition)) = (spared, &mut draft.what)
            && condition.when.is_none()
            && !condition.negated
        {
            condition.when = Some(spared);
        }
    }
}

/// One indicator asked twice in a sentence, with a place before the later number.
fn by_place(page: &Page<'_>, sentence: usize, drafts: &mut [Draft]) {
    let mut from = page.sentence(sentence).start;
    let places: Vec<Option<String>> = drafts
        .iter()
        .map(|draft| {
            let slice = page.slice(from, draft.end);
            from = from.max(draft.end);
            page.words(List::CaseArea).last(slice).map(|(start, end)| slice[start..end].to_owned())
        })
        .collect();
    for index in 1..drafts.len() {
        let (before, rest) = drafts.split_at_mut(index);
        let (What::Condition(one), What::Condition(other)) = (&mut before[index - 1].what, &mut rest[0].what) else { continue };
        let contrasted = places[index].is_some() && places[index] != places[index - 1];
        if one.indicator != other.indicator || one.op != other.op || !contrasted {
            continue;
        }
        if one.when.is_none() {
            one.when.clone_from(&places[index - 1]);
        }
        if other.when.is_none() {
            other.when.clone_from(&places[index]);
        }
    }
}

/// `除农业企业外,营业收入…`.
fn spared_before(page: &Page<'_>, sentence: usize, draft: &Draft) -> Option<String> {
    let slice = page.slice(page.sentence(sentence).start, draft.start);
    let at = slice.rfind('除')?;
    let end = at + slice[at..].find('外')? + '外'.len_utf8();
    let name = slice[at..end].trim_start_matches('除').trim_end_matches('外').trim_end_matches(['之', '以']);
    is_applicants(page, name).then(|| slice[at..end].to_owned())
}

/// `从业人员100人以上(软件企业除外)`.
fn spared_behind(page: &Page<'_>, sentence: usize, draft: &Draft) -> Option<String> {
    let rest = page.slice(draft.end, page.sentence(sentence).end);
    let inner = rest.strip_prefix(['(', ',']).unwrap_or(rest);
    let end = inner.find("除外")?;
    is_applicants(page, &inner[..end]).then(|| inner[..end + "除外".len()].to_owned())
}

/// A short name of a kind of applicants.
fn is_applicants(page: &Page<'_>, name: &str) -> bool {
    name.chars().nth(MOST_SPARED).is_none()
        && !name.contains([',', '。', '(', ')'])
        && page.words(List::CaseSpared).at_end(name).is_some()
}

#[cfg(test)]
mod tests {
    use model::What;

    use crate::annotator::Input;
    use crate::examples::shipped;

    #[track_caller]
    fn check(text: &str, expected: &[(i64, &str)]) {
        let text = format!("二、认定条件\n(一){text}。");
        let annotation =
            shipped().annotate(&Input { text: &text, title: "省级示范园区认定管理办法", ..Input::default() });
        let found: Vec<String> = annotation
            .items
            .iter()
            .filter_map(|item| match &item.what {
                What::Condition(condition) => {
                    let value = serde_json::to_value(condition).unwrap()["value"].to_string();
                    Some(format!("{value} {}", condition.when.clone().unwrap_or_default()))
                }
                _ => None,
            })
            .collect();
        let expected: Vec<String> = expected.iter().map(|(value, when)| format!("{value} {when}")).collect();
        assert_eq!(found, expected, "in {text}");
        let tree = serde_json::to_string(&annotation.tree).unwrap();
        let cases = expected.iter().filter(|one| !one.ends_with(' ')).count();
        assert_eq!(tree.matches("\"case\"").count(), cases, "{tree}");
    }

    #[test]
    fn numbers_that_differ_by_place_are_asked_there_only() {
        let both = [(700, "珠三角地区"), (400, "粤东西北地区")];
        check("上年度营业收入珠三角地区不低于700万元、粤东西北地区不低于400万元", &both);
        check("年营业收入:珠三角地区企业≥700万元,粤东西北地区企业≥400万元", &both);
        check("珠三角地区企业营业收入1000万元以上,其他地区企业500万元以上", &[(1000, "珠三角地区"), (500, "其他地区")]);
        check("珠三角地区企业营业收入1000万元以上", &[(1000, "")]);
    }

    #[test]
    fn who_is_spared_is_said_with_the_number() {
        check("除农业企业外,上年度营业收入1000万元以上", &[(1000, "除农业企业外")]);
        check("从业人员100人以上(软件企业除外)", &[(100, "软件企业除外")]);
        check("除上述条件外,上年度营业收入1000万元以上", &[(1000, "")]);
    }
}
