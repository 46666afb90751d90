//! A strict STS for the demo and the tests: it checks what AWS checks, in AWS's words, and can be told to misbehave.
//!
//! It is an oracle, so it shares no code with `sts` or `mfa`: its signatures, its TOTP and its XML are its own. The
//! core ([`Sts::handle`]) is a function of the request, the time and what happened before; only the shell ([`serve`])
//! knows sockets and clocks. Where it knows better than AWS's documentation, that is what public probes of the real
//! service report; where nobody knows, [`Rules`] offers both readings.
//!
//! On the same listener, `/_emulator/` controls it in JSON. `GET /_emulator/state` counts requests by action, errors
//! by code, successes by MFA device and step, and sessions, and tells the roles, the providers, the last hundred
//! successes of AssumeRole (`assumed`) and of the others that give credentials of somebody else (`issued`), and the
//! encoded messages of the last hundred denials. `POST /_emulator/faults` sets what goes wrong (see [`Faults`]), in
//! place of what went wrong before; `DELETE /_emulator/faults` ends it. The keys of a fault:
//!
//! | key | value |
//! | --- | --- |
//! | `down`, `lost_reply` | `true`: the connection closes before, or after, the call is done |
//! | `refuse` | `500` or `503`, with AWS's error |
//! | `throttling` | `true`: 400 Throttling |
//! | `garbage` | `captive_portal`, `empty`, `not_xml`, `truncated` or `oversized` |
//! | `slow_milliseconds` | how long the answer is held back |
//! | `clock_skew_seconds` | how far the emulator's clock is ahead; negative: behind |
//! | `lifetime_seconds` | how long sessions live, whatever was asked for |
//! | `count` | for how many requests all of these last |
//!
//! Of the first four rows one can be set at a time. `POST /_emulator/roles` adds a role, or replaces one:
//!
//! | key | value |
//! | --- | --- |
//! | `arn` | `arn:aws:iam::123456789012:role/name`; the one key that must be there |
//! | `trusts` | a list of ARNs of users, roles and identity providers, and of accounts' roots, which stand for all of the account; without it all of the role's own |
//! | `requires_mfa`, `requires_source_identity` | `true`: the trust policy asks for it |
//! | `external_id` | the one that the trust policy asks for |
//! | `audience`, `subject` | what an identity provider must vouch for; in the subject `*` stands for any text |
//! | `max_session_duration` | 900 to 43200 seconds; without it 3600 |
//!
//! What the other actions go by is added by `POST` too; instants are written `2026-01-02T03:04:05Z`:
//!
//! | below `/_emulator/` | keys |
//! | --- | --- |
//! | `oidc-providers` | `issuer`, `jwks` (RSA, P-256 and P-384), `client_ids`; `account`, and `unreachable` for `IDPCommunicationError` |
//! | `saml-assertions` | `assertion` as it will be sent, `roles` (pairs of ARNs of role and SAML provider), `subject`, `not_on_or_after`; `issuer`, `audience`, `subject_type`, `role_session_name`, `source_identity`, `session_not_on_or_after` |
//! | `trade-in-tokens` | `token`, `principal`, `expiration`; `seconds` |
//! | `organization` | `management`, `delegated_administrators`, `members`: accounts; without one nobody may assume root |
//! | `outbound-federation` | `enabled`: whether there are web identity tokens; at first there are |
//! | `authorization-messages` | `principal`, `action`, `resource`, `explicit` of a denial; the reply has its `encoded_message` |
//!
//! Tokens of the emulator name `http://<host>/_emulator/issuer` as their issuer, which serves its configuration and
//! its keys where OIDC Discovery looks for them.

mod actions;
mod authorization_messages;
mod callers;
mod control;
mod core;
mod errors;
mod faults;
mod form;
mod handle;
mod ids;
mod jwt;
mod launch;
mod message;
mod mfa;
mod oidc;
mod organization;
mod roles;
mod rules;
mod saml;
mod sessions;
mod shell;
mod sigv4;
mod totp;
mod trade_ins;
mod users;
mod validation;
mod xml;

#[cfg(test)]
pub(crate) use self::core::Refused;
pub use self::core::{Assumed, Issued, Outcome, State, Sts};
pub use faults::{Faults, Garbage, Instead};
pub use handle::Handle;
pub use ids::random_seed;
pub use launch::{Access, Emulator, Error, Options, Running, run};
pub use message::{Request, Response};
pub use oidc::OidcProvider;
pub use organization::Organization;
pub use roles::Role;
pub use rules::{CodeUse, ExpirationFormat, Rules};
pub use saml::SamlAssertion;
pub use shell::serve;
pub use trade_ins::TradeIn;
pub use users::{AccessKey, Device, User};
