//! Copies of short texts, which are most of what a scrape does.

/// Appends the first `length` bytes of `text`. If there are more, it copies `BLOCK` bytes
/// and cuts off the rest, which needs no call of `memcpy`.
#[inline(always)]
pub fn append<const BLOCK: usize>(out: &mut Vec<u8>, text: &[u8], length: usize) {
    match text.first_chunk::<BLOCK>() {
        Some(block) if length <= BLOCK => {
            let end = out.len() + length;
            out.extend_from_slice(block);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&text[..length]),
    }
}
