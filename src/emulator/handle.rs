use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::control;
use super::core::{Outcome, State, Sts};
use super::faults::Faults;
use super::message::Request;
use super::oidc::OidcProvider;
use super::organization::Organization;
use super::roles::Role;
use super::saml::SamlAssertion;
use super::trade_ins::TradeIn;
use super::users::User;

/// A running emulator, to change and to watch from the same process. Clones are the same emulator.
#[derive(Clone)]
pub struct Handle(Arc<Mutex<Sts>>);

impl Handle {
    /// A handle on this STS.
    pub fn new(sts: Sts) -> Self {
        Self(Arc::new(Mutex::new(sts)))
    }

    /// Answers one request, be it to STS or to the control API.
    pub fn handle(&self, request: &Request, now: DateTime<Utc>) -> Outcome {
        let mut sts = self.lock();
        control::handle(&mut sts, request).unwrap_or_else(|| sts.handle(request, now))
    }

    /// See [`Sts::add_user`].
    pub fn add_user(&self, user: User) {
        self.lock().add_user(user);
    }

    /// See [`Sts::add_role`].
    pub fn add_role(&self, role: Role) {
        self.lock().add_role(role);
    }

    /// See [`Sts::add_oidc_provider`].
    pub fn add_oidc_provider(&self, provider: OidcProvider) {
        self.lock().add_oidc_provider(provider);
    }

    /// See [`Sts::add_saml_assertion`].
    pub fn add_saml_assertion(&self, assertion: SamlAssertion) {
        self.lock().add_saml_assertion(assertion);
    }

    /// See [`Sts::add_trade_in`].
    pub fn add_trade_in(&self, trade_in: TradeIn) {
        self.lock().add_trade_in(trade_in);
    }

    /// See [`Sts::set_organization`].
    pub fn set_organization(&self, organization: Organization) {
        self.lock().set_organization(organization);
    }

    /// See [`Sts::set_outbound_federation`].
    pub fn set_outbound_federation(&self, enabled: bool) {
        self.lock().set_outbound_federation(enabled);
    }

    /// See [`Sts::set_key_active`].
    pub fn set_key_active(&self, access_key_id: &str, active: bool) -> bool {
        self.lock().set_key_active(access_key_id, active)
    }

    /// See [`Sts::set_faults`].
    pub fn set_faults(&self, faults: Faults) {
        self.lock().set_faults(faults);
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&self) {
        self.set_faults(Faults::default());
    }

    /// See [`Sts::state`].
    pub fn state(&self) -> State {
        self.lock().state()
    }

    /// See [`Sts::token_code`].
    pub fn token_code(&self, serial_number: &str, now: DateTime<Utc>) -> Option<String> {
        self.lock().token_code(serial_number, now)
    }

    /// A panic while the lock was held leaves counters behind at worst, so a poisoned lock is taken all the same.
    fn lock(&self) -> MutexGuard<'_, Sts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
