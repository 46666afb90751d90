#[cfg(test)]
mod perform;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};

#[cfg(test)]
pub(crate) use self::perform::Refused;
pub use self::state::{Assumed, Issued, State};
use super::actions::{self, Call, Moment, Run, UnsignedCall};
use super::authorization_messages::{AuthorizationMessages, Denial};
use super::callers::{Caller, Identity};
use super::errors::Error;
use super::faults::{Faults, Instead};
use super::form::Form;
use super::ids::Ids;
use super::message::{Request, Response};
use super::mfa::UsedSteps;
use super::oidc::{OidcProvider, OidcProviders};
use super::organization::Organization;
use super::roles::{Role, Roles};
use super::rules::Rules;
use super::saml::{SamlAssertion, SamlAssertions};
use super::sessions::{Holder, Sessions};
use super::sigv4::{Expected, Signed};
use super::totp;
use super::trade_ins::{TradeIn, TradeIns};
use super::users::{User, Users};
use super::xml::{self, Element};

/// The whole of the emulated STS, as a value: the same requests at the same times give the same replies, but for the
/// signatures of ES384, which are random by nature.
pub struct Sts {
    pub(super) rules: Rules,
    pub(super) users: Users,
    pub(super) roles: Roles,
    pub(super) sessions: Sessions,
    pub(super) used_steps: UsedSteps,
    pub(super) organization: Organization,
    pub(super) oidc_providers: OidcProviders,
    pub(super) saml_assertions: SamlAssertions,
    pub(super) trade_ins: TradeIns,
    pub(super) authorization_messages: AuthorizationMessages,
    pub(super) outbound_federation: bool,
    pub(super) ids: Ids,
    assumed: VecDeque<Assumed>,
    issued: VecDeque<Issued>,
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

/// How many successes of an action are remembered.
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
            organization: Organization::default(),
            oidc_providers: OidcProviders::default(),
            saml_assertions: SamlAssertions::default(),
            trade_ins: TradeIns::default(),
            authorization_messages: AuthorizationMessages::default(),
            outbound_federation: true,
            ids: Ids::new(seed),
            assumed: VecDeque::new(),
            issued: VecDeque::new(),
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

    /// Adds an OIDC provider, in the place of an older one with the same ARN.
    pub fn add_oidc_provider(&mut self, provider: OidcProvider) {
        self.oidc_providers.add(provider);
    }

    /// Adds a SAML assertion, in the place of an older one with the same text.
    pub fn add_saml_assertion(&mut self, assertion: SamlAssertion) {
        self.saml_assertions.add(assertion);
    }

    /// Adds a trade-in token, in the place of an older one with the same text.
    pub fn add_trade_in(&mut self, trade_in: TradeIn) {
        self.trade_ins.add(trade_in);
    }

    /// From now on the accounts are these.
    pub fn set_organization(&mut self, organization: Organization) {
        self.organization = organization;
    }

    /// Whether accounts have outbound web identity federation, which `GetWebIdentityToken` needs; at first they have.
    pub fn set_outbound_federation(&mut self, enabled: bool) {
        self.outbound_federation = enabled;
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
            issued: self.issued.iter().cloned().collect(),
            authorization_messages: self.authorization_messages.encoded(),
            oidc_providers: self.oidc_providers.arns(),
            saml_providers: self.saml_assertions.providers(),
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

    /// Remembers a success of the other actions for [`Sts::state`].
    pub(super) fn record_issued(&mut self, issued: Issued) {
        if self.issued.len() == MOST_ASSUMED {
            self.issued.pop_front();
        }
        self.issued.push_back(issued);
    }

    /// Makes a message of a decision; `DecodeAuthorizationMessage` tells it.
    pub(super) fn encode(&mut self, denial: Denial) -> String {
        self.authorization_messages.encode(&mut self.ids, denial)
    }

    /// The account of this key, be it of a user or of a session.
    pub(super) fn account_of_key(&self, access_key_id: &str) -> Option<String> {
        let of_session = || {
            let session = self.sessions.by_key(access_key_id)?;
            Some(self.holder(&session.holder)?.account().to_owned())
        };
        let user = self.users.of_key(access_key_id);
        user.map(|user| user.account().to_owned()).or_else(of_session)
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
        let host = request.header("host").unwrap_or_default();
        if !action.is_on(host) {
            return Err(Error::unknown_operation());
        }
        let moment = Moment { now, lifetime_seconds };
        let run = match action.run {
            Run::Unsigned(run) => return run(self, &UnsignedCall { form, moment }),
            Run::Signed(run) => run,
        };
        let caller = self.authenticate(request, now)?;
        if !caller.may_call(action.name) {
            return Err(Error::session_credentials(action.name));
        }
        let call = Call {
            form,
            caller: &caller,
            host,
            moment,
        };
        run(self, &call)
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
                expiration: None,
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
            expiration: Some(session.expiration),
            mfa: session.mfa,
        })
    }

    fn holder(&self, holder: &Holder) -> Option<Identity> {
        match holder {
            Holder::User(arn) => self.users.by_arn(arn).cloned().map(Identity::User),
            Holder::Role(session) => Some(Identity::Role(session.clone())),
            Holder::Federated(user) => Some(Identity::Federated(user.clone())),
            Holder::Root(account) => Some(Identity::Root(User::root(account))),
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
        if let Some(denial) = &error.denial {
            self.encode(Denial::clone(denial));
        }
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
