use std::error::Error;
use std::io;

use crate::sts::Class;

/// Why there is no answer.
pub(in crate::sts) struct Failure {
    pub(in crate::sts) class: Class,
    /// The library's words for the innermost cause, without the URL; still to be sanitised.
    pub(in crate::sts) cause: String,
    /// Whether a byte of the request may have left.
    pub(in crate::sts) sent: bool,
}

impl Failure {
    /// The request goes out only on a connection that stands, proxy's tunnel and TLS included (0-RTT is off): an error
    /// of connecting, a timeout of connecting among them, proves that nothing left. No other does.
    pub(in crate::sts) fn of(error: &reqwest::Error) -> Self {
        let innermost = causes(error).last();
        Self {
            class: class(error),
            cause: innermost.map_or_else(|| String::from("the request failed"), ToString::to_string),
            sent: !(error.is_connect() || error.is_builder()),
        }
    }
}

fn class(error: &reqwest::Error) -> Class {
    let tls = causes(error).any(<dyn Error>::is::<rustls::Error>);
    let not_http = |cause: &(dyn Error + 'static)| cause.downcast_ref().is_some_and(hyper::Error::is_parse);
    if tls {
        Class::Tls
    } else if error.is_dns() {
        Class::Dns
    } else if error.is_timeout() {
        Class::Timeout
    } else if causes(error).any(not_http) {
        Class::Malformed
    } else if error.is_builder() {
        Class::Config
    } else {
        Class::Network
    }
}

/// The causes of an error, outermost first. An `io::Error` that wraps another error hides it from `source`.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| {
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => cause.source(),
        }
    })
}
