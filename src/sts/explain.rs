//! The sentences of this layer: what happened, where, what to change.

use super::transport::Failure;
use super::wire::Call;
use super::{Class, remedy};

/// STS answered with an error.
pub(super) fn refused(call: &Call<'_>, status: u16, class: Class, code: &str, text: &str) -> String {
    let place = place(call);
    let remedy = remedy::of_refusal(call, class, code, text);
    if text.is_empty() {
        format!("{place}: {status} {code}; {remedy}")
    } else {
        let text = text.trim_end_matches('.');
        format!("{place}: {status} {code}: {text}; {remedy}")
    }
}

/// What answered did not speak as STS does.
pub(super) fn unreadable(call: &Call<'_>, status: u16, class: Class, problem: &str) -> String {
    let remedy = match (class, status) {
        (Class::Malformed, 300..=399) => {
            "a redirect is never followed: a captive portal or proxy stands between, or endpoint_url is wrong"
        }
        (Class::Malformed, 407) => "the proxy wants a user and a password: put them into its URL",
        (Class::Malformed, _) => {
            "STS does not answer like this: check endpoint_url, and whether a captive portal or proxy stands between"
        }
        _ => remedy::of_class(class),
    };
    format!("{}: {status} and not a reply of STS, {problem}; {remedy}", place(call))
}

/// The date of a reply over plain HTTP contradicts the host's clock by so many seconds.
pub(super) fn unbelievable(call: &Call<'_>, seconds: i64) -> String {
    format!(
        "{}: STS's Date header differs by {seconds} s from this host's clock, and over plain http it is not believed: \
         set the host's clock",
        place(call)
    )
}

/// There was no answer. `host` names the proxy on the way too; `cause` is the failure's, sanitised.
pub(super) fn no_answer(call: &Call<'_>, host: &str, failure: &Failure, cause: &str) -> String {
    let remedy = failure.remedy.unwrap_or_else(|| remedy::of_class(failure.class));
    format!("{} at {host}: {cause}; {remedy}", call.action.as_str())
}

fn place(call: &Call<'_>) -> String {
    format!("{} at {}", call.action.as_str(), call.host())
}
