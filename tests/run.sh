#!/usr/bin/env bash
# Runs all tests. Installs what they need by itself where it may, and says what it skipped and why where it may not.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

# One target folder outside the checkout, shared by all checkouts of this user: cold builds are long.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/huice/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"; else return 1; fi
}

# need COMMAND PACKAGE WHY: install a Debian package if the command is missing; the tests that want it skip themselves without it.
need() {
  command -v "$1" >/dev/null && return 0
  if command -v apt-get >/dev/null && as_root apt-get update -qq && as_root apt-get install -y -qq "$2" >/dev/null; then return 0; fi
  echo "skipped: $1 (package $2) could not be installed, so $3"
  return 1
}

if ! need cc build-essential "C code of dependencies cannot be built"; then
  echo "cc is needed; install a C compiler and run this again" >&2
  exit 1
fi
if ! command -v cargo >/dev/null; then
  echo "cargo is needed; install Rust 1.95 or newer and run this again" >&2
  exit 1
fi
# Debian keeps the server's programs off the path.
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
  need initdb postgresql "nothing is tested on PostgreSQL" || true
fi
[ -d ../shared/corpus ] || echo "skipped: ../shared is not here, so tests that read its pages and phrases skip themselves"

if cargo nextest --version >/dev/null 2>&1; then
  say "tests (nextest)"
  cargo nextest run --workspace --no-fail-fast "$@"
else
  say "tests (cargo test; cargo-nextest is not installed)"
  cargo test --workspace --no-fail-fast "$@"
fi
