//! Every page and route through the whole router, on a small world in memory.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use model::annotation::{Award, KeyPoint, Window};
use model::query::{MARK_END, MARK_START};
use model::{
    Annotation, Attachment, Channel, Clock, Condition, ConditionTree, DocNumber, Document, DocumentId, Enterprise, EnterpriseId,
    Item, LifeCycle, Message, MessageState, Op, PolicyId, Regions, Source, Span, Tag, Value, What,
};
use serde_json::Value as Json;
use tower::ServiceExt;

use crate::{App, Hosts, Vocabulary, layers, router};

const TEXT: &str = "关于<b>奖补</b>的通知\n一、申报条件\n研发费用占营业收入比例不低于3%，且为专精特新中小企业。\n二、支持标准\n最高奖励500万元，申报截止2026年8月31日。";

fn now() -> Timestamp {
    "2026-07-03T02:00:00Z".parse().unwrap()
}

fn span(quote: &str) -> Span {
    let byte = TEXT.find(quote).unwrap();
    let start = TEXT[..byte].chars().count() as u32;
    Span::new(start, start + quote.chars().count() as u32)
}

fn item(what: What, quote: &str) -> Item {
    Item { what, quote: quote.to_owned(), span: span(quote), confidence: 0.9, rule: "test".to_owned() }
}

fn annotation() -> Annotation {
    let condition = Condition {
        unit: Some("%".to_owned()),
        value_base: Some(Value::Number("0.03".parse().unwrap())),
        unit_base: Some("ratio".to_owned()),
        period: Some("last_year".to_owned()),
        ..Condition::new("rd.ratio", Op::AtLeast, Value::Number(3.into()))
    };
    let award = Award { mode: "cap".to_owned(), amount: Some(5_000_000.into()), ..Award::default() };
    let window = Window { end: Some("2026-08-31".parse().unwrap()), role: "applicant".to_owned(), ..Window::default() };
    Annotation {
        version: "1".to_owned(),
        items: vec![
            item(What::Condition(condition), "研发费用占营业收入比例不低于3%"),
            item(What::ConditionText { negated: false }, "且为专精特新中小企业"),
            item(What::Award(award), "最高奖励500万元"),
            item(What::Window(window), "2026年8月31日"),
            item(What::Entry { url: Some("javascript:alert(1)".to_owned()), channel: "online".to_owned() }, "申报截止"),
        ],
        tree: Some(ConditionTree::All(vec![ConditionTree::Item(0), ConditionTree::Item(1)])),
        tags: vec![Tag {
            kind: "tool".to_owned(),
            value: "grant".to_owned(),
            label: "资金奖补".to_owned(),
            confidence: 0.9,
            place: "text".to_owned(),
            quote: "奖励".to_owned(),
            span: span("奖励"),
            rule: "test".to_owned(),
        }],
        key_points: vec![KeyPoint {
            about: "support".to_owned(),
            quote: "最高奖励500万元".to_owned(),
            span: span("最高奖励500万元"),
        }],
    }
}

fn incoming(id: &str, title: &str, text: &str) -> store::Incoming {
    store::Incoming {
        id: id.into(),
        url: format!("https://gov.example/{id}"),
        source: "sample".into(),
        region: "650000".to_owned(),
        document: Document {
            title: title.to_owned(),
            published: Some(model::date::parse_moment("2026-03-01").unwrap()),
            numbers: DocNumber::parse("新政发〔2026〕12号").into_iter().filter(|_| id == "p1").collect(),
            issuers: vec!["新疆维吾尔自治区人民政府".to_owned()],
            text: text.to_owned(),
            attachments: vec![Attachment { name: "附件".to_owned(), url: "javascript:alert(2)".to_owned(), file: None }],
            ..Document::default()
        },
        ..store::Incoming::default()
    }
}

fn enterprise() -> Enterprise {
    serde_json::from_str(
        r#"{"id":"E1","name":"示例装备<制造>有限公司","region":"650104","industry":"C3562",
            "facts":{"rd.ratio":[{"value":0.024,"year":2025,"source":"审计报告"}]}}"#,
    )
    .unwrap()
}

fn message() -> Message {
    let (policy, enterprise) = (PolicyId::from("p1"), EnterpriseId::from("E1"));
    Message {
        id: Message::key(&policy, 1, &enterprise, Channel::Portal, "match/1"),
        policy,
        revision: 1,
        enterprise,
        channel: Channel::Portal,
        template: "match/1".to_owned(),
        title: "<i>新</i>政策".to_owned(),
        body: "贵企业基本符合".to_owned(),
        due: now(),
        created: now(),
        ..Message::default()
    }
}

fn source() -> Source {
    let toml = "id = \"sample\"\nname = \"示例栏目\"\nissuer = \"示例机关\"\nregion = \"650000\"\nlevel = \"province\"\ncolumn = \"通知\"\nurl = \"https://gov.example/list\"\nschedule = \"0 8 * * *\"\n";
    model::config::parse("sources.toml", toml).unwrap()
}

/// A whole application over a store in a folder that is removed at the end of the test.
pub(crate) struct World {
    pub(crate) app: App,
    _folder: tempfile::TempDir,
}

/// Two policies, one enterprise, one message, one source.
pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = store::Store::open(&folder.path().join("store")).unwrap();
    store.ingest(&incoming("p1", "关于<script>alert(1)</script>奖补的通知", TEXT), now()).unwrap();
    store
        .ingest(&incoming("p2", "关于完全不同事项的公告", &"另行公布的其他事项，与前文毫无相同之处。".repeat(8)), now())
        .unwrap();
    store.set_annotation(&"p1".into(), &annotation(), LifeCycle::InForce, "", now()).unwrap();
    store.set_annotation(&"p2".into(), &Annotation::default(), LifeCycle::Repealed, "予以废止", now()).unwrap();
    store.put_enterprises(&[enterprise()]).unwrap();
    store.queue_messages(&[message()]).unwrap();
    store.update_message(&Message { state: MessageState::Sent, sent: Some(now()), ..message() }).unwrap();

    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    let read = |name: &str| std::fs::read_to_string(format!("{rules}{name}")).unwrap();
    let lexicon =
        search::Lexicon::new(&read("index/synonyms.toml"), &read("index/stop_words.txt"), &read("index/fields.toml")).unwrap();
    let index = search::Index::in_memory(Arc::new(jieba_rs::Jieba::new()), lexicon).unwrap();
    let records: Vec<_> = store.records().collect::<Result<_, _>>().unwrap();
    index.put(&records).unwrap();
    index.commit().unwrap();

    let regions = Regions::parse(&read("rules/regions.csv")).unwrap();
    let matcher = matcher::Matcher::new(Vec::new(), regions.clone(), &read("rules/sizes.toml")).unwrap();
    let app = App::new(Arc::new(store), Arc::new(index), Arc::new(matcher), Arc::new(regions), Clock::fixed(now()));
    let labels = [("tool".to_owned(), "grant".to_owned(), "资金奖补".to_owned())];
    World { app: app.with_sources(vec![source()]).with_vocabulary(Vocabulary::new([], labels)), _folder: folder }
}

async fn send(app: &App, request: Request<Body>) -> Response {
    router(app.clone()).oneshot(request).await.unwrap()
}

async fn text_of(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec()).unwrap()
}

async fn get(app: &App, path: &str) -> (StatusCode, String) {
    let response = send(app, Request::get(path).body(Body::empty()).unwrap()).await;
    (response.status(), text_of(response).await)
}

async fn json(app: &App, path: &str) -> (StatusCode, Json) {
    let (status, text) = get(app, path).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}")))
}

fn post(path: &str) -> Request<Body> {
    let request = Request::post(path).header(header::HOST, "localhost:8080").header(header::ORIGIN, "http://localhost:8080");
    request.header("sec-fetch-site", "same-origin").body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_page_answers_with_the_security_headers() {
    let world = world();
    let paths = [
        "/",
        "/?q=%E5%A5%96%E8%A1%A5",
        "/policies/p1",
        "/policies/p1?enterprise=E1",
        "/policies/p2",
        "/enterprises",
        "/enterprises/E1",
        "/sources",
        "/proposals",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/policies",
        "/api/v1/openapi.json",
        "/nowhere",
        "/policies/none",
    ];
    for path in paths {
        let response = send(&world.app, Request::get(path).body(Body::empty()).unwrap()).await;
        let missing = path == "/nowhere" || path == "/policies/none";
        assert_eq!(response.status(), if missing { StatusCode::NOT_FOUND } else { StatusCode::OK }, "{path}");
        assert_eq!(response.headers()["content-security-policy"], layers::CONTENT_SECURITY_POLICY, "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
        assert!(response.headers().contains_key("x-request-id"), "{path}");
        let text = text_of(response).await;
        assert!(!text.contains(" style=") && !text.contains(" onclick=") && !text.contains("<style"), "{path} needs inline code");
    }
}

/// Everything a notice can say beside plain conditions and amounts.
fn detailed_annotation() -> Annotation {
    let whole = TEXT.chars().count();
    let [condition, award, window, material, receive, batch, fee] = [
        r#"{"type":"condition","indicator":"free:营业收入","op":"range","value":[1000,5000],"unit":"万元","bounds":"[)","strength":"soft","negated":false,"group":"all","#,
        r#"{"type":"award","mode":"tiered","who":"绿色工厂","tiers":[{"when":"国家级","amount":500000},{"when":"省级","amount":200000}],"and_caps":[{"amount":1000000,"per":"每家企业每年"}],"#,
        r#"{"type":"window","end":"2026-08-31","end_time":"17:00","strict":true,"role":"applicant","#,
        r#"{"type":"material","name":"申报书","required":true,"copies":3,"form":"原件","#,
        r#"{"type":"department","name":"市工信局","role":"receive","#,
        r#"{"type":"batch","year":2026,"batch":2,"#,
        r#"{"type":"fee","amount":0,"#,
    ]
    .map(|fields| {
        let quote = "最高奖励500万元";
        let span = span(quote);
        assert!((span.end as usize) <= whole);
        let proof = format!("\"quote\":\"{quote}\",\"span\":[{},{}],\"confidence\":0.9,\"rule\":\"test\"}}", span.start, span.end);
        serde_json::from_str::<Item>(&format!("{fields}{proof}")).unwrap()
    });
    let test =
        Condition { unit: Some("人".to_owned()), ..Condition::new("free:从业人员", Op::AtLeast, Value::Number(20.into())) };
    let case = model::Case { quote: "制造业企业".to_owned(), span: Span::new(0, 5), tests: vec![test] };
    let tree = ConditionTree::When { case, then: Box::new(ConditionTree::Item(0)) };
    Annotation { items: vec![condition, award, window, material, receive, batch, fee], tree: Some(tree), ..annotation() }
}

#[tokio::test]
async fn a_policy_shows_cases_steps_limits_and_how_to_hand_in() {
    let world = world();
    world.app.store.set_annotation(&"p1".into(), &detailed_annotation(), LifeCycle::InForce, "", now()).unwrap();
    let (_, page) = get(&world.app, "/policies/p1").await;
    for shown in [
        "仅限：制造业企业（从业人员 ≥ 20人）",
        "介于 1000万元（含）–5000万元（不含）（原则上）",
        "分档支持",
        "绿色工厂",
        "<li>国家级：50 万元</li><li>省级：20 万元</li><li>每家企业每年最高 100 万元</li>",
        "2026-08-31 17:00 前，逾期不予受理",
        "申报书（一式3份，原件）",
        "受理单位",
        "2026年第2批",
        "不收费",
    ] {
        assert!(page.contains(shown), "{shown} is missing");
    }
    // Nothing is known of the staff: the case is open, and so is what it asks.
    let (_, open) = get(&world.app, "/policies/p1?enterprise=E1").await;
    assert!(open.contains("请补充从业人员"), "{open}");
    let staff = r#"{"id":"E1","name":"甲","facts":{"free:从业人员":[{"value":19}]}}"#;
    world.app.store.put_enterprises(&[serde_json::from_str(staff).unwrap()]).unwrap();
    let (_, other) = get(&world.app, "/policies/p1?enterprise=E1").await;
    assert!(other.contains("不适用"), "{other}");
    let (_, verdict) = json(&world.app, "/api/v1/policies/p1/verdicts?enterprise=E1").await;
    assert_eq!(verdict["conditions"][0]["case"]["truth"], "not_met", "{verdict}");
    let (_, described) = json(&world.app, "/api/v1/openapi.json").await;
    assert!(described["components"]["schemas"]["CaseBody"].is_object());
}

#[tokio::test]
async fn hostile_titles_names_and_texts_are_shown_as_text() {
    let world = world();
    for path in [
        "/",
        "/policies/p1",
        "/policies/p1?enterprise=E1",
        "/enterprises/E1",
        "/enterprises",
        "/?q=%3Cscript%3Ealert(1)%3C/script%3E",
    ] {
        let (_, text) = get(&world.app, path).await;
        for hostile in ["<script>alert", "<b>奖补", "<i>新", "装备<制造", "href=\"javascript:"] {
            assert!(!text.contains(hostile), "{path} lets {hostile} through");
        }
    }
    let (_, text) = get(&world.app, "/policies/p1").await;
    assert!(text.contains("&#60;script&#62;alert(1)"), "{text}");
}

#[tokio::test]
async fn the_search_page_shows_hits_facets_and_marks_what_matched() {
    let world = world();
    let (_, text) = get(&world.app, "/?q=%E7%A0%94%E5%8F%91%E8%B4%B9%E7%94%A8").await;
    assert!(text.contains("共 1 件政策") && text.contains("/policies/p1") && !text.contains("/policies/p2"), "{text}");
    assert!(text.contains("<mark>") && !text.contains(MARK_START) && !text.contains(MARK_END));
    assert!(text.contains("新政发〔2026〕12号") && text.contains("现行有效") && text.contains("资金奖补"));
    assert!(text.contains("state=in_force"), "a facet is a link");
    let (_, text) = get(&world.app, "/?state=repealed").await;
    assert!(text.contains("/policies/p2") && !text.contains("/policies/p1") && text.contains("已废止"));
    let (_, text) = get(&world.app, "/?from=2027-01-01").await;
    assert!(text.contains("没有符合条件的政策"));
}

#[tokio::test]
async fn slips_scores_suggestions_and_similar_policies_are_shown() {
    let world = world();
    let (_, text) = get(&world.app, "/?q=%E7%A0%94%E5%8F%91%E8%B4%B9%E7%94%A8&explain=1").await;
    assert!(text.contains("得分说明") && text.contains("时效系数") && text.contains("正文"), "{text}");
    let (_, list) = json(&world.app, "/api/v1/policies?q=%E7%A0%94%E5%8F%91%E8%B4%B9%E7%94%A8&explain=1&level=province").await;
    assert_eq!((&list["relaxed"], list["did_you_mean"].as_array().map(Vec::len)), (&Json::Bool(false), Some(0)), "{list}");
    let (_, list) = json(&world.app, "/api/v1/policies?q=%E7%A0%94%E5%8F%91%E8%B4%B9%E7%94%A8&explain=1").await;
    assert!(list["hits"][0]["reasons"][0]["score"].as_f64().is_some_and(|score| score > 0.0), "{list}");
    let (_, found) = json(&world.app, "/api/v1/suggestions?q=%E5%AE%8C%E5%85%A8%E4%B8%8D%E5%90%8C").await;
    assert_eq!(found["suggestions"][0]["text"], "关于完全不同事项的公告", "{found}");
    let (status, _) = json(&world.app, "/api/v1/suggestions?q=a&limit=99").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, similar) = json(&world.app, "/api/v1/policies/p1/similar").await;
    assert!(status == StatusCode::OK && similar["hits"].is_array(), "{similar}");
    let (status, _) = json(&world.app, "/api/v1/policies/nobody/similar").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, text) = get(&world.app, "/?window=closes%3A7&sort=closing").await;
    assert!(text.contains("closes:7") && text.contains("快截止"), "{text}");
    let (status, text) = get(&world.app, "/?window=%E4%BB%80%E4%B9%88").await;
    assert!(status == StatusCode::BAD_REQUEST && text.contains("申报窗口"), "{text}");
}

#[tokio::test]
async fn a_policy_page_links_each_finding_to_its_words() {
    let world = world();
    let (_, text) = get(&world.app, "/policies/p1").await;
    for index in 0..5 {
        assert!(text.contains(&format!("href=\"#s{index}\"")), "finding {index} has no link");
        assert_eq!(text.matches(&format!("id=\"s{index}\"")).count(), 1, "finding {index} has no single place");
    }
    assert!(text.contains("≥ 3%（上年度）") && text.contains("最高 500 万元") && text.contains("申报中，剩 60 天"));
    assert!(text.contains("须同时满足"));
    // The award, the key point and the tag overlap: the piece they share names all three.
    assert!(text.contains("data-covers=\"s2 k0 t0\""), "{text}");
}

#[tokio::test]
async fn every_id_of_a_page_is_used_once() {
    let world = world();
    for path in ["/?q=%E5%A5%96%E8%A1%A5&state=in_force", "/policies/p1?enterprise=E1", "/enterprises/E1", "/sources"] {
        let (_, text) = get(&world.app, path).await;
        let mut ids: Vec<&str> = text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{path} repeats an id");
    }
}

#[tokio::test]
async fn lapsed_policies_say_so() {
    let world = world();
    let (_, text) = get(&world.app, "/policies/p2").await;
    assert!(text.contains("已被废止，不能据以申报") && text.contains("予以废止"));
}

#[tokio::test]
async fn a_policy_can_be_held_against_an_enterprise() {
    let world = world();
    let (status, text) = get(&world.app, "/policies/p1?enterprise=E1").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("示例装备&#60;制造&#62;有限公司") && text.contains("class=\"truth "), "{text}");
    let (status, text) = get(&world.app, "/policies/p1?enterprise=nobody").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.contains("没有找到这家企业"));
}

#[tokio::test]
async fn an_unknown_policy_is_a_chinese_page_and_a_json_problem() {
    let world = world();
    let (status, text) = get(&world.app, "/policies/%E6%97%A0").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.contains("没有找到这件政策") && text.contains("<html lang=\"zh-CN\">"));
    let response = send(&world.app, Request::get("/api/v1/policies/none").body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let problem: Json = serde_json::from_str(&text_of(response).await).unwrap();
    assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(404), Some("not_found")));
}

#[tokio::test]
async fn opening_a_message_marks_it_read_and_leads_to_its_policy() {
    let world = world();
    let (_, text) = get(&world.app, "/enterprises/E1").await;
    assert!(text.contains("1 条未读"), "{text}");
    let path = format!("/enterprises/E1/messages/{}/open", message().id);
    let response = send(&world.app, post(&path)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "/policies/p1?enterprise=E1");
    assert_eq!(world.app.store.message(&message().id).unwrap().unwrap().state, MessageState::Read);
    assert_eq!(send(&world.app, post(&path)).await.status(), StatusCode::SEE_OTHER, "opening twice is fine");
    let (_, text) = get(&world.app, "/enterprises/E1").await;
    assert!(!text.contains("条未读"));
    let foreign = format!("/enterprises/E2/messages/{}/open", message().id);
    assert_eq!(send(&world.app, post(&foreign)).await.status(), StatusCode::NOT_FOUND, "another enterprise's message");
}

#[tokio::test]
async fn posts_from_other_origins_are_refused_and_change_nothing() {
    let world = world();
    let path = format!("/enterprises/E1/messages/{}/open", message().id);
    let foreign = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ];
    for (name, value) in foreign {
        for path in [path.as_str(), "/sources/sample/crawl", "/enterprises/E1/match"] {
            let request = Request::post(path).header(header::HOST, "localhost").header(name, value).body(Body::empty()).unwrap();
            let response = send(&world.app, request).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path} {name}: {value}");
            assert!(text_of(response).await.contains("请求来自其他网站"));
        }
    }
    assert_eq!(world.app.store.message(&message().id).unwrap().unwrap().state, MessageState::Sent);
    assert_eq!(world.app.store.counts().unwrap().jobs, 0);
}

#[tokio::test]
async fn a_source_in_trouble_is_shown_with_its_reasons_and_counted_on_the_home_page() {
    use model::health::{Code, Health, Reason, State};
    let world = world();
    assert!(!get(&world.app, "/").await.1.contains("信息源异常"));
    let reasons = vec![Reason::counted(Code::NoItems, (0, 0), (20, 0))];
    let health = Health { state: State::Broken, reasons, since: now() };
    world.app.store.set_health(&"sample".into(), &health, None, now()).unwrap();
    for (path, expected) in [
        ("/", "1 个信息源异常"),
        ("/sources", "列表中没有任何条目，平时有 20 条"),
        ("/sources?state=broken", "失效 1"),
        ("/sources?state=trouble", "示例栏目"),
        ("/sources?state=healthy", "没有处于该状态的信息源"),
    ] {
        let (status, page) = get(&world.app, path).await;
        assert!(status == StatusCode::OK && page.contains(expected), "{path} lacks {expected}");
    }
}

#[tokio::test]
async fn a_source_is_paused_and_resumed_by_a_button() {
    let world = world();
    let paused = || world.app.store.health(&"sample".into()).unwrap().and_then(|record| record.paused);
    assert_eq!(send(&world.app, post("/sources/sample/pause")).await.status(), StatusCode::SEE_OTHER);
    assert!(paused().is_some());
    assert!(get(&world.app, "/sources").await.1.contains("/sources/sample/resume"));
    assert_eq!(send(&world.app, post("/sources/sample/resume")).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(paused(), None);
    assert_eq!(send(&world.app, post("/sources/unknown/pause")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn work_is_put_in_the_queue_once() {
    let world = world();
    for _ in 0..2 {
        assert_eq!(send(&world.app, post("/sources/sample/crawl")).await.status(), StatusCode::SEE_OTHER);
        assert_eq!(send(&world.app, post("/enterprises/E1/match")).await.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(world.app.store.counts().unwrap().jobs, 2);
    for path in ["/sources?queued=1", "/enterprises/E1?queued=1"] {
        assert!(get(&world.app, path).await.1.contains("已加入队列"), "{path} does not confirm");
    }
    assert_eq!(send(&world.app, post("/sources/unknown/crawl")).await.status(), StatusCode::NOT_FOUND);
    let (status, _) = get(&world.app, "/sources/sample/crawl").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn hostile_addresses_are_answered_without_failure() {
    let world = world();
    let long = format!("/?q={}", "a".repeat(9_000));
    let paths = [
        "/?q=%ff%fe%00",
        "/?q=%22%22%22%22(((*:*%20AND%20-",
        "/?q=%F0%9F%98%80%EE%80%80",
        "/?page=0",
        "/?page=99999999999999999999",
        "/?state=x",
        "/?region=65%27--",
        "/?from=0000-00-00",
        "/?from=2026-02-30",
        "/?issuer=%00&issuer=%0a",
        "/policies/%00",
        "/policies/..%2f..%2fetc",
        "/policies/%ff",
        "/enterprises?page=-1",
        "/assets/x/..%2flib.rs",
        "/assets/x/README.md",
        "/?sort=%F0%9F",
        &long,
        "/?q=-",
        "/?q=%22",
        "/api/v1/policies?q=%22",
        "/api/v1/policies?limit=100000",
        "/api/v1/enterprises?offset=a",
        "/enterprises/%00/messages/x/open",
    ];
    for path in paths {
        let response = send(&world.app, Request::get(path).body(Body::empty()).unwrap()).await;
        assert!(!response.status().is_server_error(), "{path}: {}", response.status());
        assert!(response.headers().contains_key("content-security-policy"), "{path}");
    }
    let (status, text) = get(&world.app, "/?region=abc").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.contains("六位行政区划代码"));
}

#[tokio::test]
async fn other_hosts_are_not_answered_unless_named() {
    let world = world();
    let ask = || Request::get("/").header(header::HOST, "evil.example").body(Body::empty()).unwrap();
    assert_eq!(send(&world.app, ask()).await.status(), StatusCode::MISDIRECTED_REQUEST);
    let named = world.app.clone().with_hosts(Hosts::new(["evil.example".to_owned()]));
    assert_eq!(send(&named, ask()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn bodies_are_limited() {
    let world = world();
    let request =
        Request::post("/sources/sample/crawl").header(header::CONTENT_LENGTH, "10000000").body(Body::from("x")).unwrap();
    assert_eq!(send(&world.app, request).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn assets_are_cached_under_their_hash_and_only_there() {
    let world = world();
    let (_, page) = get(&world.app, "/").await;
    for name in ["app.css", "app.js", "htmx.min.js", "icon.svg"] {
        let address = crate::assets::url(name);
        assert!(page.contains(&address), "{name} is not on the page");
        let response = send(&world.app, Request::get(&address).body(Body::empty()).unwrap()).await;
        assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"), "{name}");
    }
    let response = send(&world.app, Request::get("/assets/old/app.css").body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
}

#[tokio::test]
async fn the_api_lists_filters_and_pages() {
    let world = world();
    let (status, found) = json(&world.app, "/api/v1/policies?limit=1").await;
    assert_eq!((status, found["total"].as_u64(), found["hits"].as_array().unwrap().len()), (StatusCode::OK, Some(2), 1));
    let (_, following) = json(&world.app, found["next"].as_str().unwrap()).await;
    assert_eq!((following["offset"].as_u64(), following["next"].is_null()), (Some(1), true));
    assert_ne!(found["hits"][0]["id"], following["hits"][0]["id"]);

    let (_, found) = json(&world.app, "/api/v1/policies?q=%E7%A0%94%E5%8F%91%E8%B4%B9%E7%94%A8&state=in_force&tool=grant").await;
    let hit = &found["hits"][0];
    let snippet: Vec<char> = hit["snippet"].as_str().unwrap().chars().collect();
    let mark = &hit["highlights"][0];
    let range = mark[0].as_u64().unwrap() as usize..mark[1].as_u64().unwrap() as usize;
    assert!("研发费用".contains(&snippet[range].iter().collect::<String>()), "{hit}");

    let (status, problem) = json(&world.app, "/api/v1/policies?satte=in_force").await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")));
    assert!(problem["detail"].as_str().unwrap().contains("`satte`"));
}

#[tokio::test]
async fn the_api_gives_a_policy_whose_spans_prove_their_quotes() {
    let world = world();
    let (_, policy) = json(&world.app, "/api/v1/policies/p1").await;
    assert_eq!((policy["state"].as_str(), policy["numbers"][0].as_str()), (Some("in_force"), Some("新政发〔2026〕12号")));
    let item = &policy["items"][0];
    assert_eq!((item["type"].as_str(), item["indicator"].as_str()), (Some("condition"), Some("rd.ratio")));
    let at = |index: usize| item["span"][index].as_u64().unwrap() as u32;
    assert_eq!(Span::new(at(0), at(1)).of(policy["text"].as_str().unwrap()), item["quote"].as_str().unwrap());
}

#[tokio::test]
async fn the_api_gives_verdicts_matches_and_messages() {
    let world = world();
    let (_, verdict) = json(&world.app, "/api/v1/policies/p1/verdicts?enterprise=E1").await;
    assert_eq!((verdict["policy"].as_str(), verdict["enterprise"].as_str()), (Some("p1"), Some("E1")));
    assert!(!verdict["conditions"].as_array().unwrap().is_empty(), "{verdict}");
    let (_, matches) = json(&world.app, "/api/v1/enterprises/E1/matches").await;
    assert_eq!(
        (matches["in_force"].as_u64(), matches["total"].as_u64()),
        (Some(1), Some(1)),
        "repealed policies are not matched: {matches}"
    );
    let (_, messages) = json(&world.app, "/api/v1/enterprises/E1/messages").await;
    assert_eq!(messages["messages"][0]["state"], "sent");
    let (_, enterprises) = json(&world.app, "/api/v1/enterprises?limit=5").await;
    assert_eq!(enterprises["enterprises"][0]["id"], "E1");
    assert!(enterprises["enterprises"][0].get("reach").is_none(), "addresses stay inside");

    let check = async |path: &str, expected: StatusCode| {
        let (status, problem) = json(&world.app, path).await;
        assert_eq!(status, expected, "{path}: {problem}");
    };
    check("/api/v1/policies/p1/verdicts", StatusCode::BAD_REQUEST).await;
    check("/api/v1/policies/p1/verdicts?enterprise=E1&enterprise=E1", StatusCode::BAD_REQUEST).await;
    check("/api/v1/policies/none/verdicts?enterprise=E1", StatusCode::NOT_FOUND).await;
    check("/api/v1/enterprises/none/matches", StatusCode::NOT_FOUND).await;
    check("/api/v1/enterprises/none/messages", StatusCode::NOT_FOUND).await;
    check("/api/v1/nothing", StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn the_description_lists_every_route_and_every_parameter() {
    let world = world();
    let (_, described) = json(&world.app, "/api/v1/openapi.json").await;
    let paths: Vec<&String> = described["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/api/v1/documents/{id}/split",
            "/api/v1/enterprises",
            "/api/v1/enterprises/{id}/matches",
            "/api/v1/enterprises/{id}/messages",
            "/api/v1/policies",
            "/api/v1/policies/{id}",
            "/api/v1/policies/{id}/diff",
            "/api/v1/policies/{id}/merge",
            "/api/v1/policies/{id}/similar",
            "/api/v1/policies/{id}/state",
            "/api/v1/policies/{id}/verdicts",
            "/api/v1/suggestions",
        ]
    );
    for path in paths {
        for parameter in described["paths"][path]["get"]["parameters"].as_array().into_iter().flatten() {
            let expected = if path.contains("{id}") && parameter["name"] == "id" { "path" } else { "query" };
            assert_eq!(parameter["in"], expected, "{path} {}", parameter["name"]);
        }
    }
    let search = described["paths"]["/api/v1/policies"]["get"]["parameters"].as_array().unwrap();
    let names: Vec<&str> = search.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    for wanted in crate::params::FACETS.into_iter().chain(["q", "from", "to", "sort", "explain", "offset", "limit"]) {
        assert!(names.contains(&wanted), "{wanted} is not described");
    }
    assert_eq!(names.len(), crate::params::FACETS.len() + 7);
    assert!(described["components"]["schemas"]["ProblemBody"].is_object());
}

#[tokio::test]
async fn machines_get_health_readiness_and_numbers() {
    let world = world();
    assert_eq!(get(&world.app, "/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
    let (_, ready) = json(&world.app, "/readyz").await;
    assert_eq!((ready["store"].as_str(), ready["index"].as_str()), (Some("ok"), Some("ok")));
    get(&world.app, "/policies/p1").await;
    let (_, numbers) = get(&world.app, "/metrics").await;
    for wanted in [
        "huice_http_requests_total{method=\"GET\",route=\"/policies/{id}\",status=\"200\"}",
        "huice_http_request_seconds_bucket{route=\"/policies/{id}\",le=\"3\"}",
        "huice_store_items{kind=\"policies\"}",
        "huice_store_items{kind=\"jobs\"}",
        "huice_outbox_messages{state=\"sent\"}",
        "huice_index_policies",
    ] {
        assert!(numbers.contains(wanted), "{wanted} is missing:\n{numbers}");
    }
}

#[tokio::test]
async fn too_many_requests_at_once_are_refused_but_health_is_answered() {
    let mut world = world();
    world.app.places = Arc::new(tokio::sync::Semaphore::new(0));
    let response = send(&world.app, Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    assert_eq!(get(&world.app, "/healthz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_copy_leads_to_the_policy_it_is_a_copy_of() {
    let world = world();
    let copy = store::Incoming { id: "copy".into(), ..incoming("p1", "关于<script>alert(1)</script>奖补的通知", TEXT) };
    let copy = store::Incoming { url: "https://other.example/copy".to_owned(), ..copy };
    assert_eq!(world.app.store.ingest(&copy, now()).unwrap().policy, PolicyId::from("p1"));
    let response = send(&world.app, Request::get("/policies/copy").body(Body::empty()).unwrap()).await;
    assert_eq!(
        (response.status(), response.headers()[header::LOCATION].to_str().unwrap()),
        (StatusCode::TEMPORARY_REDIRECT, "/policies/p1")
    );
    let (status, policy) = json(&world.app, "/api/v1/policies/copy").await;
    assert_eq!((status, policy["id"].as_str()), (StatusCode::OK, Some("p1")));
    assert_eq!(world.app.store.resolve(&DocumentId::from("copy")).unwrap(), Some(PolicyId::from("p1")));
}

#[tokio::test]
async fn the_server_stops_when_told() {
    let world = world();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(crate::serve(listener, world.app.clone(), async {
        stopped.await.unwrap();
    }));
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

/// A second text of the first policy, which gives less, and another policy that repeals it.
fn revise_and_repeal(world: &World) -> u32 {
    let store = &world.app.store;
    store.ingest(&incoming("p1", "关于奖补的通知", &TEXT.replace("500万元", "300万元")), now()).unwrap();
    let id = PolicyId::from("p1");
    store.set_names(std::slice::from_ref(&id)).unwrap();
    let quote = "《关于奖补的通知》同时废止".to_owned();
    let link = model::Link {
        from: "p2".into(),
        to: model::Target { number: None, title: Some("关于奖补的通知".to_owned()) },
        relation: model::Relation::Repeals,
        since: Some(jiff::civil::date(2026, 6, 1)),
        until: None,
        span: Span::new(0, 13),
        quote,
        in_title: false,
        issuers: Vec::new(),
        region: "650000".to_owned(),
        dated: None,
        from_title: "关于完全不同事项的公告".to_owned(),
    };
    store.set_links(&"p2".into(), store::FROM_TEXT, std::slice::from_ref(&link)).unwrap();
    let repealed = model::life::Step {
        state: LifeCycle::Repealed,
        since: link.since,
        noted: jiff::civil::date(2026, 6, 1),
        proof: model::Proof { quote: link.quote, policy: Some(link.from), title: link.from_title, ..model::Proof::default() },
    };
    let force = model::life::Step { state: LifeCycle::InForce, since: Some(jiff::civil::date(2026, 3, 1)), ..repealed.clone() };
    let course = model::LifeCourse { steps: vec![force, repealed], ..model::LifeCourse::default() };
    store.set_courses(&[store::Coursed { policy: id.clone(), course }], jiff::civil::date(2026, 7, 1), now()).unwrap();
    store.policy(&id).unwrap().unwrap().revision()
}

#[tokio::test]
async fn a_policy_shows_its_course_and_its_state_on_any_day() {
    let world = world();
    revise_and_repeal(&world);
    let (_, page) = get(&world.app, "/policies/p1").await;
    for shown in ["效力沿革", "2026-06-01", "已废止", "被废止", "/policies/p2", "关于完全不同事项的公告", "与上一版对照"]
    {
        assert!(page.contains(shown), "{shown} is missing");
    }
    let (_, asked) = get(&world.app, "/policies/p1?on=2026-05-31").await;
    assert!(asked.contains("2026-05-31：<span class=\"state good\">现行有效"), "{asked}");
    let (status, _) = get(&world.app, "/policies/p1?on=2026-13-01").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, body) = json(&world.app, "/api/v1/policies/p1/state?on=2026-06-01").await;
    assert_eq!((status, &body["state"], &body["proof"]["policy"]), (StatusCode::OK, &"repealed".into(), &"p2".into()), "{body}");
    assert_eq!(body["said_of_it"][0]["relation"], "repeals");
    let (_, other) = json(&world.app, "/api/v1/policies/p2/state").await;
    assert_eq!(other["says"][0]["to"][0], "p1", "{other}");
    for wrong in ["/api/v1/policies/p1/state?on=x", "/api/v1/policies/p1/state?day=2026-01-01"] {
        assert_eq!(json(&world.app, wrong).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn what_changed_between_two_texts_is_a_page_and_json() {
    let world = world();
    assert_eq!(get(&world.app, "/policies/p1/diff").await.0, StatusCode::BAD_REQUEST, "there is one text only");
    assert_eq!(revise_and_repeal(&world), 2);
    let (status, page) = get(&world.app, "/policies/p1/diff").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<del>500</del><ins>300</ins>"), "{page}");
    let (_, body) = json(&world.app, "/api/v1/policies/p1/diff?from=1&to=2").await;
    assert_eq!((&body["old"]["revision"], &body["new"]["revision"]), (&1.into(), &2.into()));
    assert!(body["counts"]["changed"].as_u64().unwrap() > 0, "{body}");
    assert_eq!(get(&world.app, "/policies/p1/diff?with=p2").await.0, StatusCode::OK);
    for (wrong, status) in [("from=9&to=2", 400), ("from=0", 400), ("to=x", 400), ("with=nobody", 404)] {
        let (answer, _) = json(&world.app, &format!("/api/v1/policies/p1/diff?{wrong}")).await;
        assert_eq!(answer.as_u16(), status, "{wrong}");
    }
}
