use super::{Key, Presence};

pub(crate) const ROLE_ARN: Key = Key {
    path: "profile.<name>.role_arn",
    presence: Presence::Optional,
    must: "must be the ARN of a role such as \"arn:aws:iam::123456789012:role/deploy\"",
    what: "Role that is asked for; without one, a `federation_name` or a `target_principal` the profile is a session \
           (GetSessionToken)",
};

pub(crate) const SOURCE_PROFILE: Key = Key {
    path: "profile.<name>.source_profile",
    presence: Presence::Optional,
    must: "must be the name of another profile such as \"ops\"",
    what: "Profile whose credentials ask for these, with the MFA of its session; in place of `key`",
};

pub(crate) const ROLE_SESSION_NAME: Key = Key {
    path: "profile.<name>.role_session_name",
    presence: Presence::Default("valetkey-<name>"),
    must: "must be 2 to 64 letters, digits or any of \"_+=,.@-\"",
    what: "Name of the role's session in CloudTrail",
};

pub(crate) const EXTERNAL_ID: Key = Key {
    path: "profile.<name>.external_id",
    presence: Presence::Optional,
    must: "must be 2 to 1224 letters, digits or any of \"_+=,.@:/-\"",
    what: "External id that the role's trust policy demands",
};

pub(crate) const SOURCE_IDENTITY: Key = Key {
    path: "profile.<name>.source_identity",
    presence: Presence::Optional,
    must: "must be 2 to 64 letters, digits or any of \"_+=,.@-\"",
    what: "Who acts, for CloudTrail and through role chaining",
};

pub(crate) const POLICY: Key = Key {
    path: "profile.<name>.policy",
    presence: Presence::Optional,
    must: "must be an IAM policy: a JSON object of characters up to U+00FF, in quotes",
    what: "Session policy: takes rights away. At most 2048 characters, `policy_arns` included",
};

pub(crate) const POLICY_ARNS: Key = Key {
    path: "profile.<name>.policy_arns",
    presence: Presence::Optional,
    must: "must be a list of at most 10 ARNs of managed policies such as [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]",
    what: "Managed session policies, at most 10",
};

pub(crate) const TAGS: Key = Key {
    path: "profile.<name>.tags",
    presence: Presence::Optional,
    must: "must be a table of at most 50 strings such as { Team = \"ops\" }",
    what: "Session tags, at most 50",
};

pub(crate) const TRANSITIVE_TAG_KEYS: Key = Key {
    path: "profile.<name>.transitive_tag_keys",
    presence: Presence::Optional,
    must: "must be a list of keys of `tags` such as [\"Team\"]",
    what: "Keys of the tags that stay through role chaining",
};

pub(crate) const PROVIDED_CONTEXTS: Key = Key {
    path: "profile.<name>.provided_contexts",
    presence: Presence::Optional,
    must: "must be a list of at most 5 tables with `provider_arn` and `context_assertion`",
    what: "Context assertions, at most 5 tables",
};

pub(crate) const PROVIDER_ARN: Key = Key {
    path: "profile.<name>.provided_contexts.provider_arn",
    presence: Presence::Required,
    must: "must be an ARN, arn:partition:service:region:account:resource",
    what: "Provider of the assertion, such as `arn:aws:iam::aws:contextProvider/IdentityCenter`",
};

pub(crate) const CONTEXT_ASSERTION: Key = Key {
    path: "profile.<name>.provided_contexts.context_assertion",
    presence: Presence::Required,
    must: "must be 4 to 2048 characters",
    what: "What it asserts",
};

/// What [`super::DURATION_SECONDS`] must be where the profile is a role.
pub(crate) const ROLE_DURATION_SECONDS: Key = Key {
    path: "profile.<name>.duration_seconds",
    presence: Presence::Default("3600"),
    must: "must be 900 to 43200 seconds (15 minutes to 12 hours) for a role",
    what: "The same key",
};
