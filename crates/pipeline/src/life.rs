//! 效力: the course of every policy's life from its own words and from what others say of it, and its state today.
//!
//! A policy's course is derived anew when it changes or when something else is said of it, which the store marks as a
//! change too; its state follows the calendar from the course alone, so a day costs no reading of texts.

use model::Record;
use model::life::{LifeCourse, day_in_china};
use store::Coursed;

use crate::pipeline::Pipeline;
use crate::process::{BATCH, Processed};

/// The version of the derivation: another one derives every course anew.
const COURSES_VERSION: &str = "c1";

impl Pipeline {
    /// Derives the courses of all policies that changed since the last time.
    pub(crate) fn settle_courses(&self, done: &mut Processed) -> anyhow::Result<()> {
        let everything = self.store.mark_text("courses")?.as_deref() != Some(COURSES_VERSION);
        let seen = if everything { 0 } else { self.store.mark("coursed")? };
        let (upto, changed) = self.store.changed_since(seen)?;
        for batch in changed.chunks(BATCH) {
            // The names first: who says something of a policy afterwards finds it, and what was said before is read below.
            self.store.set_names(batch)?;
            let mut courses = Vec::new();
            for record in self.readable(batch, done) {
                match self.course_of(&record) {
                    Ok(course) => courses.extend(course.map(|course| Coursed { policy: record.policy.id, course })),
                    Err(error) => {
                        done.failed += 1;
                        tracing::error!(policy = %record.policy.id, error = format!("{error:#}"), "life-cycle");
                    }
                }
            }
            self.store.set_courses(&courses, self.clock.today(), self.clock.now())?;
        }
        self.store.set_mark("coursed", upto)?;
        Ok(self.store.set_mark_text("courses", COURSES_VERSION)?)
    }

    /// The course of one policy; none before its text was annotated.
    fn course_of(&self, record: &Record) -> anyhow::Result<Option<LifeCourse>> {
        if record.annotation.version.is_empty() {
            return Ok(None);
        }
        let said_of_it = self.store.links_to(&record.policy.id)?;
        let before = &record.policy.course;
        let first_read = record.policy.revisions.last().map(|revision| day_in_china(revision.seen));
        let noted = first_read.filter(|_| before.is_empty()).unwrap_or_else(|| self.clock.today());
        let course = annotate::life_course(&record.document, &record.annotation, &said_of_it, noted);
        Ok(Some(course.remembering(before)))
    }

    /// Once a day: policies come into force and expire by the calendar alone. Says how many changed.
    pub(crate) fn refresh_states(&self) -> anyhow::Result<u64> {
        let today = self.clock.today();
        if self.store.mark_text("states_of")?.as_deref() == Some(today.to_string().as_str()) {
            return Ok(0);
        }
        let mut changed = 0;
        for batch in self.store.policy_ids()?.chunks(BATCH) {
            let mut courses = Vec::new();
            for id in batch {
                match self.store.policy(id) {
                    Ok(Some(policy)) if !policy.course.is_empty() && policy.course.on(today).state != policy.state => {
                        courses.push(Coursed { policy: policy.id, course: policy.course });
                    }
                    Ok(_) => {}
                    Err(error) => tracing::error!(policy = %id, %error, "states: a stored policy cannot be read"),
                }
            }
            changed += self.store.set_courses(&courses, today, self.clock.now())?;
        }
        self.store.set_mark_text("states_of", &today.to_string())?;
        Ok(changed)
    }
}
