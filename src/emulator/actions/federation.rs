//! What `AssumeRoleWithSAML` and `AssumeRoleWithWebIdentity` share: a role for somebody whom an identity provider vouches
//! for.

use chrono::{DateTime, Utc};

use super::parameters::{ARN, MAX_ROLE_SECONDS, MIN_ROLE_SECONDS, POLICY, check_arn, policy_arns};
use super::{Moment, credentials, packed, packed_policy_size, role_seconds};
use crate::emulator::core::{Issued, Sts};
use crate::emulator::errors::Error;
use crate::emulator::form::Form;
use crate::emulator::roles::{RoleSession, VouchedFor};
use crate::emulator::sessions::Holder;
use crate::emulator::validation::Violations;
use crate::emulator::xml::Element;

/// The parameters of both.
pub(super) struct Ask<'a> {
    pub(super) role_arn: &'a str,
    policy: Option<&'a str>,
    policy_arns: Vec<&'a str>,
    duration_seconds: Option<u32>,
}

/// Who is vouched for.
pub(super) struct Subject<'a> {
    pub(super) vouched: VouchedFor<'a>,
    pub(super) session_name: &'a str,
    pub(super) source_identity: Option<&'a str>,
    pub(super) tags: Vec<(String, String)>,
    /// Keys of these tags.
    pub(super) transitive_tag_keys: Vec<String>,
    /// No session lives longer.
    pub(super) until: Option<DateTime<Utc>>,
}

impl<'a> Ask<'a> {
    /// `own` checks the parameters of the action itself, which AWS names between the role and the policies.
    pub(super) fn read<T>(form: &'a Form, own: impl FnOnce(&mut Violations) -> T) -> Result<(Self, T), Error> {
        let duration_seconds = form.integer("DurationSeconds")?;
        let mut broken = Violations::default();
        let role_arn = broken.required("roleArn", form.text("RoleArn"), &ARN);
        let own = own(&mut broken);
        let policy_arns = policy_arns(form, &mut broken);
        let policy = form.text("Policy");
        broken.text("policy", policy, &POLICY);
        broken.integer("durationSeconds", duration_seconds, MIN_ROLE_SECONDS, MAX_ROLE_SECONDS);
        broken.into_result()?;
        policy_arns
            .iter()
            .chain([&role_arn])
            .try_for_each(|arn| check_arn(arn))?;
        let ask = Self {
            role_arn,
            policy,
            policy_arns,
            duration_seconds: duration_seconds.and_then(|seconds| seconds.try_into().ok()),
        };
        Ok((ask, own))
    }
}

/// The elements that both results have.
pub(super) fn assume(
    sts: &mut Sts,
    action: &'static str,
    ask: &Ask<'_>,
    subject: Subject<'_>,
    moment: Moment,
) -> Result<Vec<Element>, Error> {
    let packed = packed::size(ask.policy, &ask.policy_arns, &subject.tags)?;
    let role = sts.roles.by_arn(ask.role_arn);
    let role = role.filter(|role| role.admits_vouched(&subject.vouched, subject.source_identity));
    let role = role.cloned().ok_or_else(|| not_authorized(action))?;
    let seconds = role_seconds(ask.duration_seconds, &role)?;

    let is_transitive = |(key, _): &&(String, String)| subject.transitive_tag_keys.contains(key);
    let session = RoleSession {
        role,
        name: subject.session_name.to_owned(),
        transitive_tags: subject.tags.iter().filter(is_transitive).cloned().collect(),
        source_identity: subject.source_identity.map(str::to_owned),
    };
    let (arn, id) = (session.arn(), session.id());
    sts.record_issued(Issued {
        policy: ask.policy.map(str::to_owned),
        policy_arns: ask.policy_arns.iter().map(|arn| (*arn).to_owned()).collect(),
        tags: subject.tags,
        ..Issued::new(action, &arn, subject.vouched.subject, seconds.into())
    });

    let format = sts.rules.expiration_format;
    let expiration = moment.expiration(seconds.into(), format);
    let expiration = subject.until.map_or(expiration, |until| until.min(expiration));
    let session = sts
        .sessions
        .issue(&mut sts.ids, Holder::Role(session), false, expiration);
    let user = vec![Element::text("AssumedRoleId", id), Element::text("Arn", arn)];
    let mut result = vec![credentials(&session, format), Element::parent("AssumedRoleUser", user)];
    result.extend(packed_policy_size(packed));
    result.extend(
        subject
            .source_identity
            .map(|identity| Element::text("SourceIdentity", identity)),
    );
    Ok(result)
}

/// A role that does not exist is denied in the words of one that trusts somebody else.
pub(super) fn not_authorized(action: &str) -> Error {
    Error::access_denied(&format!("Not authorized to perform sts:{action}"))
}
