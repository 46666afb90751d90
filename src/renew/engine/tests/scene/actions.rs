//! The actions of the STS that follows a script.

use std::time::Duration;

use super::{Script, refusal};
use crate::BoxFuture;
use crate::sts::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, CallerIdentity, Class, GetCallerIdentity,
    GetFederationToken, GetSessionToken, Reply, Signer, Sts,
};

impl Sts for Script {
    fn assume_role<'a>(&'a self, call: AssumeRole<'a>) -> BoxFuture<'a, Reply> {
        self.answer(
            "AssumeRole",
            id(call.signer),
            call.mfa,
            call.request.duration.as_duration(),
        )
    }

    fn get_session_token<'a>(&'a self, call: GetSessionToken<'a>) -> BoxFuture<'a, Reply> {
        self.answer(
            "GetSessionToken",
            id(Signer::Key(call.key)),
            call.mfa,
            call.duration.as_duration(),
        )
    }

    fn assume_role_with_saml<'a>(&'a self, call: AssumeRoleWithSaml<'a>) -> BoxFuture<'a, Reply> {
        self.answer(
            "AssumeRoleWithSAML",
            String::new(),
            None,
            call.request.duration.as_duration(),
        )
    }

    fn assume_role_with_web_identity<'a>(&'a self, call: AssumeRoleWithWebIdentity<'a>) -> BoxFuture<'a, Reply> {
        self.answer(
            "AssumeRoleWithWebIdentity",
            String::new(),
            None,
            call.request.duration.as_duration(),
        )
    }

    fn assume_root<'a>(&'a self, call: AssumeRoot<'a>) -> BoxFuture<'a, Reply> {
        self.answer("AssumeRoot", id(call.signer), None, call.request.duration.as_duration())
    }

    fn get_federation_token<'a>(&'a self, call: GetFederationToken<'a>) -> BoxFuture<'a, Reply> {
        self.answer(
            "GetFederationToken",
            id(Signer::Key(call.key)),
            None,
            call.request.duration.as_duration(),
        )
    }

    fn get_caller_identity<'a>(&'a self, call: GetCallerIdentity<'a>) -> BoxFuture<'a, Reply<CallerIdentity>> {
        *self.questions.lock().unwrap() += 1;
        *self.signed_at.lock().unwrap() = Some(call.now);
        if *self.is_silent.lock().unwrap() {
            return Box::pin(std::future::pending());
        }
        let account = self.accounts.lock().unwrap().pop_front();
        let result = account.unwrap_or(Err(Class::Config)).map(|account| CallerIdentity {
            user_id: "AIDAIOSFODNN7EXAMPLE".into(),
            account: account.parse().unwrap(),
            arn: format!("arn:aws:iam::{account}:user/ops").parse().unwrap(),
        });
        let sample = self.sample();
        Box::pin(async move {
            Reply {
                sample: Some(sample),
                elapsed: Duration::ZERO,
                result: result.map_err(|class| refusal(class, true)),
            }
        })
    }
}

fn id(signer: Signer<'_>) -> String {
    match signer {
        Signer::Key(key) => key.access_key_id.to_string(),
        Signer::Session(credentials) => credentials.access_key_id.to_string(),
    }
}
