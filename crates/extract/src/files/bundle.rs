//! ZIP bundles: every member is read like a file of its own, within the budget of the outermost one.

use model::{FileState, FileText, Issue};

use super::failed;
use super::packed::{Budget, Member, Packed, Refused};

pub(super) fn read(bytes: &[u8], budget: &mut Budget<'_>, depth: u32) -> FileText {
    if depth >= budget.limits.depth {
        return failed(FileState::Limited, "nested_too_deeply", format!("bundles within {depth} bundles are not opened"));
    }
    let mut packed = match Packed::open(bytes, budget) {
        Ok(packed) => packed,
        Err(Refused::Limit(why)) => return failed(FileState::Limited, "bundle_limit", why),
        Err(other) => return failed(FileState::Damaged, "damaged", format!("not readable as a ZIP file: {other}")),
    };
    let members: Vec<Member> = packed.members().into_iter().filter(is_wanted).collect();
    let mut bundle = FileText { state: FileState::Empty, pages: 0, ..FileText::default() };
    for (done, member) in members.iter().enumerate() {
        if let Some(why) = exhausted(budget) {
            bundle.state = FileState::Limited;
            bundle.issues.push(Issue::new("bundle_limit", format!("{} members are left out: {why}", members.len() - done)));
            break;
        }
        budget.entries -= 1;
        let text = match packed.unpack(member.index, budget) {
            Ok(bytes) => super::read(&bytes, budget, depth + 1),
            Err(refused) => refusal(&refused),
        };
        bundle.files.push((member.name.clone(), text));
    }
    if bundle.state != FileState::Limited {
        bundle.state = state_of(&bundle);
    }
    bundle
}

fn exhausted(budget: &Budget<'_>) -> Option<&'static str> {
    if budget.entries == 0 {
        Some("too many members")
    } else if budget.bytes == 0 {
        Some("more is packed in it than may be unpacked")
    } else if budget.limits.is_stopped() {
        Some("time was up")
    } else {
        None
    }
}

/// Not folders, and not what systems leave behind.
fn is_wanted(member: &Member) -> bool {
    let last = member.name.rsplit('/').next().unwrap_or_default();
    !member.is_folder && !member.name.starts_with("__MACOSX/") && !matches!(last, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

fn refusal(refused: &Refused) -> FileText {
    match refused {
        Refused::Limit(why) => failed(FileState::Limited, "bundle_limit", *why),
        Refused::Encrypted => failed(FileState::Encrypted, "encrypted", "needs a password"),
        Refused::Damaged(why) => failed(FileState::Damaged, "damaged", why.as_str()),
    }
}

/// A bundle is as good as the best of its members: `text` when one has text, else the state most of a worry first.
fn state_of(bundle: &FileText) -> FileState {
    let has = |state: FileState| bundle.files.iter().any(|(_, text)| text.state == state);
    use FileState::{Damaged, Empty, Encrypted, Limited, Scan, Text, Unsupported};
    [Text, Limited, Scan, Encrypted, Damaged, Unsupported].into_iter().find(|state| has(*state)).unwrap_or(Empty)
}
