//! Alarms of sources: who hears, and in which words. One digest tells all that changed since the last one.

use jiff::Timestamp;
use model::fingerprint::sha256_hex;
use model::health::{ALL_SOURCES, Alarm, Cause, Change, Code, Reason, State};
use model::{Channel, Message};
use serde_json::json;

use crate::config;

/// The template of alarms and its version.
const TEMPLATE: &str = "alarm/1";
/// Sources told of in full in one digest; a mail of hundreds is not read.
const MOST_TOLD: usize = 40;
/// So many list pages out of reach at once are more likely one network than many sites.
const MANY_UNREACHABLE: usize = 5;

impl config::Alarm {
    /// The receivers of every alarm: the log, then those configured.
    fn receivers(&self, webhook: Option<&str>) -> Vec<(Channel, String)> {
        let mut receivers = vec![(Channel::Log, String::new())];
        receivers.extend(self.mail.get_ref().iter().map(|address| (Channel::Mail, address.clone())));
        receivers.extend(webhook.map(|url| (Channel::Webhook, url.to_owned())));
        receivers
    }

    /// One alarm for each receiver, all with the same words. Nothing where nothing changed.
    pub(crate) fn compose(&self, changes: &[Change], webhook: Option<&str>, now: Timestamp) -> Vec<Alarm> {
        if changes.is_empty() {
            return Vec::new();
        }
        let mut changes = changes.to_vec();
        changes.sort_by(|a, b| {
            (a.cause, std::cmp::Reverse(a.health.state), &a.source).cmp(&(b.cause, std::cmp::Reverse(b.health.state), &b.source))
        });
        let (title, body) = (title_of(&changes), body_of(&changes));
        let alarm = |(channel, address): (Channel, String)| Alarm {
            message: Message {
                id: id_of(&changes, channel, &address, now).as_str().into(),
                channel,
                template: TEMPLATE.to_owned(),
                title: title.clone(),
                body: body.clone(),
                address,
                due: now,
                created: now,
                ..Message::default()
            },
            changes: changes.clone(),
        };
        self.receivers(webhook).into_iter().map(alarm).collect()
    }
}

/// The idempotency key: receiver, and source, state and since of all that is told; a reminder also has its day.
fn id_of(changes: &[Change], channel: Channel, address: &str, now: Timestamp) -> String {
    let mut parts = format!("{TEMPLATE}\n{}\n{address}", channel.name());
    for change in changes {
        let day = if change.cause == Cause::Reminder { now.as_second() / 86_400 } else { 0 };
        parts += &format!("\n{} {} {} {:?} {day}", change.source, change.health.state.name(), change.health.since, change.cause);
    }
    let mut digest = sha256_hex(parts.as_bytes());
    digest.truncate(32);
    digest
}

fn title_of(changes: &[Change]) -> String {
    if let [only] = changes {
        return format!("【惠策】{}：{}", only.name, verdict_of(only));
    }
    let mut counts: Vec<String> = Vec::new();
    for cause in [Cause::Changed, Cause::Reminder] {
        for state in State::ALL.into_iter().rev() {
            let count = changes.iter().filter(|change| change.cause == cause && change.health.state == state).count();
            let still = if cause == Cause::Reminder { "仍" } else { "" };
            counts.extend((count > 0).then(|| format!("{count} 个{still}{}", state.label())));
        }
    }
    let recovered = changes.iter().filter(|change| change.cause == Cause::Recovered).count();
    counts.extend((recovered > 0).then(|| format!("{recovered} 个恢复")));
    format!("【惠策】信息源：{}", counts.join("，"))
}

fn verdict_of(change: &Change) -> String {
    match (change.cause, change.health.state) {
        (Cause::Recovered, State::Healthy) => "已恢复正常".to_owned(),
        (Cause::Recovered, state) => format!("转为{}", state.label()),
        (Cause::Reminder, state) => format!("仍{}", state.label()),
        (Cause::Changed, state) => state.label().to_owned(),
    }
}

fn body_of(changes: &[Change]) -> String {
    let mut lines = Vec::new();
    let fetched_none = |change: &&Change| {
        change.cause == Cause::Changed && change.health.reasons.iter().any(|reason| reason.code == Code::ListNotFetched)
    };
    let unreachable = changes.iter().filter(fetched_none).count();
    if unreachable >= MANY_UNREACHABLE {
        lines.push(format!("{unreachable} 个信息源同时无法获取：更可能是本机或出口网络的故障，请先检查网络。"));
        lines.push(String::new());
    }
    for (index, change) in changes.iter().take(MOST_TOLD).enumerate() {
        lines.push(format!("{}. {}（{}）：{}", index + 1, change.name, change.source, verdict_of(change)));
        if let Some(was) = change.was {
            lines.push(format!("   自 {} 起；此前自 {} 起{}", minute(change.health.since), minute(was.since), was.state.label()));
        } else {
            lines.push(format!("   自 {} 起", minute(change.health.since)));
        }
        lines.extend(change.health.reasons.iter().map(|reason| format!("   · {}", reason.chinese())));
        if change.source.as_str() != ALL_SOURCES {
            lines.push(format!("   列表页：{}", change.url));
            if change.cause != Cause::Recovered {
                lines.push(format!("   查明原因：huice source test {}", change.source));
            }
        }
    }
    if let Some(more) = changes.get(MOST_TOLD..).filter(|more| !more.is_empty()) {
        let ids: Vec<&str> = more.iter().map(|change| change.source.as_str()).collect();
        lines.push(format!("另有 {} 个：{}", more.len(), ids.join(" ")));
    }
    lines.join("\n")
}

/// A day and minute in China.
fn minute(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The body of the POST: for programs the changes, for robots the text. The same bytes at every attempt.
pub(crate) fn webhook_body(alarm: &Alarm) -> String {
    let reason = |reason: &Reason| {
        json!({ "code": reason.code, "evidence": reason.chinese(), "count": reason.count, "of": reason.of,
                "before": reason.before, "before_of": reason.before_of, "detail": reason.detail })
    };
    let change = |change: &Change| {
        json!({ "source": change.source, "name": change.name, "url": change.url, "cause": change.cause,
                "state": change.health.state, "since": change.health.since, "was": change.was,
                "reasons": change.health.reasons.iter().map(reason).collect::<Vec<_>>() })
    };
    let message = &alarm.message;
    json!({
        "type": "source.health",
        "timestamp": message.created.to_string(),
        "data": {
            "id": message.id,
            "title": message.title,
            "body": message.body,
            "changes": alarm.changes.iter().map(change).collect::<Vec<_>>(),
        },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::health::{Health, Was};

    fn change(source: &str, state: State, cause: Cause) -> Change {
        let reasons = if state == State::Broken { vec![Reason::counted(Code::NoItems, (0, 0), (20, 0))] } else { Vec::new() };
        Change {
            source: source.into(),
            name: format!("示例市 {source}"),
            url: format!("https://www.example.gov.cn/{source}/"),
            cause,
            was: Some(Was { state: State::Healthy, since: Timestamp::UNIX_EPOCH }),
            health: Health { state, reasons, since: "2026-11-20T02:00:00Z".parse().unwrap() },
        }
    }

    fn now() -> Timestamp {
        "2026-11-20T03:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_alarm_says_what_why_since_when_and_what_to_do() {
        let alarms = config::Alarm::default().compose(&[change("a", State::Broken, Cause::Changed)], None, now());
        let [alarm] = alarms.as_slice() else { panic!("{alarms:?}") };
        assert_eq!(alarm.message.channel, Channel::Log);
        assert_eq!(alarm.message.title, "【惠策】示例市 a：失效");
        assert_eq!(
            alarm.message.body,
            "1. 示例市 a（a）：失效\n   自 2026-11-20 10:00 起；此前自 1970-01-01 08:00 起正常\n   · 列表中没有任何条目，平时有 20 条\n   列表页：https://www.example.gov.cn/a/\n   查明原因：huice source test a"
        );
    }

    #[test]
    fn many_changes_are_one_digest_worst_first() {
        let changes = [
            change("well", State::Healthy, Cause::Recovered),
            change("old", State::Broken, Cause::Reminder),
            change("worse", State::Degraded, Cause::Changed),
            change("dead", State::Broken, Cause::Changed),
        ];
        let alarms = config::Alarm::default().compose(&changes, Some("https://hooks.example.com/"), now());
        assert_eq!(alarms.len(), 2);
        assert_eq!(alarms[0].message.title, "【惠策】信息源：1 个失效，1 个质量下降，1 个仍失效，1 个恢复");
        let order: Vec<&str> = alarms[0].changes.iter().map(|change| change.source.as_str()).collect();
        assert_eq!(order, ["dead", "worse", "old", "well"]);
        assert!(config::Alarm::default().compose(&[], None, now()).is_empty());
    }

    #[test]
    fn the_same_change_to_the_same_receiver_has_one_key() {
        let id = |changes: &[Change], url| config::Alarm::default().compose(changes, Some(url), now())[1].message.id.clone();
        let broken = [change("a", State::Broken, Cause::Changed)];
        assert_eq!(id(&broken, "https://a.example.com/"), id(&broken, "https://a.example.com/"));
        assert_ne!(id(&broken, "https://a.example.com/"), id(&broken, "https://b.example.com/"));
        assert_ne!(
            id(&broken, "https://a.example.com/"),
            id(&[change("a", State::Silent, Cause::Changed)], "https://a.example.com/")
        );
    }

    #[test]
    fn an_outage_of_the_own_network_is_named_first() {
        let unreachable = |index: usize| {
            let mut change = change(&format!("s{index}"), State::Broken, Cause::Changed);
            change.health.reasons = vec![Reason::counted(Code::ListNotFetched, (1, 1), (0, 30)).with("timeout")];
            change
        };
        let body = |count: usize| body_of(&(0..count).map(unreachable).collect::<Vec<_>>());
        assert!(body(5).starts_with("5 个信息源同时无法获取"));
        assert!(!body(4).contains("检查网络"));
        assert!(body(60).contains("另有 20 个："));
    }
}
