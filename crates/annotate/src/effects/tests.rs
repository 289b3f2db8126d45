//! Sentences, titles and lists as they are written, and what they do.

use jiff::civil::date;
use model::{Annotation, Document};

use super::{Speaker, links};

fn said(title: &str, text: &str) -> Vec<String> {
    let document = Document {
        title: title.to_owned(),
        text: text.to_owned(),
        issued: Some(date(2024, 5, 1)),
        effective: Some(date(2024, 6, 1)),
        issuers: vec!["示例市财政局".to_owned()],
        numbers: model::DocNumber::parse("示财规〔2024〕1号").into_iter().collect(),
        ..Document::default()
    };
    let annotation = Annotation::default();
    let found = links(Speaker { policy: &"P".into(), document: &document, annotation: &annotation, region: "650100" });
    for link in &found {
        let place = if link.in_title { title } else { text };
        assert_eq!(link.span.of(place), link.quote, "the proof stands where it says");
        assert!(!link.quote.is_empty());
    }
    let shown = |link: &model::Link| {
        let (title, number) = (link.to.title.as_deref().unwrap_or("-"), link.to.number.as_deref().unwrap_or("-"));
        let since = link.since.map(|day| day.to_string()).unwrap_or_default();
        let until = link.until.map(|day| format!("..{day}")).unwrap_or_default();
        format!("{} {title} {number} {since}{until}", link.relation.name())
    };
    found.iter().map(shown).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(said("专项资金管理办法", text), expected, "in {text}");
}

#[track_caller]
fn check_title(title: &str, expected: &[&str]) {
    assert_eq!(said(title, "现予公布。"), expected, "of {title}");
}

#[test]
fn what_a_new_text_repeals_ends_when_it_takes_effect() {
    check(
        "本办法自2024年6月1日起施行,《老办法规定》(示财规〔2018〕3号)同时废止。",
        &["repeals 老办法规定 示财规|2018|3 2024-06-01"],
    );
    check(
        "《甲类管理规定》、《乙类管理规定》同时废止。",
        &["repeals 甲类管理规定 - 2024-06-01", "repeals 乙类管理规定 - 2024-06-01"],
    );
    check(
        "1998年1月4日由原国家科委发布的《丙类暂行规定》（国科发成字〔1998〕003号）同时废止。",
        &["repeals 丙类暂行规定 国科发成字|1998|3 2024-06-01"],
    );
    check("自本通知生效之日起，民航发〔2020〕11号通知失效。", &["expires - 民航发|2020|11 2024-06-01"]);
    check("本办法自印发之日起施行。2019年1月1日起施行的《丁类管理规定》同时废止。", &["repeals 丁类管理规定 - 2024-06-01"]);
    check("《戊类规定》自2024年12月31日起废止。", &["repeals 戊类规定 - 2024-12-31"]);
}

#[test]
fn the_next_version_of_an_act_replaces_it() {
    check("原《专项资金管理办法（试行）》同时废止。", &["supersedes 专项资金管理办法(试行) - 2024-06-01"]);
    check(
        "《关于印发〈专项资金管理暂行办法〉的通知》(示财规〔2018〕3号)同时废止。",
        &["supersedes 关于印发〈专项资金管理暂行办法〉的通知 示财规|2018|3 2024-06-01"],
    );
}

#[test]
fn what_is_proposed_asked_or_told_of_others_does_nothing() {
    for text in [
        "拟废止《甲类管理规定》(示财规〔2018〕3号)。",
        "建议废止《甲类管理规定》。",
        "《甲类管理规定》不予废止。",
        "《甲类管理规定》废止前已受理的,按原规定办理。",
        "规范性文件需要修改或者废止的,依照《立法程序规定》办理。",
        "根据《立法程序规定》,逾期未办的,许可证自行失效。",
        "贯彻落实新修订的《甲类管理规定》。",
        "《甲类管理规定》与本办法不一致的,以本办法为准。",
        "《水路运输经营许可证》继续有效。",
        "企业符合下列条件的,可以按规定申请修改:\n1.《甲类管理规定》规定范围内的企业;",
    ] {
        check(text, &[]);
    }
    assert!(said("关于拟废止《甲类管理规定》征求意见的公告", "决定废止《甲类管理规定》。").is_empty());
    assert!(said("《新办法》解读", "《甲类管理规定》同时废止。").is_empty());
}

#[test]
fn grounds_and_amending_acts_are_not_what_is_repealed() {
    check("根据《立法程序规定》,《甲类管理规定》予以废止。", &["repeals 甲类管理规定 - 2024-05-01"]);
    check(
        "根据2004年《关于修改〈甲类管理规定〉的决定》第一次修正、根据2010年《关于修改部分规定的决定》第二次修正的《甲类管理规定》同时废止。",
        &["repeals 甲类管理规定 - 2024-06-01"],
    );
    check("《新规定办法》自2024年6月1日起施行,《甲类管理规定》同时废止。", &["repeals 甲类管理规定 - 2024-06-01"]);
}

#[test]
fn a_part_that_is_repealed_amends() {
    check("《甲类管理规定》第三条同时废止。", &["amends 甲类管理规定 - 2024-06-01"]);
    check("《甲类管理规定》更加突出分类指导,对疫点的划定作出修改。", &[]);
    check("根据《上位法律》(以下简称《甲法律》),对《甲类管理规定》作如下修改:", &["amends 甲类管理规定 - 2024-06-01"]);
    check("对《甲类管理规定》作如下修改:", &["amends 甲类管理规定 - 2024-06-01"]);
}

#[test]
fn titles_say_it_too() {
    check_title("关于废止《甲类管理规定》的通知", &["repeals 甲类管理规定 - 2024-05-01"]);
    check_title("关于修改《甲类管理规定》的决定", &["amends 甲类管理规定 - 2024-06-01"]);
    check_title("关于印发《甲类管理规定》的通知", &[]);
    assert_eq!(
        said("关于延长《甲类管理规定》有效期的通知", "《甲类管理规定》(示财规〔2019〕2号)有效期延长至2027年12月31日。"),
        ["extends 甲类管理规定 示财规|2019|2 2024-05-01..2027-12-31"]
    );
}

#[test]
fn lists_say_it_of_every_line() {
    let text = "各区:\n经研究,决定废止部分规范性文件。\n附件1 废止的行政规范性文件目录(共3件)\n序号\t文件名称\t文号\n\
                1\t关于印发甲类管理规定的通知\t示财规〔2015〕3号\n2\t《乙类管理规定》\t示财规〔2016〕4号\n\
                3.示例市丙类办法（示政发〔2014〕9号）\n附件2 继续有效的规范性文件目录\n1.《丁类管理规定》(示财规〔2020〕1号)\n\
                附件3 拟修改的规范性文件目录\n1.《戊类管理规定》";
    assert_eq!(
        said("关于公布规范性文件清理结果的通知", text),
        [
            "repeals 关于印发甲类管理规定的通知 示财规|2015|3 2024-05-01",
            "repeals 乙类管理规定 示财规|2016|4 2024-05-01",
            "repeals 示例市丙类办法 示政发|2014|9 2024-05-01",
            "extends 丁类管理规定 示财规|2020|1 2024-05-01",
        ]
    );
    let inline = "决定对下列规范性文件予以废止:\n一、《甲类管理规定》(示财规〔2015〕3号)\n二、《乙类管理规定》(示财规〔2016〕4号)\n本决定自公布之日起施行,请各单位遵照执行。";
    assert_eq!(said("关于废止部分文件的决定", inline).len(), 2);
}

#[test]
fn absurd_texts_take_their_time_and_no_more() {
    let many = "《甲类管理规定》同时废止".repeat(2_000);
    assert!(said("专项资金管理办法", &many).is_empty(), "no sentence is that long");
    let open = "《".repeat(20_000) + "同时废止。";
    assert!(said("专项资金管理办法", &open).is_empty());
    let list = "决定废止下列文件:\n".to_owned() + &(0..2_500).map(|n| format!("{n}.《第{n}号管理规定》\n")).collect::<String>();
    assert_eq!(said("关于废止部分文件的决定", &list).len(), super::MOST_LINKS);
}
