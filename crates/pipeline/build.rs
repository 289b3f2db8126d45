//! Rebuilds the crate when the bundled rules or index data change: the embedding macro does not tell cargo itself.

fn main() {
    println!("cargo:rerun-if-changed=../../rules");
    println!("cargo:rerun-if-changed=../../index");
    println!("cargo:rerun-if-changed=../../sources.toml");
}
