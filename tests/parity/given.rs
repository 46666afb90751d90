//! The parameters of a case as our types, or the rule that they break.

use std::str::FromStr;

use serde_json::Value;
use valetkey::aws::{
    self, Invalid, PolicyArn, ProvidedContext, SerialNumber, SessionPolicies, SessionTokenSize, Tag, TagKey, TokenCode,
};
use valetkey::secret::Secret;

/// A JSON object of parameters.
pub(crate) struct Given<'v>(pub(crate) &'v Value);

impl Given<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.0[name].as_str()
    }

    pub(crate) fn optional<T: FromStr<Err = Invalid>>(&self, name: &str) -> Result<Option<T>, Invalid> {
        self.text(name).map(str::parse).transpose()
    }

    pub(crate) fn required<T: FromStr<Err = Invalid>>(&self, name: &str) -> Result<T, Invalid> {
        self.text(name).unwrap().parse()
    }

    pub(crate) fn secret<T: TryFrom<Secret, Error = Invalid>>(&self, name: &str) -> Result<T, Invalid> {
        T::try_from(Secret::from(self.text(name).unwrap()))
    }

    /// `DurationSeconds`, which ours always states.
    pub(crate) fn duration<T: TryFrom<i64, Error = Invalid>>(&self) -> Result<T, Invalid> {
        T::try_from(self.0["DurationSeconds"].as_i64().unwrap())
    }

    pub(crate) fn token_size(&self) -> Result<Option<SessionTokenSize>, Invalid> {
        let size = self.0["MinimumSessionTokenSize"].as_i64();
        size.map(SessionTokenSize::try_from).transpose()
    }

    pub(crate) fn mfa(&self) -> Result<Option<(SerialNumber, TokenCode)>, Invalid> {
        let serial = self.optional("SerialNumber")?;
        let code = self.text("TokenCode").map(|code| TokenCode::try_from(code.to_owned()));
        Ok(serial.zip(code.transpose()?))
    }

    fn list(&self, name: &str) -> Vec<Given<'_>> {
        let members = self.0[name].as_array();
        members.into_iter().flatten().map(Given).collect()
    }

    pub(crate) fn texts<T>(&self, name: &str, read: impl Fn(&str) -> Result<T, Invalid>) -> Result<Vec<T>, Invalid> {
        let members = self.list(name);
        members.iter().map(|member| read(member.0.as_str().unwrap())).collect()
    }

    pub(crate) fn policies(&self) -> Result<SessionPolicies, Invalid> {
        let arns = self.list("PolicyArns");
        let arns: Result<Vec<PolicyArn>, _> = arns.iter().map(|member| member.required("arn")).collect();
        SessionPolicies::new(self.optional("Policy")?, arns?)
    }

    pub(crate) fn tags(&self) -> Result<Vec<Tag>, Invalid> {
        let members = self.list("Tags");
        let tag = |member: &Given<'_>| {
            Ok(Tag {
                key: member.required("Key")?,
                value: member.required("Value")?,
            })
        };
        members.iter().map(tag).collect()
    }

    pub(crate) fn assume_role(&self) -> Result<aws::AssumeRole, Invalid> {
        let transitive = self.texts("TransitiveTagKeys", str::parse::<TagKey>)?;
        let contexts = self.list("ProvidedContexts");
        let context = |member: &Given<'_>| {
            Ok(ProvidedContext {
                provider_arn: member.required("ProviderArn")?,
                context_assertion: member.required("ContextAssertion")?,
            })
        };
        let contexts: Vec<_> = contexts.iter().map(context).collect::<Result<_, _>>()?;
        Ok(aws::AssumeRole {
            role_arn: self.required("RoleArn")?,
            role_session_name: self.required("RoleSessionName")?,
            duration: self.duration()?,
            external_id: self.optional("ExternalId")?,
            source_identity: self.optional("SourceIdentity")?,
            policies: self.policies()?,
            tags: aws::Tags::new(self.tags()?, transitive)?,
            provided_contexts: contexts.try_into()?,
            minimum_session_token_size: self.token_size()?,
        })
    }
}
