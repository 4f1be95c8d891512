//! Expositions that are nearly valid.

/// The families that bodies are made of: both programs accept them.
const FAMILIES: [&str; 9] = [
    "# HELP a_requests_total Help.\n# TYPE a_requests_total counter\n\
     a_requests_total{path=\"/a\",zone=\"\"} 1e+06\n\
     a_requests_total{path=\"C:\\\\\\n\\\"x\\\"\",zone=\"ä€\"} 42\n",
    "# HELP c_seconds Two\\nlines, C:\\\\ and \"x\".\n# TYPE c_seconds gauge\nc_seconds -0.5\n",
    "# HELP d Help.\n# TYPE d gauge\nd NaN\nd{x=\"1\"} +Inf\nd{x=\"2\"} -Inf 1700000000000\n",
    "# HELP e Help.\n# TYPE e histogram\ne_bucket{le=\"0.1\"} 1\ne_bucket{le=\"+Inf\"} 4\n\
     e_sum 2.0000015e+06\ne_count 4\ne_bucket{x=\"1\",le=\"+Inf\"} 1\ne_sum{x=\"1\"} 3\n\
     e_count{x=\"1\"} 1\n",
    "# HELP f Help.\n# TYPE f summary\nf{quantile=\"0\"} 1\nf{quantile=\"0.5\"} NaN\n\
     f_sum 6\nf_count 3\n",
    "# HELP g Help.\n# TYPE g untyped\ng 7\n",
    "# a comment\n#\n\n  # TYPE h:i gauge\n\t#  HELP\t h:i  Help \\\\\nh:i { x = \"1\" , } \t2  3\n",
    "j 1 5\nj 1 6\n# HELP k\n# HELP\n# HELP j \u{e9}\n",
    "# TYPE f_count counter\nf_count 1\n# TYPE e_bucket gauge\ne_bucket{le=\"x\"} 1\n",
];

/// Replacements for a number.
const NUMBERS: &str = "1 -1 +1 0 007 .5 5. . 1e3 1E+3 1e 1e400 -1e400 1e-400 0x1p4 0x10 1_000 NaN -NaN \
    +NaN nan Inf +Inf -Inf inf infinity Infinity +infinit 1.7976931348623159e308 1.5e308 5e-324 \
    9223372036854775807 9223372036854775808 -5 1700000000000 1f 1,5 ١ one";

/// Replacements for other words.
const WORDS: &str = "counter gauge histogram summary untyped unknown info Counter GAUGE gauge_histogram # \
    ## #HELP #TYPE HELP TYPE help EOF UNIT a e f e_count e_bucket f_sum f_count g 1a a-b a.b ä : _ \
    __name__ le quantile {} {,} {x=\"1\"} {x=\"1\",} {x=\"1\",x=\"2\"} {x=\"\",x=\"1\"} \
    {__name__=\"a\"} {le=\"x\"} {le=\"0.5\"} {quantile=\"\"} {quantile=\"NaN\"} {1=\"1\"} {x='1'} \
    {x=1} {\"a\"} \\ \\n";

/// Insertions between any two bytes.
const PIECES: [&[u8]; 42] = [
    b" ",
    b" ",
    b"  ",
    b"\t",
    b"\n",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\x0b",
    b"\x0c",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xc2\xa0",
    b"\xe3\x80\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\\",
    b"\\\\",
    b"\\n",
    b"\\\"",
    b"\\t",
    b"\\d",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"{}",
    b",",
    b",,",
    b"=",
    b"#",
    b"# ",
    b"+",
    b"-",
    b".",
    b"_",
    b":",
    b"1",
    b"e",
    b"x=\"1\"",
];

/// Pseudo-random numbers that are the same in each run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        // Similar seeds would start alike.
        Random((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// One or two families with one to three mutations.
    pub fn exposition(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        for _ in 0..=self.below(2) {
            body.extend(self.one_of(&FAMILIES).bytes());
        }
        for _ in 0..=self.one_of(&[0, 0, 0, 1, 2]) {
            body = self.mutated(body);
        }
        body
    }

    /// Half of the mutations are where the two programs differ most.
    fn mutated(&mut self, body: Vec<u8>) -> Vec<u8> {
        match self.below(12) {
            0 => self.with_lines_changed(&body),
            1 => self.with_a_word_changed(&body, WORDS, b" \t\n"),
            2 => self.with_blanks_changed(body),
            3 => self.with_a_byte_changed(body),
            4 => self.without_a_part(body),
            5 => {
                let at = self.place(&body);
                self.with_a_piece_at(body, at)
            }
            6 | 7 => self.with_a_number_changed(&body),
            8 => self.with_a_word_changed(&body, NUMBERS, b"\""),
            9 => self.with_a_piece_at_a_line_end(body, 1),
            _ => self.with_a_piece_at_a_line_end(body, 0),
        }
    }

    /// A position in a body, including its end.
    fn place(&mut self, body: &[u8]) -> usize {
        self.below(body.len() + 1)
    }

    fn with_lines_changed(&mut self, body: &[u8]) -> Vec<u8> {
        let lines = body.split_inclusive(|byte| *byte == b'\n');
        let mut lines: Vec<&[u8]> = lines.collect();
        if lines.is_empty() {
            return Vec::new();
        }
        let (from, to) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(4) {
            0 => lines.swap(from, to),
            1 => lines.insert(to, lines[from]),
            2 => drop(lines.remove(from)),
            _ => {
                let line = lines.remove(from);
                lines.insert(to.min(lines.len()), line);
            }
        }
        lines.concat()
    }

    /// Changes the text between two of `ends`.
    fn with_a_word_changed(
        &mut self,
        body: &[u8],
        words: &str,
        ends: &[u8],
    ) -> Vec<u8> {
        let at = self.place(body);
        let is_end = |byte: &u8| ends.contains(byte);
        let start = body[..at].iter().rposition(is_end).map_or(0, |end| end + 1);
        let end = body[at..].iter().position(is_end);
        let end = end.map_or(body.len(), |end| at + end);
        let words: Vec<&str> = words.split_whitespace().collect();
        let word = self.one_of(&words).as_bytes();
        [&body[..start], word, &body[end..]].concat()
    }

    /// Changes the last word of a line that isn't a comment, or appends another.
    fn with_a_number_changed(&mut self, body: &[u8]) -> Vec<u8> {
        let lines = body.split_inclusive(|byte| *byte == b'\n');
        let mut lines: Vec<Vec<u8>> = lines.map(<[u8]>::to_vec).collect();
        let samples: Vec<usize> = (0..lines.len())
            .filter(|at| !lines[*at].trim_ascii_start().starts_with(b"#"))
            .collect();
        if !samples.is_empty() {
            let line = &mut lines[self.one_of(&samples)];
            let words: Vec<&str> = NUMBERS.split_whitespace().collect();
            let last = line.iter().rposition(|byte| *byte == b' ');
            let is_changed = self.below(3) > 0;
            line.truncate(
                last.filter(|_| is_changed)
                    .unwrap_or(line.trim_ascii_end().len()),
            );
            line.extend([b" ", self.one_of(&words).as_bytes(), b"\n"].concat());
        }
        lines.concat()
    }

    fn with_blanks_changed(&mut self, mut body: Vec<u8>) -> Vec<u8> {
        let at = self.place(&body);
        let blanks: &[u8] =
            self.one_of(&[b"" as &[u8], b"  ", b"\t", b" \t ", b"\t\t"]);
        let found = body[at..].iter().position(|byte| *byte == b' ');
        if let Some(found) = found {
            body.splice(at + found..=at + found, blanks.iter().copied());
        }
        body
    }

    fn with_a_byte_changed(&mut self, mut body: Vec<u8>) -> Vec<u8> {
        if !body.is_empty() {
            let at = self.below(body.len());
            body[at] = match self.below(3) {
                0 => body[at] ^ (1 << self.below(8)),
                1 => b' ' + self.below(95) as u8,
                _ => self.below(256) as u8,
            };
        }
        body
    }

    fn without_a_part(&mut self, mut body: Vec<u8>) -> Vec<u8> {
        let at = self.place(&body);
        let length = self.one_of(&[1, 1, 1, 2, 5, 20, usize::MAX]);
        body.drain(at..at.saturating_add(length).min(body.len()));
        body
    }

    /// After the newline, so at the start of a line, or before it.
    fn with_a_piece_at_a_line_end(&mut self, body: Vec<u8>, behind: usize) -> Vec<u8> {
        let at = self.place(&body);
        let end = body[at..].iter().position(|byte| *byte == b'\n');
        let at = end.map_or(0, |end| at + end + behind);
        self.with_a_piece_at(body, at)
    }

    fn with_a_piece_at(&mut self, mut body: Vec<u8>, at: usize) -> Vec<u8> {
        let piece = self.one_of(&PIECES);
        body.splice(at..at, piece.iter().copied());
        body
    }
}
