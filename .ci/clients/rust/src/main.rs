//! Signs once for each line of standard input, with one client. What every client prints stands in `../../README.md`.

use std::io;
use std::sync::{Arc, Mutex};

use aws_config::BehaviorVersion;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::{BoxError, DisplayErrorContext};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("{}", json!({ "version": aws_sdk_sts::meta::PKG_VERSION }));
    let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
    let signed_by = SignedBy::default();
    let config = aws_sdk_sts::config::Builder::from(&config)
        .interceptor(signed_by.clone())
        .build();
    let client = Client::from_conf(config);
    for line in io::stdin().lines() {
        line.expect("standard input is text");
        println!("{}", sign(&client, &signed_by).await);
    }
}

async fn sign(client: &Client, signed_by: &SignedBy) -> Value {
    match client.get_caller_identity().send().await {
        Ok(identity) => json!({
            "ok": true,
            "access_key_id": signed_by.access_key_id(),
            "arn": identity.arn(),
            "account": identity.account(),
        }),
        Err(error) => json!({ "ok": false, "error": DisplayErrorContext(error).to_string() }),
    }
}

/// Remembers the `Authorization` of the last request.
#[derive(Debug, Clone, Default)]
struct SignedBy(Arc<Mutex<String>>);

impl SignedBy {
    fn access_key_id(&self) -> Option<String> {
        let header = self.0.lock().expect("nobody panics under the lock");
        let (_, scope) = header.split_once("Credential=")?;
        Some(scope.split('/').next()?.to_owned())
    }
}

impl Intercept for SignedBy {
    fn name(&self) -> &'static str {
        "SignedBy"
    }

    fn read_after_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let header = context.request().headers().get("authorization").unwrap_or_default();
        header.clone_into(&mut self.0.lock().expect("nobody panics under the lock"));
        Ok(())
    }
}
