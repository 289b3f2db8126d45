//! What pages and API share about the past of a policy: who said what of it, and what two texts differ in.

use annotate::{Difference, Side};
use model::{Annotation, Document, Link, PolicyId};

use crate::App;
use crate::backend::failed;
use crate::problem::Problem;

/// Links shown of one policy, and policies named for one link; lists of a 清理 have hundreds.
const MOST_SHOWN: usize = 300;
const MOST_ENDS: usize = 8;
/// The longest text that is compared, in bytes.
const MOST_COMPARED_BYTES: usize = 4 * 1024 * 1024;

/// A link with the policies it means and their titles.
pub(crate) type Ended = (Link, Vec<(PolicyId, String)>);

/// What a policy says of others, and what others say of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) says: Vec<Ended>,
    pub(crate) said_of_it: Vec<Link>,
}

/// The two texts of a comparison.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    pub(crate) difference: Difference,
    /// Title and revision of the old and of the new text.
    pub(crate) old: (PolicyId, String, u32),
    pub(crate) new: (PolicyId, String, u32),
    /// Whether what the texts ask and give was compared too.
    pub(crate) is_read: bool,
}

/// What is to be compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// The older revision, from 1; the one before `to` where not given.
    pub(crate) from: Option<u32>,
    /// The newer revision; the current one where not given.
    pub(crate) to: Option<u32>,
    /// Another policy, whose current text is the new one.
    pub(crate) with: Option<String>,
}

impl App {
    /// What a policy says of others and they of it.
    pub(crate) async fn history(&self, id: PolicyId) -> Result<History, Problem> {
        self.light(move |app| {
            let store = &app.store;
            let says = store.links_from(&id).map_err(|error| failed("links", &error))?;
            let titled = |end: &PolicyId| {
                let policy = store.policy(end).map_err(|error| failed("policy", &error))?;
                Ok((end.clone(), policy.map(|policy| policy.title).unwrap_or_default()))
            };
            let says = says
                .into_iter()
                .take(MOST_SHOWN)
                .map(|(link, ends)| Ok((link, ends.iter().take(MOST_ENDS).map(titled).collect::<Result<_, Problem>>()?)))
                .collect::<Result<_, Problem>>()?;
            let mut said_of_it = store.links_to(&id).map_err(|error| failed("links", &error))?;
            said_of_it.truncate(MOST_SHOWN);
            Ok(History { says, said_of_it })
        })
        .await
    }

    /// What two texts differ in.
    pub(crate) async fn compare(&self, id: String, wanted: Wanted) -> Result<Compared, Problem> {
        self.blocking(&self.permits.heavy, move |app| app.compare_now(&id, &wanted)).await
    }

    fn compare_now(&self, id: &str, wanted: &Wanted) -> Result<Compared, Problem> {
        let new_id = wanted.with.as_deref().unwrap_or(id);
        let to = self.text_of(new_id, wanted.to)?;
        let from = match (&wanted.with, wanted.from) {
            (Some(_), from) => self.text_of(id, from)?,
            (None, Some(from)) => self.text_of(id, Some(from))?,
            (None, None) if to.2 > 1 => self.text_of(id, Some(to.2 - 1))?,
            (None, None) => return Err(Problem::bad_request("这件政策只有一版正文；可用参数 `with` 与另一件政策对照")),
        };
        let longest = from.3.text.len().max(to.3.text.len());
        if longest > MOST_COMPARED_BYTES {
            return Err(Problem::bad_request(format!("正文有 {longest} 字节，对照的上限为 {MOST_COMPARED_BYTES} 字节")));
        }
        let difference = match &self.annotator {
            Some(annotator) => annotator.difference((&from.3, &from.4), (&to.3, &to.4)),
            None => {
                let none = Annotation::default();
                let side = |document: &'_ Document| document.text.clone();
                let (old, new) = (side(&from.3), side(&to.3));
                Difference::between(Side { text: &old, annotation: &none }, Side { text: &new, annotation: &none })
            }
        };
        let is_read = self.annotator.is_some();
        Ok(Compared { difference, old: (from.0, from.1, from.2), new: (to.0, to.1, to.2), is_read })
    }

    /// Id, title, revision, text and place of one text of a policy; the current one where none is named.
    fn text_of(&self, id: &str, revision: Option<u32>) -> Result<(PolicyId, String, u32, Document, String), Problem> {
        let found = self.store.resolve(&id.into()).map_err(|error| failed("resolve", &error))?;
        let id = found.unwrap_or_else(|| id.into());
        let policy = self.store.policy(&id).map_err(|error| failed("policy", &error))?;
        let policy = policy.ok_or_else(|| Problem::not_found("件政策"))?;
        let number = revision.unwrap_or_else(|| policy.revision());
        let document = self.store.revision_document(&id, number).map_err(|error| failed("revision", &error))?;
        let document = document
            .ok_or_else(|| Problem::bad_request(format!("没有第 {number} 版；这件政策有 1 至 {} 版", policy.revision())))?;
        Ok((id, document.title.clone(), number, document, policy.region))
    }
}
