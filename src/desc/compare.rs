//! The order of rendered labels, which is that of their values as Go sorts them.

use std::cmp::Ordering;

/// Compares two rendered labels.
pub(crate) fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let alike = alike_bytes(one, other);
    let next = |labels: &[u8]| ranks(labels.get(alike..).unwrap_or_default()).next();
    next(one).cmp(&next(other))
}

/// Returns the first eight characters as a number that sorts like them.
#[inline]
pub(crate) fn start(labels: &[u8]) -> u64 {
    let mut start = [0; 8];
    for (to, from) in start.iter_mut().zip(ranks(labels)) {
        *to = from;
    }
    u64::from_be_bytes(start)
}

/// Maps a byte of a value to its unescaped order: the quote that ends a value sorts
/// before anything that could continue it.
#[inline]
fn ranks(labels: &[u8]) -> impl Iterator<Item = u8> {
    let mut bytes = labels.iter();
    std::iter::from_fn(move || {
        Some(match bytes.next()? {
            b'"' => 0,
            b'\\' => match bytes.next()? {
                b'n' => b'\n' + 1,
                other => other + 1,
            },
            // UTF-8 never contains the byte 255.
            other => other.wrapping_add(1),
        })
    })
}

/// Returns the length of the common prefix, without half of an escape sequence.
#[inline]
pub(crate) fn alike_bytes(one: &[u8], other: &[u8]) -> usize {
    let words = one.chunks_exact(8).zip(other.chunks_exact(8));
    let words = 8 * words.take_while(|(a, b)| a == b).count();
    let bytes = one[words..].iter().zip(&other[words..]);
    let alike = words + bytes.take_while(|(a, b)| a == b).count();
    let escapes = one[..alike].iter().rev().take_while(|byte| **byte == b'\\');
    alike - escapes.count() % 2
}
