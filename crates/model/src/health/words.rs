//! Reasons in words: English for logs and the command line, Chinese for pages and alarms. Every sentence has its numbers.

use super::{Code, Health, Reason};

impl Code {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ListNotFetched => "list_not_fetched",
            Self::ListHttpStatus => "list_http_status",
            Self::AntiBot => "anti_bot",
            Self::Login => "login",
            Self::ErrorPage => "error_page",
            Self::ListIsShell => "list_is_shell",
            Self::NotAList => "not_a_list",
            Self::NoItems => "no_items",
            Self::NoDocuments => "no_documents",
            Self::NotRun => "not_run",
            Self::NewestOld => "newest_old",
            Self::FewerItems => "fewer_items",
            Self::ListShrank => "list_shrank",
            Self::NothingKnown => "nothing_known",
            Self::RuleLost => "rule_lost",
            Self::Moved => "moved",
            Self::DatesVanished => "dates_vanished",
            Self::TitleMissing => "title_missing",
            Self::DateMissing => "date_missing",
            Self::BodyMissing => "body_missing",
            Self::NumberMissing => "number_missing",
            Self::Shells => "shells",
            Self::DetailsFailing => "details_failing",
            Self::Repeated => "repeated",
            Self::Garbage => "garbage",
            Self::TitlesDisagree => "titles_disagree",
            Self::DatesDisagree => "dates_disagree",
            Self::Slow => "slow",
            Self::Disabled => "disabled",
            Self::PausedByPerson => "paused_by_person",
            Self::NothingAnywhere => "nothing_anywhere",
        }
    }
}

impl Reason {
    /// The evidence in English, e.g. `20 of 20 list entries have no date, before 0 of 600`.
    #[must_use]
    pub fn english(&self) -> String {
        let Self { count, of, before, before_of, detail, .. } = self;
        let share = |what: &str| format!("{count} of {of} {what}, before {before} of {before_of}");
        match self.code {
            Code::ListNotFetched => format!(
                "the list page could not be fetched {count} runs in a row ({detail}); before, {before} of {before_of} runs failed so"
            ),
            Code::ListHttpStatus => format!("the list page answers HTTP {count}{}", normally(*before)),
            Code::AntiBot => format!("a firewall's page stands where the list was{}{}", said(detail), normally(*before)),
            Code::Login => format!("a login page stands where the list was{}{}", said(detail), normally(*before)),
            Code::ErrorPage => format!("an error page stands where the list was{}{}", said(detail), normally(*before)),
            Code::ListIsShell => {
                format!("a redirect or a frame filled by scripts stands where the list was{}{}", said(detail), normally(*before))
            }
            Code::NotAList => format!("a page of kind {detail} stands where the list was{}", normally(*before)),
            Code::NoItems => format!("the list has 0 items{}", normally(*before)),
            Code::NoDocuments => share("item pages are documents"),
            Code::NotRun => format!("it was due {count} times since its last run ({detail}) and did not run"),
            Code::NewestOld => format!(
                "the newest item is of {detail}, {count} working days ago; its longest gap so far is {before} working days, the most its rhythm explains {before_of}"
            ),
            Code::FewerItems => format!("{count} items in the last {of} working days; {before} are normal"),
            Code::ListShrank => format!("the list page has {count} entries; {before} are normal"),
            Code::NothingKnown => {
                format!(
                    "none of {of} entries of the list was known before; {before} new ones at most are explained by its rhythm"
                )
            }
            Code::RuleLost => format!("the list was read by a rule and now is guessed: {detail}"),
            Code::Moved => format!("the list answers from another host: {detail}"),
            Code::DatesVanished => share("list entries have no date"),
            Code::TitleMissing => share("documents have no title"),
            Code::DateMissing => share("documents have no date of publication"),
            Code::BodyMissing => share("documents have neither body nor file"),
            Code::NumberMissing => share("documents have no number"),
            Code::Shells => share("item pages are redirects, script-only or anti-bot pages"),
            Code::DetailsFailing => share("item pages failed or are error pages") + &said(detail),
            Code::Repeated => share("documents have the text of another address"),
            Code::Garbage => share("pages are garbage in their charset"),
            Code::TitlesDisagree => share("documents have another title than their list entry"),
            Code::DatesDisagree => share("documents have another date than their list entry"),
            Code::Slow => format!("answers took {count} ms in the last {of} runs; {before} ms are normal"),
            Code::Disabled => "switched off in sources.toml".to_owned(),
            Code::PausedByPerson => format!("paused by a person{}", said(detail)),
            Code::NothingAnywhere => {
                format!("{before} enabled sources and {detail} for {count} working hours; {of} are tolerated")
            }
        }
    }

    /// The evidence in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let Self { count, of, before, before_of, detail, .. } = self;
        let share = |what: &str| format!("{of} {what}（此前 {before_of} 中有 {before}）").replacen("{}", &count.to_string(), 1);
        let usual = if *before > 0 { format!("，平时有 {before} 条") } else { String::new() };
        match self.code {
            Code::ListNotFetched => {
                format!("列表页连续 {count} 次无法获取（{detail}）；此前 {before_of} 次运行中有 {before} 次如此")
            }
            Code::ListHttpStatus => format!("列表页返回 HTTP {count}{usual}"),
            Code::AntiBot => format!("列表页变成了防火墙拦截页{}{usual}", said_zh(detail)),
            Code::Login => format!("列表页变成了登录页{}{usual}", said_zh(detail)),
            Code::ErrorPage => format!("列表页变成了错误页{}{usual}", said_zh(detail)),
            Code::ListIsShell => format!("列表页只剩跳转或脚本空壳{}{usual}", said_zh(detail)),
            Code::NotAList => format!("列表页不再是列表（{detail}）{usual}"),
            Code::NoItems => format!("列表中没有任何条目{usual}"),
            Code::NoDocuments => share("个条目页中只有 {} 个是文档"),
            Code::NotRun => format!("上次运行（{detail}）以来应运行 {count} 次，均未运行"),
            Code::NewestOld => {
                format!("最新一条是 {detail}，距今 {count} 个工作日；此前最长间隔 {before} 个工作日，按其规律最多 {before_of} 个")
            }
            Code::FewerItems => format!("最近 {of} 个工作日只有 {count} 条，平时约 {before} 条"),
            Code::ListShrank => format!("列表页只有 {count} 条，平时 {before} 条"),
            Code::NothingKnown => format!("列表 {of} 条全部从未见过，按其规律新增最多 {before} 条"),
            Code::RuleLost => format!("列表规则不再匹配，现在靠推测读取：{detail}"),
            Code::Moved => format!("列表改由其他主机返回：{detail}"),
            Code::DatesVanished => share("条列表条目中 {} 条没有日期"),
            Code::TitleMissing => share("篇文档中 {} 篇没有标题"),
            Code::DateMissing => share("篇文档中 {} 篇没有发布日期"),
            Code::BodyMissing => share("篇文档中 {} 篇没有正文和附件"),
            Code::NumberMissing => share("篇文档中 {} 篇没有文号"),
            Code::Shells => share("个条目页中 {} 个是跳转、空壳或拦截页"),
            Code::DetailsFailing => share("个条目页中 {} 个获取失败或是错误页") + &said_zh(detail),
            Code::Repeated => share("篇文档中 {} 篇与其他网址正文相同"),
            Code::Garbage => share("个页面中 {} 个是乱码"),
            Code::TitlesDisagree => share("篇文档中 {} 篇标题与列表不一致"),
            Code::DatesDisagree => share("篇文档中 {} 篇日期与列表不一致"),
            Code::Slow => format!("最近 {of} 次运行响应时间约 {count} 毫秒，平时约 {before} 毫秒"),
            Code::Disabled => "在 sources.toml 中停用".to_owned(),
            Code::PausedByPerson => format!("人工暂停{}", said_zh(detail)),
            Code::NothingAnywhere => {
                let what = if detail == NO_LIST_READ { "没有一个读到列表" } else { "没有一个带来新条目" };
                format!("{before} 个启用的信息源中，连续 {count} 个工作小时{what}（容许 {of} 小时）")
            }
        }
    }
}

/// What [`Code::NothingAnywhere`] says where not even a list was read.
pub const NO_LIST_READ: &str = "none of them read a list";
/// What [`Code::NothingAnywhere`] says where lists were read and brought nothing.
pub const NO_NEW_ITEM: &str = "none of them brought a new item";

fn normally(items: u64) -> String {
    if items > 0 { format!("; it normally has {items} items") } else { String::new() }
}

fn said(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

fn said_zh(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!("（{detail}）") }
}

impl Health {
    /// The first reason in Chinese; empty where there is none.
    #[must_use]
    pub fn first_chinese(&self) -> String {
        self.reasons.first().map(Reason::chinese).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Code; 31] = [
        Code::ListNotFetched,
        Code::ListHttpStatus,
        Code::AntiBot,
        Code::Login,
        Code::ErrorPage,
        Code::ListIsShell,
        Code::NotAList,
        Code::NoItems,
        Code::NoDocuments,
        Code::NotRun,
        Code::NewestOld,
        Code::FewerItems,
        Code::ListShrank,
        Code::NothingKnown,
        Code::RuleLost,
        Code::Moved,
        Code::DatesVanished,
        Code::TitleMissing,
        Code::DateMissing,
        Code::BodyMissing,
        Code::NumberMissing,
        Code::Shells,
        Code::DetailsFailing,
        Code::Repeated,
        Code::Garbage,
        Code::TitlesDisagree,
        Code::DatesDisagree,
        Code::Slow,
        Code::Disabled,
        Code::PausedByPerson,
        Code::NothingAnywhere,
    ];

    #[test]
    fn every_reason_is_a_sentence_in_both_languages_and_has_a_stable_name() {
        for code in ALL {
            let reason = Reason::counted(code, (3, 20), (1, 600)).with("x");
            for sentence in [reason.english(), reason.chinese()] {
                assert!(sentence.chars().count() > 5 && !sentence.contains('{'), "{code:?}: {sentence}");
            }
            assert!(reason.english().is_ascii() && !reason.chinese().is_ascii(), "{code:?}");
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }

    #[test]
    fn numbers_stand_in_the_sentence() {
        let reason = Reason::counted(Code::DatesVanished, (20, 20), (0, 600));
        assert_eq!(reason.english(), "20 of 20 list entries have no date, before 0 of 600");
        assert_eq!(reason.chinese(), "20 条列表条目中 20 条没有日期（此前 600 中有 0）");
        let reason = Reason::counted(Code::NoItems, (0, 0), (20, 0));
        assert_eq!(reason.english(), "the list has 0 items; it normally has 20 items");
        assert_eq!(reason.chinese(), "列表中没有任何条目，平时有 20 条");
    }
}
