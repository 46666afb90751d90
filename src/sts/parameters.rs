use std::borrow::Cow;

use zeroize::Zeroizing;

use super::{Action, wire};
use crate::aws::{Policy, SerialNumber, SessionPolicies, SessionTokenSize, TagList, TokenCode};

/// The parameters of a request. They are sent in the order in which they are added, which is that of the model; members of
/// lists are counted from 1, and an empty list is not sent.
#[derive(Default)]
pub(super) struct Parameters<'a>(Vec<(Cow<'static, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    pub(super) fn text(mut self, name: impl Into<Cow<'static, str>>, value: &'a str) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    pub(super) fn optional(self, name: &'static str, value: Option<&'a str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub(super) fn number(mut self, name: &'static str, value: u32) -> Self {
        self.0.push((name.into(), value.to_string().into()));
        self
    }

    pub(super) fn list(self, name: &str, values: impl Iterator<Item = &'a str>) -> Self {
        let members = (1..).zip(values);
        members.fold(self, |all, (n, value)| all.text(format!("{name}.member.{n}"), value))
    }

    pub(super) fn policy_arns(self, policies: &'a SessionPolicies) -> Self {
        let members = (1..).zip(policies.arns());
        members.fold(self, |all, (n, arn)| {
            all.text(format!("PolicyArns.member.{n}.arn"), arn.as_str())
        })
    }

    pub(super) fn policy(self, policies: &'a SessionPolicies) -> Self {
        self.optional("Policy", policies.policy().map(Policy::as_str))
    }

    pub(super) fn tags(self, tags: &'a TagList) -> Self {
        (1..).zip(tags.as_slice()).fold(self, |all, (n, tag)| {
            all.text(format!("Tags.member.{n}.Key"), tag.key.as_str())
                .text(format!("Tags.member.{n}.Value"), tag.value.as_str())
        })
    }

    pub(super) fn mfa(self, mfa: Option<(&'a SerialNumber, &'a TokenCode)>) -> Self {
        match mfa {
            Some((serial, code)) => self
                .text("SerialNumber", serial.as_str())
                .text("TokenCode", code.expose()),
            None => self,
        }
    }

    pub(super) fn minimum_session_token_size(self, size: Option<SessionTokenSize>) -> Self {
        match size {
            Some(size) => self.number("MinimumSessionTokenSize", size.as_bytes()),
            None => self,
        }
    }

    /// The body of the request.
    pub(super) fn encode(&self, action: Action) -> Zeroizing<Vec<u8>> {
        wire::encode_form(action, &self.0)
    }
}
