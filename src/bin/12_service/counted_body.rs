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
        let is_over = self.left == Some(0) || self.body.is_end_stream();
        let is_whole = self.left.unwrap_or_default() == 0;
        if let Some(in_flight) = self.in_flight.take_if(|_| is_over) {
            in_flight.end(if is_whole { self.code } else { 500 });
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
            }
            None if self.left.is_none() => self.left = Some(0),
            // An error, or too early an end: the client has another code, and only a
            // part of the response.
            _ => {
                self.code = 500;
                self.left = Some(0);
            }
        }
        self.end_if_complete();
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
