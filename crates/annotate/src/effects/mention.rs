//! Other policies as a sentence names them: 《title》 with its number behind it, or a number alone.

use model::number::find_numbers;

/// One policy named; bytes are those of the sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) title: Option<String>,
    /// Normal key.
    pub(super) number: Option<String>,
}

/// The longest title in 《》, in characters.
const MOST_TITLE: usize = 160;
/// What stands in 《》 and is no policy.
const PAPERS: [&str; 8] = ["证", "证书", "申请表", "登记表", "合同", "协议", "承诺书", "报告书"];
/// Characters between 》 and the number in brackets behind it: `(原`.
const MOST_BETWEEN: usize = 4;

/// All policies a folded sentence names, in order.
pub(super) fn all(sentence: &str) -> Vec<Mention> {
    let mut mentions = titles(sentence);
    if !sentence.contains('号') {
        return mentions;
    }
    let bytes: Vec<usize> = sentence.char_indices().map(|(byte, _)| byte).chain([sentence.len()]).collect();
    let byte = |character: u32| bytes.get(character as usize).copied().unwrap_or(sentence.len());
    for (number, span) in find_numbers(sentence) {
        let (start, end) = (byte(span.start), byte(span.end));
        if mentions.iter().any(|mention| mention.title.is_some() && mention.start < start && end < mention.end) {
            continue;
        }
        let before = mentions.iter_mut().find(|mention| {
            let gap = sentence.get(mention.end..start);
            mention.number.is_none() && gap.is_some_and(|gap| gap.starts_with('(') && gap.chars().count() <= MOST_BETWEEN)
        });
        let closed = end + usize::from(sentence[end..].starts_with(')'));
        match before {
            Some(mention) => (mention.number, mention.end) = (Some(number.key()), closed),
            None => mentions.push(Mention { start, end, title: None, number: Some(number.key()) }),
        }
    }
    mentions.sort_by_key(|mention| mention.start);
    mentions
}

fn titles(sentence: &str) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let mut skip = 0;
    for (start, _) in sentence.match_indices('《') {
        if start < skip {
            continue;
        }
        let Some(length) = closing(&sentence[start..]) else { continue };
        skip = start + length;
        let title = sentence[start + '《'.len_utf8()..skip - '》'.len_utf8()].trim();
        let is_paper = PAPERS.iter().any(|paper| title.ends_with(paper));
        if title.chars().count() >= 3 && !is_paper {
            mentions.push(Mention { start, end: skip, title: Some(title.to_owned()), number: None });
        }
    }
    mentions
}

/// The bytes up to behind the 》 that closes the 《 at the start.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices().take(MOST_TITLE) {
        match character {
            '《' => depth += 1,
            '》' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + character.len_utf8());
                }
            }
            _ => {}
        }
    }
    None
}
