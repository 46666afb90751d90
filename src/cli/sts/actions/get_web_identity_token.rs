use crate::aws::{self, Audiences, Invalid, TagList};
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::given::{Given, wrong};
use crate::cli::sts::page::{self, Field, Page, Value};
use crate::cli::sts::parameter::{DURATION_SECONDS, Parameter, TAGS};
use crate::sts::{GetWebIdentityToken, IssuedToken};

const AUDIENCE: Parameter = Parameter::many("audience", "AUDIENCE", "Who shall accept the token, 1 to 10");
const SIGNING_ALGORITHM: Parameter = Parameter::one("signing-algorithm", "ALGORITHM", "ES384 or RS256");

pub(super) const ACTION: Action = Action {
    name: "get-web-identity-token",
    what: "A signed JWT that tells a service outside of AWS who calls",
    signed_by: SignedBy::Credentials,
    required: &[&AUDIENCE, &SIGNING_ALGORITHM],
    optional: &[&DURATION_SECONDS, &TAGS],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let request = request(&asker.given)?;
    let sts = asker.sts()?;
    let signing = asker.signing(Mfa::NotTaken).await?;
    let reply = sts.get_web_identity_token(GetWebIdentityToken {
        endpoint: &signing.endpoint,
        signer: signing.signer(),
        now: signing.now,
        request: &request,
    });
    asker.page(&reply.await, fields)
}

fn request(given: &Given<'_>) -> Result<aws::GetWebIdentityToken, Failed> {
    let audiences = Audiences::try_from(given.texts(&AUDIENCE)?);
    let tags = TagList::try_from(given.tags()?);
    Ok(aws::GetWebIdentityToken {
        audiences: audiences.map_err(|Invalid(rule)| wrong(&AUDIENCE, &rule))?,
        duration: given.number(&DURATION_SECONDS)?.unwrap_or_default(),
        signing_algorithm: given.required(&SIGNING_ALGORITHM)?,
        tags: tags.map_err(|Invalid(rule)| wrong(&TAGS, &rule))?,
    })
}

fn fields(issued: &IssuedToken) -> Vec<Field<'_>> {
    vec![
        page::secret("WebIdentityToken", &issued.token),
        ("Expiration", Value::Time(issued.expiration)),
    ]
}
