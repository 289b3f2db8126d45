//! Names for elements that outlive the next redesign: ids and classes that mean something, never positions or hashes.

use crate::outline::{Element, ElementId, Outline};

/// A compound selector for an element, with what speaks against it: 0 is best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) cost: u32,
}

/// Names of a state: they come and go, also from one entry to the next.
const STATES: &[&str] = &[
    "on", "active", "cur", "current", "first", "last", "odd", "even", "hover", "selected", "hide", "show", "none", "open",
    "close", "hidden", "visible", "new", "hot", "red", "blue", "bold",
];

/// Names that say where something stands or how it is set: better than nothing.
const LAYOUT: &[&str] = &[
    "clearfix",
    "clear",
    "cf",
    "fl",
    "fr",
    "left",
    "right",
    "center",
    "row",
    "col",
    "container",
    "wrap",
    "wrapper",
    "box",
    "bg",
    "fix",
    "block",
    "inline",
    "top",
    "bottom",
    "more",
    "inner",
    "outer",
];

/// Parts of names that say what stands in an element; pinyin abbreviations of Chinese sites among them.
const TELLING: &[&str] = &[
    "list", "item", "news", "article", "content", "con", "main", "title", "tit", "date", "time", "body", "zoom", "detail",
    "text", "info", "xxgk", "zwgk", "liebiao", "neirong", "biaoti", "laiyuan", "source", "lb", "nr", "page", "table", "doc",
    "tzgg",
];

/// What an element can be called, best first: its id, its classes, its tag.
pub(super) fn names_of(element: &Element<'_>) -> Vec<Name> {
    let mut names = Vec::new();
    if !element.id.is_empty() && is_lasting(element.id) {
        names.push(Name { text: format!("#{}", element.id), cost: if is_telling(element.id) { 4 } else { 6 } });
    }
    let classes = element.class.split_ascii_whitespace().filter(|class| is_lasting(class)).take(4);
    names.extend(classes.map(|class| Name { text: format!(".{class}"), cost: class_cost(class) }));
    let tag = element.node.value().name();
    if tag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        names.push(Name { text: tag.to_owned(), cost: tag_cost(tag) });
    }
    names.sort_by_key(|name| name.cost);
    names
}

/// The names of an element and, where these say little, those with an ancestor's before them.
pub(super) fn paths_of(outline: &Outline<'_>, element: ElementId) -> Vec<Name> {
    let own = names_of(outline.element(element));
    let mut paths = own.clone();
    for (distance, ancestor) in outline.ancestors(element).skip(1).take(4).enumerate() {
        for around in names_of(outline.element(ancestor)).iter().filter(|name| name.text.starts_with(['#', '.'])) {
            paths.extend(own.iter().map(|name| join(around, " ", name, distance as u32)));
        }
    }
    paths.sort_by_key(|name| name.cost);
    paths
}

/// Two names as one selector.
pub(super) fn join(around: &Name, between: &str, inner: &Name, distance: u32) -> Name {
    let cost = around.cost + inner.cost + 4 + 2 * distance + u32::from(between.contains('>'));
    Name { text: format!("{}{between}{}", around.text, inner.text), cost }
}

fn class_cost(class: &str) -> u32 {
    if LAYOUT.iter().any(|word| class.eq_ignore_ascii_case(word)) {
        16
    } else if class.bytes().any(|byte| byte.is_ascii_digit()) {
        12
    } else if is_telling(class) {
        5
    } else {
        8
    }
}

fn tag_cost(tag: &str) -> u32 {
    match tag {
        "h1" | "time" | "article" | "main" => 6,
        "li" | "tr" | "h2" | "h3" | "dl" | "dd" => 9,
        "ul" | "ol" | "tbody" | "table" | "td" | "h4" | "dt" => 14,
        _ => 22,
    }
}

fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|part| name.contains(part))
}

/// Whether a name was chosen by a person and says more than a state: programs' hashes and counters do not last.
fn is_lasting(name: &str) -> bool {
    let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let generated = ["css-", "sc-", "jsx-", "data-v", "svelte-"].iter().any(|start| name.starts_with(start));
    starts
        && plain
        && (2..=40).contains(&name.len())
        && digits < 3
        && !generated
        && !STATES.iter().any(|word| name.eq_ignore_ascii_case(word))
        && !name.split(['-', '_']).any(is_hash)
}

/// Whether a part of a name looks drawn by lot: digits between letters, or the case changing to and fro.
fn is_hash(part: &str) -> bool {
    let bytes = part.as_bytes();
    let inside = bytes
        .windows(3)
        .any(|three| three[1].is_ascii_digit() && three[0].is_ascii_alphabetic() && three[2].is_ascii_alphabetic());
    let changes = bytes.windows(2).filter(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase()).count();
    bytes.len() >= 5 && (inside || changes * 3 >= bytes.len().max(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_chosen_by_people_last_and_those_of_programs_do_not() {
        for name in ["newslist", "xxgk-list", "list_con", "ul1", "TRS_Editor", "newsListCon", "UCAP-CONTENT"] {
            assert!(is_lasting(name), "{name}");
        }
        for name in ["css-1ab2c", "list__3xK9a", "on", "a", "mt120px", "item-20240506", "新闻", "bVaJaKx", "x.y"] {
            assert!(!is_lasting(name), "{name}");
        }
    }
}
