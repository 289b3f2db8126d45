//! The index as its users see it: small records made by hand, then the real corpus.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use jieba_rs::Jieba;
use jiff::civil::{Date, date};
use model::query::{Clause, Hits, MARK_END, MARK_START, Query, SavedQuery, Sort, Wanted};
use model::text::fold;
use model::{DocNumber, Document, LifeCycle, Policy, PolicyId, Record};
use tempfile::TempDir;

use crate::{Index, Lexicon, SearchError, parse_query};

static SEGMENTER: LazyLock<Arc<Jieba>> = LazyLock::new(|| Arc::new(Jieba::new()));

fn lexicon() -> Lexicon {
    let (synonyms, stop_words) = (include_str!("../../../index/synonyms.toml"), include_str!("../../../index/stop_words.txt"));
    Lexicon::new(synonyms, stop_words, include_str!("../../../index/fields.toml")).unwrap()
}

fn record(id: &str, title: &str, text: &str) -> Record {
    let policy = Policy { id: id.into(), title: title.into(), ..Policy::default() };
    Record { policy, document: Document { title: title.into(), text: text.into(), ..Document::default() }, ..Record::default() }
}

fn filled(records: &[Record]) -> Index {
    let index = Index::in_memory(Arc::clone(&SEGMENTER), lexicon()).unwrap();
    index.put(records).unwrap();
    index.commit().unwrap();
    index
}

fn ask(index: &Index, text: &str) -> Hits {
    index.search(&parse_query(text).unwrap()).unwrap()
}

fn ids(hits: &Hits) -> String {
    hits.hits.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(index: &Index, text: &str, expected: &str) {
    let hits = ask(index, text);
    assert_eq!(ids(&hits), expected, "for {text}");
    assert_eq!(hits.total, hits.hits.len());
}

#[track_caller]
fn check_set(index: &Index, text: &str, expected: &str) {
    let hits = ask(index, text);
    let mut found: Vec<&str> = hits.hits.iter().map(|hit| hit.id.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found.join(" "), expected, "for {text}");
}

fn small() -> Index {
    filled(&[
        record("a", "高新技术企业认定管理办法", "企业研发费用加计扣除的比例。\n税收减免政策由税务机关执行。"),
        record("b", "关于稳岗补贴的通知", "对不裁员的企业给予稳岗补贴，补贴标准为每人５００元。\n草案另行发布。"),
        record("c", "中小企业发展资金", "加计的扣除不在此列。支持专精特新“小巨人”企业，通过ISO 9001认证，给予补贴。"),
    ])
}

#[test]
fn a_phrase_finds_exactly_the_texts_that_contain_it() {
    let index = small();
    check(&index, "\"加计扣除\"", "a");
    check(&index, "\"认定管理\"", "a");
    check(&index, "\"每人500元\"", "b");
    check(&index, "\"iso 9001\"", "c");
    check(&index, "\"“小巨人”企业\"", "c");
    check(&index, "\"比例。 税收\"", "a");
    check(&index, "\"。税收\"", "");
    check(&index, "\"计扣\"", "a");
    check(&index, "\"税\"", "a");
    check(&index, "\"扣除的比例不\"", "");
    check(&index, "\"加计扣除\" \"稳岗\"", "");
}

#[test]
fn excluded_words_and_phrases_are_nowhere_in_the_hits() {
    let index = small();
    check_set(&index, "补贴", "b c");
    check(&index, "补贴 -草案", "c");
    check(&index, "企业 -补贴", "a");
    check_set(&index, "企业 -\"加计扣除\"", "b c");
    check_set(&index, "-草案", "a c");
    check_set(&index, "-税", "b c");
}

#[test]
fn most_words_first_and_lay_questions_are_answered() {
    let index = small();
    check(&index, "稳岗补贴", "b");
    check(&index, "高企认定", "a");
    assert_eq!(ids(&ask(&index, "请问我们公司不裁员的话可以申请多少稳岗补贴呢应该去哪里办理")).split(' ').next(), Some("b"));
    assert_eq!(ids(&ask(&index, "专精特新企业怎么才能拿到火星补贴款")).split(' ').next(), Some("c"));
    check(&index, "宇宙飞船", "");
    check(&index, "？？", "");
    check_set(&index, "", "a b c");
}

#[test]
fn a_fragment_of_a_word_is_found_whatever_its_segmentation() {
    let index = filled(&[record("a", "通知", "研究生命科学的企业"), record("b", "通知", "生命财产安全")]);
    check_set(&index, "生命", "a b");
    check(&index, "究生", "a");
}

#[test]
fn matches_are_marked_and_title_matches_show_the_first_sentence() {
    let index = small();
    let snippet = &ask(&index, "稳岗补贴").hits[0].snippet;
    assert!(snippet.contains(&format!("{MARK_START}补贴{MARK_END}")), "{snippet}");
    assert!(ask(&index, "认定管理办法").hits[0].snippet.starts_with("企业研发费用"));
}

fn dated(id: &str, day: Option<Date>) -> Record {
    let mut record = record(id, "贷款贴息办法", "对贷款给予贴息。");
    record.document.published = day.map(Into::into);
    record
}

#[test]
fn newest_first_and_date_limits() {
    let index = filled(&[dated("old", Some(date(2019, 5, 1))), dated("new", Some(date(2026, 5, 1))), dated("none", None)]);
    check(&index, "贷款 sort:newest", "new old none");
    check(&index, "贷款", "new old none");
    check(&index, "贷款 from:2019-05-01 to:2019-05-01", "old");
    check(&index, "贷款 from:2019-05-02", "new");
    check(&index, "to:2020", "old");
    assert_eq!(ask(&index, "贷款").hits[0].date, Some(date(2026, 5, 1)));
    assert_eq!(ask(&index, "贷款 sort:newest").hits[0].score, 0.0);
}

fn placed(id: &str, region: &str, state: LifeCycle, issuer: &str) -> Record {
    let mut record = record(id, "补贴办法", "给予补贴。");
    record.policy.region = region.into();
    record.policy.state = state;
    record.document.issuers = vec![issuer.into()];
    record
}

fn places() -> Index {
    filled(&[
        placed("xj", "650000", LifeCycle::InForce, "新疆维吾尔自治区工业和信息化厅"),
        placed("urumqi", "650102", LifeCycle::Repealed, "乌鲁木齐市人民政府"),
        placed("bj", "110000", LifeCycle::InForce, "北京市人民政府"),
        placed("cn", "000000", LifeCycle::InForce, "国家发展和改革委员会"),
    ])
}

#[test]
fn filters_choose_by_place_state_and_issuer() {
    let index = places();
    check_set(&index, "region:650000", "urumqi xj");
    check_set(&index, "region:650100 补贴", "urumqi");
    check_set(&index, "地区:000000", "bj cn urumqi xj");
    check_set(&index, "状态:现行有效 region:650000,110000", "bj xj");
    check_set(&index, "机关:发改委", "cn");
    check_set(&index, "机关:工信厅", "xj");
    check_set(&index, "机关:人民政府", "bj urumqi");
    check_set(&index, "机关:北京市人民政府", "bj");
    check_set(&index, "标题:补贴 -\"没有\" desk:waiting region:110000", "bj");
    check_set(&index, "标题:给予", "");
    check_set(&index, "地区:新疆", "");
}

#[test]
fn places_are_known_by_name_when_the_lexicon_has_them() {
    let regions = model::Regions::parse("code,name,level,parent\n650000,新疆维吾尔自治区,1,\n").unwrap();
    let index = Index::in_memory(Arc::clone(&SEGMENTER), lexicon().with_regions(regions)).unwrap();
    index.put(&[placed("xj", "650102", LifeCycle::Draft, "甲"), placed("bj", "110000", LifeCycle::Draft, "乙")]).unwrap();
    index.commit().unwrap();
    check(&index, "地区:新疆", "xj");
    check(&index, "状态:征求意见 地区:新疆维吾尔自治区", "xj");
}

#[test]
fn facets_count_all_matches_and_add_up() {
    let index = places();
    let mut query = parse_query("补贴").unwrap();
    query.limit = 1;
    let hits = index.search(&query).unwrap();
    assert_eq!((hits.total, hits.hits.len()), (4, 1));
    let expected = [("650000", 2), ("000000", 1), ("110000", 1)].map(|(code, count)| (code.to_owned(), count));
    assert_eq!(hits.facets["region"], expected);
    assert_eq!(hits.facets["state"], [("in_force".to_owned(), 3), ("repealed".to_owned(), 1)]);
    for (name, values) in &hits.facets {
        assert_eq!(values.iter().map(|(_, count)| count).sum::<u64>(), 4, "{name}");
        for (value, count) in values {
            let filters = BTreeMap::from([(name.clone(), vec![value.clone()])]);
            // The whole country holds everything, so only its own count differs.
            let found = index.search(&Query { filters, ..query.clone() }).unwrap().total;
            assert_eq!(found as u64, if value == "000000" { 4 } else { *count }, "{name}={value}");
        }
    }
}

#[test]
fn a_chosen_place_shows_the_places_below_it() {
    let hits = ask(&places(), "补贴 region:650000");
    let expected = [("650000", 2), ("650100", 1)].map(|(code, count)| (code.to_owned(), count));
    assert_eq!(hits.facets["region"], expected);
    assert_eq!(ask(&places(), "补贴 region:650100").facets["region"].len(), 3);
}

fn with_window(id: &str, windows: &[(Option<Date>, Option<Date>)]) -> Record {
    let mut record = record(id, "补贴申报通知", "给予补贴。");
    let day = |date: Option<Date>| date.map(|date| date.to_string());
    record.annotation.items = windows
        .iter()
        .map(|(start, end)| {
            let mut item = serde_json::json!({
                "type": "window", "role": "applicant", "quote": "", "span": [0, 0], "confidence": 1.0, "rule": "",
                "recurrence": "rolling"
            });
            if let Some(start) = day(*start) {
                item["start"] = start.into();
            }
            if let Some(end) = day(*end) {
                item["end"] = end.into();
            }
            serde_json::from_value(item).unwrap()
        })
        .collect();
    record
}

#[test]
fn windows_are_filtered_counted_and_sorted_from_today() {
    let day = |month, day| Some(date(2026, month, day));
    let index = filled(&[
        with_window("spring", &[(day(3, 1), day(3, 31))]),
        with_window("twice", &[(day(1, 1), day(1, 31)), (day(4, 1), day(4, 20))]),
        with_window("always", &[(None, None)]),
        with_window("none", &[]),
    ]);
    let ask_on = |text: &str, today: Date| {
        let query = Query { today: Some(today), ..parse_query(text).unwrap() };
        let mut found: Vec<String> = index.search(&query).unwrap().hits.into_iter().map(|hit| hit.id.0).collect();
        if query.sort == Sort::Relevance {
            found.sort();
        }
        found.join(" ")
    };
    let march = date(2026, 3, 25);
    assert_eq!(ask_on("窗口:正在受理", march), "always spring");
    assert_eq!(ask_on("window:closes:7", march), "spring");
    assert_eq!(ask_on("窗口:7天内开始 补贴", march), "twice");
    assert_eq!(ask_on("窗口:已截止", date(2026, 4, 21)), "spring twice");
    assert_eq!(ask_on("补贴 -窗口:open", march), "none twice");
    assert_eq!(ask_on("补贴 AND (窗口:closes:7 OR 窗口:opens:7)", march), "spring twice");
    assert!(ask_on("补贴 sort:closing", march).starts_with("spring twice "));
    let facets = index.search(&Query { today: Some(march), ..parse_query("补贴").unwrap() }).unwrap().facets;
    assert_eq!(
        facets["window"],
        [("open", 2), ("closes:30", 1), ("opens:30", 1)].map(|(value, count)| (value.to_owned(), count))
    );
    assert!(index.search(&parse_query("窗口:open").unwrap()).unwrap_err().to_string().contains("今天的日期"));
}

#[test]
fn operators_brackets_and_parts() {
    let index = small();
    check_set(&index, "稳岗 OR 小巨人", "b c");
    check(&index, "(稳岗 OR 小巨人) AND 草案", "b");
    check(&index, "(稳岗 OR 小巨人) NOT 草案", "c");
    check_set(&index, "企业 -(稳岗 OR 加计扣除)", "c");
    check_set(&index, "标题:高新 OR 正文:认证", "a c");
    check(&index, "正文:认定管理", "");
    check(&index, "标题:认定管理", "a");
    check(&index, "企业 -标题:资金 -标题:通知", "a");
    check(&index, "正文:加计扣除", "a");
    check(&index, "高企 AND 税收", "a");
    check(&index, "补贴 AND 宇宙飞船", "");
    check(&index, "(\"每人500元\" OR 火星) AND 草案", "b");
    let places = places();
    check_set(&places, "补贴 -region:650000", "bj cn");
    check_set(&places, "机关:发改委 OR 地区:110000", "bj cn");
    check_set(&places, "level:province", "bj xj");
}

#[test]
fn traditional_and_full_width_input_finds_simplified_texts() {
    let index = small();
    check(&index, "穩崗補貼", "b");
    check(&index, "\"加計扣除\"", "a");
    check(&index, "标题:資金", "c");
    check(&index, "ＩＳＯ　９００１", "c");
    check(&index, "高新技術企業 AND 稅收", "a");
}

#[test]
fn a_score_is_the_sum_of_its_reasons_times_its_factors() {
    let index = filled(&[
        placed("xj", "650000", LifeCycle::InForce, "甲厅"),
        dated("dated", Some(date(2026, 5, 1))),
        record("c", "高新技术企业补贴办法", "给予补贴，研发费用加计扣除。国办发〔2017〕47号。"),
    ]);
    for text in ["补贴", "\"加计扣除\" 研发费用", "高企 补贴", "贷款贴息办法", "国办发〔2017〕47号 补贴", "补贴 OR 贷款"]
    {
        let query = Query { explain: true, ..parse_query(text).unwrap() };
        let hits = index.search(&query).unwrap().hits;
        assert!(!hits.is_empty(), "{text}");
        for hit in hits {
            let (factors, parts): (Vec<_>, Vec<_>) =
                hit.reasons.iter().partition(|reason| ["freshness", "authority"].contains(&reason.what.as_str()));
            let sum: f32 = parts.iter().map(|reason| reason.score).sum();
            let product: f32 = factors.iter().map(|reason| reason.score).product();
            assert!(
                (sum * product - hit.score).abs() < 0.01 * hit.score.max(1.0),
                "{text} {}: {:?} {}",
                hit.id,
                hit.reasons,
                hit.score
            );
        }
    }
    assert!(ask(&index, "补贴").hits[0].reasons.is_empty());
}

#[test]
fn titles_are_marked_too() {
    let title = &ask(&small(), "稳岗补贴").hits[0].marked_title;
    assert_eq!(title, &format!("关于{MARK_START}稳岗{MARK_END}{MARK_START}补贴{MARK_END}的通知"));
}

#[test]
fn slips_are_corrected_only_to_what_is_found() {
    let mut records: Vec<Record> =
        (0..30).map(|at| record(&at.to_string(), "高新技术企业认定", "研发费用加计扣除，给予稳岗补贴。")).collect();
    records.push(record("x", "其他", "加记一笔。"));
    let index = filled(&records);
    let check = |text: &str, expected: &str| {
        let found = ask(&index, text).did_you_mean;
        let shown: Vec<String> = found.iter().map(|one| format!("{}→{}", one.typed, one.meant)).collect();
        assert_eq!(shown.join(" "), expected, "for {text}");
    };
    check("高薪技术企业认定", "高薪技术企业→高新技术企业");
    check("\"加记扣除\"", "加记扣除→加计扣除");
    check("研发费用", "");
    check("yanfa", "yanfa→研发");
    check("宇宙飞船", "");
    check("\"补铁\"", "补铁→补贴");
}

#[test]
fn suggestions_come_from_the_corpus() {
    let index = filled(&[record("a", "专精特新企业奖励办法", "给予奖励和补贴"), record("b", "补贴办法", "给予补贴和奖励")]);
    let check = |typed: &str, expected: &str| {
        let found: Vec<String> = index.suggest(typed, 8).unwrap().into_iter().map(|found| found.text).collect();
        assert_eq!(found.join(" "), expected, "for {typed}");
    };
    check("butie", "补贴");
    check("jl", "奖励");
    check("补", "补贴");
    check("企业奖励", "专精特新企业奖励办法");
    check("", "");
    check("没有的词", "");
    for absurd in ["\u{0}", "((((", "\"", "-", "文号:", &"长".repeat(10_000)] {
        index.suggest(absurd, usize::MAX).unwrap();
    }
}

#[test]
fn similar_policies_share_rare_words_and_a_policy_is_not_like_itself() {
    let index = filled(&[
        record("a", "稳岗补贴办法", "对不裁员企业给予稳岗补贴，按失业保险费返还。"),
        record("b", "稳岗返还实施细则", "失业保险稳岗返还，不裁员的企业可以申请补贴。"),
        record("c", "知识产权资助", "对专利授权给予资助。"),
        record("d", "专利资助实施办法", "知识产权和专利授权的资助标准。"),
    ]);
    let similar = |id: &str| index.similar(&id.into(), 5).unwrap().into_iter().map(|hit| hit.id.0).collect::<Vec<_>>().join(" ");
    assert!(similar("a").starts_with('b') && !similar("a").contains('a'), "{}", similar("a"));
    assert!(similar("c").starts_with('d'), "{}", similar("c"));
    assert_eq!(similar("nobody"), "");
}

fn saved(id: &str, text: &str) -> SavedQuery {
    SavedQuery { id: id.into(), owner: "甲".into(), name: text.into(), query: parse_query(text).unwrap() }
}

#[test]
fn kept_questions_tell_of_what_a_search_would_find() {
    let questions = [
        "稳岗补贴",
        "\"加计扣除\"",
        "企业 -补贴",
        "高企认定",
        "标题:资金",
        "正文:认定管理",
        "税",
        "",
        "(稳岗 OR 小巨人) NOT 草案",
        "\"每人500元\"",
        "iso",
        "机关:税务",
        "state:draft",
        "from:2020",
        "窗口:open",
        "补贴 OR 税收",
        "企业研发费用加计扣除的比例是多少",
        "-草案",
        "国办发〔2017〕47号",
        "穩崗補貼",
        "专精特新“小巨人”企业",
    ];
    let records = [
        record("a", "高新技术企业认定管理办法", "企业研发费用加计扣除的比例。\n税收减免政策由税务机关执行。"),
        record("b", "关于稳岗补贴的通知", "对不裁员的企业给予稳岗补贴，补贴标准为每人５００元。\n草案另行发布。"),
        record("c", "中小企业发展资金", "加计的扣除不在此列。支持专精特新“小巨人”企业，通过ISO 9001认证，给予补贴。"),
        numbered("d", "国办发〔2017〕47号", "现予印发。"),
        placed("e", "650000", LifeCycle::Draft, "新疆税务局"),
        dated("f", Some(date(2026, 5, 1))),
        with_window("g", &[(None, None)]),
    ];
    let index = filled(&records);
    let today = date(2026, 3, 1);
    let filed = index.file_queries(questions.iter().map(|text| saved(text, text)).collect(), today).unwrap();
    for record in &records {
        let alone = filled(std::slice::from_ref(record));
        let met: Vec<&str> = filed.met_by(record).into_iter().map(|saved| saved.id.as_str()).collect();
        let found = questions.iter().filter(|text| {
            let query = Query { today: Some(today), limit: 1, ..parse_query(text).unwrap() };
            let hits = alone.search(&query).unwrap();
            hits.total > 0 && !hits.relaxed
        });
        assert_eq!(met, found.copied().collect::<Vec<_>>(), "{}", record.policy.id);
    }
    assert!(index.file_queries(vec![saved("x", &"甲".repeat(2_000))], today).is_ok());
}

#[test]
fn an_issuer_facet_shows_the_twenty_largest() {
    let records: Vec<Record> =
        (0..30).map(|at| placed(&at.to_string(), "", LifeCycle::Unknown, &format!("第{:02}局", at / 2 * 2))).collect();
    let records =
        [records, (30..60).map(|at| placed(&at.to_string(), "", LifeCycle::Unknown, &format!("第{at}局"))).collect()].concat();
    let issuers = &ask(&filled(&records), "补贴").facets["issuer"];
    assert_eq!(issuers.len(), 20);
    assert_eq!(issuers[0], ("第00局".to_owned(), 2));
    assert_eq!(issuers[15].1, 1);
}

#[test]
fn unknown_filters_and_deep_pages_are_refused() {
    let index = small();
    let refuse = |query: Query, expected: &str| {
        let error = index.search(&query).unwrap_err();
        assert!(matches!(error, SearchError::Query(_)) && error.to_string().contains(expected), "{error}");
    };
    let filters = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), vec![value.to_owned()])]);
    refuse(Query { filters: filters("colour", "red"), ..Query::default() }, "colour");
    refuse(Query { filters: filters("state", "好"), ..Query::default() }, "未知的效力状态");
    refuse(Query { offset: usize::MAX, limit: 1, ..Query::default() }, "翻页过深");
    let page = Query { offset: 2, limit: usize::MAX, sort: Sort::Newest, ..Query::default() };
    assert_eq!(index.search(&page).unwrap().hits.len(), 1);
}

fn numbered(id: &str, number: &str, text: &str) -> Record {
    let mut record = record(id, "通知", text);
    record.document.numbers = vec![DocNumber::parse(number).unwrap()];
    record
}

#[test]
fn a_document_number_finds_its_policy_then_those_that_cite_it() {
    let index = filled(&[
        numbered("citing", "国发〔2020〕1号", "根据国办发[2017]47号，制定国办发〔2017〕47号的细则，国办发〔2017〕47号。"),
        numbered("own", "国办发〔2017〕47号", "现予印发。"),
        numbered("other", "国办发〔2017〕48号", "现予印发。"),
    ]);
    check(&index, "国办发（2017）47号", "own citing");
    check(&index, "国办发〔2017〕47", "own citing");
    check(&index, "税收优惠国办发〔2017〕47号", "own citing");
    check(&index, "国办发〔2017〕47号 细则", "citing");
    check(&index, "印发 -国办发〔2017〕47号", "other");
    check(&index, "国办发〔2017〕49号", "");
    let hit = &ask(&index, "国办发〔2017〕47号").hits[0];
    assert_eq!(hit.number.as_deref(), Some("国办发〔2017〕47号"));
}

#[test]
fn putting_again_replaces_and_removing_removes() {
    let index = filled(&[record("a", "甲办法", "旧的内容"), record("b", "乙办法", "其他内容")]);
    index.put(&[record("a", "甲办法", "新的条款"), record("a", "甲办法", "最新条款")]).unwrap();
    check(&index, "\"旧的内容\"", "a");
    index.commit().unwrap();
    assert_eq!(index.count(), 2);
    check(&index, "\"旧的内容\"", "");
    check(&index, "\"最新条款\"", "a");
    index.remove(&[PolicyId::from("a"), PolicyId::from("nobody")]).unwrap();
    index.commit().unwrap();
    assert_eq!(index.count(), 1);
    index.clear().unwrap();
    index.commit().unwrap();
    assert_eq!(index.count(), 0);
    check(&index, "", "");
}

fn open(dir: &Path) -> Result<Index, SearchError> {
    Index::open(dir, Arc::clone(&SEGMENTER), lexicon())
}

/// A folder with one policy in a complete index.
fn on_disk() -> TempDir {
    let dir = TempDir::new().unwrap();
    let index = open(dir.path()).unwrap();
    assert!(index.needs_rebuild());
    index.put(&[record("a", "甲办法", "给予补贴")]).unwrap();
    index.commit().unwrap();
    index.mark_rebuilt().unwrap();
    assert!(!index.needs_rebuild());
    dir
}

#[test]
fn an_index_opened_again_answers_as_before() {
    let dir = on_disk();
    let index = open(dir.path()).unwrap();
    assert!(!index.needs_rebuild());
    check(&index, "\"给予补贴\"", "a");
}

#[test]
fn an_index_not_filled_to_the_end_says_so_after_a_restart() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path()).unwrap());
    assert!(open(dir.path()).unwrap().needs_rebuild());
}

#[test]
fn several_may_read_and_one_may_write() {
    let dir = on_disk();
    let (writer, reader) = (open(dir.path()).unwrap(), open(dir.path()).unwrap());
    writer.put(&[record("b", "乙办法", "给予奖励")]).unwrap();
    let error = reader.put(&[record("c", "", "")]).unwrap_err();
    assert!(error.to_string().contains("is locked: another process writes to it"), "{error}");
    check(&reader, "补贴", "a");
    writer.settle().unwrap();
    reader.put(&[record("c", "丙办法", "给予贷款")]).unwrap();
    reader.commit().unwrap();
    assert_eq!(reader.count(), 3);
}

/// The folder of the engine's files.
fn files_of(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("g1")
}

#[test]
fn an_index_of_another_version_is_begun_anew_and_other_files_are_kept() {
    let dir = on_disk();
    std::fs::write(dir.path().join("huice-index.json"), r#"{"version":"0","complete":true}"#).unwrap();
    std::fs::write(dir.path().join("notes.store"), "mine").unwrap();
    let index = open(dir.path()).unwrap();
    assert!(index.needs_rebuild());
    assert_eq!(index.count(), 0);
    index.put(&[record("a", "甲办法", "给予补贴")]).unwrap();
    index.commit().unwrap();
    check(&index, "补贴", "a");
    assert!(dir.path().join("notes.store").exists());
}

#[test]
fn an_index_of_another_version_in_use_is_left_alone() {
    let dir = on_disk();
    let writer = open(dir.path()).unwrap();
    writer.put(&[record("b", "", "")]).unwrap();
    std::fs::write(dir.path().join("huice-index.json"), r#"{"version":"0","generation":1,"complete":true}"#).unwrap();
    let other = open(dir.path()).unwrap();
    assert!(other.needs_rebuild() && other.count() == 0);
    writer.commit().unwrap();
    assert_eq!(writer.count(), 2);
}

#[test]
fn an_index_made_with_another_dictionary_answers_until_it_is_built_again() {
    let dir = on_disk();
    let with = |dictionary: &str| Index::open(dir.path(), Arc::clone(&SEGMENTER), lexicon().with_dictionary(dictionary)).unwrap();
    let index = with("b");
    assert!(index.is_stale() && !index.needs_rebuild());
    check(&index, "补贴", "a");
    let rebuild = index.rebuild().unwrap();
    rebuild.put(&[record("a", "甲办法", "给予补贴"), record("b", "乙办法", "给予补贴")]).unwrap();
    rebuild.commit().unwrap();
    check(&index, "补贴", "a");
    index.switch(rebuild).unwrap();
    check_set(&index, "补贴", "a b");
    assert!(!index.is_stale());
    let again = with("b");
    assert!(!again.is_stale() && !again.needs_rebuild());
    check_set(&again, "补贴", "a b");
    assert!(!files_of(&dir).exists(), "the old generation is deleted");
    assert!(with("c").is_stale());
}

#[test]
fn a_rebuild_that_is_given_up_changes_nothing_and_questions_go_on_during_one() {
    let dir = on_disk();
    let index = open(dir.path()).unwrap();
    let rebuild = index.rebuild().unwrap();
    rebuild.put(&[record("b", "乙办法", "给予补贴")]).unwrap();
    index.put(&[record("c", "丙办法", "给予补贴")]).unwrap();
    index.commit().unwrap();
    check_set(&index, "补贴", "a c");
    drop(rebuild);
    drop(index);
    let index = open(dir.path()).unwrap();
    check_set(&index, "补贴", "a c");
    let rebuild = index.rebuild().unwrap();
    index.switch(rebuild).unwrap();
    assert_eq!(index.count(), 0);
    let generations = std::fs::read_dir(dir.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(generations, 1, "what was given up is deleted at the next switch");
}

#[test]
fn answers_never_fail_while_the_index_is_switched() {
    let dir = on_disk();
    let index = open(dir.path()).unwrap();
    let records: Vec<Record> = (0..50).map(|at| record(&at.to_string(), "补贴办法", "给予补贴。")).collect();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            for _ in 0..200 {
                assert!([1, 50].contains(&ask(&index, "补贴").total));
            }
        });
        for _ in 0..3 {
            let rebuild = index.rebuild().unwrap();
            rebuild.put(&records).unwrap();
            index.switch(rebuild).unwrap();
        }
        asking.join().unwrap();
    });
}

#[test]
fn a_snapshot_is_taken_while_the_index_goes_on_and_restored_elsewhere() {
    let dir = on_disk();
    let index = open(dir.path()).unwrap();
    let (kept, back) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    index.put(&[record("b", "乙办法", "给予补贴")]).unwrap();
    index.snapshot(kept.path()).unwrap();
    index.put(&[record("c", "丙办法", "给予补贴")]).unwrap();
    index.commit().unwrap();
    index.settle().unwrap();
    Index::restore(kept.path(), back.path()).unwrap();
    let restored = open(back.path()).unwrap();
    assert!(!restored.needs_rebuild());
    check_set(&restored, "补贴", "a b");
    restored.put(&[record("d", "丁办法", "给予补贴")]).unwrap();
    restored.commit().unwrap();
    check_set(&restored, "补贴", "a b d");
    let refuse = |result: Result<(), SearchError>, expected: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refuse(index.snapshot(kept.path()), "not empty; expected a new folder");
    refuse(Index::restore(kept.path(), back.path()), "not empty");
    refuse(Index::restore(TempDir::new().unwrap().path(), back.path()), "no huice-index.json in it");
}

#[test]
fn a_damaged_snapshot_is_refused_by_name() {
    let dir = on_disk();
    let index = open(dir.path()).unwrap();
    let (kept, back) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    index.snapshot(kept.path()).unwrap();
    let mut files = std::fs::read_dir(kept.path().join("g1")).unwrap().map(|entry| entry.unwrap().path());
    let store = files.find(|path| path.extension().is_some_and(|found| found == "store")).unwrap();
    let mut bytes = std::fs::read(&store).unwrap();
    bytes[0] ^= 1;
    std::fs::remove_file(&store).unwrap();
    std::fs::write(&store, bytes).unwrap();
    let error = Index::restore(kept.path(), back.path()).unwrap_err().to_string();
    assert!(error.contains("damaged") && error.contains(".store"), "{error}");
    assert!(index.damaged_files().unwrap().is_empty());
}

#[test]
fn a_damaged_index_is_emptied() {
    for ending in ["store", "idx", "fast"] {
        let dir = on_disk();
        let segment = std::fs::read_dir(files_of(&dir)).unwrap().map(|entry| entry.unwrap().path());
        for path in segment.filter(|path| path.extension().is_some_and(|found| found == ending)) {
            std::fs::write(path, "broken").unwrap();
        }
        let index = open(dir.path()).unwrap();
        assert!(index.needs_rebuild(), "{ending}");
        assert_eq!(index.count(), 0, "{ending}");
    }
}

#[test]
fn a_changed_byte_is_found_by_checksum() {
    let dir = on_disk();
    let index = open(dir.path()).unwrap();
    assert!(index.damaged_files().unwrap().is_empty());
    let mut files = std::fs::read_dir(files_of(&dir)).unwrap().map(|entry| entry.unwrap().path());
    let store = files.find(|path| path.extension().is_some_and(|found| found == "store")).unwrap();
    // In place: the index has the file mapped, and a mapped file must not be cut.
    let mut file = std::fs::OpenOptions::new().write(true).open(&store).unwrap();
    std::io::Write::write_all(&mut file, b"x").unwrap();
    assert_eq!(index.damaged_files().unwrap(), [store.file_name().unwrap()]);
}

/// The real policies, or none where the shared corpus is absent.
fn corpus() -> Option<Vec<Record>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/policies.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
        {
            eprintln!("skipped: {path} is absent");
        }
        return None;
    };
    let parse = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let mut record = record(&field("id"), &field("title"), &field("body"));
        record.document.numbers = DocNumber::parse(&field("doc_no")).into_iter().collect();
        record.document.issuers = vec![field("issuer")];
        record.document.published = model::date::parse_moment(&field("date"));
        record
    };
    Some(text.lines().map(parse).collect())
}

/// Small repeatable random numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as usize
    }
}

fn without_blanks(text: &str) -> String {
    fold(text).chars().filter(|character| !character.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

#[test]
fn every_random_string_of_the_corpus_is_found_and_every_hit_contains_it() {
    let Some(records) = corpus() else { return };
    let index = filled(&records);
    let texts: BTreeMap<&str, String> = records
        .iter()
        .map(|record| {
            (record.policy.id.as_str(), without_blanks(&format!("{}\u{1}{}", record.policy.title, record.document.text)))
        })
        .collect();
    let mut dice = Dice(20_261_120);
    for _ in 0..400 {
        let record = &records[dice.below(records.len())];
        let characters: Vec<char> = record.document.text.chars().collect();
        let length = 4 + dice.below(5);
        let start = dice.below(characters.len() - length);
        let phrase: String = characters[start..start + length].iter().collect();
        let wanted = without_blanks(&phrase);
        if wanted.is_empty() {
            continue;
        }
        let clause = Clause { excluded: false, wanted: Wanted::Phrase(phrase.clone()) };
        let hits = index.search(&Query { clauses: vec![clause], limit: 1_000, ..Query::default() }).unwrap();
        let found: Vec<&str> = hits.hits.iter().map(|hit| hit.id.as_str()).collect();
        assert!(found.contains(&record.policy.id.as_str()), "{phrase:?} is not found in {}", record.policy.id);
        assert!(found.iter().all(|id| texts[id].contains(&wanted)), "{phrase:?} is not in every hit");
        // The same as a reader would type it; a quotation mark inside may end it early.
        if !phrase.contains(['"', '“', '”', '「', '」']) {
            let mut typed = parse_query(&format!("\"{phrase}\"")).unwrap();
            typed.limit = 1_000;
            assert_eq!(index.search(&typed).unwrap().total, hits.total, "{phrase:?}");
        }
    }
}

#[test]
fn a_document_number_in_eight_bracket_forms_finds_its_document_first() {
    let Some(records) = corpus() else { return };
    let index = filled(&records);
    let with_number = records.iter().filter_map(|record| record.document.numbers.first());
    let mut asked = 0;
    for number in with_number.filter(|number| number.form == model::number::NumberForm::Letter).step_by(5) {
        let (agency, year, sequence) = (&number.agency, number.year.unwrap(), number.sequence);
        let forms =
            [("〔", "〕"), ("[", "]"), ("［", "］"), ("【", "】"), ("（", "）"), ("(", ")"), (" 〔 ", " 〕 "), ("﹝", "﹞")];
        for (open, close) in forms {
            let text = format!("{agency}{open}{year}{close}{sequence}号");
            let hits = ask(&index, &text);
            assert_eq!(hits.hits[0].number, Some(number.to_string()), "{text}");
        }
        asked += 1;
    }
    assert!(asked > 20, "{asked}");
}

#[test]
fn an_index_built_again_answers_the_same() {
    let Some(records) = corpus() else { return };
    let (first, second) = (filled(&records), filled(&[]));
    for batch in records.chunks(50).rev() {
        second.put(batch).unwrap();
        second.commit().unwrap();
    }
    second.put(&records).unwrap();
    second.commit().unwrap();
    assert_eq!(first.count(), second.count());
    for text in ["小微企业贷款", "\"高质量发展\"", "国务院办公厅 -疫情", "补贴 from:2020"] {
        let (one, other) = (ask(&first, text), ask(&second, text));
        assert_eq!((one.total, &one.facets), (other.total, &other.facets), "{text}");
        assert!(one.total > 0, "{text}");
    }
}

#[test]
fn excluded_words_are_in_no_hit_of_the_corpus() {
    let Some(records) = corpus() else { return };
    let index = filled(&records);
    let mut query = parse_query("企业 -补贴 -\"高质量发展\"").unwrap();
    query.limit = 1_000;
    let hits = index.search(&query).unwrap();
    assert!(hits.total > 10);
    for hit in &hits.hits {
        let record = records.iter().find(|record| record.policy.id == hit.id).unwrap();
        let text = without_blanks(&format!("{}\u{1}{}", record.policy.title, record.document.text));
        assert!(!text.contains("补贴") && !text.contains("高质量发展"), "{}", hit.id);
    }
}
