//! Names and label values are short and many. To copy or compare one by a call that also
//! serves long texts costs more than its bytes do, so here the first and the last half of
//! them are taken at once, in which the bytes in the middle may be twice.

/// Appends `text`.
#[inline(always)]
pub fn append(out: &mut Vec<u8>, text: &[u8]) {
    let appended = match text.len() {
        // Such as most numbers.
        17..=32 => append_ends::<16>(out, text, |_, _| true),
        _ => append_if(out, text, |_| true),
    };
    if !appended {
        out.extend_from_slice(text);
    }
}

/// Appends `text` if it is short and each of its `words` is fine; whether it did. A word
/// is eight of its bytes, or fewer and then zeros.
#[inline(always)]
pub fn append_if(
    out: &mut Vec<u8>,
    text: &[u8],
    is_fine: impl Fn(u64) -> bool,
) -> bool {
    let word = |four: &[u8; 4]| u64::from(u32::from_ne_bytes(*four));
    match text {
        _ if text.len() > 16 => false,
        _ if text.len() > 8 => append_ends(out, text, |first, last| {
            is_fine(u64::from_ne_bytes(*first)) && is_fine(u64::from_ne_bytes(*last))
        }),
        _ if text.len() == 8 => {
            append_ends(out, text, |eight, _| is_fine(u64::from_ne_bytes(*eight)))
        }
        _ if text.len() >= 4 => append_ends(out, text, |first, last| {
            is_fine(word(first) << 32 | word(last))
        }),
        [first, .., last] => {
            let four = [*first, text[text.len() / 2], *last, 0];
            is_fine(word(&four)) && {
                let end = out.len() + text.len();
                out.extend_from_slice(&four);
                out.truncate(end);
                true
            }
        }
        [only] => is_fine(u64::from(*only)) && append_ends(out, text, |[_], [_]| true),
        [] => true,
    }
}

/// Appends `text`, which has `N` to twice `N` bytes, if its ends are fine.
#[inline(always)]
fn append_ends<const N: usize>(
    out: &mut Vec<u8>,
    text: &[u8],
    are_fine: impl Fn(&[u8; N], &[u8; N]) -> bool,
) -> bool {
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) if are_fine(first, last) => {
            let end = out.len() + text.len();
            out.extend_from_slice(first);
            out.truncate(end - N);
            out.extend_from_slice(last);
            true
        }
        _ => false,
    }
}

/// Whether both are the same.
#[inline(always)]
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    fn same_ends<const N: usize>(one: &[u8], other: &[u8]) -> bool {
        one.first_chunk::<N>() == other.first_chunk()
            && one.last_chunk::<N>() == other.last_chunk()
    }
    one.len() == other.len()
        && match one.len() {
            0..4 => one.iter().eq(other),
            4..8 => same_ends::<4>(one, other),
            8..=16 => same_ends::<8>(one, other),
            _ => one == other,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_appended_and_compared_as_they_are() {
        let text: Vec<u8> = (1..=40).collect();
        for length in 0..=text.len() {
            let text = &text[..length];
            let mut out = b"before".to_vec();
            append(&mut out, text);
            assert_eq!(out, [b"before", text].concat());
            assert!(is_same(text, &out[6..]));
            for at in 0..length {
                let mut other = text.to_vec();
                other[at] = 0;
                assert!(!is_same(text, &other), "{length}: byte {at}");
                assert!(!is_same(text, &text[..at]), "{length} and {at}");
            }
        }
    }
}
