//! Numbers as Go's `strconv.FormatFloat(value, 'g', -1, 64)` writes them, except for
//! -0, which is 0 in Go's text format too. The label values `le` and `quantile`
//! identify series, so they must read as other exporters write them.

use super::copy::append;

/// Appends `value` with the fewest digits that parse back to it, with an exponent from
/// 1e+06 on and below 1e-04.
#[inline]
pub fn write_float(out: &mut Vec<u8>, value: f64) {
    // False for NaN too.
    if !(1e-4..1e6).contains(&value.abs()) {
        write_unusual_float(out, value);
        return;
    }
    let whole = value as i32;
    if f64::from(whole) == value {
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    } else {
        // In this range both write it alike.
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    }
}

#[inline(never)]
fn write_unusual_float(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else if value == 0.0 {
        // -0 too, which Go's text format writes without its sign.
        out.push(b'0');
    } else {
        if value < 0.0 {
            out.push(b'-');
        }
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value.abs()).as_bytes();
        match value.abs() {
            large @ 1e6..1e15 => {
                write_large(out, text, (large as u64).ilog10() as usize)
            }
            _ => write_exponent(out, text),
        }
    }
}

/// Returns the same text as a string, for messages.
pub fn float_text(value: f64) -> String {
    let mut out = Vec::new();
    write_float(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends `value` as OpenMetrics requires: every float has a decimal point or an
/// exponent.
pub fn write_open_metrics_float(out: &mut Vec<u8>, value: f64) {
    let start = out.len();
    write_float(out, value);
    if out[start..]
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'-'))
    {
        out.extend_from_slice(b".0");
    }
}

/// Appends an integer.
pub fn write_integer(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a timestamp in the text format.
pub fn write_milliseconds(out: &mut Vec<u8>, milliseconds: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(milliseconds).as_bytes());
}

/// Appends a timestamp in OpenMetrics, exactly.
pub fn write_seconds(out: &mut Vec<u8>, milliseconds: i64) {
    if milliseconds < 0 {
        out.push(b'-');
    }
    let milliseconds = milliseconds.unsigned_abs();
    write_integer(out, milliseconds / 1000);
    out.push(b'.');
    let fraction = 1000 + milliseconds % 1000;
    out.extend_from_slice(&itoa::Buffer::new().format(fraction).as_bytes()[1..]);
}

/// Appends `text`, which has a decimal point after `exponent` + 1 digits, in exponent
/// form.
#[inline]
fn write_large(out: &mut Vec<u8>, text: &[u8], exponent: usize) {
    out.extend_from_slice(&[text[0], b'.']);
    append::<8>(out, &text[1..], exponent);
    match &text[exponent + 2..] {
        b"0" => {
            while out.last() == Some(&b'0') {
                out.pop();
            }
            if out.last() == Some(&b'.') {
                out.pop();
            }
        }
        fraction => out.extend_from_slice(fraction),
    }
    let digit = |number: usize| b'0' + number as u8;
    out.extend_from_slice(&[b'e', b'+', digit(exponent / 10), digit(exponent % 10)]);
}

/// Appends `text`, which may have a decimal point or an exponent, in exponent form.
fn write_exponent(out: &mut Vec<u8>, text: &[u8]) {
    let at = |byte: u8| text.iter().position(|other| *other == byte);
    let e = at(b'e').unwrap_or(text.len());
    let point = at(b'.').unwrap_or(e);
    let written = std::str::from_utf8(text.get(e + 1..).unwrap_or_default());
    let written: i32 = written.unwrap_or_default().parse().unwrap_or_default();
    let (whole, fraction) =
        (&text[..point], text.get(point + 1..e).unwrap_or_default());
    let start = out.len();
    out.extend_from_slice(whole);
    out.extend_from_slice(fraction);
    let leading = out[start..]
        .iter()
        .take_while(|digit| **digit == b'0')
        .count();
    out.drain(start..start + leading);
    while out.len() > start + 1 && out.last() == Some(&b'0') {
        out.pop();
    }
    if out.len() > start + 1 {
        out.insert(start + 1, b'.');
    }
    // The exponent of the first digit.
    let exponent = written + whole.len() as i32 - 1 - leading as i32;
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    let exponent = exponent.unsigned_abs();
    if exponent < 10 {
        out.push(b'0');
    }
    write_integer(out, u64::from(exponent));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values, and how Go writes them.
    const AS_GO: &[(f64, &str)] = &[
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-19.0, "-19"),
        (500_500.0, "500500"),
        (999_999.0, "999999"),
        (1e6, "1e+06"),
        (-1e6, "-1e+06"),
        (-2_147_483_648.0, "-2.147483648e+09"),
        (2_147_483_647.0, "2.147483647e+09"),
        (1_234_567.0, "1.234567e+06"),
        (1_370_000.0, "1.37e+06"),
        (-2_000_001.5, "-2.0000015e+06"),
        (123_456_789.25, "1.2345678925e+08"),
        (1_234_567_890.5, "1.2345678905e+09"),
        (1_828_869_190.0, "1.82886919e+09"),
        (1e14, "1e+14"),
        (123_456_789_012_345.6, "1.234567890123456e+14"),
        (1e15, "1e+15"),
        (18_446_744_073_709_551_615.0, "1.8446744073709552e+19"),
        (9_223_372_036_854_775_807.0, "9.223372036854776e+18"),
        (1e21, "1e+21"),
        (1e100, "1e+100"),
        (f64::MAX, "1.7976931348623157e+308"),
        (0.5, "0.5"),
        (0.99, "0.99"),
        (-2.5, "-2.5"),
        (123_456.75, "123456.75"),
        (1_234_567.5, "1.2345675e+06"),
        (0.1, "0.1"),
        (0.05, "0.05"),
        (0.001, "0.001"),
        (0.0001, "0.0001"),
        (0.000_123, "0.000123"),
        (0.000_01, "1e-05"),
        (1e-7, "1e-07"),
        (1.5e-7, "1.5e-07"),
        (5e-324, "5e-324"),
        (0.300_000_000_000_000_04, "0.30000000000000004"),
        (100.25, "100.25"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ];

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, expected) in AS_GO {
            assert_eq!(float_text(*value), *expected);
        }
    }

    /// Returns bits that are the same in each run.
    fn random_bits() -> impl Iterator<Item = u64> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
    }

    #[test]
    fn every_float_is_read_back_as_itself() {
        for (round, state) in (0..200_000).zip(random_bits()) {
            let value = match round % 3 {
                0 => f64::from_bits(state),
                1 => (state >> 20) as f64 / 1000.0,
                _ => (state % 20_000_000) as f64 / 64.0,
            };
            let read: f64 = float_text(value).parse().unwrap();
            assert!(
                read == value || (read.is_nan() && value.is_nan()),
                "{value}"
            );
        }
    }

    #[test]
    fn up_to_fifteen_digits_are_written_as_they_were_read() {
        for (round, state) in (0..200_000).zip(random_bits()) {
            let digits = (state % 10_u64.pow(1 + round % 15)).max(1).to_string();
            let (first, rest) = digits.trim_end_matches('0').split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            let exponent = match state >> 32 & 0xFF {
                large @ 0..128 => 6 + large as i32,
                small => 123 - small as i32,
            };
            let sign = if exponent < 0 { '-' } else { '+' };
            let text = format!("{first}{point}{rest}e{sign}{:02}", exponent.abs());
            assert_eq!(float_text(text.parse().unwrap()), text);
        }
    }

    #[test]
    fn open_metrics_floats_have_a_point_or_an_exponent() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-1.0, "-1.0"),
            (10.0, "10.0"),
            (0.5, "0.5"),
            (1e6, "1e+06"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            let mut out = b"before 1".to_vec();
            write_open_metrics_float(&mut out, value);
            assert_eq!(out, format!("before 1{expected}").into_bytes());
        }
    }
}
