//! Which failures time heals, and which somebody must put right: how each kind is waited out.

use super::Failure;
use super::schedule::Backoff;
use crate::sts::{Class, Error};

/// How the next try after a failure is waited for.
pub(super) fn backoff(failure: Failure) -> Backoff {
    match failure {
        // What is read on this host costs nobody anything, and may be written at any moment.
        Failure::Code | Failure::Identity | Failure::Internal | Failure::Key | Failure::Mfa(_) => Backoff::Minute,
        Failure::Account => Backoff::HalfHour,
        Failure::Sts(class) => of_class(class),
    }
}

/// The same of an error of STS. The identity provider gives another token by itself.
pub(super) fn backoff_of(error: &Error) -> Backoff {
    if error.is_of_voucher() {
        Backoff::Minute
    } else {
        of_class(error.class)
    }
}

fn of_class(class: Class) -> Backoff {
    match class {
        Class::Config | Class::Denied | Class::KeyInvalid | Class::MfaDevice => Backoff::HalfHour,
        Class::ClockSkew
        | Class::Dns
        | Class::Malformed
        | Class::MfaRejected
        | Class::Network
        | Class::Server
        | Class::Throttled
        | Class::Timeout
        | Class::Tls => Backoff::Minute,
    }
}

#[cfg(test)]
mod tests;
