use std::collections::BTreeMap;

use crate::emulator::faults::Faults;

/// What has happened so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Requests by action, whatever became of them; those without a known action under `other`.
    pub requests: BTreeMap<String, u64>,
    /// Errors of AWS by code; those that a fault made are among them.
    pub errors: BTreeMap<String, u64>,
    /// Per MFA device the steps in which it had its success.
    pub successes: BTreeMap<String, Vec<i64>>,
    /// How many sessions were issued.
    pub sessions: usize,
    /// The ARNs of the roles that there are.
    pub roles: Vec<String>,
    /// The last hundred successes of AssumeRole, the youngest last.
    pub assumed: Vec<Assumed>,
    /// The last hundred successes of the other actions that give credentials of somebody else, the youngest last.
    pub issued: Vec<Issued>,
    /// The encoded messages of the last hundred denials, the youngest last.
    pub authorization_messages: Vec<String>,
    /// The ARNs of the OIDC providers that there are.
    pub oidc_providers: Vec<String>,
    /// The ARNs of the SAML providers that the registered assertions name.
    pub saml_providers: Vec<String>,
    /// What goes wrong now.
    pub faults: Faults,
}

/// A success of AssumeRole: what was asked for and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// The ARN of the role's session.
    pub arn: String,
    /// The ARN of who asked.
    pub caller: String,
    /// The lifetime that was asked for or is the default.
    pub seconds: u32,
    /// Whether there was MFA, in this call or in the one that made the caller's session.
    pub mfa: bool,
    /// As it was asked.
    pub external_id: Option<String>,
    /// The one of this session: asked for, or the calling session's.
    pub source_identity: Option<String>,
    /// As it was asked.
    pub policy: Option<String>,
    /// As they were asked.
    pub policy_arns: Vec<String>,
    /// All of the session, those of the calling session first.
    pub tags: Vec<(String, String)>,
    /// Those of them that go on.
    pub transitive_tag_keys: Vec<String>,
}

/// A success of an action other than AssumeRole that gives credentials of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// AWS's name.
    pub action: &'static str,
    /// Whose credentials they are.
    pub arn: String,
    /// The ARN of who asked, or the subject of the token or assertion.
    pub by: String,
    /// The lifetime that was asked for or is the default.
    pub seconds: i64,
    /// As it was asked.
    pub policy: Option<String>,
    /// As they were asked.
    pub policy_arns: Vec<String>,
    /// All of the session.
    pub tags: Vec<(String, String)>,
}

impl Issued {
    pub(in crate::emulator) fn new(action: &'static str, arn: &str, by: &str, seconds: i64) -> Self {
        Self {
            action,
            arn: arn.to_owned(),
            by: by.to_owned(),
            seconds,
            policy: None,
            policy_arns: Vec::new(),
            tags: Vec::new(),
        }
    }
}
