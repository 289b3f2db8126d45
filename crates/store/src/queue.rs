//! The work queue: each job once, leased for a time, completed only by the one who holds the lease.
//!
//! A job lies in `jobs_due` under the moment from which it may be taken: when it is due, or when its lease runs out. So one
//! range scan finds both what is new and what a dead worker left behind.

use jiff::{SignedDuration, Timestamp};
use model::job::{Job, QueuedJob};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::{Engine, KeyRange, Table};
use crate::error::Result;
use crate::keys::{Key, Parts, check_id};
use crate::transaction::Transaction;

/// A job as it lies in the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredJob {
    #[serde(flatten)]
    queued: QueuedJob,
    /// When it was asked for again while somebody was doing it: that run may have begun before the reason for this one.
    #[serde(default)]
    again: Option<Timestamp>,
}

impl StoredJob {
    fn available(&self) -> Timestamp {
        self.queued.leased_until.unwrap_or(self.queued.due)
    }
}

fn due_key(at: Timestamp, job: &str) -> Vec<u8> {
    Key::new().moment(at).text(job).done()
}

impl Store {
    /// Puts jobs in the queue, each once: one that waits becomes due at the earlier of the two times, one that is being
    /// done will be done again. Gives how many were not in the queue before.
    ///
    /// # Errors
    /// Where a job's key is unusable or the store cannot be written.
    pub fn enqueue(&self, jobs: &[Job], due: Timestamp) -> Result<usize> {
        for job in jobs {
            check_id("job", &job.key())?;
        }
        self.write(|transaction| {
            let mut new = 0;
            for job in jobs {
                new += usize::from(enqueue(transaction, job, due)?);
            }
            Ok(new)
        })
    }

    /// Takes at most so many jobs that are due, earliest first, and holds them until `now + hold`. A job whose lease ran
    /// out is given again, with one more failed attempt.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn lease(&self, now: Timestamp, hold: SignedDuration, most: usize) -> Result<Vec<QueuedJob>> {
        self.lease_some(now, hold, most, |_| true)
    }

    /// The same of the jobs whose key is wanted: not every machine does all of them.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn lease_some(
        &self,
        now: Timestamp,
        hold: SignedDuration,
        most: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<QueuedJob>> {
        let until = now.saturating_add(hold).unwrap_or(Timestamp::MAX);
        let due = KeyRange::between(Vec::new(), Key::new().moment(now).number(u64::MAX).number(u64::MAX).done());
        let leased = self.write_in(Engine::claimer, |transaction| {
            let mut leased = Vec::new();
            for entry in transaction.stored_range(Table::JobsDue, &due)? {
                if leased.len() >= most {
                    break;
                }
                leased.extend(take(transaction, entry?.0, until, &wanted)?);
            }
            Ok(leased)
        })?;
        self.engine.settle()?;
        Ok(leased)
    }

    /// Holds a job until a later moment, for work that takes longer than a dead worker should be waited for. `false` where
    /// the lease is no longer the caller's: then what is being done is somebody else's by now.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn renew(&self, job: &QueuedJob, until: Timestamp) -> Result<bool> {
        self.write(|transaction| {
            let Some(mut stored) = held(transaction, job)? else { return Ok(false) };
            transaction.remove(Table::JobsDue, due_key(stored.available(), &job.job.key()));
            stored.queued.leased_until = Some(until);
            put(transaction, &stored)?;
            Ok(true)
        })
    }

    /// Takes a done job out of the queue, or makes it wait again if it was asked for meanwhile. `false` where the lease is
    /// no longer the caller's: somebody else has the job now, and what they report counts.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn complete(&self, job: &QueuedJob) -> Result<bool> {
        self.write(|transaction| {
            let Some(stored) = held(transaction, job)? else { return Ok(false) };
            transaction.remove(Table::JobsDue, due_key(stored.available(), &job.job.key()));
            match stored.again {
                Some(due) => put(transaction, &fresh(&job.job, due))?,
                None => {
                    transaction.remove(Table::Jobs, job.job.key().into_bytes());
                    transaction.count("jobs", -1)?;
                }
            }
            Ok(true)
        })
    }

    /// Makes a failed job wait until `retry_at`. `false` where the lease is no longer the caller's.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn fail(&self, job: &QueuedJob, error: &str, retry_at: Timestamp) -> Result<bool> {
        self.write(|transaction| {
            let Some(mut stored) = held(transaction, job)? else { return Ok(false) };
            transaction.remove(Table::JobsDue, due_key(stored.available(), &job.job.key()));
            stored.queued.attempts += 1;
            stored.queued.last_error = Some(error.to_owned());
            stored.queued.leased_until = None;
            // The number of the lease is spent: whoever still holds it is fenced off.
            stored.queued.token = 0;
            stored.queued.due = stored.again.take().map_or(retry_at, |again| again.min(retry_at));
            put(transaction, &stored)?;
            Ok(true)
        })
    }

    /// Number of jobs in the queue, waiting or held.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn queued(&self) -> Result<u64> {
        self.counter("jobs")
    }

    /// All jobs in the queue, for people, in the order in which they can be taken.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn jobs(&self, most: usize) -> Result<Vec<QueuedJob>> {
        let view = self.engine.view()?;
        let transaction = Transaction::new(view.clone());
        let mut jobs = Vec::new();
        for entry in view.scan(Table::JobsDue, &KeyRange::all())?.take(most) {
            let (key, _) = entry?;
            let mut parts = Parts(&key);
            if let Some(name) = parts.moment().and_then(|_| parts.text())
                && let Some(stored) = transaction.get::<StoredJob>(Table::Jobs, name.as_bytes())?
            {
                jobs.push(stored.queued);
            }
        }
        Ok(jobs)
    }
}

/// Leases the wanted job of an entry of `jobs_due`, unless somebody else is at it.
fn take(
    transaction: &mut Transaction<'_>,
    key: Vec<u8>,
    until: Timestamp,
    wanted: impl Fn(&str) -> bool,
) -> Result<Option<QueuedJob>> {
    let mut parts = Parts(&key);
    let name = parts.moment().and_then(|_| parts.text()).unwrap_or_default();
    if !wanted(&name) {
        return Ok(None);
    }
    let Some(mut stored) = transaction.claim::<StoredJob>(Table::Jobs, name.as_bytes())? else {
        if transaction.bytes(Table::Jobs, name.as_bytes())?.is_none() {
            transaction.remove(Table::JobsDue, key);
        }
        return Ok(None);
    };
    if due_key(stored.available(), &name) != key {
        // Somebody took or moved it after this entry was read.
        return Ok(None);
    }
    if stored.queued.leased_until.is_some() {
        stored.queued.attempts += 1;
        stored.queued.last_error = Some("the worker did not report before its lease ran out".to_owned());
    }
    stored.queued.leased_until = Some(until);
    stored.queued.token = transaction.next_number("lease")?;
    transaction.remove(Table::JobsDue, key);
    put(transaction, &stored)?;
    Ok(Some(stored.queued))
}

fn fresh(job: &Job, due: Timestamp) -> StoredJob {
    let queued = QueuedJob { job: job.clone(), due, attempts: 0, leased_until: None, token: 0, last_error: None };
    StoredJob { queued, again: None }
}

fn put(transaction: &mut Transaction<'_>, stored: &StoredJob) -> Result<()> {
    let name = stored.queued.job.key();
    transaction.put_key(Table::JobsDue, due_key(stored.available(), &name));
    transaction.put(Table::Jobs, name.into_bytes(), stored)
}

pub(crate) fn enqueue(transaction: &mut Transaction<'_>, job: &Job, due: Timestamp) -> Result<bool> {
    let name = job.key();
    let Some(mut stored) = transaction.get_and_hold::<StoredJob>(Table::Jobs, name.as_bytes())? else {
        put(transaction, &fresh(job, due))?;
        transaction.count("jobs", 1)?;
        return Ok(true);
    };
    let before = stored.clone();
    if stored.queued.leased_until.is_some() {
        stored.again = Some(stored.again.map_or(due, |again| again.min(due)));
    } else {
        stored.queued.due = stored.queued.due.min(due);
    }
    if stored.queued != before.queued || stored.again != before.again {
        transaction.remove(Table::JobsDue, due_key(before.available(), &name));
        put(transaction, &stored)?;
    }
    Ok(false)
}

/// The stored job, if the caller's lease is the last one given for it.
fn held(transaction: &mut Transaction<'_>, job: &QueuedJob) -> Result<Option<StoredJob>> {
    let stored = transaction.get_and_hold::<StoredJob>(Table::Jobs, job.job.key().as_bytes())?;
    Ok(stored.filter(|stored| stored.queued.leased_until.is_some() && stored.queued.token == job.token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Location;
    use crate::cluster::Cluster;
    use crate::testing::{Home, at};

    const HOLD: SignedDuration = SignedDuration::from_secs(60);

    fn crawl(source: &str) -> Job {
        Job::Crawl { source: source.into() }
    }

    #[test]
    fn a_job_is_queued_once_and_becomes_due_at_the_earlier_time() {
        let home = Home::new();
        let store = home.open();
        assert_eq!(store.enqueue(&[crawl("a"), crawl("b"), crawl("a")], at(100)).unwrap(), 2);
        assert_eq!(store.enqueue(&[crawl("b")], at(50)).unwrap(), 0);
        assert_eq!(store.enqueue(&[crawl("b")], at(70)).unwrap(), 0);
        assert_eq!(store.queued().unwrap(), 2);
        assert!(store.lease(at(49), HOLD, 9).unwrap().is_empty());
        let leased = store.lease(at(50), HOLD, 9).unwrap();
        assert_eq!(leased.iter().map(|job| job.job.key()).collect::<Vec<_>>(), ["crawl/b"]);
        assert!(store.lease(at(99), HOLD, 9).unwrap().is_empty(), "held and not yet due");
    }

    #[test]
    fn only_the_holder_of_the_last_lease_can_complete_a_job() {
        let home = Home::new();
        let store = home.open();
        store.enqueue(&[crawl("a")], at(0)).unwrap();
        let first = store.lease(at(1), HOLD, 1).unwrap().remove(0);
        assert!(store.lease(at(60), HOLD, 1).unwrap().is_empty());
        let second = store.lease(at(61), HOLD, 1).unwrap().remove(0);
        assert_eq!((first.attempts, second.attempts), (0, 1), "a lost lease is a failed attempt");
        assert!(!store.complete(&first).unwrap());
        assert!(!store.fail(&first, "late", at(99)).unwrap());
        assert!(store.complete(&second).unwrap());
        assert!(!store.complete(&second).unwrap(), "completed once");
        assert_eq!(store.queued().unwrap(), 0);
    }

    #[test]
    fn a_lease_is_renewed_by_its_holder_only() {
        let home = Home::new();
        let store = home.open();
        store.enqueue(&[crawl("a")], at(0)).unwrap();
        let first = store.lease(at(1), HOLD, 1).unwrap().remove(0);
        assert!(store.renew(&first, at(200)).unwrap());
        assert!(store.lease(at(199), HOLD, 1).unwrap().is_empty());
        let second = store.lease(at(200), HOLD, 1).unwrap().remove(0);
        assert!(!store.renew(&first, at(900)).unwrap(), "another has it");
        assert!(store.complete(&second).unwrap());
        assert!(!store.renew(&second, at(900)).unwrap(), "it is done");
    }

    #[test]
    fn a_late_holder_may_still_complete_what_nobody_else_took() {
        let home = Home::new();
        let store = home.open();
        store.enqueue(&[crawl("a")], at(0)).unwrap();
        let job = store.lease(at(1), HOLD, 1).unwrap().remove(0);
        assert!(store.complete(&job).unwrap());
        assert!(store.lease(at(1_000), HOLD, 1).unwrap().is_empty());
    }

    #[test]
    fn a_failed_job_waits_and_remembers_why() {
        let home = Home::new();
        let store = home.open();
        store.enqueue(&[crawl("a")], at(0)).unwrap();
        let job = store.lease(at(1), HOLD, 1).unwrap().remove(0);
        assert!(store.fail(&job, "HTTP 503", at(500)).unwrap());
        assert!(!store.fail(&job, "HTTP 503", at(600)).unwrap(), "its lease is spent");
        assert!(store.lease(at(499), HOLD, 1).unwrap().is_empty());
        let again = store.lease(at(500), HOLD, 1).unwrap().remove(0);
        assert_eq!((again.attempts, again.last_error.as_deref()), (1, Some("HTTP 503")));
    }

    #[test]
    fn what_is_asked_for_while_it_is_done_is_done_again() {
        let home = Home::new();
        let store = home.open();
        store.enqueue(&[crawl("a")], at(0)).unwrap();
        let job = store.lease(at(1), HOLD, 1).unwrap().remove(0);
        assert_eq!(store.enqueue(&[crawl("a")], at(5)).unwrap(), 0);
        assert!(store.complete(&job).unwrap());
        assert_eq!(store.queued().unwrap(), 1);
        assert_eq!(store.lease(at(5), HOLD, 1).unwrap().len(), 1);
    }

    #[test]
    fn workers_share_jobs_without_meeting() {
        let home = Home::new();
        share_jobs(&[&home.open(), &home.open_redb()].map(|store| [store, store]));
    }

    #[test]
    fn machines_share_jobs_without_meeting() {
        let Some(cluster) = Cluster::start() else { return };
        let location: Location = cluster.database().parse().unwrap();
        let open = || Store::open_at(&location).unwrap();
        share_jobs(&[[&open(), &open()]]);
    }

    /// Two threads on each of the stores, which are two handles of one.
    fn share_jobs(pairs: &[[&Store; 2]]) {
        for stores in pairs {
            let jobs: Vec<Job> = (0..40).map(|number| crawl(&number.to_string())).collect();
            stores[0].enqueue(&jobs, at(0)).unwrap();
            let taken: Vec<Vec<String>> = std::thread::scope(|scope| {
                let workers: Vec<_> = [stores[0], stores[1], stores[0], stores[1]]
                    .into_iter()
                    .map(|store| {
                        scope.spawn(move || {
                            let mut taken = Vec::new();
                            while taken.len() < 10 {
                                taken.extend(store.lease(at(1), HOLD, 1).unwrap());
                            }
                            taken.iter().for_each(|job| assert!(store.complete(job).unwrap()));
                            taken.into_iter().map(|job| job.job.key()).collect()
                        })
                    })
                    .collect();
                workers.into_iter().map(|worker| worker.join().unwrap()).collect()
            });
            let mut keys: Vec<String> = taken.into_iter().flatten().collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), 40);
            assert_eq!(stores[1].queued().unwrap(), 0);
        }
    }
}
