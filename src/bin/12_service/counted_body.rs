//! The body of a response, with which its request ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use super::in_flight::InFlight;
use super::layer::caught;

pub struct CountedBody {
    body: Body,
    /// The bytes that are still to be sent, if their number is known.
    left: Option<u64>,
    code: u16,
    /// `None` once the request is counted.
    in_flight: Option<InFlight>,
}

impl CountedBody {
    pub fn new(body: Body, left: Option<u64>, code: u16, request: InFlight) -> Self {
        let mut counted = CountedBody {
            body,
            left,
            code,
            in_flight: Some(request),
        };
        counted.end_if_complete();
        counted
    }

    fn end_if_complete(&mut self) {
        if self.left == Some(0) || self.body.is_end_stream() {
            self.end(self.code_at_the_end());
        }
    }

    /// A client that still waits for bytes has a broken response.
    fn code_at_the_end(&self) -> u16 {
        match self.left {
            None | Some(0) => self.code,
            Some(_) => 500,
        }
    }

    fn end(&mut self, code: u16) {
        if let Some(in_flight) = self.in_flight.take() {
            in_flight.end(code);
        }
    }
}

// ANCHOR: body
impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = caught(|| Pin::new(&mut self.body).poll_frame(context));
        let panicked = |_| Some(Err(Error::new("the response's body panicked")));
        let frame = ready!(frame).unwrap_or_else(panicked);
        match &frame {
            Some(Ok(frame)) => {
                let sent = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.left = self.left.map(|left| left.saturating_sub(sent));
                self.end_if_complete();
            }
            // The client has another code, and a part of the response.
            Some(Err(_)) => self.end(500),
            None => {
                let code = self.code_at_the_end();
                self.end(code);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
// ANCHOR_END: body
