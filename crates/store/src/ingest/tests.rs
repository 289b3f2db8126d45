//! Identity, revisions and idempotence through the store itself.

use super::*;
use crate::testing::{Home, Sample, at, prose};

const TITLE: &str = "关于印发支持中小企业发展若干措施的通知";

fn sample(id: &str, text: &str) -> Sample {
    Sample::new(id, TITLE, text)
}

/// Stores the first, then the second; says what the second was and whether both are one policy.
#[track_caller]
fn check(first: Sample, second: Sample, expected: Change) {
    let home = Home::new();
    let store = home.open();
    let one = store.ingest(&first.0, at(1)).unwrap();
    assert_eq!(one.change, Change::New);
    let two = store.ingest(&second.0, at(2)).unwrap();
    assert_eq!(two.change, expected);
    assert_eq!(one.policy == two.policy, expected != Change::New);
    assert_eq!(store.resolve(&second.0.id).unwrap(), Some(two.policy));
    assert!(store.check().unwrap().is_sound(), "{:?}", store.check().unwrap());
}

fn near(text: &str) -> String {
    format!("{text}\n联系人：综合处")
}

#[test]
fn the_same_text_on_two_sites_is_one_policy() {
    let text = prose(1, 600);
    check(sample("a", &text), sample("b", &text.replace('\n', " 　")), Change::Copy);
    check(sample("a", &text), Sample::new("b", "另一个标题", &text), Change::Copy);
    // Long enough to prove itself against a number that was read wrong.
    check(sample("a", &text).number("甲发〔2024〕1号"), sample("b", &text).number("甲发〔2024〕2号"), Change::Copy);
}

#[test]
fn a_short_text_proves_nothing() {
    check(sample("a", "详见附件。"), sample("b", "详见附件。"), Change::New);
    let short = prose(1, 120);
    check(sample("a", &short), sample("b", &short), Change::Copy);
    check(sample("a", &short).number("甲发〔2024〕1号"), sample("b", &short).number("甲发〔2025〕1号"), Change::New);
}

#[test]
fn yearly_notices_and_batches_stay_apart_even_with_one_text() {
    let text = prose(1, 300);
    for (one, other) in [
        ("关于组织申报2024年度专精特新企业的通知", "关于组织申报2025年度专精特新企业的通知"),
        ("关于公布第三批名单的通知", "关于公布第四批名单的通知"),
        ("关于公布第3批名单的通知", "关于公布第四批名单的通知"),
    ] {
        check(Sample::new("a", one, &text), Sample::new("b", other, &text), Change::New);
    }
    let same = "关于公布第三批名单的通知";
    check(Sample::new("a", same, &text), Sample::new("b", "关于公布第3批名单的通知", &text), Change::Copy);
}

#[test]
fn a_decimal_point_makes_another_text() {
    let text = prose(1, 100);
    let (low, high) = (format!("{text}补贴1.5万元"), format!("{text}补贴15万元"));
    check(sample("a", &low), sample("b", &high), Change::New);
    check(sample("a", &low), sample("a", &high), Change::Revised);
}

#[test]
fn the_same_number_and_title_are_one_policy() {
    let text = prose(1, 600);
    let numbered = |id: &str, text: &str| sample(id, text).number("新工信企业〔2024〕7号");
    check(numbered("a", &text), numbered("b", &near(&text)), Change::Copy);
    check(numbered("a", &text), sample("b", &near(&text)).number("新工信企业[2024]7号"), Change::Copy);
    let wrapped = format!("索引号 发布机构 成文日期\n{text}\n扫一扫在手机打开当前页\n{}", prose(9, 200));
    check(numbered("a", &text), numbered("b", &wrapped), Change::Copy);
    check(numbered("a", &text), numbered("b", ""), Change::Copy);
    check(numbered("a", &text), numbered("b", &text.chars().take(300).collect::<String>()), Change::Copy);
    // The number stands in the title of one of the sites.
    let titled = Sample::new("b", &format!("{TITLE}（新工信企业〔2024〕7号）"), &near(&text)).number("新工信企业〔2024〕7号");
    check(numbered("a", &text), titled, Change::Copy);
}

#[test]
fn a_later_text_under_the_same_number_and_title_is_a_revision() {
    let numbered = |id: &str, seed, date: &str| sample(id, &prose(seed, 600)).number("新工信企业〔2024〕7号").published(date);
    check(numbered("a", 1, "2024-01-01"), numbered("b", 2, "2024-06-01"), Change::Revised);
    check(numbered("a", 1, "2024-06-01"), numbered("b", 2, "2024-01-01"), Change::Copy);
    check(numbered("a", 1, "2024-06-01"), sample("b", &prose(2, 600)).number("新工信企业〔2024〕7号"), Change::Copy);
    // Two entries of one site on one day are two parts of the act.
    let part = |id: &str, seed| numbered(id, seed, "2024-06-01").url(&format!("https://a.gov.cn/{id}.html"));
    check(part("a", 1), part("b", 2), Change::New);
}

#[test]
fn another_title_under_the_same_number_needs_the_text() {
    let text = prose(1, 600);
    let numbered = |sample: Sample| sample.number("新工信企业〔2024〕7号");
    check(numbered(sample("a", &text)), numbered(Sample::new("b", "支持中小企业发展若干措施", &near(&text))), Change::Copy);
    let partly = format!("{}{}", text.chars().take(520).collect::<String>(), prose(8, 80));
    check(numbered(sample("a", &text)), numbered(Sample::new("b", "支持中小企业发展若干措施", &partly)), Change::Copy);
    check(numbered(sample("a", &text)), numbered(Sample::new("b", "支持老旧厂房改造实施方案", &partly)), Change::New);
    check(numbered(sample("a", &text)), numbered(Sample::new("b", "若干措施出台", &prose(2, 600))), Change::New);
    let excerpt: String = text.chars().take(150).collect();
    check(numbered(sample("a", &text)), numbered(Sample::new("b", "若干措施出台", &excerpt)), Change::New);
    // The annex alone, under the title the notice gives it.
    let inner = "支持中小企业发展若干措施";
    check(numbered(sample("a", &text)).inner(inner), numbered(Sample::new("b", inner, &excerpt)), Change::Copy);
}

#[test]
fn an_explanation_is_not_a_copy_of_what_it_explains() {
    let text = prose(1, 600);
    let numbered = |sample: Sample| sample.number("新工信企业〔2024〕7号").inner("若干措施");
    for title in ["《若干措施》政策解读", "一图读懂《若干措施》", "《若干措施》答记者问"] {
        check(numbered(sample("a", &text)), numbered(Sample::new("b", title, &near(&text))), Change::New);
    }
}

#[test]
fn numbers_that_many_organs_use_need_the_issuer() {
    let text = prose(1, 600);
    for number in ["通告2024年第5号", "政办发〔2024〕5号"] {
        let one = |id: &str, text: &str, issuer: &str| sample(id, text).number(number).issuer(issuer);
        check(one("a", &text, "甲市人民政府"), one("b", &near(&text), "乙市人民政府"), Change::New);
        check(one("a", &text, "甲市人民政府"), one("b", &near(&text), "甲市人民政府"), Change::Copy);
        // Nobody says whose they are, and inside the text stands another city.
        let of = |city: &str| format!("{}{city}财政局{}", prose(1, 300), prose(2, 300));
        check(sample("a", &of("甲市")).number(number), sample("b", &of("乙区县")).number(number), Change::New);
    }
}

#[test]
fn twins_of_two_cities_stay_apart() {
    let text = prose(1, 2_000);
    let city = |id: &str, name: &str, number: &str| {
        sample(id, &format!("{name}{text}")).issuer(&format!("{name}工业和信息化局")).number(number)
    };
    check(city("a", "甲市", "甲工信〔2024〕1号"), city("b", "乙市", "乙工信〔2024〕1号"), Change::New);
    let unnumbered = |id: &str, name: &str| {
        sample(id, &format!("{name}{text}")).issuer(&format!("{name}工业和信息化局")).published("2024-01-01")
    };
    check(unnumbered("a", "甲市"), unnumbered("b", "乙市"), Change::New);
}

#[test]
fn without_a_number_title_issuer_date_and_text_must_all_agree() {
    let text = prose(1, 600);
    let base = |id: &str| sample(id, &text).issuer("甲市财政局").published("2024-01-01");
    let other = || sample("b", &near(&text)).issuer("甲市财政局").published("2024-01-01");
    check(base("a"), other(), Change::Copy);
    check(base("a"), other().issuer("乙市财政局"), Change::New);
    // Another site shows it days later; the same text a year later, or another day on one site, is another notice.
    check(base("a"), other().published("2024-01-02"), Change::Copy);
    check(base("a"), other().published("2025-01-02"), Change::New);
    check(base("a").url("https://x.gov.cn/a"), other().published("2024-01-02").url("https://x.gov.cn/b"), Change::New);
    check(base("a"), sample("b", &prose(2, 600)).issuer("甲市财政局").published("2024-01-01"), Change::New);
    check(base("a").number("甲财〔2024〕1号"), other().number("甲财〔2024〕2号"), Change::New);
    check(base("a").number("甲财〔2024〕1号"), other(), Change::Copy);
}

#[test]
fn versions_of_a_law_are_one_policy_only_where_issuer_or_title_says_whose_it_is() {
    let (old, new) = (prose(1, 3_000), format!("{}{}", prose(1, 2_500), prose(2, 500)));
    let law = |id: &str, text: &str, date: &str| Sample::new(id, "道路运输管理办法", text).published(date);
    let local = |id: &str, text: &str, date: &str| Sample::new(id, "甲乙市道路运输管理办法", text).published(date);
    check(local("a", &old, "2019-03-02"), local("b", &new, "2022-03-29"), Change::Revised);
    check(local("a", &new, "2022-03-29"), local("b", &old, "2019-03-02"), Change::Copy);
    // Books of one code are published on one day.
    check(local("a", &old, "2019-03-02"), local("b", &prose(7, 3_000), "2019-03-02"), Change::New);
    check(law("a", &old, "2019-03-02"), law("b", &new, "2022-03-29"), Change::New);
    let issued = |id: &str, text: &str, date: &str| law(id, text, date).issuer("国务院");
    check(issued("a", &old, "2019-03-02"), issued("b", &new, "2022-03-29"), Change::Revised);
    check(issued("a", &new, "2022-03-29"), issued("b", &old, "2019-03-02"), Change::Copy);
    check(issued("a", &old, "2019-03-02"), issued("b", &prose(7, 3_000), "2022-03-29"), Change::New);
    // A notice of the same title is next year's notice.
    let notice = |id: &str, text: &str, date: &str| sample(id, text).issuer("国务院").published(date);
    check(notice("a", &old, "2023-03-02"), notice("b", &new, "2024-03-02"), Change::New);
}

#[test]
fn programmes_of_one_notice_share_number_title_and_conditions_and_stay_apart() {
    let shared = prose(1, 600);
    let programme = |id: &str, seed| {
        let own = format!("{}{shared}", prose(seed, 120));
        sample(id, &own).number("新工信企业〔2024〕7号").issuer("甲市财政局").url("")
    };
    check(programme("a", 2), programme("b", 3), Change::New);
    check(programme("a", 2).published("2024-01-01"), programme("b", 3).published("2024-01-01"), Change::New);
}

#[test]
fn a_page_around_a_copy_is_seen_through_without_number_and_issuer() {
    let text = prose(1, 900);
    let wrapped = format!("首页 政务公开 政策文件\n{text}\n主办单位：某某信息中心 技术支持：某某公司");
    check(sample("a", &text), sample("b", &wrapped), Change::Copy);
    check(sample("a", &wrapped), sample("b", &text), Change::Copy);
    // Passed on by somebody under a heading of his own.
    check(sample("a", &text), Sample::new("b", "重磅！新政来了", &wrapped), Change::Copy);
    let forwarding = Sample::new("b", "转发关于印发支持中小企业发展若干措施的通知", &wrapped);
    check(sample("a", &text), forwarding, Change::New);
    let other_figure = wrapped.replace(&text, &format!("{}1200万元{}", prose(1, 450), &text[prose(1, 450).len()..]));
    let figure = format!("{}800万元{}", prose(1, 450), &text[prose(1, 450).len()..]);
    check(sample("a", &figure), sample("b", &other_figure), Change::New);
}

#[test]
fn counters_bars_and_links_of_a_page_are_no_revision() {
    let home = Home::new();
    let store = home.open();
    let text = prose(1, 300);
    let page = |visits: u32, links: &str| {
        sample("a", &format!("浏览次数：{visits}次\n{text}\n分享到：微信 微博\n相关链接\n{links}")).bytes(&visits.to_string()).0
    };
    assert_eq!(store.ingest(&page(7, "某办法政策解读"), at(1)).unwrap().change, Change::New);
    let again = store.ingest(&page(1_234, "一图读懂某办法\n某办法答记者问"), at(2)).unwrap();
    assert_eq!((again.change, again.stale), (Change::Unchanged, false));
    assert_eq!(store.policy(&again.policy).unwrap().unwrap().revision(), 1);
    check(Sample(page(7, "某办法解读")), Sample::new("b", TITLE, &text), Change::Copy);
}

#[test]
fn one_page_under_http_and_https_is_one_document() {
    let text = prose(1, 600);
    let url = "http://www.a.gov.cn/1.html";
    let by_url = |text: &str| Sample::new(DocumentId::of_url(url).as_str(), TITLE, text).url("https://www.a.gov.cn/1.html#x");
    // First imported under an id of its own, then fetched.
    check(sample("IMPORT_1", &text).url(url), by_url(&text), Change::Unchanged);
    check(sample("IMPORT_1", &text).url(url), by_url(&prose(2, 600)), Change::Revised);
    check(
        sample("IMPORT_1", &text).url(url),
        Sample::new(DocumentId::of_url(url).as_str(), "别的", &prose(2, 600)).url(url),
        Change::New,
    );
    // Two entries of one collection page.
    check(sample("IMPORT_1", &text).url(url), sample("IMPORT_2", &prose(2, 600)).url(url), Change::New);
    check(sample("a", &text).url(""), Sample::new("b", "别的", &prose(2, 600)).url(""), Change::New);
}

#[test]
fn an_alias_resolves_to_the_document_it_names() {
    let home = Home::new();
    let store = home.open();
    let url = "https://www.a.gov.cn/1.html";
    let first = store.ingest(&sample("IMPORT_1", &prose(1, 600)).url(url).0, at(1)).unwrap();
    let fetched = Sample::new(DocumentId::of_url(url).as_str(), TITLE, &prose(2, 600)).url(url);
    store.ingest(&fetched.0, at(2)).unwrap();
    assert_eq!(store.resolve(&fetched.0.id).unwrap(), Some(first.policy.clone()));
    assert_eq!(store.document(&fetched.0.id).unwrap(), store.document(&"IMPORT_1".into()).unwrap());
    assert_eq!(store.ingest(&fetched.0, at(3)).unwrap().change, Change::Unchanged);
    assert_eq!(store.counts().unwrap().documents, 1);
}

#[test]
fn doing_it_twice_is_as_doing_it_once() {
    let home = Home::new();
    let store = home.open();
    let text = prose(1, 600);
    let documents = [
        sample("a", &text).number("甲发〔2024〕1号").0,
        sample("b", &near(&text)).number("甲发〔2024〕1号").0,
        Sample::new("c", "别的", &prose(3, 600)).0,
    ];
    store.ingest_batch(&documents, at(1)).unwrap();
    let before = (store.sequence().unwrap(), store.counts().unwrap(), store.records().map(Result::unwrap).collect::<Vec<_>>());
    for again in store.ingest_batch(&documents, at(1)).unwrap() {
        assert_eq!((again.change, again.stale), (Change::Unchanged, false));
    }
    let after = (store.sequence().unwrap(), store.counts().unwrap(), store.records().map(Result::unwrap).collect::<Vec<_>>());
    assert_eq!(before, after);
    store.ingest_batch(&documents, at(9)).unwrap();
    assert_eq!(store.sequence().unwrap(), before.0, "seeing a page again is no change of its record");
    assert_eq!(store.policy(&"a".into()).unwrap().unwrap().copies[0].seen, at(9));
}

#[test]
fn a_batch_gives_what_one_by_one_gives() {
    let documents: Vec<Incoming> = (0..300u32)
        .map(|number| {
            let text = prose(number % 90, 200);
            let id = format!("d{}", number % 200);
            Sample::new(&id, &format!("关于事项{}的通知", number % 70), &text)
                .number(&format!("甲发〔2024〕{}号", number % 80 + 1))
                .0
        })
        .collect();
    let (one, other) = (Home::new(), Home::new());
    let (batch, single) = (one.open(), other.open());
    let in_batch = batch.ingest_batch(&documents, at(1)).unwrap();
    let one_by_one: Vec<Ingested> = documents.iter().map(|document| single.ingest(document, at(1)).unwrap()).collect();
    assert_eq!(in_batch, one_by_one);
    let all = |store: &Store| store.records().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(all(&batch), all(&single));
    assert!(batch.check().unwrap().is_sound());
}

#[test]
fn old_texts_stay_readable() {
    let home = Home::new();
    let store = home.open();
    let texts: Vec<String> = (1..=4).map(|seed| prose(seed, 300)).collect();
    for (second, text) in texts.iter().enumerate() {
        store.ingest(&sample("a", text).0, at(i64::try_from(second).unwrap())).unwrap();
    }
    // A copy on another site, which then gets a text of its own: a fifth revision, read from there.
    store.ingest(&sample("b", &texts[3]).0, at(10)).unwrap();
    let fifth = prose(5, 300);
    assert_eq!(store.ingest(&sample("b", &fifth).0, at(11)).unwrap().change, Change::Revised);
    let policy = store.policy(&"a".into()).unwrap().unwrap();
    assert_eq!(policy.revisions.iter().map(|revision| revision.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for (number, text) in (1..).zip(texts.iter().chain([&fifth])) {
        assert_eq!(store.revision_document(&"a".into(), number).unwrap().unwrap().text, *text, "revision {number}");
    }
    assert_eq!(store.revision_document(&"a".into(), 6).unwrap(), None);
    // The first site catches up: no sixth text.
    let caught_up = store.ingest(&sample("a", &fifth).0, at(12)).unwrap();
    assert_eq!((caught_up.change, caught_up.stale), (Change::Unchanged, false));
    assert_eq!(store.revision_document(&"a".into(), 4).unwrap().unwrap().text, texts[3]);
    // And an old text that turns up elsewhere is a copy.
    assert_eq!(store.ingest(&sample("c", &texts[0]).0, at(13)).unwrap().change, Change::Copy);
    assert_eq!(store.record(&"a".into()).unwrap().unwrap().document.text, fifth);
    assert_eq!(store.counts().unwrap().revisions, 4);
    assert!(store.check().unwrap().is_sound());
}

#[test]
fn going_back_to_an_old_text_is_a_revision_too() {
    let home = Home::new();
    let store = home.open();
    let (one, two) = (prose(1, 300), prose(2, 300));
    for (second, text) in [&one, &two, &one].into_iter().enumerate() {
        store.ingest(&sample("a", text).0, at(i64::try_from(second).unwrap())).unwrap();
    }
    assert_eq!(store.policy(&"a".into()).unwrap().unwrap().revision(), 3);
    assert_eq!(store.record(&"a".into()).unwrap().unwrap().document.text, one);
    assert_eq!(store.revision_document(&"a".into(), 2).unwrap().unwrap().text, two);
}

#[test]
fn changed_markup_changes_nothing_and_better_fields_are_kept() {
    let home = Home::new();
    let store = home.open();
    let text = prose(1, 300);
    store.ingest(&sample("a", &text).bytes("1").number("甲发〔2024〕1号").0, at(1)).unwrap();
    let spaced = text.replace('。', "。 ");
    let again = store.ingest(&sample("a", &spaced).bytes("2").issuer("甲市财政局").0, at(2)).unwrap();
    assert_eq!((again.change, again.stale), (Change::Unchanged, false));
    let record = store.record(&"a".into()).unwrap().unwrap();
    assert_eq!(record.document.text, text, "spans keep pointing at what they pointed at");
    assert_eq!(record.document.issuers, ["甲市财政局"]);
    assert_eq!(record.document.numbers.len(), 1, "a field that is missing now does not erase one that was found");
    assert_eq!((record.policy.revision(), record.policy.changed), (1, at(2)));
}

#[test]
fn a_better_reading_of_the_same_bytes_replaces_the_text_in_place() {
    let home = Home::new();
    let store = home.open();
    let text = prose(1, 300);
    store.ingest(&sample("a", &format!("{text}\n打印本页 关闭窗口")).bytes("1").0, at(1)).unwrap();
    let again = store.ingest(&sample("a", &text).bytes("1").0, at(2)).unwrap();
    assert_eq!((again.change, again.stale), (Change::Unchanged, true));
    let record = store.record(&"a".into()).unwrap().unwrap();
    assert_eq!((record.document.text.as_str(), record.policy.revision()), (text.as_str(), 1));
    assert_eq!(record.policy.revisions[0].fingerprint, model::fingerprint::of_text(&text));
    assert_eq!(store.ingest(&sample("b", &text).0, at(3)).unwrap().change, Change::Copy, "found by its new text");
}

#[test]
fn an_empty_reading_does_not_replace_a_text() {
    let home = Home::new();
    let store = home.open();
    let text = prose(1, 300);
    store.ingest(&sample("a", &text).bytes("1").0, at(1)).unwrap();
    for bytes in ["1", "2"] {
        assert_eq!(store.ingest(&sample("a", " \n").bytes(bytes).0, at(2)).unwrap().change, Change::Unchanged);
        assert_eq!(store.record(&"a".into()).unwrap().unwrap().document.text, text);
    }
}

#[test]
fn a_field_that_cannot_be_read_again_is_dropped_and_the_document_kept() {
    let home = Home::new();
    let store = home.open();
    let mut odd = sample("a", &prose(1, 300)).number("甲发〔2024〕1号");
    odd.0.document.numbers.push(DocNumber {
        agency: "根据".to_owned(),
        year: None,
        sequence: 0,
        form: model::number::NumberForm::Letter,
    });
    odd.0.document.published = Some(jiff::civil::date(1901, 1, 1).into());
    store.ingest(&odd.0, at(1)).unwrap();
    let document = store.record(&"a".into()).unwrap().unwrap().document;
    assert_eq!((document.numbers.len(), document.published), (1, None));
}

#[test]
fn an_unusable_id_is_refused_before_anything_is_written() {
    let home = Home::new();
    let store = home.open();
    for id in [String::new(), "x".repeat(5_000)] {
        let batch = [sample("good", &prose(1, 300)).0, sample(&id, &prose(2, 300)).0];
        assert!(matches!(store.ingest_batch(&batch, at(1)), Err(StoreError::Refused { .. })));
    }
    assert_eq!(store.counts().unwrap().documents, 0);
}

#[test]
fn who_follows_the_sequence_sees_every_changed_record_once() {
    let home = Home::new();
    let store = home.open();
    let ids = |since| {
        let (upto, ids) = store.changed_since(since).unwrap();
        (upto, ids.into_iter().map(|id| id.0).collect::<Vec<_>>())
    };
    store.ingest_batch(&[sample("a", &prose(1, 300)).0, sample("b", &prose(2, 300)).0], at(1)).unwrap();
    let (seen, all) = ids(0);
    assert_eq!((all.len(), seen), (2, store.sequence().unwrap()));
    store.ingest(&sample("a", &prose(3, 300)).0, at(2)).unwrap();
    let (later, changed) = ids(seen);
    assert_eq!(changed, ["a"]);
    store.ingest(&sample("c", &prose(2, 300)).0, at(3)).unwrap();
    assert_eq!(ids(later).1, ["b"], "a further copy shows in the record");
}

/// The sample with one attached file, read from these bytes or not fetched yet.
fn with_file(sample: Sample, snapshot: &str, read: Option<(&str, &str)>) -> Sample {
    let mut sample = sample;
    let document = &mut sample.0.document;
    document.blocks = document.text.lines().map(|line| model::Block { text: line.to_owned(), ..Default::default() }).collect();
    let file = read.map(|(bytes, text)| {
        for line in ["附件.pdf", text] {
            document.blocks.push(model::Block { text: line.to_owned(), file: Some(0), ..Default::default() });
        }
        model::FileFacts { state: model::FileState::Text, snapshot: bytes.repeat(64).as_str().into(), ..Default::default() }
    });
    document.text = document.blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n");
    document.attachments = vec![Attachment { name: "附件.pdf".to_owned(), url: "https://a.gov.cn/1.pdf".to_owned(), file }];
    sample.0.snapshot = snapshot.repeat(64).as_str().into();
    sample
}

#[test]
fn a_copy_whose_files_were_not_fetched_is_still_a_copy() {
    let (text, guide) = (prose(1, 300), prose(2, 4_000));
    let plain = |id: &str| Sample::new(id, if id == "a" { TITLE } else { "另一个标题" }, &text);
    let whole = with_file(plain("a"), "1", Some(("f", &guide)));
    check(whole.clone(), plain("b"), Change::Copy);
    check(plain("a"), with_file(plain("b"), "2", Some(("f", &guide))), Change::Copy);
    // One guide under two notices makes them no copies of each other.
    let other = with_file(Sample::new("b", "另一个通知", &prose(7, 300)), "2", Some(("f", &guide)));
    check(whole, other, Change::New);
    // Where the body only points at the file, the file is the act.
    let pointer = |id: &str, title: &str| with_file(Sample::new(id, title, "详见附件。"), id, Some(("f", &guide)));
    check(pointer("a", TITLE), pointer("b", "另一个标题"), Change::Copy);
}

#[test]
fn a_file_read_late_is_no_revision_and_a_changed_one_is() {
    let (first, second) = (prose(2, 900), prose(3, 900));
    for body in [prose(1, 300), "详见附件。".to_owned()] {
        let home = Home::new();
        let store = home.open();
        let seen = |read, reading| {
            let mut sample = with_file(sample("a", &body), "1", read);
            sample.0.is_reading = reading;
            sample.0
        };
        let text = || store.document(&"a".into()).unwrap().unwrap().text;
        let take = |incoming, second| store.ingest(&incoming, at(second)).unwrap();
        assert_eq!(take(seen(None, false), 1).change, Change::New);
        let late = take(seen(Some(("e", &first)), true), 2);
        assert_eq!((late.change, late.stale, text().contains(&first)), (Change::Unchanged, true, true));
        let again = take(seen(Some(("e", &first)), true), 3);
        assert_eq!((again.change, again.stale), (Change::Unchanged, false));
        let changed = take(seen(Some(("f", &second)), true), 4);
        assert_eq!((changed.change, changed.stale, text().contains(&second)), (Change::Revised, true, true));
        assert_eq!(take(seen(Some(("f", &second)), false), 5).change, Change::Unchanged);
        let before = store.revision_document(&changed.policy, 1).unwrap().unwrap();
        assert!(before.text.contains(&first) && !before.text.contains(&second));
        assert_eq!(store.policy(&changed.policy).unwrap().unwrap().revisions.len(), 2);
        assert!(store.check().unwrap().is_sound());
    }
}

#[test]
fn other_markup_keeps_the_text_with_its_files_and_a_page_without_links_does_not_lose_them() {
    let home = Home::new();
    let store = home.open();
    let (text, guide) = (prose(1, 300), prose(2, 900));
    let spaced = text.replace('。', "。 ");
    let read = Some(("f", guide.as_str()));
    store.ingest(&with_file(sample("a", &text), "1", read).0, at(1)).unwrap();
    let before = store.document(&"a".into()).unwrap();
    let again = store.ingest(&with_file(sample("a", &spaced), "2", read).0, at(2)).unwrap();
    assert_eq!((again.change, again.stale), (Change::Unchanged, false));
    assert_eq!(store.document(&"a".into()).unwrap(), before);
    let mut bare = sample("a", &spaced);
    bare.0.snapshot = "3".repeat(64).as_str().into();
    store.ingest(&bare.0, at(3)).unwrap();
    assert_eq!(store.document(&"a".into()).unwrap(), before);
    let more = with_file(sample("a", &spaced), "4", Some(("f", &format!("{guide}补"))));
    assert_eq!(store.ingest(&more.0, at(4)).unwrap().change, Change::Unchanged, "the same bytes of the file, better read");
    assert!(store.document(&"a".into()).unwrap().unwrap().text.ends_with('补'));
}

#[test]
fn a_page_of_an_article_that_comes_late_is_no_revision_and_a_changed_one_is() {
    let home = Home::new();
    let store = home.open();
    let (one, two, other) = (prose(1, 300), prose(2, 300), prose(3, 300));
    let seen = |parts: &[&str], text: &str| {
        let mut sample = sample("a", text);
        sample.0.snapshot = "1".repeat(64).as_str().into();
        sample.0.parts = parts.iter().map(|part| part.repeat(64).as_str().into()).collect();
        sample.0
    };
    let take = |incoming| store.ingest(&incoming, at(1)).unwrap().change;
    assert_eq!(take(seen(&[], &one)), Change::New);
    assert_eq!(take(seen(&["2"], &format!("{one}\n{two}"))), Change::Unchanged);
    assert_eq!(take(seen(&["3"], &format!("{one}\n{other}"))), Change::Revised);
    assert_eq!(store.document(&"a".into()).unwrap().unwrap().text, format!("{one}\n{other}"));
}
