//! From a verdict to messages: what an enterprise is told, on the channels it agreed to. Whatever is doubtful is not sent.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use model::policy::Desk;
use model::verdict::ConditionVerdict;
use model::{Channel, Decimal, Enterprise, Message, MessageState, Outcome, Record, Truth, Verdict};

use crate::config::{Quiet, Settings};
use crate::sms::mobile_number;

/// The template and its version: part of the idempotency key, so a new version is a new message.
pub const TEMPLATE: &str = "match/1";

/// The variables every message carries for channels that know templates only.
pub(crate) const VARIABLES: &[&str] = &["enterprise", "title", "outcome", "amount", "deadline", "link"];

/// Conditions listed under one heading; a message is read on a telephone.
const MOST_LINES: usize = 8;

/// The messages a verdict calls for, by the default settings: see [`compose_with`].
#[must_use]
pub fn compose(
    verdict: &Verdict,
    record: &Record,
    enterprise: &Enterprise,
    channels: &[Channel],
    portal_url: Option<&str>,
    now: Timestamp,
) -> Vec<Message> {
    compose_with(&Settings::default(), verdict, record, enterprise, channels, portal_url, now)
}

/// The messages a verdict calls for: one for each configured channel the enterprise agreed to and has an address on.
///
/// Nothing for a policy that may not be pushed, is withdrawn, has run out or is past its deadline; nothing where no condition
/// is known to be met; nothing for an outcome other than eligible and likely (and near miss, where the settings say so); nothing where verdict, record and enterprise
/// do not belong together. The portal inbox needs no consent: it is where the enterprise looks itself.
#[must_use]
pub fn compose_with(
    settings: &Settings,
    verdict: &Verdict,
    record: &Record,
    enterprise: &Enterprise,
    channels: &[Channel],
    portal_url: Option<&str>,
    now: Timestamp,
) -> Vec<Message> {
    let today = model::clock::day_of(now);
    let belongs = verdict.policy == record.policy.id && verdict.enterprise == enterprise.id;
    if !belongs || !is_worth_telling(verdict, settings) || !may_be_told(verdict, record, today) {
        return Vec::new();
    }
    let link = link_to(record, portal_url);
    let (title, body) = (title_of(verdict), body_of(verdict, record, enterprise, link.as_deref()));
    let variables = variables_of(verdict, enterprise, link.as_deref());
    let revision = record.policy.revision();
    let message = |(channel, address): (Channel, String)| Message {
        id: Message::key(&verdict.policy, revision, &enterprise.id, channel, TEMPLATE),
        policy: verdict.policy.clone(),
        revision,
        enterprise: enterprise.id.clone(),
        channel,
        template: TEMPLATE.to_owned(),
        title: title.clone(),
        body: body.clone(),
        variables: variables.clone(),
        address,
        state: MessageState::Queued,
        due: settings.quiet.as_ref().map_or(now, |quiet| after_quiet(quiet, channel, now)),
        created: now,
        ..Message::default()
    };
    ways(enterprise, channels).into_iter().map(message).collect()
}

/// Something must speak for the enterprise: a policy whose conditions a program cannot read fits everybody and nobody.
fn is_worth_telling(verdict: &Verdict, settings: &Settings) -> bool {
    let fits = verdict.conditions.iter().any(|condition| condition.truth == Truth::Met && condition.applies());
    match verdict.outcome {
        Outcome::Eligible | Outcome::Likely => fits,
        Outcome::NearMiss => fits && settings.near_miss,
        Outcome::NotEligible | Outcome::Unknown | Outcome::Closed => false,
    }
}

/// Fail closed: the verdict may be older than the policy's state.
fn may_be_told(verdict: &Verdict, record: &Record, today: Date) -> bool {
    let decision = record.decision.as_ref();
    let state = decision.and_then(|decision| decision.state).unwrap_or(record.policy.state);
    let taken_out = decision.is_some_and(|decision| matches!(decision.desk, Desk::Excluded | Desk::Withdrawn));
    let over = record.document.expires.is_some_and(|last| last < today) || verdict.deadline.is_some_and(|last| last < today);
    state.may_be_pushed() && !taken_out && !over
}

/// The configured channels the enterprise agreed to, with its address on each; the portal always comes first.
fn ways(enterprise: &Enterprise, channels: &[Channel]) -> Vec<(Channel, String)> {
    let reach = &enterprise.reach;
    let mut ways = vec![(Channel::Portal, String::new())];
    for channel in Channel::ALL {
        let agreed = reach.channels.iter().any(|name| name == channel.name());
        let address = match channel {
            Channel::Portal => None,
            // The log leaves the house as little as the portal does.
            Channel::Log => Some(String::new()),
            _ if !agreed => None,
            Channel::Sms => reach.phone.as_deref().and_then(mobile_number),
            Channel::Mail => reach.mail.as_deref().map(str::trim).filter(|mail| mail.contains('@')).map(str::to_owned),
            Channel::Webhook => reach.webhook.as_deref().map(str::trim).filter(|url| url.starts_with("http")).map(str::to_owned),
        };
        if let Some(address) = address.filter(|_| channels.contains(&channel)) {
            ways.push((channel, address));
        }
    }
    ways
}

fn title_of(verdict: &Verdict) -> String {
    format!("【{}】{}", verdict.outcome.label(), clipped(&verdict.title, 100))
}

fn clipped(text: &str, most: usize) -> String {
    let flat: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    if flat.chars().count() > most { flat.chars().take(most - 1).chain(['…']).collect() } else { flat }
}

fn body_of(verdict: &Verdict, record: &Record, enterprise: &Enterprise, link: Option<&str>) -> String {
    let mut lines = vec![format!("{}：", clipped(&enterprise.name, 60)), String::new()];
    lines.push(format!("《{}》与贵企业匹配，结论：{}。", clipped(&verdict.title, 150), verdict.outcome.label()));
    lines.push(format!("{}。", verdict.reason.trim_end_matches('。')));
    section(&mut lines, "已满足的条件：", verdict, Truth::Met, |condition| {
        let has = condition.has.as_deref().map(|has| format!("，现为{has}")).unwrap_or_default();
        format!("需{}{has}", condition.need)
    });
    section(&mut lines, "尚未满足的条件：", verdict, Truth::NotMet, |condition| {
        let gap = condition.gap.as_deref().map(|gap| format!("，{gap}")).unwrap_or_default();
        format!("需{}{gap}", condition.need)
    });
    section(&mut lines, "缺少的资料：", verdict, Truth::Unknown, |condition| {
        condition.ask.clone().unwrap_or_else(|| format!("需{}", condition.need))
    });
    section(&mut lines, "需对照原文判断：", verdict, Truth::Review, |condition| clipped(&condition.quote, 80));
    lines.push(String::new());
    if let Some(amount) = verdict.amount_up_to {
        lines.push(format!("支持额度：最高{}", money(amount)));
    }
    lines.push(format!("申报截止：{}", deadline_of(verdict)));
    if let Some(number) = record.document.numbers.first() {
        lines.push(format!("发文字号：{number}"));
    }
    if let Some(link) = link {
        lines.push(format!("查看详情：{link}"));
    }
    lines.push(String::new());
    lines.push("本消息由系统依据政策原文与企业资料自动比对生成，不代表主管部门的认定结果，请以原文为准。".to_owned());
    lines.join("\n")
}

fn section(lines: &mut Vec<String>, heading: &str, verdict: &Verdict, truth: Truth, say: impl Fn(&ConditionVerdict) -> String) {
    let found: Vec<&ConditionVerdict> =
        verdict.conditions.iter().filter(|condition| condition.truth == truth && condition.applies()).collect();
    if found.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(heading.to_owned());
    for condition in found.iter().take(MOST_LINES) {
        lines.push(format!("· {}：{}", condition.name, clipped(&say(condition), 200)));
    }
    if found.len() > MOST_LINES {
        lines.push(format!("· 等共{}项", found.len()));
    }
}

fn variables_of(verdict: &Verdict, enterprise: &Enterprise, link: Option<&str>) -> BTreeMap<String, String> {
    let amount = verdict.amount_up_to.map_or_else(|| "见政策原文".to_owned(), money);
    let values = [
        clipped(&enterprise.name, 60),
        clipped(&verdict.title, 150),
        verdict.outcome.label().to_owned(),
        amount,
        deadline_of(verdict),
        link.unwrap_or_default().to_owned(),
    ];
    VARIABLES.iter().map(|name| (*name).to_owned()).zip(values).collect()
}

fn deadline_of(verdict: &Verdict) -> String {
    verdict.deadline.map_or_else(|| "见政策原文".to_owned(), |last| last.to_string())
}

/// `200万元`, `1.5亿元`, `800元`.
fn money(amount: Decimal) -> String {
    for (unit, size) in [("亿元", 100_000_000u32), ("万元", 10_000)] {
        let size = Decimal::from(size);
        if amount >= size {
            return format!("{}{unit}", amount.checked_div(size).unwrap_or(amount).round_dp(4).normalize());
        }
    }
    format!("{}元", amount.round_dp(2).normalize())
}

/// The policy's page in the portal, else the page it was read from.
fn link_to(record: &Record, portal_url: Option<&str>) -> Option<String> {
    if let Some(mut url) = portal_url.and_then(|portal| url::Url::parse(portal).ok()).filter(|url| !url.cannot_be_a_base()) {
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["policies", record.policy.id.as_str()]);
        }
        return Some(url.to_string());
    }
    record.policy.copies.first().map(|copy| copy.url.clone()).filter(|url| url.starts_with("http"))
}

/// The first moment that is not quiet, Beijing time.
fn after_quiet(quiet: &Quiet, channel: Channel, now: Timestamp) -> Timestamp {
    if !quiet.channels.contains(&channel) || quiet.from == quiet.until {
        return now;
    }
    let local = now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    let (time, date) = (local.time(), local.date());
    let over_midnight = quiet.from > quiet.until;
    let is_quiet =
        if over_midnight { time >= quiet.from || time < quiet.until } else { time >= quiet.from && time < quiet.until };
    if !is_quiet {
        return now;
    }
    let day = if over_midnight && time >= quiet.from { date.checked_add(1.day()).unwrap_or(date) } else { date };
    day.to_datetime(quiet.until).to_zoned(local.time_zone().clone()).map_or(now, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use model::policy::{Copy, Decision, Policy};
    use model::{LifeCycle, Span};

    fn now() -> Timestamp {
        "2026-11-20T02:00:00Z".parse().unwrap()
    }

    fn condition(name: &str, truth: Truth) -> ConditionVerdict {
        ConditionVerdict {
            item: 0,
            indicator: "x".to_owned(),
            name: name.to_owned(),
            truth,
            need: "≥ 3%".to_owned(),
            has: Some("2.4%（2025年）".to_owned()),
            gap: Some("差0.6个百分点".to_owned()),
            ask: Some(format!("请补充2025年{name}")),
            quote: "研发费用占比不低于3%".to_owned(),
            span: Span::new(0, 11),
            case: None,
        }
    }

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict {
            policy: "p1".into(),
            title: "示例办法".to_owned(),
            enterprise: "e1".into(),
            outcome,
            reason: "3项申报条件全部满足".to_owned(),
            conditions: vec![
                condition("研发费用占比", Truth::Met),
                condition("营业收入", Truth::NotMet),
                condition("从业人员", Truth::Unknown),
                condition("其他条件", Truth::Review),
            ],
            deadline: Some(date(2026, 12, 31)),
            amount_up_to: Some(2_000_000.into()),
        }
    }

    fn record(state: LifeCycle) -> Record {
        let copies = vec![Copy { url: "https://gov.example.cn/a.html".to_owned(), ..Copy::default() }];
        let policy = Policy { id: "p1".into(), title: "示例办法".to_owned(), state, copies, ..Policy::default() };
        Record { policy, ..Record::default() }
    }

    fn enterprise(channels: &[&str]) -> Enterprise {
        let mut enterprise = Enterprise { id: "e1".into(), name: "示例企业".to_owned(), ..Enterprise::default() };
        enterprise.reach.channels = channels.iter().map(|name| (*name).to_owned()).collect();
        enterprise.reach.phone = Some("139 0000 0000".to_owned());
        enterprise.reach.mail = Some("a@example.com".to_owned());
        enterprise.reach.webhook = Some("https://hook.example.com/".to_owned());
        enterprise
    }

    fn count(verdict: &Verdict, record: &Record) -> usize {
        compose(verdict, record, &enterprise(&[]), &[Channel::Portal], None, now()).len()
    }

    #[test]
    fn only_policies_in_force_are_pushed() {
        for state in LifeCycle::ALL {
            let expected = usize::from(matches!(state, LifeCycle::Issued | LifeCycle::InForce | LifeCycle::Amended));
            assert_eq!(count(&verdict(Outcome::Eligible), &record(state)), expected, "{state:?}");
        }
    }

    #[test]
    fn only_outcomes_worth_telling_are_pushed() {
        for (outcome, by_default, with_near_misses) in [
            (Outcome::Eligible, 1, 1),
            (Outcome::Likely, 1, 1),
            (Outcome::NearMiss, 0, 1),
            (Outcome::NotEligible, 0, 0),
            (Outcome::Unknown, 0, 0),
            (Outcome::Closed, 0, 0),
        ] {
            assert_eq!(count(&verdict(outcome), &record(LifeCycle::InForce)), by_default, "{outcome:?}");
            let settings = Settings { near_miss: true, ..Settings::default() };
            let told =
                compose_with(&settings, &verdict(outcome), &record(LifeCycle::InForce), &enterprise(&[]), &[], None, now());
            assert_eq!(told.len(), with_near_misses, "{outcome:?}");
        }
    }

    #[test]
    fn what_an_editor_took_out_or_what_is_over_is_not_pushed() {
        let decided = |desk: Desk, state: Option<LifeCycle>| {
            let decision = Decision {
                desk,
                editor: "editor".to_owned(),
                reason: String::new(),
                tags: Vec::new(),
                state,
                state_since: None,
                at: now(),
            };
            Record { decision: Some(decision), ..record(LifeCycle::InForce) }
        };
        let eligible = verdict(Outcome::Eligible);
        assert_eq!(count(&eligible, &decided(Desk::Published, None)), 1);
        assert_eq!(count(&eligible, &decided(Desk::Withdrawn, None)), 0);
        assert_eq!(count(&eligible, &decided(Desk::Excluded, None)), 0);
        assert_eq!(count(&eligible, &decided(Desk::Published, Some(LifeCycle::Repealed))), 0);
        let mut over = record(LifeCycle::InForce);
        over.document.expires = Some(date(2026, 11, 19));
        assert_eq!(count(&eligible, &over), 0);
        let late = Verdict { deadline: Some(date(2026, 11, 19)), ..eligible.clone() };
        assert_eq!(count(&late, &record(LifeCycle::InForce)), 0);
        let today = Verdict { deadline: Some(date(2026, 11, 20)), ..eligible.clone() };
        assert_eq!(count(&today, &record(LifeCycle::InForce)), 1);
        let foreign = Verdict { enterprise: "e2".into(), ..eligible };
        assert_eq!(count(&foreign, &record(LifeCycle::InForce)), 0);
    }

    #[track_caller]
    fn check(agreed: &[&str], configured: &[Channel], expected: &[Channel]) {
        let told =
            compose(&verdict(Outcome::Eligible), &record(LifeCycle::InForce), &enterprise(agreed), configured, None, now());
        let channels: Vec<Channel> = told.iter().map(|message| message.channel).collect();
        assert_eq!(channels, expected, "{agreed:?}");
    }

    #[test]
    fn channels_need_consent_an_address_and_a_configuration() {
        check(&[], &Channel::ALL, &[Channel::Portal, Channel::Log]);
        check(
            &["sms", "mail", "webhook"],
            &Channel::ALL,
            &[Channel::Portal, Channel::Log, Channel::Sms, Channel::Mail, Channel::Webhook],
        );
        check(&["sms", "mail"], &[Channel::Mail], &[Channel::Portal, Channel::Mail]);
        let mut enterprise = enterprise(&["sms", "mail", "webhook"]);
        enterprise.reach = model::enterprise::Reach {
            phone: Some("0991-1234567".to_owned()),
            mail: Some("nobody".to_owned()),
            webhook: None,
            ..enterprise.reach
        };
        let told = compose(&verdict(Outcome::Eligible), &record(LifeCycle::InForce), &enterprise, &Channel::ALL, None, now());
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn a_message_says_why_what_is_missing_how_much_until_when_and_where() {
        let told = compose(
            &verdict(Outcome::Likely),
            &record(LifeCycle::InForce),
            &enterprise(&["sms"]),
            &[Channel::Sms],
            Some("https://hui.example.cn/base/"),
            now(),
        );
        let sms = &told[1];
        assert_eq!(sms.address, "13900000000");
        assert_eq!(sms.title, "【基本符合】示例办法");
        for part in [
            "3项申报条件全部满足。",
            "已满足的条件：\n· 研发费用占比：需≥ 3%，现为2.4%（2025年）",
            "尚未满足的条件：\n· 营业收入：需≥ 3%，差0.6个百分点",
            "缺少的资料：\n· 从业人员：请补充2025年从业人员",
            "需对照原文判断：\n· 其他条件：研发费用占比不低于3%",
            "支持额度：最高200万元",
            "申报截止：2026-12-31",
            "查看详情：https://hui.example.cn/base/policies/p1",
        ] {
            assert!(sms.body.contains(part), "{part} is not in\n{}", sms.body);
        }
        assert_eq!(sms.variables["amount"], "200万元");
        assert_eq!(sms.variables["deadline"], "2026-12-31");
        assert_eq!(sms.variables.len(), VARIABLES.len());
    }

    #[test]
    fn composing_twice_gives_the_same_keys() {
        let compose = || {
            compose(&verdict(Outcome::Eligible), &record(LifeCycle::InForce), &enterprise(&["mail"]), &Channel::ALL, None, now())
        };
        assert_eq!(compose(), compose());
        let keys: std::collections::BTreeSet<_> = compose().into_iter().map(|message| message.id).collect();
        assert_eq!(keys.len(), 3);
    }

    #[test]
    fn the_link_is_the_portal_page_or_the_page_itself() {
        for (portal, expected) in [
            (Some("https://hui.example.cn"), "https://hui.example.cn/policies/p1"),
            (Some("mailto:x@example.com"), "https://gov.example.cn/a.html"),
            (Some("nonsense"), "https://gov.example.cn/a.html"),
            (None, "https://gov.example.cn/a.html"),
        ] {
            assert_eq!(link_to(&record(LifeCycle::InForce), portal).as_deref(), Some(expected), "{portal:?}");
        }
    }

    #[test]
    fn nobody_is_rung_up_at_night() {
        let quiet = Quiet { from: time(21, 0, 0, 0), until: time(8, 0, 0, 0), channels: vec![Channel::Sms] };
        let due = |channel, at: &str| after_quiet(&quiet, channel, at.parse().unwrap()).to_string();
        // 21:30 in Beijing, 02:00 in Beijing, and 08:00 in Beijing.
        assert_eq!(due(Channel::Sms, "2026-11-20T13:30:00Z"), "2026-11-21T00:00:00Z");
        assert_eq!(due(Channel::Sms, "2026-11-20T18:00:00Z"), "2026-11-21T00:00:00Z");
        assert_eq!(due(Channel::Sms, "2026-11-21T00:00:00Z"), "2026-11-21T00:00:00Z");
        assert_eq!(due(Channel::Mail, "2026-11-20T13:30:00Z"), "2026-11-20T13:30:00Z");
    }

    #[test]
    fn money_is_written_as_people_say_it() {
        for (amount, expected) in [(800, "800元"), (10_000, "1万元"), (2_005_000, "200.5万元"), (150_000_000, "1.5亿元")] {
            assert_eq!(money(amount.into()), expected);
        }
    }
}
