use super::lawful::lawful;
use super::replies::{self, Reply};
use super::scene::{Exchange, Form, Said};
use super::{DOCUMENT, SECRETS, TOKENS};

/// Whatever came in: what was said is HTTP, gives nothing to whoever may not have it, and is counted.
pub fn check(said: &Said) {
    let mut replies = Vec::new();
    for exchange in &said.exchanges {
        let answers = replies::read(&exchange.said);
        check_exchange(said.form, exchange, &answers);
        assert!(
            answers.is_empty() || !replies.last().is_some_and(Reply::is_last),
            "a reply behind the last"
        );
        replies.extend(answers);
    }
    check_counts(said, &replies);
}

fn check_exchange(form: Form, exchange: &Exchange, replies: &[Reply]) {
    for reply in replies {
        if reply.status == 200 {
            check_200(form, exchange, reply);
        } else {
            check_error(exchange, reply);
        }
    }
    if let ([reply], Some(lawful)) = (replies, lawful(&exchange.heard, form, &exchange.good)) {
        assert!(
            lawful || reply.status != 200,
            "200 for {}",
            exchange.heard.escape_ascii()
        );
    }
}

fn check_200(form: Form, exchange: &Exchange, reply: &Reply) {
    let heard = |what: &str| {
        exchange
            .heard
            .windows(what.len())
            .any(|window| window == what.as_bytes())
    };
    let text = std::str::from_utf8(&reply.body).expect("what is served is text");
    match form {
        Form::Container => {
            assert_eq!(text, DOCUMENT);
            assert!(heard(TOKENS[0]));
        }
        Form::Imds if reply.header("x-aws-ec2-metadata-token-ttl-seconds").is_some() => {
            assert_eq!(text.len(), 48, "{text}");
            assert!(heard("PUT "));
        }
        Form::Imds => {
            assert!(exchange.good.iter().any(|token| heard(token)), "{text} without a token");
            assert!(
                text == DOCUMENT || SECRETS.iter().all(|secret| !text.contains(secret)),
                "{text}"
            );
        }
    }
}

/// No secret, whatever was shown; nothing at all where hyper itself answers.
fn check_error(exchange: &Exchange, reply: &Reply) {
    let text = std::str::from_utf8(&reply.body).expect("an error is text");
    let given = exchange.given.iter().map(String::as_str);
    for secret in SECRETS.into_iter().chain(TOKENS).chain(given) {
        assert!(!text.contains(secret), "{text}");
    }
    if reply.is_hypers() {
        assert!(reply.body.is_empty() && reply.is_last());
    } else if !text.is_empty() {
        let error: serde_json::Value = serde_json::from_str(text).expect("an error is JSON");
        assert!(error["Code"].is_string() && error["Code"] == error["code"]);
        assert!(error["Message"].is_string() && error["Message"] == error["message"]);
    }
}

/// Every reply is counted by its code, and every refusal by one reason.
fn check_counts(said: &Said, replies: &[Reply]) {
    let (hypers, ours): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.is_hypers());
    let with = |wanted: u16| ours.iter().filter(|reply| reply.status == wanted).count() as u64;
    for (code, counted) in &said.answered {
        assert_eq!(*counted, with(*code), "{code}");
    }
    let counted: u64 = said.answered.iter().map(|(_, count)| count).sum();
    assert_eq!(counted, ours.len() as u64, "every code is known");

    let given = |wanted: &[&str]| {
        let of_reason = said
            .rejected
            .iter()
            .filter(|(reason, _)| wanted.contains(&reason.as_str()));
        of_reason.map(|(_, count)| count).sum::<u64>()
    };
    let by_hyper = given(&["malformed", "header_size"]);
    assert!(
        by_hyper <= 1 && hypers.len() as u64 <= by_hyper,
        "{by_hyper}, {}",
        hypers.len()
    );
    assert_eq!(given(&["token_missing", "token_unknown", "token_expired"]), with(401));
    assert_eq!(given(&["method"]), with(405));
    let path = given(&["path"]);
    match said.form {
        Form::Container => assert_eq!(path, with(404)),
        // What an instance does not have is no refusal.
        Form::Imds => assert!(path <= with(404)),
    }
    let all: u64 = said.rejected.iter().map(|(_, count)| count).sum();
    let refused = ours
        .iter()
        .filter(|reply| (400..500).contains(&reply.status) && reply.status != 404);
    assert_eq!(all - by_hyper - path, refused.count() as u64);
}
