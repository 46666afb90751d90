#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::actions::{self, Call};
use super::callers::{Caller, Identity};
use super::errors::Error;
use super::faults::{Faults, Instead};
use super::form::Form;
use super::ids::Ids;
use super::message::{Request, Response};
use super::mfa::UsedSteps;
use super::roles::{Role, Roles};
use super::rules::Rules;
use super::sessions::{Holder, Sessions};
use super::sigv4::{Expected, Signed};
use super::totp;
use super::users::{User, Users};
use super::xml::{self, Element};

/// The whole of the emulated STS, as a value: the same requests at the same times give the same replies.
pub struct Sts {
    pub(super) rules: Rules,
    pub(super) users: Users,
    pub(super) roles: Roles,
    pub(super) sessions: Sessions,
    pub(super) used_steps: UsedSteps,
    pub(super) ids: Ids,
    assumed: VecDeque<Assumed>,
    faults: Faults,
    requests: BTreeMap<String, u64>,
    errors: BTreeMap<String, u64>,
}

/// What the shell does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How long it waits first.
    pub delay: Duration,
    /// What it sends; `None` closes the connection.
    pub response: Option<Response>,
}

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

/// How many successes of AssumeRole are remembered.
const MOST_ASSUMED: usize = 100;

impl Sts {
    /// An STS without users. The seed decides the keys, tokens and ids that it makes up.
    pub fn new(rules: Rules, seed: [u8; 32]) -> Self {
        Self {
            rules,
            users: Users::default(),
            roles: Roles::default(),
            sessions: Sessions::default(),
            used_steps: UsedSteps::default(),
            ids: Ids::new(seed),
            assumed: VecDeque::new(),
            faults: Faults::default(),
            requests: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    /// Answers one request at this time of the host, which the emulator's own clock may differ from.
    pub fn handle(&mut self, request: &Request, now: DateTime<Utc>) -> Outcome {
        let faults = self.faults.next();
        let now = now + faults.clock_skew;
        let form = Form::of(request);
        self.count_request(&form);

        let mut answer = || self.answer(request, &form, faults.lifetime_seconds, now);
        let response = match faults.instead {
            None => Some(answer()),
            Some(Instead::Down) => None,
            Some(Instead::LostReply) => {
                answer();
                None
            }
            Some(Instead::InternalFailure) => Some(self.error(&Error::internal_failure())),
            Some(Instead::ServiceUnavailable) => Some(self.error(&Error::service_unavailable())),
            Some(Instead::Throttling) => Some(self.error(&Error::throttling())),
            Some(Instead::Garbage(garbage)) => Some(garbage.unasked().unwrap_or_else(|| garbage.spoil(answer()))),
        };
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Outcome {
            delay: faults.delay,
            response: response.map(|response| response.with("date", date)),
        }
    }

    /// Adds a user, in the place of an older one with the same ARN.
    pub fn add_user(&mut self, user: User) {
        self.users.add(user);
    }

    /// Adds a role, in the place of an older one with the same ARN.
    pub fn add_role(&mut self, role: Role) {
        self.roles.add(role);
    }

    /// Switches an access key on or off; says whether there is such a key.
    pub fn set_key_active(&mut self, access_key_id: &str, active: bool) -> bool {
        self.users.set_active(access_key_id, active)
    }

    /// From the next request on, these things go wrong and no others.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// What has happened so far.
    pub fn state(&self) -> State {
        State {
            requests: self.requests.clone(),
            errors: self.errors.clone(),
            successes: self.used_steps.successes(),
            sessions: self.sessions.count(),
            roles: self.roles.arns(),
            assumed: self.assumed.iter().cloned().collect(),
            faults: self.faults.clone(),
        }
    }

    /// What the device with this serial number shows at this time, to whoever has it in hand.
    pub fn token_code(&self, serial_number: &str, now: DateTime<Utc>) -> Option<String> {
        let device = self.users.device(serial_number)?;
        Some(totp::code(&device.seed, self.rules.step(now.timestamp())))
    }

    /// Uses up the code of an MFA device, if one was given; says whether there was MFA.
    pub(super) fn take_code(
        &mut self,
        user: Option<&User>,
        serial_number: Option<&str>,
        token_code: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let (rules, time) = (&self.rules, now.timestamp());
        self.used_steps.take(user, serial_number, token_code, rules, time)
    }

    /// Remembers a success of AssumeRole for [`Sts::state`].
    pub(super) fn record(&mut self, assumed: Assumed) {
        if self.assumed.len() == MOST_ASSUMED {
            self.assumed.pop_front();
        }
        self.assumed.push_back(assumed);
    }

    /// The answer of a healthy STS.
    fn answer(
        &mut self,
        request: &Request,
        form: &Form,
        lifetime_seconds: Option<u32>,
        now: DateTime<Utc>,
    ) -> Response {
        if request.path != "/" {
            return Response::empty(404);
        }
        if !matches!(request.method.as_str(), "GET" | "POST") {
            return Response::empty(405).with("allow", "GET, POST");
        }
        let Some(name) = form.text("Action") else {
            return self.elsewhere(request);
        };
        let lifetime_seconds = lifetime_seconds.or(self.rules.lifetime_seconds);
        match self.act(name, request, form, lifetime_seconds, now) {
            Ok(result) => self.reply(name, result),
            Err(error) => self.error(&error),
        }
    }

    fn act(
        &mut self,
        name: &str,
        request: &Request,
        form: &Form,
        lifetime_seconds: Option<u32>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Element>, Error> {
        let version = form.text("Version");
        let action = actions::find(name)
            .filter(|_| version == Some("2011-06-15"))
            .ok_or_else(|| Error::invalid_action(name, version))?;
        let caller = self.authenticate(request, now)?;
        let call = Call {
            form,
            caller: &caller,
            lifetime_seconds,
            now,
        };
        (action.run)(self, &call)
    }

    /// Whose signature it is. A session is found by key and token together, before its signature is looked at.
    fn authenticate(&self, request: &Request, now: DateTime<Utc>) -> Result<Caller, Error> {
        let expected = Expected {
            region: &self.rules.region,
            service: "sts",
            tolerance: self.rules.signature_tolerance,
        };
        let signed = Signed::read(request, &expected, now)?;
        let Some(token) = request.header("x-amz-security-token") else {
            let found = self.users.of_active_key(signed.access_key_id());
            let (user, key) = found.ok_or_else(Error::invalid_client_token_id)?;
            signed.verify(&key.secret_access_key)?;
            return Ok(Caller {
                identity: Identity::User(user.clone()),
                session: false,
                mfa: false,
            });
        };
        let found = self.sessions.find(signed.access_key_id(), token);
        let session = found.ok_or_else(Error::invalid_client_token_id)?;
        if now >= session.expiration {
            return Err(Error::expired_token());
        }
        let identity = self
            .holder(&session.holder)
            .ok_or_else(Error::invalid_client_token_id)?;
        signed.verify(&session.secret_access_key)?;
        Ok(Caller {
            identity,
            session: true,
            mfa: session.mfa,
        })
    }

    fn holder(&self, holder: &Holder) -> Option<Identity> {
        match holder {
            Holder::User(arn) => self.users.by_arn(arn).cloned().map(Identity::User),
            Holder::Role(session) => Some(Identity::Role(session.clone())),
        }
    }

    fn reply(&mut self, action: &str, result: Vec<Element>) -> Response {
        let request_id = self.ids.request_id();
        let metadata = vec![Element::text("RequestId", request_id.clone())];
        let document = Element::parent(
            format!("{action}Response"),
            vec![
                Element::parent(format!("{action}Result"), result),
                Element::parent("ResponseMetadata", metadata),
            ],
        );
        Response::new(200, "text/xml", document.document(xml::STS)).with("x-amzn-requestid", request_id)
    }

    fn error(&mut self, error: &Error) -> Response {
        *self.errors.entry(error.code.to_owned()).or_default() += 1;
        let request_id = self.ids.request_id();
        error.response(&request_id).with("x-amzn-requestid", request_id)
    }

    /// STS sends whoever names no action to the product's page.
    fn elsewhere(&mut self, request: &Request) -> Response {
        let query = match request.query.as_str() {
            "" => String::new(),
            query => format!("?{query}"),
        };
        Response::empty(302)
            .with("location", format!("https://aws.amazon.com/iam{query}"))
            .with("x-amzn-requestid", self.ids.request_id())
    }

    fn count_request(&mut self, form: &Form) {
        let action = form.text("Action").and_then(actions::find);
        let name = action.map_or("other", |action| action.name);
        *self.requests.entry(name.to_owned()).or_default() += 1;
    }
}
