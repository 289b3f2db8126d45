//! Where a policy is for: its place, and in Xinjiang whether it is the region's or the corps's.

use model::Tag;
use model::region::COUNTRY;

use crate::annotator::Input;
use crate::places::{CORPS, Places, central_agency};
use crate::tags::{Maker, Proof, Within};

/// How far from either end of a text an agency names itself: the head, and the signature.
const HEAD_BYTES: usize = 2_000;
const FOOT_BYTES: usize = 400;

/// The place with its proof, and in Xinjiang the jurisdiction.
pub(crate) fn tags(maker: &Maker<'_, '_>, input: &Input<'_>, places: &Places) -> Vec<Tag> {
    if input.region.is_empty() {
        return Vec::new();
    }
    let label = maker.page.rules.regions.full_name(input.region);
    let mut tags = Vec::new();
    let proof = if input.region == COUNTRY { central(maker) } else { named(maker, places, input.region) };
    let corps = input.region.starts_with("65").then(|| corps(maker)).flatten();
    if let Some(proof) = proof.or(corps) {
        let confidence = if proof.within == Within::Text { 0.85 } else { 0.95 };
        tags.extend(maker.tag("region", (input.region, &label), confidence, proof, "region"));
        if input.region.starts_with("65") {
            let (value, label) = if corps.is_some() { ("xpcc", "兵团") } else { ("local", "地方") };
            tags.extend(maker.tag("jurisdiction", (value, label), confidence, corps.unwrap_or(proof), "region"));
        }
    }
    tags
}

/// Title, issuers, head and foot of the text, in the order in which they prove best.
fn stretches<'m>(maker: &'m Maker<'_, '_>) -> [(Within, usize, &'m str); 4] {
    let text = maker.page.text();
    let head = boundary(text, HEAD_BYTES.min(text.len()));
    let foot = boundary(text, text.len().saturating_sub(FOOT_BYTES).max(head));
    [
        (Within::Title, 0, maker.title.text()),
        (Within::Issuer, 0, maker.issuers.as_str()),
        (Within::Text, 0, &text[..head]),
        (Within::Text, foot, &text[foot..]),
    ]
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Where the place itself is named.
fn named(maker: &Maker<'_, '_>, places: &Places, region: &str) -> Option<Proof> {
    stretches(maker).into_iter().find_map(|(within, offset, text)| {
        let found = places.find(text, region);
        let own = found.iter().find(|named| !named.relative && named.codes.iter().any(|code| code == region))?;
        Some(Proof { within, start: offset + own.start, end: offset + own.end })
    })
}

/// Where a central agency is named.
fn central(maker: &Maker<'_, '_>) -> Option<Proof> {
    stretches(maker).into_iter().find_map(|(within, offset, text)| {
        let (start, end) = central_agency(text)?;
        Some(Proof { within, start: offset + start, end: offset + end })
    })
}

/// Where the corps is named as issuer or in the title.
fn corps(maker: &Maker<'_, '_>) -> Option<Proof> {
    stretches(maker).into_iter().take(2).find_map(|(within, _, text)| {
        let (start, word) = CORPS.iter().filter_map(|word| Some((text.find(word)?, *word))).min()?;
        Some(Proof { within, start, end: start + word.len() })
    })
}

#[cfg(test)]
mod tests {
    use crate::annotator::Input;
    use crate::examples::shipped;

    /// `in:quote` of the tag of each kind for an issuer and a title.
    #[track_caller]
    fn check(issuer: &str, title: &str, text: &str, expected: &[&str]) {
        let issuers = [issuer.to_owned()];
        let region = shipped().region_of(&issuers, title, "");
        let annotation = shipped().annotate(&Input { text, title, issuers: &issuers, region: &region, ..Input::default() });
        let tags = annotation.tags.iter().filter(|tag| tag.kind == "region" || tag.kind == "jurisdiction");
        let found: Vec<String> = tags.map(|tag| format!("{} {}:{}", tag.value, tag.place, tag.quote)).collect();
        assert_eq!(found, expected, "{issuer} {title}");
    }

    #[test]
    fn a_place_is_proved_by_title_issuer_or_text_and_otherwise_not_given() {
        check("北京市商务局", "北京市促进消费措施", "", &["110000 title:北京市"]);
        check("北京市商务局", "促进消费措施", "", &["110000 issuer:北京市"]);
        check("财政部", "关于税收政策的公告", "", &["000000 issuer:财政部"]);
        check("测试市工业和信息化局", "关于组织申报的通知", "", &[]);
        check("新疆生产建设兵团工业和信息化局", "关于组织申报的通知", "", &["650000 issuer:新疆", "xpcc issuer:生产建设兵团"]);
        check(
            "新疆维吾尔自治区科学技术厅",
            "关于组织申报的通知",
            "",
            &["650000 issuer:新疆维吾尔自治区", "local issuer:新疆维吾尔自治区"],
        );
    }
}
