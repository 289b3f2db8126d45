//! The fuzz targets of this crate, run shortly over their corpora and changed copies of them.

#[path = "../../../fuzz/entries/mutate.rs"]
mod mutate;
#[path = "../../../fuzz/entries/pages.rs"]
mod pages;

#[test]
fn no_list_breaks_it() {
    mutate::run("list", 250, pages::list);
}

#[test]
fn no_document_breaks_it() {
    mutate::run("detail", 250, pages::detail);
}

#[test]
fn no_feed_breaks_it() {
    mutate::run("feed", 250, pages::feed);
}
