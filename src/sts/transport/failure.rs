use std::error::Error;
use std::io;

use super::Timeouts;
use crate::sts::Class;

/// Why there is no answer.
pub(in crate::sts) struct Failure {
    pub(in crate::sts) class: Class,
    /// What happened: mostly the library's words for the innermost cause, without the URL; still to be sanitised.
    pub(in crate::sts) cause: String,
    /// What to do, where the class alone does not tell.
    pub(in crate::sts) remedy: Option<&'static str>,
    /// Whether a byte of the request may have left.
    pub(in crate::sts) sent: bool,
}

impl Failure {
    /// The request goes out only on a connection that stands, proxy's tunnel and TLS included (0-RTT is off): an error
    /// of connecting, a timeout of connecting among them, proves that nothing left. No other does.
    pub(super) fn of(error: &reqwest::Error, timeouts: Timeouts) -> Self {
        let class = class(error);
        let no_tls = causes(error).any(speaks_no_tls);
        Self {
            class,
            cause: match class {
                Class::Timeout => timed_out(error, timeouts),
                Class::Tls if no_tls => String::from("the server does not speak TLS"),
                _ => innermost(error),
            },
            remedy: no_tls.then_some("check endpoint_url's scheme and port"),
            sent: !(error.is_connect() || error.is_builder()),
        }
    }
}

fn timed_out(error: &reqwest::Error, timeouts: Timeouts) -> String {
    if error.is_connect() {
        format!("no connection within {} s", timeouts.connect.as_secs_f64())
    } else {
        format!("no answer within {} s", timeouts.total.as_secs_f64())
    }
}

/// What came in the place of a TLS record was none: another protocol's greeting, most often HTTP's.
fn speaks_no_tls(cause: &(dyn Error + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(rustls::Error::InvalidMessage(_)))
}

fn innermost(error: &reqwest::Error) -> String {
    let innermost = causes(error).last();
    innermost.map_or_else(|| String::from("the request failed"), ToString::to_string)
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
