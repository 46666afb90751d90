//! What an answer means: a function of its status, its date and its bytes.

use chrono::{DateTime, Utc};
use roxmltree::Node;
use zeroize::Zeroizing;

use super::element::ResultElement;
use super::times::Times;
use super::wire::Call;
use super::xml::{self, Malformed};
use super::{Class, Error, classify, explain, sanitise};

/// An HTTP answer, read to its end.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The `Date` header, if there was exactly one that could be read.
    pub(super) date: Option<DateTime<Utc>>,
    /// `None` when it was longer than any reply of STS.
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
}

/// How an action reads its result element.
pub(super) type Read<T> = fn(&ResultElement<'_>) -> Result<T, Malformed>;

/// An answer, understood.
pub(super) struct Verdict<T> {
    /// The date, when STS itself must have written it: well-formed XML of its namespace with a request id.
    pub(super) date: Option<DateTime<Utc>>,
    /// What was asked for and the request id, or why there is none.
    pub(super) result: Result<(T, String), Error>,
}

pub(super) fn judge<T>(answer: &Answer, call: &Call<'_>, read: Read<T>) -> Verdict<T> {
    let understood = match &answer.body {
        Some(body) => understand(answer, body, call, read),
        None => Err(Malformed::new("it is longer than any reply of STS")),
    };
    understood.unwrap_or_else(|problem| Verdict {
        date: None,
        result: Err(unreadable(answer.status, call, &problem)),
    })
}

fn understand<T>(answer: &Answer, body: &[u8], call: &Call<'_>, read: Read<T>) -> Result<Verdict<T>, Malformed> {
    if body.is_empty() {
        return Err(Malformed::new("it is empty"));
    }
    let document = xml::parse(body)?;
    let root = document.root_element();
    if root.tag_name().name() == "ErrorResponse" {
        return refused(answer, root, call);
    }
    let action = call.action.as_str();
    if answer.status != 200 || !xml::is(root, &format!("{action}Response")) {
        return Err(Malformed(format!("it is no answer to {action}")));
    }
    let id = xml::text(xml::child(root, "ResponseMetadata")?, "RequestId")?;
    let id = sanitise::request_id(id, &call.secrets).ok_or_else(|| Malformed::new("its RequestId is not one"))?;
    let times = Times {
        date: answer.date,
        now: call.now,
        asked: call.duration,
    };
    let result = match times.unbelievable() {
        Some(seconds) if !call.authenticated() => Err(unbelievable(call, seconds, id)),
        _ => {
            let result = ResultElement {
                node: xml::child(root, &format!("{action}Result"))?,
                times,
                secrets: &call.secrets,
                request_id: &id,
            };
            Ok((read(&result)?, id))
        }
    };
    Ok(Verdict {
        date: answer.date,
        result,
    })
}

/// An `ErrorResponse`. Its namespace may be missing, since servers other than AWS leave it out; then its date counts for
/// nothing.
fn refused<T>(answer: &Answer, root: Node<'_, '_>, call: &Call<'_>) -> Result<Verdict<T>, Malformed> {
    let error = xml::child(root, "Error")?;
    let raw_code = xml::text(error, "Code")?;
    let code = sanitise::code(raw_code, &call.secrets).ok_or_else(|| Malformed::new("its Code is not one"))?;
    let message = xml::text(error, "Message").unwrap_or_default();
    let class = classify::refused(call.signer.is_some(), answer.status, raw_code, message);
    if class == Class::Malformed {
        return Err(Malformed(format!("an error {code} with a status of success")));
    }
    let id = xml::text(root, "RequestId").ok();
    let id = id.and_then(|id| sanitise::request_id(id, &call.secrets));
    let text = sanitise::text(message, &call.secrets);
    Ok(Verdict {
        date: answer.date.filter(|_| id.is_some() && xml::in_namespace(root)),
        result: Err(Error {
            class,
            message: explain::refused(call, answer.status, class, &code, &text),
            code: Some(code),
            request_id: id,
            sent: true,
        }),
    })
}

/// A reply whose date nobody vouches for, and that contradicts what is known: its credentials could be long dead, or
/// die later than it makes believe.
fn unbelievable(call: &Call<'_>, seconds: i64, request_id: String) -> Error {
    Error {
        class: Class::Malformed,
        message: explain::unbelievable(call, seconds),
        code: None,
        request_id: Some(request_id),
        sent: true,
    }
}

fn unreadable(status: u16, call: &Call<'_>, problem: &Malformed) -> Error {
    let class = classify::classify_unreadable(status);
    Error {
        class,
        message: explain::unreadable(call, status, class, &problem.0),
        code: None,
        request_id: None,
        sent: true,
    }
}

#[cfg(test)]
mod tests;
