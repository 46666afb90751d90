//! Every action as another client sends and reads it. The cases are made by that client: parameters, time and keys with
//! the request that it makes of them, and a reply with what it reads in it. Without `VALETKEY_PARITY_CASES`, the path of
//! a file of such cases, it is those that are committed.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, as the test does"
)]

mod ask;
mod given;
mod server;
mod told;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use serde_json::Value;
use valetkey::clock::SystemClock;
use valetkey::sts::{Action, StsClient};

use given::Given;
use server::Server;

const COMMITTED: &str = include_str!("few.jsonl");

#[tokio::test]
async fn every_case_is_sent_and_read_alike() {
    let text = match std::env::var_os("VALETKEY_PARITY_CASES") {
        Some(path) => std::fs::read_to_string(path).unwrap(),
        None => COMMITTED.to_owned(),
    };
    let mut server = Server::start().await;
    let proxy = format!("http://{}", server.address);
    let env = |name: &str| (name == "HTTP_PROXY").then(|| OsString::from(&proxy));
    let client = StsClient::new(Arc::new(SystemClock), &env).unwrap();
    let (mut passed, mut wrong) = (BTreeMap::new(), Vec::new());
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        match verdict(&client, &mut server, &case).await {
            Ok(()) => *passed.entry(case["action"].to_string()).or_insert(0_u32) += 1,
            Err(difference) => wrong.push(format!("{}: {difference}", case["name"])),
        }
    }
    println!("{} passed, {} failed", passed.values().sum::<u32>(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let actions: Vec<_> = passed.keys().map(|name| name.trim_matches('"')).collect();
    assert_eq!(actions, Action::ALL.map(Action::as_str), "an action without a case");
}

/// What differs.
async fn verdict(client: &StsClient, server: &mut Server, case: &Value) -> Result<(), String> {
    server.answer_with(&case["reply"]);
    let told = ask::ask(client, case, &Given(&case["parameters"])).await;
    let requests = server.requests();
    match (told, requests.as_slice(), case.get("refused")) {
        (Err(_), [], Some(_)) => Ok(()),
        (Err(rule), _, None) => Err(format!("could not be built: {rule}")),
        (_, _, Some(_)) => Err("could be built".to_owned()),
        (Ok(told), [request], None) => {
            same("the body", &request.body, &case["body"])?;
            same("the headers", &request.headers, &case["headers"])?;
            told::same(&told, &case["told"])
        }
        (Ok(_), requests, None) => Err(format!("{} requests", requests.len())),
    }
}

fn same(what: &str, ours: &Value, theirs: &Value) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("{what}: {ours:.2000} instead of {theirs:.2000}"))
    }
}
