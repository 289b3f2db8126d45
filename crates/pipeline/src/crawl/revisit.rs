//! When a page is fetched again: by its own rate of change.
//!
//! The rate is the estimator of Cho and Garcia-Molina for pages whose changes between two visits cannot be counted
//! ("Estimating frequency of change", ACM Transactions on Internet Technology 3(3), 2003): of `n` visits `x` found a
//! change, so the page changes `-ln((n - x + 0.5) / (n + 0.5))` times per time between visits. It has little bias for
//! small `n` and stays finite where every visit found a change.

use jiff::{SignedDuration, Timestamp};
use model::PageKind;
use store::PageState;

/// No page is asked more often: a little less than a day, so that a daily crawl does not skip one for a minute.
const LEAST_WAIT: SignedDuration = SignedDuration::from_hours(20);

/// Every page is asked again after so long: texts are repealed and corrected years later.
const MOST_WAIT: SignedDuration = SignedDuration::from_hours(24 * 120);

/// A page that is no document is looked at again this often: it may have become one.
const OTHER_WAIT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A page that lay still for some time will probably lie still for a share of that time.
const QUIET_SHARE: i64 = 3;

/// Pages published this many days ago are still being corrected by their editors, and so are their files.
const YOUNG_DAYS: i32 = 60;

/// When a page's state says that it is to be fetched again; nothing for lists, which are read by every crawl.
pub(crate) fn due(state: &PageState) -> Option<Timestamp> {
    let wait = match (state.failures, state.document.is_some(), state.kind) {
        (0, true, _) => wait(state),
        (0, false, PageKind::List) => return None,
        (0, false, _) => OTHER_WAIT,
        // A page that fails is tried at each crawl at first, then ever more rarely, and never given up.
        (failures, ..) => SignedDuration::from_hours(2_i64.pow(failures.min(9))),
    };
    Some(state.fetched_at.saturating_add(wait).unwrap_or(Timestamp::MAX))
}

/// Whether a document was published so lately that its files are asked for again with it.
pub(crate) fn is_young(state: &PageState, today: jiff::civil::Date) -> bool {
    state.published.is_some_and(|date| (today - date).get_days() < YOUNG_DAYS)
}

fn wait(state: &PageState) -> SignedDuration {
    let published = state.published.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
    let still_since = published.max(state.changed_at).unwrap_or(state.first_seen);
    let quiet = state.fetched_at.duration_since(still_since).max(SignedDuration::ZERO) / QUIET_SHARE as i32;
    by_rate(state).map_or(quiet, |expected| expected.min(quiet)).clamp(LEAST_WAIT, MOST_WAIT)
}

/// The mean time between two changes; nothing where no change was ever found.
fn by_rate(state: &PageState) -> Option<SignedDuration> {
    let watched = state.fetched_at.duration_since(state.first_seen).as_secs_f64();
    let (visits, changes) = (f64::from(state.visits), f64::from(state.changes.min(state.visits)));
    let per_visit = -((visits - changes + 0.5) / (visits + 0.5)).ln();
    let is_known = per_visit > 0.0 && visits > 0.0 && watched > 0.0;
    is_known.then(|| SignedDuration::try_from_secs_f64(watched / visits / per_visit).unwrap_or(MOST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    /// A document first seen at hour 0, visited so often, last at `hours`.
    fn seen(hours: i64, visits: u32, changes: u32, changed: Option<i64>) -> PageState {
        PageState {
            document: Some(model::DocumentId::of_url("http://a.example.gov.cn/1")),
            kind: PageKind::Detail,
            fetched_at: at(hours),
            visits,
            changes,
            changed_at: changed.map(at),
            ..PageState::default()
        }
    }

    #[track_caller]
    fn check(state: &PageState, low: i64, high: i64) {
        let wait = due(state).unwrap().duration_since(state.fetched_at).as_hours();
        assert!((low..=high).contains(&wait), "{wait} hours, expected {low} to {high}");
    }

    #[test]
    fn a_new_page_is_asked_daily_and_a_quiet_one_ever_more_rarely() {
        check(&seen(0, 0, 0, None), 20, 20);
        check(&seen(2 * DAY, 2, 0, None), 20, 20);
        check(&seen(9 * DAY, 5, 0, None), 3 * DAY, 3 * DAY);
        check(&seen(3000 * DAY, 9, 0, None), 120 * DAY, 120 * DAY);
        let old = PageState { published: Some(jiff::civil::date(1960, 1, 1)), ..seen(0, 0, 0, None) };
        check(&old, 120 * DAY, 120 * DAY);
    }

    #[test]
    fn a_page_that_changes_is_asked_at_about_its_own_pace() {
        // 20 visits in 200 days, half of them found a change: one in about 14 days.
        check(&seen(200 * DAY, 20, 10, Some(100 * DAY)), 13 * DAY, 15 * DAY);
        check(&seen(200 * DAY, 20, 1, Some(20 * DAY)), 59 * DAY, 60 * DAY);
        check(&seen(200 * DAY, 20, 20, Some(200 * DAY)), 20, 20);
        check(&seen(200 * DAY, 20, 3, Some(200 * DAY)), 20, 20);
    }

    #[test]
    fn a_failing_page_is_tried_ever_more_rarely_and_a_list_by_every_crawl() {
        let failing = |failures| PageState { failures, ..seen(0, 0, 0, None) };
        check(&failing(1), 2, 2);
        check(&failing(5), 32, 32);
        check(&failing(40), 512, 512);
        assert_eq!(due(&PageState { kind: PageKind::List, ..PageState::default() }), None);
        check(&PageState { kind: PageKind::Shell, ..PageState::default() }, 30 * DAY, 30 * DAY);
    }
}
