//! Keys of several parts that sort as their parts do: texts, numbers, moments, and the same newest first.

use jiff::Timestamp;

use crate::error::{Result, StoreError};

/// Longer ids come from a mistake and would burden every key they are part of.
pub(crate) const MOST_ID_BYTES: usize = 512;

/// Builds a key part by part.
#[derive(Debug, Default, Clone)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A text of any content: its end is marked, so that no text is a prefix of another's key.
    pub(crate) fn text(mut self, text: &str) -> Self {
        for byte in text.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(u8::MAX);
            }
        }
        self.0.extend([0, 0]);
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    /// A moment, earliest first, to the microsecond.
    pub(crate) fn moment(self, at: Timestamp) -> Self {
        self.number(ordered(at))
    }

    /// A moment, latest first.
    pub(crate) fn newest(self, at: Timestamp) -> Self {
        self.number(!ordered(at))
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Flips the sign bit, so that unsigned order is the order of time.
fn ordered(at: Timestamp) -> u64 {
    at.as_microsecond().cast_unsigned() ^ (1 << 63)
}

/// Takes a key apart again.
pub(crate) struct Parts<'a>(pub(crate) &'a [u8]);

impl Parts<'_> {
    pub(crate) fn text(&mut self) -> Option<String> {
        let mut text = Vec::new();
        loop {
            match self.0 {
                [0, 0, rest @ ..] => {
                    self.0 = rest;
                    return String::from_utf8(text).ok();
                }
                [0, u8::MAX, rest @ ..] => {
                    text.push(0);
                    self.0 = rest;
                }
                [byte, rest @ ..] => {
                    text.push(*byte);
                    self.0 = rest;
                }
                [] => return None,
            }
        }
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    pub(crate) fn moment(&mut self) -> Option<Timestamp> {
        Timestamp::from_microsecond((self.number()? ^ (1 << 63)).cast_signed()).ok()
    }
}

/// Refuses ids that no key can be made of.
pub(crate) fn check_id(what: &'static str, id: &str) -> Result<()> {
    match id.len() {
        0 => Err(StoreError::refused(what, id, "its id is empty")),
        length if length > MOST_ID_BYTES => {
            Err(StoreError::refused(what, id, format!("its id has {length} bytes, the most is {MOST_ID_BYTES}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_text_is_a_prefix_of_another_s_key() {
        let short = Key::new().text("a").done();
        assert!(!Key::new().text("ab").done().starts_with(&short));
        assert!(!Key::new().text("a\0").done().starts_with(&short));
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_parts_and_come_back(
            a in ("[a\\x00\u{ff}惠]{0,4}", any::<u64>(), -1_000_000_000_000i64..4_000_000_000_000_000),
            b in ("[a\\x00\u{ff}惠]{0,4}", any::<u64>(), -1_000_000_000_000i64..4_000_000_000_000_000),
        ) {
            let key = |(text, number, at): &(String, u64, i64)| {
                Key::new().text(text).number(*number).moment(Timestamp::from_microsecond(*at).unwrap()).done()
            };
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
            let bytes = key(&a);
            let mut parts = Parts(&bytes);
            prop_assert_eq!(parts.text(), Some(a.0));
            prop_assert_eq!(parts.number(), Some(a.1));
            prop_assert_eq!(parts.moment().map(Timestamp::as_microsecond), Some(a.2));
        }

        #[test]
        fn newest_first_reverses_the_order(a in any::<u32>(), b in any::<u32>()) {
            let key = |at: u32| Key::new().newest(Timestamp::from_second(at.into()).unwrap()).done();
            prop_assert_eq!(key(a).cmp(&key(b)), b.cmp(&a));
        }
    }
}
