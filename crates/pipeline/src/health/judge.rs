//! Judging a source by its own past. Pure: entry, runs and day in, state and reasons out.
//!
//! What is compared with is the last sixty runs that were well; runs in trouble are not, so that trouble never becomes
//! normal by lasting, except a degraded state that has lasted a month: then that is how the site is now. Shares are
//! compared by exact binomial tests, counts a day by Poisson bounds over working days, sizes and times by median and MAD.
//! A list that is not a list is broken in that very run; a list that was not fetched is broken as soon as chance, given
//! how often this source fails, does not explain it.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use model::clock::day_of;
use model::health::{Code, Disagreement, Health, Reason, RunFacts, State};
use model::{PageKind, Source};
use store::SourceRun;

use super::calendar::working_days;
use super::observer::HELD;
use super::rhythm::Rhythm;
use super::statistics::{Prior, is_worse, median, poisson_most, spread};

/// Runs that are worth reading for a judgement.
pub const MOST_RUNS: usize = 200;
/// Runs compared with.
const COMPARED: usize = 60;
/// Well runs below which all earlier ones are compared with.
const FEW_WELL: usize = 3;
/// A degraded state that has lasted so long, over so many runs, is how the source is now.
const SETTLED: SignedDuration = SignedDuration::from_hours(30 * 24);
const SETTLED_RUNS: usize = 20;
/// Pages that say enough of a share by themselves; fewer are taken together with those of earlier runs.
const ENOUGH_PAGES: u64 = 5;
const MOST_POOLED: usize = 7;
/// Failures in a row are no accident once their chance, by the source's own rate, is below this.
const NO_ACCIDENT: f64 = 0.02;
/// Runs in a row that must be slow.
const SLOW_RUNS: usize = 3;

/// Judges a source: its runs newest first, the first of them the one to be judged. `None` where nothing is known yet.
#[must_use]
pub fn judge(source: &Source, history: &[SourceRun], today: Date) -> Option<Health> {
    let is_held = |run: &SourceRun| run.facts.as_ref().is_some_and(|facts| facts.list.failure == HELD);
    // Runs that asked for no list, and those that reached back, say nothing of how it is today.
    let kept: Vec<SourceRun>;
    let history = if history.iter().any(is_held) {
        kept = history.iter().filter(|run| !is_held(run)).cloned().collect();
        kept.as_slice()
    } else {
        history
    };
    let newest = history.first();
    let begun = |state| since(state, history, today);
    if !source.enabled {
        return Some(Health {
            state: State::Paused,
            reasons: vec![Reason::new(Code::Disabled, "")],
            since: begun(State::Paused),
        });
    }
    let judged = Judged { source, history, past: past(history.get(1..)?), rhythm: Rhythm::of(history), today };
    let (state, reasons) = judged.state(newest?);
    Some(Health { state, reasons, since: begun(state) })
}

/// When the present state began: with the oldest run of the unbroken row in it. Where the newest run was judged otherwise
/// before, waiting has changed the state: then with the day.
fn since(state: State, history: &[SourceRun], today: Date) -> Timestamp {
    let Some(newest) = history.first() else { return midnight(today) };
    if newest.state.is_some_and(|before| before != state) {
        return midnight(today).max(newest.started);
    }
    let row = history[1..].iter().take_while(|run| run.state == Some(state));
    row.last().unwrap_or(newest).started
}

fn midnight(day: Date) -> Timestamp {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    day.to_zoned(zone).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}

/// Whether the list of a run was read and had entries.
pub(super) fn read_well(run: &SourceRun) -> bool {
    match &run.facts {
        Some(facts) => facts.list.failure.is_empty() && facts.items > 0,
        None => run.items_seen > 0,
    }
}

/// The runs compared with, newest first.
fn past(earlier: &[SourceRun]) -> Vec<&SourceRun> {
    let (earlier, settled) = match settled(earlier) {
        Some(row) => (&earlier[..row.start], &earlier[row]),
        None => (earlier, &earlier[..0]),
    };
    let read = || earlier.iter().filter(|run| read_well(run));
    let is_well = |run: &&SourceRun| !matches!(run.state, Some(State::Degraded | State::Broken));
    let well: Vec<&SourceRun> = read().filter(is_well).take(COMPARED).collect();
    match (well.len() >= FEW_WELL, settled.is_empty()) {
        (true, _) => well,
        (false, true) => read().take(COMPARED).collect(),
        (false, false) => well.into_iter().chain(settled.iter().filter(|run| read_well(run))).take(COMPARED).collect(),
    }
}

/// The newest row of degraded runs that lasted long enough to be how the source is; what was before it is no measure.
fn settled(earlier: &[SourceRun]) -> Option<std::ops::Range<usize>> {
    let is_degraded = |run: &SourceRun| run.state == Some(State::Degraded);
    let mut start = 0;
    while start < earlier.len() {
        let length = earlier[start..].iter().take_while(|run| is_degraded(run)).count();
        let row = &earlier[start..start + length];
        if let (Some(last), Some(first)) = (row.first(), row.last())
            && length >= SETTLED_RUNS
            && last.started.duration_since(first.started) >= SETTLED
        {
            return Some(start..start + length);
        }
        start += length.max(1);
    }
    None
}

/// A share that is judged.
struct Share {
    code: Code,
    prior: Prior,
    of: fn(&RunFacts) -> (u64, u64),
}

const fn disagreement(found: Disagreement) -> (u64, u64) {
    (found.count, found.of)
}

/// Pages of items that were read in this run.
const fn read(facts: &RunFacts) -> u64 {
    facts.details.saturating_sub(facts.unchanged)
}

const SHARES: &[Share] = &[
    Share { code: Code::Shells, prior: Prior::Small, of: |facts| (facts.shells, read(facts)) },
    Share { code: Code::DetailsFailing, prior: Prior::Small, of: RunFacts::failed_details },
    Share { code: Code::Repeated, prior: Prior::Small, of: |facts| (facts.repeated, facts.documents) },
    Share { code: Code::Garbage, prior: Prior::Small, of: |facts| (facts.garbage, facts.lists + read(facts)) },
    Share {
        code: Code::BodyMissing,
        prior: Prior::Small,
        of: |facts| (facts.documents.saturating_sub(facts.bodied), facts.documents),
    },
    Share {
        code: Code::TitleMissing,
        prior: Prior::Small,
        of: |facts| (facts.documents.saturating_sub(facts.titled), facts.documents),
    },
    Share { code: Code::DatesVanished, prior: Prior::Own, of: |facts| (facts.items.saturating_sub(facts.dated), facts.items) },
    Share {
        code: Code::DateMissing,
        prior: Prior::Own,
        of: |facts| (facts.documents.saturating_sub(facts.published), facts.documents),
    },
    Share {
        code: Code::NumberMissing,
        prior: Prior::Own,
        of: |facts| (facts.documents.saturating_sub(facts.numbered), facts.documents),
    },
    Share { code: Code::TitlesDisagree, prior: Prior::Small, of: |facts| disagreement(facts.titles) },
    Share { code: Code::DatesDisagree, prior: Prior::Own, of: |facts| disagreement(facts.dates) },
];

struct Judged<'a> {
    source: &'a Source,
    history: &'a [SourceRun],
    past: Vec<&'a SourceRun>,
    rhythm: Rhythm,
    today: Date,
}

impl Judged<'_> {
    fn state(&self, newest: &SourceRun) -> (State, Vec<Reason>) {
        if !read_well(newest) {
            let (state, reason) = self.not_read(newest);
            return (state, vec![reason]);
        }
        let Some(facts) = &newest.facts else { return (State::Healthy, Vec::new()) };
        if let Some(reason) = self.no_documents(facts) {
            return (State::Broken, vec![reason]);
        }
        let silent = self.silent();
        let state = if silent.is_some() { State::Silent } else { State::Degraded };
        let mut reasons: Vec<Reason> = silent.into_iter().collect();
        reasons.extend(self.list_changed(facts));
        reasons.extend(SHARES.iter().filter_map(|share| self.share(share)));
        if state != State::Silent {
            let few = self.rhythm.few(self.today);
            reasons.extend(few.map(|few| Reason::counted(Code::FewerItems, (few.count, few.days), (few.normal, few.days))));
        }
        reasons.extend(self.slow());
        (if reasons.is_empty() { State::Healthy } else { state }, reasons)
    }

    fn facts(&self) -> impl Iterator<Item = &RunFacts> {
        self.past.iter().filter_map(|run| run.facts.as_ref())
    }

    /// Entries the first list page normally has.
    fn usual_items(&self) -> u64 {
        let items = |run: &&SourceRun| run.facts.as_ref().map_or(run.items_seen, |facts| facts.first_items) as f64;
        median(&self.past.iter().map(items).collect::<Vec<_>>()) as u64
    }

    /// Why a run without entries is broken, or degraded where one failure is still an accident.
    fn not_read(&self, run: &SourceRun) -> (State, Reason) {
        let usual = self.usual_items();
        let broken = |code, detail: &str| (State::Broken, Reason::counted(code, (0, 0), (usual, 0)).with(detail));
        let Some(facts) = &run.facts else { return broken(Code::NoItems, run.error.as_deref().unwrap_or_default()) };
        let list = &facts.list;
        if !list.failure.is_empty() {
            return self.not_fetched(&list.failure, &list.detail);
        }
        match (list.code.as_str(), list.kind) {
            ("anti_bot", _) => broken(Code::AntiBot, &list.detail),
            ("login", _) => broken(Code::Login, &list.detail),
            _ if list.status >= 400 => {
                (State::Broken, Reason::counted(Code::ListHttpStatus, (u64::from(list.status), 0), (usual, 0)))
            }
            (_, Some(PageKind::Error)) => broken(Code::ErrorPage, &list.detail),
            (_, Some(PageKind::Shell)) => broken(Code::ListIsShell, &list.detail),
            (_, Some(PageKind::List)) => broken(Code::NoItems, ""),
            (_, Some(kind)) => broken(Code::NotAList, kind_name(kind)),
            (_, None) => broken(Code::NoItems, run.error.as_deref().unwrap_or_default()),
        }
    }

    fn not_fetched(&self, failure: &str, detail: &str) -> (State, Reason) {
        let failed = |run: &&SourceRun| run.facts.as_ref().is_some_and(|facts| !facts.list.failure.is_empty());
        let row = self.history.iter().take_while(failed).count();
        let before = &self.history[row..];
        let failures = before.iter().filter(failed).count();
        let chance = (failures as f64 + 0.5) / (before.len() as f64 + 1.0);
        let is_accident = is_transient(failure) && chance.powi(row as i32) >= NO_ACCIDENT;
        let said = if detail.is_empty() { failure } else { detail };
        let numbers = ((row as u64, row as u64), (failures as u64, before.len() as u64));
        let reason = Reason::counted(Code::ListNotFetched, numbers.0, numbers.1).with(said);
        (if is_accident { State::Degraded } else { State::Broken }, reason)
    }

    /// Pages of items answer, and not one is a document.
    fn no_documents(&self, facts: &RunFacts) -> Option<Reason> {
        let asked = read(facts) + facts.failed_details().0.saturating_sub(facts.errors);
        let before = self.facts().fold((0, 0), |sum, facts| (sum.0 + facts.documents, sum.1 + read(facts)));
        let wrong = before.1.saturating_sub(before.0);
        let none = facts.documents == 0 && facts.unchanged == 0 && asked >= ENOUGH_PAGES;
        (none && is_worse((asked, asked), (wrong, before.1), Prior::Small))
            .then(|| Reason::counted(Code::NoDocuments, (0, asked), before))
    }

    fn silent(&self) -> Option<Reason> {
        let newest = self.rhythm.newest()?;
        let pauses = self.rhythm.pauses(self.source.expected_per_week)?;
        let days = working_days(newest, self.today);
        (days > pauses.explained)
            .then(|| Reason::counted(Code::NewestOld, (days, 0), (pauses.longest, pauses.explained)).with(newest.to_string()))
    }

    /// Signs that another list is read than before.
    fn list_changed(&self, facts: &RunFacts) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let sizes: Vec<f64> = self.facts().map(|facts| facts.first_items as f64).collect();
        let usual = median(&sizes);
        // Lists of one site have pages of one size: a spread of nothing still allows for a tenth.
        let least = usual - 5.0 * spread(&sizes).max(usual / 10.0);
        if sizes.len() >= FEW_WELL && usual >= 5.0 && (facts.first_items as f64) < least {
            reasons.push(Reason::counted(Code::ListShrank, (facts.first_items, 0), (usual as u64, 0)));
        }
        reasons.extend(self.nothing_known(facts));
        let readers: Vec<&str> = self.facts().map(|facts| facts.list.read_by.as_str()).filter(|by| !by.is_empty()).collect();
        if facts.list.read_by == "shape"
            && let Some(rule) = readers.first()
            && readers.iter().filter(|by| **by != "shape").count() * 2 > readers.len()
        {
            reasons.push(Reason::new(Code::RuleLost, format!("{rule} → shape")));
        }
        let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
        let hosts: Vec<&str> = self.facts().map(|facts| facts.list.host.as_str()).filter(|host| !host.is_empty()).collect();
        if let Some(host) = hosts.first()
            && hosts.len() >= FEW_WELL
            && hosts.iter().all(|other| other == host)
            && !facts.list.host.is_empty()
            && bare(host) != bare(&facts.list.host)
        {
            reasons.push(Reason::new(Code::Moved, format!("{host} → {}", facts.list.host)));
        }
        reasons
    }

    /// Every entry is unknown though lists overlap from run to run: another list, or new addresses for the old entries.
    fn nothing_known(&self, facts: &RunFacts) -> Option<Reason> {
        let earlier: Vec<&RunFacts> = self.facts().collect();
        let previous = self.past.first()?;
        let overlap = earlier.iter().filter(|facts| facts.new < facts.items).count();
        let last = previous.facts.as_ref()?;
        let all_new = facts.items >= ENOUGH_PAGES && facts.new == facts.items && last.failed_details().0 == 0;
        // A source that was silent and publishes again fills its list with items that are all younger.
        let oldest = facts.days.keys().next();
        let is_younger = oldest.zip(last.days.keys().next_back()).is_some_and(|(oldest, newest)| oldest > newest);
        if !all_new || is_younger || earlier.len() < FEW_WELL || overlap * 2 < earlier.len() {
            return None;
        }
        let days = working_days(day_of(previous.started), self.today) + 1;
        // Bursts come in threes and more: a day's items belong together.
        let most = 3 * poisson_most(self.rhythm.rate().unwrap_or(1.0) * days as f64 / 3.0);
        (facts.new > most).then(|| Reason::counted(Code::NothingKnown, (0, facts.items), (most, 0)))
    }

    /// A share of the newest run, with as many earlier runs as it takes to say something.
    fn share(&self, share: &Share) -> Option<Reason> {
        let before = self.facts().map(share.of).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let mut pooled = (0, 0);
        for run in self.history.iter().take(MOST_POOLED).filter_map(|run| run.facts.as_ref()) {
            let one = (share.of)(run);
            // The newest pages decide: where they are well, what was before is over.
            if pooled.1 == 0 && one.1 > 0 && one.0 == 0 {
                return None;
            }
            pooled = (pooled.0 + one.0, pooled.1 + one.1);
            if is_worse(pooled, before, share.prior) {
                let codes = if share.code == Code::DetailsFailing { failures_of(run) } else { String::new() };
                return Some(Reason::counted(share.code, pooled, before).with(codes));
            }
            if pooled.1 >= ENOUGH_PAGES {
                return None;
            }
        }
        None
    }

    fn slow(&self) -> Option<Reason> {
        let times: Vec<f64> = self.facts().map(|facts| facts.latency_p50_ms).filter(|ms| *ms > 0).map(|ms| ms as f64).collect();
        let logs: Vec<f64> = times.iter().map(|ms| ms.ln()).collect();
        let usual = median(&times);
        // Times are skewed: bounds hold on their logarithms.
        let most = (median(&logs) + 6.0 * spread(&logs)).exp().max(3.0 * usual);
        let newest: Vec<f64> = self
            .history
            .iter()
            .take(SLOW_RUNS)
            .filter_map(|run| run.facts.as_ref())
            .map(|facts| facts.latency_p50_ms as f64)
            .collect();
        let slow = times.len() > FEW_WELL && newest.len() == SLOW_RUNS && newest.iter().all(|ms| *ms > most);
        slow.then(|| Reason::counted(Code::Slow, (median(&newest) as u64, SLOW_RUNS as u64), (usual as u64, 0)))
    }
}

/// Failures that a second attempt often does not have; all others say something lasting.
fn is_transient(code: &str) -> bool {
    matches!(code, "timeout" | "status" | "io" | "tls" | "robots_unavailable" | "retry_later")
}

fn failures_of(facts: &RunFacts) -> String {
    facts.failures.iter().map(|(code, count)| format!("{code} {count}")).collect::<Vec<_>>().join(", ")
}

/// The stable name of a kind of page.
pub(super) const fn kind_name(kind: PageKind) -> &'static str {
    match kind {
        PageKind::Detail => "detail",
        PageKind::List => "list",
        PageKind::Shell => "shell",
        PageKind::Error => "error",
        PageKind::Other => "other",
    }
}
