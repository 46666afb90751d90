use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::reply::Reply;
use crate::BoxFuture;

/// A reply that is there, or waits for the kernel to tell who asks.
pub(super) enum Answer {
    /// Taken when it is polled.
    Ready(Option<Reply>),
    Waiting(BoxFuture<'static, Reply>),
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Ready(Some(reply))
    }
}

impl Future for Answer {
    type Output = Result<Reply, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(reply) => reply.take().map_or(Poll::Pending, |reply| Poll::Ready(Ok(reply))),
            Self::Waiting(reply) => reply.as_mut().poll(cx).map(Ok),
        }
    }
}
