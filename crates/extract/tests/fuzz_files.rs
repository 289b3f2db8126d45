//! The fuzz target of attached files, run shortly over its corpus and changed copies of it.
#![cfg(feature = "files")]

#[path = "../../../fuzz/entries/mutate.rs"]
mod mutate;
#[path = "../../../fuzz/entries/ofd.rs"]
mod ofd;

#[test]
fn no_ofd_breaks_it() {
    mutate::run("ofd", 500, ofd::ofd);
}
