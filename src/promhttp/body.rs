//! The body of a response, whole or in pieces.

use std::{fmt, iter};

type Pieces = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// The body of a response: bytes, or pieces that are made while they are sent.
///
/// [`serve`](crate::serve) asks for the next piece once the last one is written, so that
/// a response of any size needs the memory of one piece. Each piece costs a write and a
/// chunk: some 64 KiB are a good size.
#[derive(Default)]
pub struct Body(Content);

enum Content {
    Whole(Vec<u8>),
    Pieces(Pieces),
}

impl Body {
    /// Creates a body of `pieces`; empty ones are skipped. A panic in `pieces` ends the
    /// response, and in HTTP/1.1 the client sees that it is incomplete.
    #[must_use]
    pub fn from_pieces(pieces: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Body {
        let pieces = pieces.filter(|piece| !piece.is_empty()).fuse();
        Body(Content::Pieces(Box::new(pieces)))
    }

    /// Returns the number of bytes, or `None` for pieces.
    #[must_use]
    pub fn size(&self) -> Option<usize> {
        match &self.0 {
            Content::Whole(bytes) => Some(bytes.len()),
            Content::Pieces(_) => None,
        }
    }

    /// Returns the pieces, none of which is empty. A whole body is one piece at most.
    pub fn into_pieces(self) -> impl Iterator<Item = Vec<u8>> + Send {
        let pieces: Pieces = match self.0 {
            Content::Whole(bytes) => {
                let piece = Some(bytes).filter(|bytes| !bytes.is_empty());
                Box::new(piece.into_iter())
            }
            Content::Pieces(pieces) => pieces,
        };
        pieces
    }

    /// Returns all bytes, which are then in memory at once: for servers that need a
    /// whole body, and for tests.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let append = |mut bytes: Vec<u8>, piece: Vec<u8>| {
            bytes.extend_from_slice(&piece);
            bytes
        };
        match self.0 {
            Content::Whole(bytes) => bytes,
            Content::Pieces(pieces) => pieces.fold(Vec::new(), append),
        }
    }

    /// Calls `done` with the number of bytes that were taken, once all pieces are taken
    /// or the rest is dropped because the client has left, for example. For a whole
    /// body, calls it at once with the size.
    #[must_use]
    pub fn finally(self, done: impl FnOnce(u64) + Send + 'static) -> Body {
        match self.0 {
            Content::Whole(bytes) => {
                done(bytes.len() as u64);
                Body(Content::Whole(bytes))
            }
            Content::Pieces(pieces) => Body(Content::Pieces(Box::new(Watched {
                pieces,
                taken: 0,
                done: Some(Box::new(done)),
            }))),
        }
    }
}

/// Pieces whose end is reported.
struct Watched {
    pieces: Pieces,
    taken: u64,
    /// `None` once it is called.
    done: Option<Box<dyn FnOnce(u64) + Send>>,
}

impl Watched {
    /// Drops the rest first, so that inner reports come before outer ones.
    fn end(&mut self) {
        self.pieces = Box::new(iter::empty());
        if let Some(done) = self.done.take() {
            done(self.taken);
        }
    }
}

impl Iterator for Watched {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let piece = self.pieces.next();
        match &piece {
            Some(piece) => self.taken += piece.len() as u64,
            None => self.end(),
        }
        piece
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.end();
    }
}

impl Default for Content {
    fn default() -> Content {
        Content::Whole(Vec::new())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Whole(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                f.debug_tuple("Body").field(&text).finish()
            }
            Content::Pieces(_) => f.debug_tuple("Body").finish_non_exhaustive(),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Body(Content::Whole(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Body {
        text.into_bytes().into()
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Body {
        text.as_bytes().to_vec().into()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Mutex};

    use super::*;

    fn pieces() -> Body {
        let texts = ["", "a 1\n", "", "b 2\n", ""];
        Body::from_pieces(texts.into_iter().map(|text| text.as_bytes().to_vec()))
    }

    /// Returns `body`, and where it reports its end.
    fn watched(body: Body) -> (Body, Arc<Mutex<Vec<u64>>>) {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&reports);
        let body = body.finally(move |taken| seen.lock().unwrap().push(taken));
        (body, reports)
    }

    #[test]
    fn a_whole_body_is_bytes_or_text_and_one_piece() {
        let bodies = [
            Body::from(b"a 1\n".to_vec()),
            Body::from("a 1\n".to_owned()),
            Body::from("a 1\n"),
        ];
        for body in bodies {
            assert_eq!(body.size(), Some(4));
            assert_eq!(format!("{body:?}"), "Body(\"a 1\\n\")");
            assert_eq!(body.into_pieces().collect::<Vec<_>>(), [b"a 1\n"]);
        }
        assert_eq!(Body::from("a 1\n").into_bytes(), b"a 1\n");
        assert_eq!(Body::default().size(), Some(0));
        assert_eq!(Body::default().into_pieces().count(), 0);
    }

    #[test]
    fn pieces_are_taken_in_order_without_the_empty_ones() {
        assert_eq!(pieces().size(), None);
        assert_eq!(format!("{:?}", pieces()), "Body(..)");
        let taken: Vec<_> = pieces().into_pieces().collect();
        assert_eq!(taken, [b"a 1\n", b"b 2\n"]);
        assert_eq!(pieces().into_bytes(), b"a 1\nb 2\n");
    }

    #[test]
    fn pieces_that_have_ended_are_not_asked_again() {
        let mut times = 0;
        let once = iter::from_fn(move || {
            times += 1;
            (times != 2).then(|| b"a 1\n".to_vec())
        });
        let mut pieces = Body::from_pieces(once).into_pieces();
        let taken = [(); 4].map(|()| pieces.next());
        assert_eq!(taken, [Some(b"a 1\n".to_vec()), None, None, None]);
    }

    #[test]
    fn a_whole_body_reports_its_size_at_once() {
        let (body, reports) = watched(Body::from("a 1\n"));
        assert_eq!(*reports.lock().unwrap(), [4]);
        assert_eq!(body.size(), Some(4));
        drop(body);
        assert_eq!(*reports.lock().unwrap(), [4]);
    }

    #[test]
    fn pieces_report_once_how_many_bytes_were_taken() {
        for (times, reported) in [(0, 0), (1, 4), (2, 8), (3, 8), (4, 8)] {
            let (body, reports) = watched(pieces());
            let mut pieces = body.into_pieces();
            for _ in 0..times {
                let _ = pieces.next();
            }
            let early = (times > 2).then_some(8);
            assert_eq!(*reports.lock().unwrap(), early.as_slice(), "{times}");
            drop(pieces);
            assert_eq!(*reports.lock().unwrap(), [reported], "{times}");
        }
    }

    #[test]
    fn reports_come_from_the_innermost_to_the_outermost() {
        for taken in [0, 3] {
            let order = Arc::new(Mutex::new(Vec::new()));
            let [inner, outer] = [1, 2].map(|number| {
                let order = Arc::clone(&order);
                move |_| order.lock().unwrap().push(number)
            });
            let mut pieces = pieces().finally(inner).finally(outer).into_pieces();
            for _ in 0..taken {
                let _ = pieces.next();
            }
            drop(pieces);
            assert_eq!(*order.lock().unwrap(), [1, 2]);
        }
    }

    #[test]
    fn a_panic_reports_what_was_taken_before_it() {
        let panics = iter::once(b"a 1\n".to_vec())
            .chain(iter::once_with(|| panic!("on purpose")));
        let (body, reports) = watched(Body::from_pieces(panics));
        let mut pieces = body.into_pieces();
        assert_eq!(pieces.next().unwrap(), b"a 1\n");
        let panic = catch_unwind(AssertUnwindSafe(|| pieces.next())).unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "on purpose");
        drop(pieces);
        assert_eq!(*reports.lock().unwrap(), [4]);
    }
}
