//! Replayed histories: each line is a source's past and its newest run, and what must be said of it.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use model::health::{Code, Disagreement, Health, ListFacts, RunFacts, State};
use model::{PageKind, Source};
use store::SourceRun;

use super::calendar::is_working;
use super::judge::judge;

/// The day of the newest run unless a case says otherwise.
const TODAY: Date = date(2026, 11, 20);

fn at(day: Date) -> Timestamp {
    format!("{day}T08:00:00+08:00").parse().unwrap()
}

/// A well run: a list of twenty dated entries, three of them new.
fn well(day: Date, newest: Date) -> SourceRun {
    let mut days = std::collections::BTreeMap::new();
    let mut dated = newest;
    while days.len() < 10 {
        if is_working(dated) {
            days.insert(dated, 2);
        }
        dated = dated.yesterday().unwrap();
    }
    let list = ListFacts {
        kind: Some(PageKind::List),
        status: 200,
        host: "www.example.gov.cn".to_owned(),
        charset: "utf-8".to_owned(),
        read_by: "family trs".to_owned(),
        ..ListFacts::default()
    };
    let facts = RunFacts {
        list,
        lists: 1,
        first_items: 20,
        items: 20,
        new: 2,
        dated: 20,
        days,
        details: 3,
        documents: 3,
        titled: 3,
        published: 3,
        bodied: 3,
        numbered: 2,
        titles: Disagreement { of: 3, count: 0 },
        dates: Disagreement { of: 3, count: 0 },
        latency_p50_ms: 400,
        ..RunFacts::default()
    };
    SourceRun {
        source: "a".into(),
        started: at(day),
        items_seen: 20,
        newest: Some(newest),
        facts: Some(facts),
        ..SourceRun::default()
    }
}

/// So many daily well runs up to the day before, oldest first, each with an item of its day.
fn past(runs: i32) -> Vec<SourceRun> {
    let days = (1..=runs).rev().map(|back| TODAY.checked_sub(back.days()).unwrap());
    days.map(|day| well(day, day)).collect()
}

/// The same with every run changed.
fn past_with(runs: i32, change: impl Fn(usize, &mut RunFacts)) -> Vec<SourceRun> {
    let mut past = past(runs);
    for (index, run) in past.iter_mut().enumerate() {
        change(index, run.facts.as_mut().unwrap());
    }
    past
}

/// The newest run, changed.
fn run(change: impl Fn(&mut RunFacts)) -> SourceRun {
    let mut run = well(TODAY, TODAY);
    change(run.facts.as_mut().unwrap());
    run
}

fn list(change: impl Fn(&mut ListFacts)) -> SourceRun {
    run(|facts| {
        (facts.items, facts.first_items, facts.dated, facts.new, facts.details, facts.documents) = (0, 0, 0, 0, 0, 0);
        facts.days.clear();
        change(&mut facts.list);
    })
}

fn timeouts(count: u64) -> std::collections::BTreeMap<String, u64> {
    [("timeout".to_owned(), count)].into()
}

fn failing(code: &str) -> SourceRun {
    list(|list| (list.failure, list.kind) = (code.to_owned(), None))
}

/// Judges run after run as the crawl does, the state noted on each.
fn replay(source: &Source, runs: Vec<SourceRun>, today: Date) -> (Vec<SourceRun>, Option<Health>) {
    let mut history: Vec<SourceRun> = Vec::new();
    let mut last = None;
    let count = runs.len();
    for (index, run) in runs.into_iter().enumerate() {
        let day = if index + 1 == count { today } else { model::clock::day_of(run.started) };
        history.insert(0, run);
        last = judge(source, &history, day);
        history[0].state = last.as_ref().map(|health| health.state);
    }
    (history, last)
}

struct Case {
    name: &'static str,
    runs: Vec<SourceRun>,
    today: Date,
    weekly: u32,
    state: State,
    codes: &'static [Code],
}

fn case(name: &'static str, mut runs: Vec<SourceRun>, newest: SourceRun, state: State, codes: &'static [Code]) -> Case {
    runs.push(newest);
    Case { name, runs, today: TODAY, weekly: 0, state, codes }
}

fn lists() -> Vec<Case> {
    use State::{Broken, Degraded, Healthy};
    let flaky = |run: &mut RunFacts| {
        (run.list.failure, run.list.kind, run.items, run.first_items) = ("timeout".to_owned(), None, 0, 0);
        run.days.clear();
    };
    let twice = |mut runs: Vec<SourceRun>, code: &str| {
        runs.pop();
        let mut before = failing(code);
        before.started = at(TODAY.yesterday().unwrap());
        runs.push(before);
        runs
    };
    vec![
        case("a usual run", past(30), run(|_| ()), Healthy, &[]),
        case("a list outside the source's hours", past(30), failing("held"), Healthy, &[]),
        case("an empty list", past(30), list(|_| ()), Broken, &[Code::NoItems]),
        case("an empty list of a new source", past(0), list(|_| ()), Broken, &[Code::NoItems]),
        case(
            "a firewall",
            past(30),
            list(|list| (list.code, list.kind) = ("anti_bot".into(), Some(PageKind::Shell))),
            Broken,
            &[Code::AntiBot],
        ),
        case(
            "a firewall that answers 412",
            past(30),
            list(|list| (list.code, list.status) = ("anti_bot".into(), 412)),
            Broken,
            &[Code::AntiBot],
        ),
        case(
            "a login wall",
            past(30),
            list(|list| (list.code, list.kind) = ("login".into(), Some(PageKind::Other))),
            Broken,
            &[Code::Login],
        ),
        case("an error page with 200", past(30), list(|list| list.kind = Some(PageKind::Error)), Broken, &[Code::ErrorPage]),
        case(
            "a missing page",
            past(30),
            list(|list| (list.kind, list.status) = (Some(PageKind::Error), 404)),
            Broken,
            &[Code::ListHttpStatus],
        ),
        case("a shell", past(30), list(|list| list.kind = Some(PageKind::Shell)), Broken, &[Code::ListIsShell]),
        case("a home page", past(30), list(|list| list.kind = Some(PageKind::Other)), Broken, &[Code::NotAList]),
        case("a host that is gone", past(3), failing("dns"), Broken, &[Code::ListNotFetched]),
        case("a site that forbids us", past(30), failing("robots"), Broken, &[Code::ListNotFetched]),
        case("a first timeout after many good runs", past(40), failing("timeout"), Broken, &[Code::ListNotFetched]),
        case("a first timeout after few good runs", past(5), failing("timeout"), Degraded, &[Code::ListNotFetched]),
        case("a second timeout in a row", twice(past(10), "timeout"), failing("timeout"), Broken, &[Code::ListNotFetched]),
        case(
            "one more timeout of a flaky site",
            past_with(30, |index, facts| {
                if index % 4 == 1 {
                    flaky(facts)
                }
            }),
            failing("timeout"),
            Degraded,
            &[Code::ListNotFetched],
        ),
        case(
            "a flaky site that answers",
            past_with(30, |index, facts| {
                if index % 4 == 1 {
                    flaky(facts)
                }
            }),
            run(|_| ()),
            Healthy,
            &[],
        ),
        case(
            "a list cut short",
            past(30),
            run(|facts| (facts.first_items, facts.items, facts.dated) = (4, 4, 4)),
            Degraded,
            &[Code::ListShrank],
        ),
        case(
            "a list a little shorter",
            past(30),
            run(|facts| (facts.first_items, facts.items, facts.dated) = (16, 16, 16)),
            Healthy,
            &[],
        ),
        case(
            "a list whose length always varies",
            past_with(30, |index, facts| facts.first_items = 5 + 3 * (index as u64 % 6)),
            run(|facts| facts.first_items = 5),
            Healthy,
            &[],
        ),
        case(
            "a rule that no longer matches",
            past(30),
            run(|facts| facts.list.read_by = "shape".into()),
            Degraded,
            &[Code::RuleLost],
        ),
        case(
            "a list that was always guessed",
            past_with(30, |_, facts| facts.list.read_by = "shape".into()),
            run(|facts| facts.list.read_by = "shape".into()),
            Healthy,
            &[],
        ),
        case(
            "a list on another host",
            past(30),
            run(|facts| facts.list.host = "zwgk.example.gov.cn".into()),
            Degraded,
            &[Code::Moved],
        ),
        case("a list without www", past(30), run(|facts| facts.list.host = "example.gov.cn".into()), Healthy, &[]),
        case("nothing known in the list", past(30), run(|facts| facts.new = 20), Degraded, &[Code::NothingKnown]),
        case("some more new items than usual", past(30), run(|facts| facts.new = 9), Healthy, &[]),
    ]
}

fn details() -> Vec<Case> {
    use State::{Broken, Degraded, Healthy};
    vec![
        case("dates vanish from the list", past(30), run(|facts| facts.dated = 0), Degraded, &[Code::DatesVanished]),
        case("a few entries without date", past(30), run(|facts| facts.dated = 17), Healthy, &[]),
        case(
            "a list that never had dates",
            past_with(30, |_, facts| facts.dated = 0),
            run(|facts| facts.dated = 0),
            Healthy,
            &[],
        ),
        case("a new source without dates", past(1), run(|facts| facts.dated = 0), Degraded, &[Code::DatesVanished]),
        case("the very first run of a list without dates", past(0), run(|facts| facts.dated = 0), Healthy, &[]),
        case("documents lose their body", past(30), run(|facts| facts.bodied = 0), Degraded, &[Code::BodyMissing]),
        case("one document of three without body", past(30), run(|facts| facts.bodied = 2), Healthy, &[]),
        case("documents lose their date", past(30), run(|facts| facts.published = 0), Degraded, &[Code::DateMissing]),
        case("documents lose their title", past(30), run(|facts| facts.titled = 0), Degraded, &[Code::TitleMissing]),
        case(
            "numbers vanish",
            past_with(30, |_, facts| facts.numbered = 3),
            run(|facts| facts.numbered = 0),
            Degraded,
            &[Code::NumberMissing],
        ),
        case(
            "a column that often has no numbers",
            past_with(30, |index, facts| facts.numbered = index as u64 % 3),
            run(|facts| facts.numbered = 0),
            Healthy,
            &[],
        ),
        case(
            "half of the pages are shells",
            past(30),
            run(|facts| (facts.details, facts.documents, facts.shells) = (6, 3, 3)),
            Degraded,
            &[Code::Shells],
        ),
        case(
            "all pages are shells",
            past(30),
            run(|facts| (facts.details, facts.documents, facts.shells) = (8, 0, 8)),
            Broken,
            &[Code::NoDocuments],
        ),
        case(
            "all pages of a new source are shells",
            past(0),
            run(|facts| (facts.details, facts.documents, facts.shells) = (8, 0, 8)),
            Broken,
            &[Code::NoDocuments],
        ),
        case(
            "one page of many is a shell",
            past(30),
            run(|facts| (facts.details, facts.documents, facts.shells) = (4, 3, 1)),
            Healthy,
            &[],
        ),
        case("pages fail", past(30), run(|facts| facts.failures = timeouts(4)), Degraded, &[Code::DetailsFailing]),
        case(
            "pages that always fail in part",
            past_with(30, |_, facts| facts.failures = timeouts(3)),
            run(|facts| facts.failures = timeouts(4)),
            Healthy,
            &[],
        ),
        case(
            "error pages served as articles",
            past(30),
            run(|facts| {
                (facts.details, facts.documents, facts.titled, facts.published, facts.bodied, facts.numbered, facts.repeated) =
                    (6, 6, 6, 6, 6, 4, 5)
            }),
            Degraded,
            &[Code::Repeated],
        ),
        case("a text published twice", past(30), run(|facts| facts.repeated = 1), Healthy, &[]),
        case("garbage", past(30), run(|facts| facts.garbage = 4), Degraded, &[Code::Garbage]),
        case("titles of another thing", past(30), run(|facts| facts.titles.count = 3), Degraded, &[Code::TitlesDisagree]),
        case("dates of another thing", past(30), run(|facts| facts.dates.count = 3), Degraded, &[Code::DatesDisagree]),
        case(
            "dates that always differ",
            past_with(30, |_, facts| facts.dates.count = 3),
            run(|facts| facts.dates.count = 3),
            Healthy,
            &[],
        ),
        case("one slow run", past(30), run(|facts| facts.latency_p50_ms = 9_000), Healthy, &[]),
        case(
            "three slow runs",
            past_with(30, |index, facts| {
                if index >= 28 {
                    facts.latency_p50_ms = 9_000
                }
            }),
            run(|facts| facts.latency_p50_ms = 9_000),
            Degraded,
            &[Code::Slow],
        ),
        case(
            "no new pages after shells: trouble is not over",
            past_with(30, |index, facts| {
                if index == 29 {
                    (facts.details, facts.documents, facts.shells) = (4, 0, 4)
                }
            }),
            run(|facts| (facts.details, facts.documents) = (0, 0)),
            Degraded,
            &[Code::Shells],
        ),
        case(
            "good pages after shells: it is over",
            past_with(30, |index, facts| {
                if index == 29 {
                    (facts.details, facts.documents, facts.shells) = (4, 0, 4)
                }
            }),
            run(|_| ()),
            Healthy,
            &[],
        ),
    ]
}

/// A source judged on a day on which its newest item is of another.
fn quiet(name: &'static str, last_item: Date, today: Date, weekly: u32, state: State) -> Case {
    let start = last_item.checked_sub(40.days()).unwrap();
    let mut runs = Vec::new();
    let mut day = start;
    while day <= today {
        runs.push(well(day, day.min(last_item)));
        day = day.tomorrow().unwrap();
    }
    let codes: &[Code] = if state == State::Silent { &[Code::NewestOld] } else { &[] };
    Case { name, runs, today, weekly, state, codes }
}

/// A source whose every run sees the same days of publication.
fn publishing(name: &'static str, days: &[Date], today: Date, weekly: u32, state: State, codes: &'static [Code]) -> Case {
    let mut runs = Vec::new();
    for back in (0..6).rev() {
        let mut run = well(today.checked_sub(back.days()).unwrap(), TODAY);
        let facts = run.facts.as_mut().unwrap();
        facts.days = days.iter().map(|day| (*day, 1)).collect();
        (facts.new, facts.details, facts.documents) = (0, 0, 0);
        run.newest = days.iter().max().copied();
        runs.push(run);
    }
    Case { name, runs, today, weekly, state, codes }
}

fn every(step: i64, count: i64, until: Date) -> Vec<Date> {
    (0..count).map(|index| until.checked_sub((index * step).days()).unwrap()).collect()
}

fn silences() -> Vec<Case> {
    use State::{Healthy, Silent};
    let march = |year| (1..=20).map(move |day| date(year, 3, day)).filter(|day| is_working(*day)).collect::<Vec<_>>();
    let seasonal: Vec<Date> = march(2025).into_iter().chain(march(2026)).collect();
    let pinned: Vec<Date> = [date(2019, 5, 6)].into_iter().chain(every(2, 15, date(2026, 10, 16))).collect();
    vec![
        quiet("daily, last item yesterday", date(2026, 11, 19), TODAY, 0, Healthy),
        quiet("daily, a quiet week", date(2026, 11, 13), TODAY, 0, Healthy),
        quiet("daily, then three weeks of nothing", date(2026, 10, 30), TODAY, 0, Silent),
        quiet("daily, over the National Day holiday", date(2026, 9, 30), date(2026, 10, 9), 0, Healthy),
        quiet("daily, over the Spring Festival", date(2026, 2, 13), date(2026, 2, 27), 0, Healthy),
        quiet("daily, silent long after the Spring Festival", date(2026, 2, 13), date(2026, 3, 20), 0, Silent),
        quiet("daily, over Labour Day", date(2026, 4, 30), date(2026, 5, 8), 0, Healthy),
        publishing("monthly, five weeks after the last", &every(30, 12, date(2026, 10, 16)), TODAY, 0, Healthy, &[]),
        publishing("weekly, three weeks after the last", &every(7, 12, date(2026, 10, 30)), TODAY, 0, Healthy, &[]),
        publishing("weekly, three months after the last", &every(7, 12, date(2026, 8, 14)), TODAY, 0, Silent, &[Code::NewestOld]),
        publishing("each March, in November", &seasonal, TODAY, 0, Healthy, &[]),
        publishing("a pinned item hides no silence", &pinned, TODAY, 0, Silent, &[Code::NewestOld]),
        publishing("few items, nothing said by its entry", &every(3, 3, date(2026, 6, 1)), TODAY, 0, Healthy, &[]),
        publishing("few items, five a week expected", &every(3, 3, date(2026, 6, 1)), TODAY, 5, Silent, &[Code::NewestOld]),
        publishing("few items, five a week expected, three weeks ago", &every(3, 3, date(2026, 10, 30)), TODAY, 5, Healthy, &[]),
        publishing(
            "items of next year do not hide a silence",
            &[every(2, 20, date(2026, 9, 18)), vec![date(2027, 6, 1)]].concat(),
            TODAY,
            0,
            Silent,
            &[Code::NewestOld],
        ),
        publishing(
            "far fewer items than for half a year",
            &[every(1, 130, date(2026, 10, 23)), vec![date(2026, 11, 18)]].concat(),
            TODAY,
            0,
            State::Degraded,
            &[Code::FewerItems],
        ),
    ]
}

#[test]
fn every_replayed_history_is_judged_as_it_must_be() {
    let cases: Vec<Case> = lists().into_iter().chain(details()).chain(silences()).collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let source = Source { expected_per_week: case.weekly, ..Source::default() };
        let (_, health) = replay(&source, case.runs, case.today);
        let health = health.unwrap();
        let codes: Vec<Code> = health.reasons.iter().map(|reason| reason.code).collect();
        if health.state != case.state || codes != case.codes {
            let words: Vec<String> = health.reasons.iter().map(model::health::Reason::english).collect();
            wrong.push(format!(
                "{}: {:?} {codes:?}, expected {:?} {:?}: {words:?}",
                case.name, health.state, case.state, case.codes
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_state_begins_with_its_first_run_and_ends_with_the_first_good_one() {
    let mut runs = past(30);
    for (back, run) in runs.iter_mut().rev().take(3).enumerate() {
        *run = SourceRun { started: at(TODAY.checked_sub((back as i64 + 1).days()).unwrap()), ..list(|_| ()) };
    }
    runs.push(list(|_| ()));
    let (history, health) = replay(&Source::default(), runs.clone(), TODAY);
    let health = health.unwrap();
    assert_eq!((health.state, health.since), (State::Broken, at(date(2026, 11, 17))));
    assert_eq!(health.reasons[0].before, 20, "what is normal is what was before the trouble");
    assert_eq!(history[4].state, Some(State::Healthy));
    runs.push(SourceRun { started: at(TODAY) + jiff::SignedDuration::from_hours(1), ..run(|_| ()) });
    let health = replay(&Source::default(), runs, TODAY).1.unwrap();
    assert_eq!((health.state, health.since), (State::Healthy, at(TODAY) + jiff::SignedDuration::from_hours(1)));
}

#[test]
fn waiting_alone_makes_a_source_silent_from_that_day() {
    let (history, health) = replay(&Source::default(), past(40), date(2026, 11, 19));
    assert_eq!(health.unwrap().state, State::Healthy);
    let later = date(2026, 12, 20);
    let health = judge(&Source::default(), &history, later).unwrap();
    assert_eq!((health.state, health.since.to_string()), (State::Silent, "2026-12-19T16:00:00Z".to_owned()));
}

#[test]
fn what_has_lasted_a_month_is_how_the_source_is_now() {
    let without_numbers = |days: i64| {
        let mut runs: Vec<SourceRun> = past(30)
            .into_iter()
            .map(|run| SourceRun { started: run.started - jiff::SignedDuration::from_hours(24 * days), ..run })
            .collect();
        for run in &mut runs {
            run.facts.as_mut().unwrap().numbered = 3;
        }
        for back in (0..days).rev() {
            let day = TODAY.checked_sub(back.days()).unwrap();
            let mut run = well(day, day);
            run.facts.as_mut().unwrap().numbered = 0;
            runs.push(run);
        }
        replay(&Source::default(), runs, TODAY).1.unwrap().state
    };
    assert_eq!(without_numbers(10), State::Degraded);
    assert_eq!(without_numbers(29), State::Degraded);
    assert_eq!(without_numbers(35), State::Healthy);
}

#[test]
fn a_source_switched_off_is_paused_and_one_never_run_is_not_judged() {
    let off = Source { enabled: false, ..Source::default() };
    assert_eq!(judge(&off, &[list(|_| ())], TODAY).unwrap().state, State::Paused);
    assert_eq!(judge(&off, &[], TODAY).unwrap().reasons[0].code, Code::Disabled);
    assert_eq!(judge(&Source::default(), &[], TODAY), None);
}

#[test]
fn runs_of_an_older_program_are_a_past_too() {
    let old = |items_seen, day: Date| SourceRun { started: at(day), items_seen, newest: Some(day), ..SourceRun::default() };
    let mut runs: Vec<SourceRun> = (1..20).rev().map(|back| old(20, TODAY.checked_sub(back.days()).unwrap())).collect();
    runs.push(list(|_| ()));
    let health = replay(&Source::default(), runs, TODAY).1.unwrap();
    assert_eq!((health.state, health.reasons[0].before), (State::Broken, 20));
}
