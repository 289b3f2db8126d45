//! Texts that changed a little, much and absurdly.

use model::Annotation;

use super::{Difference, Kind, Side};
use crate::annotator::Input;
use crate::examples::shipped;

fn annotated(text: &str) -> Annotation {
    shipped().annotate(&Input { text, title: "专项资金管理办法", ..Input::default() })
}

fn between(old: &str, new: &str) -> Difference {
    let (was, is) = (annotated(old), annotated(new));
    let difference = Difference::between(Side { text: old, annotation: &was }, Side { text: new, annotation: &is });
    for change in &difference.text {
        let of = |kind: Kind| -> String {
            change
                .pieces
                .iter()
                .filter(|piece| piece.kind == kind || piece.kind == Kind::Same)
                .map(|piece| piece.text.as_str())
                .collect()
        };
        if change.kind != Kind::Same {
            assert_eq!(
                change.new.map_or(String::new(), |span| span.of(new).to_owned()),
                of(Kind::Added),
                "the pieces are the text"
            );
        }
    }
    difference
}

fn plain(old: &str, new: &str) -> Difference {
    let none = Annotation::default();
    Difference::between(Side { text: old, annotation: &none }, Side { text: new, annotation: &none })
}

/// `[-200-]{+100+}` for what changed.
fn shown(difference: &Difference) -> String {
    let mut shown = String::new();
    for change in &difference.text {
        match change.kind {
            Kind::Same => shown.push('='),
            _ => {
                for piece in &change.pieces {
                    match piece.kind {
                        Kind::Added => shown += &format!("{{+{}+}}", piece.text),
                        Kind::Removed => shown += &format!("[-{}-]", piece.text),
                        _ => shown += &piece.text,
                    }
                }
            }
        }
        if change.moved {
            shown.push('~');
        }
    }
    shown
}

#[track_caller]
fn check(old: &str, new: &str, expected: &str) {
    assert_eq!(shown(&plain(old, new)), expected);
}

#[test]
fn sentences_come_go_change_and_move() {
    check("甲一二三。乙一二三。", "甲一二三。乙一二三。", "=");
    check("第一条,补助 30％。\n第二条。", "第一条，补助30%。第二条。", "=");
    check("给予200万元补助。其他不变。", "给予100万元补助。其他不变。", "给予[-200-]{+100+}万元补助。=");
    check("甲一二三。乙四五六。", "甲一二三。丙七八九。乙四五六。", "={+丙七八九。+}=");
    check("甲一二三。丙七八九。乙四五六。", "甲一二三。乙四五六。", "=[-丙七八九。-]=");
    check("补助1.5万元。", "补助15万元。", "补助[-1.5-]{+15+}万元。");
    assert!(shown(&plain("甲一二三。乙四五六。丙七八九。", "丙七八九。甲一二三。乙四五六。")).contains('~'));
}

#[test]
fn nothing_differs_from_itself() {
    let text = "支持标准:给予最高200万元补助。申报条件:研发费用占比不低于3%。";
    let difference = between(text, text);
    assert!(difference.is_empty() && difference.counts.same == 2);
    assert!(plain("", "").is_empty());
}

#[track_caller]
fn says(old: &str, new: &str, expected: &[&str]) {
    let difference = between(old, new);
    let said: Vec<&str> = difference.parameters.iter().map(|change| change.says.as_str()).collect();
    assert_eq!(said, expected, "{old} → {new}");
}

#[test]
fn a_sum_that_changed_is_one_change() {
    says("对认定的企业给予最高200万元奖励。", "对认定的企业给予最高100万元奖励。", &["award cap 200万 → 100万"]);
}

#[test]
fn thresholds_change_and_conditions_come_and_go() {
    let head = "申报条件:\n";
    let (three, five) = ("1.上年度研发费用占营业收入比例不低于3%。\n", "1.上年度研发费用占营业收入比例不低于5%。\n");
    let people = "2.从业人员不少于50人。\n";
    let changed = between(&format!("{head}{three}{people}"), &format!("{head}{five}{people}"));
    assert_eq!(changed.parameters.len(), 1, "{:?}", changed.parameters);
    assert!(changed.parameters[0].says.contains("value 3% → 5%"), "{}", changed.parameters[0].says);
    let gone = between(&format!("{head}{three}{people}"), &format!("{head}{three}"));
    assert_eq!(gone.parameters.len(), 1);
    assert_eq!(gone.parameters[0].kind, Kind::Removed);
    let came = between(&format!("{head}{three}"), &format!("{head}{three}{people}"));
    assert_eq!(came.parameters[0].kind, Kind::Added);
}

#[test]
fn a_window_that_moved_is_one_change() {
    let text = |day: &str| format!("申报时间:2026年3月1日至2026年{day}。");
    let difference = between(&text("4月30日"), &text("5月31日"));
    assert_eq!(difference.parameters.len(), 1, "{:?}", difference.parameters);
    assert!(difference.parameters[0].says.contains("end 2026-04-30 → 2026-05-31"), "{}", difference.parameters[0].says);
}

#[test]
fn findings_that_only_moved_are_no_change() {
    let (a, b) = ("对认定的企业给予最高200万元奖励。\n", "本办法由市财政局负责解释。\n");
    assert!(between(&format!("{a}{b}"), &format!("{b}{a}")).parameters.is_empty());
}

#[test]
fn absurd_texts_take_near_linear_time() {
    let many: String = (0..20_000).map(|n| format!("第{n}条各部门应当做好工作。")).collect();
    let shuffled: String = (0..20_000).map(|n| format!("第{}条各部门应当做好工作。", n * 7919 % 20_000)).collect();
    let other: String = (0..20_000).map(|n| format!("{n}完全不同的另一段文字内容。")).collect();
    let repeated = "略。".repeat(60_000);
    let one = "长".repeat(350_000);
    for text in [&shuffled, &other, &repeated, &one, &String::new()] {
        let difference = plain(&many, text);
        assert!(difference.counts.same + difference.counts.removed + difference.counts.changed == 20_000);
    }
    assert_eq!(plain(&one, &"短".repeat(350_000)).counts.removed, 1);
}
