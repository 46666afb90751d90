use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::names::{
    CREDENTIAL_EXPIRATION, CREDENTIAL_ISSUED, CREDENTIAL_RENEWAL, KEY_RELOADS, MFA_CODE_WANTED, MFA_CODES, Name,
    PROFILE_INFO, PROFILE_READY, RENEWAL_CONSECUTIVE_FAILURES, RENEWAL_LAST_SUCCESS, RENEWALS,
};
use super::text::Text;
use crate::aws::ProfileName;
use crate::clock::BootInstant;
use crate::renew::{CodeVerdict, KeyReload, Outcome, Published, Snapshot, Table};

/// Renders the series of every profile from what is published at this moment. A profile costs no registered series, and
/// a thousand of them no more memory than their text: objects of the `prometheus` crate would take some 400 bytes a
/// sample for the time of a scrape.
///
/// A timestamp that nobody knows yet is absent rather than 0, which a dashboard would show as 1970.
pub(super) fn write(text: &mut Text<'_>, table: &Table, now: BootInstant) {
    let profiles = table.profiles();
    let profiles: &[Arc<Published>] = &profiles;

    text.family(&PROFILE_INFO);
    for profile in profiles {
        let source = profile.source_profile.as_ref().map_or("", ProfileName::as_str);
        let labels = [profile.name.as_str(), profile.kind, source, profile.region.as_str()];
        text.sample(&PROFILE_INFO, &labels, 1);
    }
    let ready = |snapshot: &Snapshot| Some(i64::from(snapshot.servable(now).is_some()));
    each(text, &PROFILE_READY, profiles, ready);
    each(text, &CREDENTIAL_ISSUED, profiles, |snapshot| seconds(snapshot.issued));
    each(text, &CREDENTIAL_RENEWAL, profiles, |snapshot| {
        seconds(snapshot.renewal)
    });
    each(text, &CREDENTIAL_EXPIRATION, profiles, |snapshot| {
        seconds(snapshot.expiration)
    });
    each(text, &RENEWAL_LAST_SUCCESS, profiles, |snapshot| {
        seconds(snapshot.issued)
    });
    each(text, &RENEWAL_CONSECUTIVE_FAILURES, profiles, |snapshot| {
        Some(snapshot.consecutive_failures.into())
    });

    text.family(&RENEWALS);
    for profile in profiles {
        for outcome in Outcome::all() {
            let labels = [profile.name.as_str(), outcome.as_str()];
            text.sample(&RENEWALS, &labels, profile.renewals(outcome));
        }
    }
    text.family(&MFA_CODES);
    for profile in profiles {
        for verdict in CodeVerdict::ALL {
            let labels = [profile.name.as_str(), verdict.as_str()];
            text.sample(&MFA_CODES, &labels, profile.codes(verdict));
        }
    }
    each(text, &MFA_CODE_WANTED, profiles, |snapshot| {
        Some(snapshot.code_wanted.is_some().into())
    });
    text.family(&KEY_RELOADS);
    for profile in profiles {
        for reload in KeyReload::ALL {
            let labels = [profile.name.as_str(), reload.as_str()];
            text.sample(&KEY_RELOADS, &labels, profile.key_reloads(reload));
        }
    }
}

/// One gauge a profile, where its value is known.
fn each(text: &mut Text<'_>, name: &Name, profiles: &[Arc<Published>], value: impl Fn(&Snapshot) -> Option<i64>) {
    text.family(name);
    for profile in profiles {
        if let Some(value) = value(&profile.snapshot()) {
            text.sample(name, &[profile.name.as_str()], value);
        }
    }
}

fn seconds(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp())
}
