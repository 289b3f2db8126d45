//! Titles of documents: what a title that carries another one says.

/// Words behind which a title names the act it carries.
const CARRIERS: &[&str] = &["印发", "转发", "公布", "发布", "批转", "颁布", "批准", "下发", "实施"];

/// What may stand between such a word and the 《.
const BETWEEN: &[&str] = &["的", "修订后的", "修改后的", "新修订的", "修订", "新版"];

/// The title inside the 《…》 of a notice that prints, forwards or publishes another act; `None` for every other title.
///
/// 《》 inside the inner title stay in it; a 《 that is never closed gives nothing, nor does a title that only talks
/// about such a notice (`就印发《…》答记者问`).
#[must_use]
pub fn inner_title(title: &str) -> Option<String> {
    let start = title.find('《')?;
    if !carries(&title[..start]) {
        return None;
    }
    let mut depth = 0;
    for (at, character) in title[start..].char_indices() {
        match character {
            '《' => depth += 1,
            '》' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let inner = title[start + '《'.len_utf8()..start + at].trim();
            let behind = title[start + at + character.len_utf8()..].trim_end();
            let talks = ["答记者问", "解读", "问答", "图解", "一图读懂"].iter().any(|word| behind.ends_with(word));
            return (!talks && inner.chars().count() >= 3).then(|| inner.to_owned());
        }
    }
    None
}

/// Whether the words before a 《 say that what follows is carried by the notice.
fn carries(before: &str) -> bool {
    let before = before.trim_end();
    let ends = |text: &str| CARRIERS.iter().any(|word| text.trim_end().ends_with(word));
    if ends(before) || BETWEEN.iter().any(|word| before.strip_suffix(word).is_some_and(ends)) {
        return true;
    }
    // `转发某市财政局《…》`: between stands the agency that made the act.
    let forwarded = before.rfind("转发").map(|at| &before[at + "转发".len()..]);
    forwarded.is_some_and(|agency| {
        let agency = agency.trim_end_matches("关于").trim();
        (2..=24).contains(&agency.chars().count())
            && ["局", "厅", "部", "委", "署", "府", "会", "院", "办"].iter().any(|end| agency.ends_with(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_that_carries_an_act_names_it() {
        for (title, expected) in [
            ("关于印发《专项资金管理办法》的通知", "专项资金管理办法"),
            ("关于印发 《专项资金管理办法》的通知", "专项资金管理办法"),
            ("转发《关于落实〈意见〉的通知》", "关于落实〈意见〉的通知"),
            ("印发《关于贯彻《条例》的意见》的通知", "关于贯彻《条例》的意见"),
            ("关于公布修订后的《示例市管理规定》的公告", "示例市管理规定"),
            ("示例市商务局转发示例省商务厅《关于开展申报工作的通知》", "关于开展申报工作的通知"),
        ] {
            assert_eq!(inner_title(title).as_deref(), Some(expected), "{title}");
        }
    }

    #[test]
    fn a_title_that_only_names_an_act_carries_none() {
        for title in [
            "《专项资金管理办法》解读",
            "关于印发《未完",
            "关于修改《专项资金管理办法》的决定",
            "关于印发专项资金管理办法的通知",
            "有关负责人就印发《专项资金管理办法》答记者问",
            "关于公开征求《专项资金管理办法》意见的通知",
            "关于印发《甲》的通知",
        ] {
            assert_eq!(inner_title(title), None, "{title}");
        }
    }
}
