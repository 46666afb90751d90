//! Keys of profiles for which an identity provider or an organization speaks rather than an IAM user alone.

use super::server::ABSOLUTE_PATH;
use super::{Key, Presence};

pub(crate) const WEB_IDENTITY_TOKEN_FILE: Key = Key {
    path: "profile.<name>.web_identity_token_file",
    presence: Presence::Optional,
    must: ABSOLUTE_PATH,
    what: "File with an OpenID Connect or OAuth 2.0 token that opens the role (AssumeRoleWithWebIdentity), in place of `key`; \
           read anew for each renewal",
};

pub(crate) const PROVIDER_ID: Key = Key {
    path: "profile.<name>.provider_id",
    presence: Presence::Optional,
    must: "must be the name of an OAuth 2.0 provider such as \"www.amazon.com\": 4 to 2048 characters",
    what: "Provider of an OAuth 2.0 access token; an OpenID Connect token names its own",
};

pub(crate) const PRINCIPAL_ARN: Key = Key {
    path: "profile.<name>.principal_arn",
    presence: Presence::Optional,
    must: "must be the ARN of a SAML provider such as \"arn:aws:iam::123456789012:saml-provider/ADFS\"",
    what: "SAML provider in IAM that vouches for the role; needs `saml_assertion`",
};

pub(crate) const SAML_ASSERTION: Key = Key {
    path: "profile.<name>.saml_assertion",
    presence: Presence::Optional,
    must: "must be a table with one source, such as { file = \"/run/saml/assertion\" }",
    what: "Where the SAML response comes from that opens the role (AssumeRoleWithSAML), in place of `key`: one of the sources \
           below; needs `principal_arn`",
};

pub(crate) const SAML_ASSERTION_FILE: Key = Key {
    path: "profile.<name>.saml_assertion.file",
    presence: Presence::OneOf,
    must: ABSOLUTE_PATH,
    what: "File with the SAML response in base64; another one in it is used within seconds",
};

pub(crate) const SAML_ASSERTION_PROCESS: Key = Key {
    path: "profile.<name>.saml_assertion.process",
    presence: Presence::OneOf,
    must: "must be a list of a program and its arguments such as [\"/usr/bin/print-assertion\", \"ops\"]",
    what: "Program and arguments (no shell) that print the SAML response in base64",
};

pub(crate) const SAML_ASSERTION_PASS_ENVIRONMENT: Key = Key {
    path: "profile.<name>.saml_assertion.pass_environment",
    presence: Presence::Optional,
    must: "must be a list of names of environment variables such as [\"GNUPGHOME\"]",
    what: "Environment variables that `process` gets beside `PATH` and `HOME`",
};

pub(crate) const FEDERATION_NAME: Key = Key {
    path: "profile.<name>.federation_name",
    presence: Presence::Optional,
    must: "must be 2 to 32 letters, digits or any of \"_+=,.@-\"",
    what: "Name of a federated user (GetFederationToken), who may do what `policy` and `policy_arns` leave of the rights of the \
           key's user: nothing without them",
};

pub(crate) const TARGET_PRINCIPAL: Key = Key {
    path: "profile.<name>.target_principal",
    presence: Presence::Optional,
    must: "must be a member account: twelve digits, or an ARN such as \"arn:aws:iam::123456789012:root\"",
    what: "Member account whose root user's session is asked for (AssumeRoot) by a role of the organization; needs \
           `source_profile` and `task_policy_arn`",
};

pub(crate) const TASK_POLICY_ARN: Key = Key {
    path: "profile.<name>.task_policy_arn",
    presence: Presence::Optional,
    must: "must be \"arn:aws:iam::aws:policy/root-task/\" and one of IAMAuditRootUserCredentials, \
           IAMCreateRootUserPassword, IAMDeleteRootUserCredentials, S3UnlockBucketPolicy and SQSUnlockQueuePolicy",
    what: "The one task of a root session, such as `arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy`",
};

pub(crate) const EXPECTED_ACCOUNT_ID: Key = Key {
    path: "profile.<name>.expected_account_id",
    presence: Presence::Optional,
    must: "must be an account: a string of twelve digits",
    what: "Account that the credentials must be of; those of another are never served",
};

/// What [`super::DURATION_SECONDS`] must be where the profile is a root session.
pub(crate) const ROOT_DURATION_SECONDS: Key = Key {
    path: "profile.<name>.duration_seconds",
    presence: Presence::Default("900"),
    must: "must be at most 900 seconds (15 minutes) for a root session",
    what: "The same key",
};
