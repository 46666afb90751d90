use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::page::{self, Field, Page};
use crate::cli::sts::parameter::{DURATION_SECONDS, MINIMUM_SESSION_TOKEN_SIZE, NO_MFA, SERIAL_NUMBER};
use crate::sts::{GetSessionToken, Issued, Sts};

pub(super) const ACTION: Action = Action {
    name: "get-session-token",
    what: "A session of the user, with MFA if the profile has a device; signed by the long-term key",
    signed_by: SignedBy::Key,
    required: &[],
    optional: &[&DURATION_SECONDS, &SERIAL_NUMBER, &NO_MFA, &MINIMUM_SESSION_TOKEN_SIZE],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let duration = asker.given.number(&DURATION_SECONDS)?.unwrap_or_default();
    let minimum_session_token_size = asker.given.number(&MINIMUM_SESSION_TOKEN_SIZE)?;
    let sts = asker.sts()?;
    let signing = asker.key(Mfa::Taken).await?;
    let reply = sts.get_session_token(GetSessionToken {
        endpoint: &signing.endpoint,
        key: &signing.with,
        now: signing.now,
        duration,
        mfa: signing.mfa(),
        minimum_session_token_size,
    });
    asker.page(&reply.await, fields)
}

fn fields(issued: &Issued) -> Vec<Field<'_>> {
    let about = &issued.about;
    let all = [
        Some(page::credentials(&issued.credentials)),
        page::number("SessionTokenUtilization", about.session_token_utilization),
        page::number("SessionTokenSize", about.session_token_size),
    ];
    all.into_iter().flatten().collect()
}
