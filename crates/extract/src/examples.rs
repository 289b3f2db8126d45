//! The examples rule files carry, run by `huice check` and the tests.

use model::{ListItem, Page};
use url::Url;

use crate::outline::Outline;
use crate::rules::{Family, Hit, ListHit};
use crate::{Extractor, Input, parse};

impl Extractor {
    /// Runs the examples the rule files carry; gives what failed, in words, and nothing when all hold.
    #[must_use]
    pub fn check_examples(&self) -> Vec<String> {
        let all = self.families.families.iter().enumerate();
        all.flat_map(|(owner, family)| self.check_family(owner as u32, family)).collect()
    }

    fn check_family(&self, owner: u32, family: &Family) -> Vec<String> {
        let mut failures = self.check_hit(owner, &family.file.hit).unwrap_or_else(|message| vec![message]);
        for list in &family.file.list_hit {
            failures.extend(self.check_list(&family.file.name, list).unwrap_or_else(|message| vec![message]));
        }
        let miss = &family.file.miss;
        match self.read(&miss.url, &miss.html) {
            Err(message) => failures.push(message),
            Ok((_, Some(recognised))) if recognised == owner => failures.push("its miss is taken for it".to_owned()),
            Ok(_) => {}
        }
        failures.into_iter().map(|failure| format!("family {}: {failure}", family.file.name)).collect()
    }

    fn check_hit(&self, owner: u32, hit: &Hit) -> Result<Vec<String>, String> {
        let (page, recognised) = self.read(&hit.url, &hit.html)?;
        let mut failures = Vec::new();
        if recognised != Some(owner) {
            failures.push(format!("its hit is taken for {}", self.name_of(recognised)));
        }
        let published = page.document.published.map(|moment| moment.to_string()).unwrap_or_default();
        for (field, found, expected) in [
            ("title", &page.document.title, &hit.title),
            ("published", &published, &hit.published),
            ("text", &page.document.text, &hit.text),
        ] {
            if found.trim() != expected.trim() {
                failures.push(format!("the hit's {field} is `{found}`, expected `{expected}`"));
            }
        }
        Ok(failures)
    }

    fn check_list(&self, family: &str, list: &ListHit) -> Result<Vec<String>, String> {
        let (page, _) = self.read(&list.url, &list.text)?;
        let url = Url::parse(&list.url).map_err(|error| format!("`{}` is no URL: {error}", list.url))?;
        let mut failures = Vec::new();
        let found: Vec<String> = page.items.iter().map(entry_line).collect();
        for line in list.items.iter().filter(|line| !found.contains(line)) {
            failures.push(format!("the list {} lacks `{line}`", list.url));
        }
        for line in found.iter().filter(|line| !list.items.contains(line)) {
            failures.push(format!("the list {} has `{line}`, which is not expected", list.url));
        }
        let next = page.next.unwrap_or_default();
        if next != list.next {
            failures.push(format!("the next page of {} is `{next}`, expected `{}`", list.url, list.next));
        }
        let request = self.list_request(&list.text, &url).filter(|asked| asked.family == family);
        let request = request.map(|asked| asked.url).unwrap_or_default();
        if request != list.request {
            failures.push(format!("the scripts of {} ask for `{request}`, expected `{}`", list.url, list.request));
        }
        Ok(failures)
    }

    fn name_of(&self, family: Option<u32>) -> &str {
        family.and_then(|at| self.families.families.get(at as usize)).map_or("no family", |family| &family.file.name)
    }

    fn read(&self, url: &str, text: &str) -> Result<(Page, Option<u32>), String> {
        let url = Url::parse(url).map_err(|error| format!("`{url}` is no URL: {error}"))?;
        let parsed = parse::parse(text);
        let outline = Outline::new(&parsed.html, &self.families.index, None);
        let recognised = self.families.recognise(&outline, url.path(), None);
        let input = Input { text, url: &url, content_type: None, status: 200, source: None };
        Ok((self.page(&input), recognised))
    }
}

/// An entry as rule files write it: `date title address`.
fn entry_line(item: &ListItem) -> String {
    let date = item.date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    format!("{date} {} {}", item.title, item.url)
}
