use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use valetkey::sts::{Class, Error};

use crate::server::{Ending, Server, good, good_body, http};
use crate::{ACCESS_KEY_ID, CODE, HASTY_TOTAL, PATIENT, SESSION_TOKEN, call, client, error};

/// One call to a server with this ending: the error, after one connection with one request.
async fn ends(ending: Ending) -> Error {
    let server = Server::plain(ending).await;
    let reply = call(&client(&[], PATIENT), &server.url()).await;
    let (connections, requests) = server.seen().await;
    assert_eq!((connections, requests.len()), (1, 1));
    error(reply)
}

#[tokio::test]
async fn a_connection_closed_or_reset_without_an_answer_is_never_tried_again() {
    for ending in [
        Ending::AnswerAndClose(String::new()),
        Ending::AnswerAndReset(String::new()),
        Ending::AnswerAndReset("HTTP/1.1 200 OK\r\nContent-".to_owned()),
    ] {
        let error = ends(ending).await;
        assert_eq!((error.class, error.sent), (Class::Network, true), "{error}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_brings_nothing() {
    let body = good_body();
    let half = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
        body.len(),
        &body[..300]
    );
    for ending in [Ending::AnswerAndReset(half.clone()), Ending::AnswerAndClose(half)] {
        let error = ends(ending).await;
        assert_eq!((error.class, error.sent), (Class::Network, true), "{error}");
    }
}

#[tokio::test]
async fn errors_of_http_are_never_tried_again() {
    let throttled = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>a-1</RequestId></ErrorResponse>"#;
    for (answer, class) in [
        (http("503 Service Unavailable", ""), Class::Server),
        (http("500 Internal Server Error", "oops"), Class::Server),
        (http("429 Too Many Requests", ""), Class::Throttled),
        (http("400 Bad Request", throttled), Class::Throttled),
        (http("408 Request Timeout", ""), Class::Server),
        (http("421 Misdirected Request", ""), Class::Malformed),
        (http("200 OK", &"<html>".repeat(9)), Class::Malformed),
        (http("204 No Content", ""), Class::Malformed),
        ("HTTP/1.1 nonsense\r\n\r\n".to_owned(), Class::Malformed),
    ] {
        let error = ends(Ending::Answer(answer.clone())).await;
        assert_eq!((error.class, error.sent), (class, true), "{answer}: {error}");
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = Server::plain(Ending::Answer(good())).await;
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
            elsewhere.url()
        );
        let error = ends(Ending::Answer(answer)).await;
        assert_eq!(error.class, Class::Malformed);
        assert!(error.message.contains("redirect"), "{error}");
    }
    assert_eq!(elsewhere.seen().await.0, 0);
}

#[tokio::test]
async fn a_body_without_end_is_cut_whatever_its_length_says() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n",
    ] {
        let error = ends(Ending::Flood(head.to_owned())).await;
        assert_eq!(error.class, Class::Malformed, "{error}");
        assert!(error.message.contains("longer than any reply"), "{head}: {error}");
    }
    let no_length = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n".to_owned();
    assert_eq!(ends(Ending::Flood(no_length)).await.class, Class::Malformed);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the real time is what is tested")]
async fn a_server_that_drips_or_says_nothing_meets_the_total_timeout() {
    for ending in [
        Ending::Drip("HTTP/1.1 200 OK\r\n".to_owned(), "X-Wait: a\r\n"),
        Ending::Drip("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n".to_owned(), "<a>"),
        Ending::Drip(
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            "HTTP/1.1 100 Continue\r\n\r\n",
        ),
        Ending::Answer(String::new()),
    ] {
        let server = Server::plain(ending).await;
        let client = client(&[], HASTY_TOTAL);
        let start = Instant::now();
        let reply = call(&client, &server.url()).await;
        assert!((HASTY_TOTAL.total..Duration::from_secs(10)).contains(&start.elapsed()));
        assert!(reply.elapsed >= HASTY_TOTAL.total);
        let error = error(reply);
        assert_eq!((error.class, error.sent), (Class::Timeout, true), "{error}");
        assert!(error.message.contains(": no answer within 0.4 s; "), "{error}");
        let (connections, requests) = server.seen().await;
        assert_eq!((connections, requests.len()), (1, 1));
    }
}

#[tokio::test]
async fn what_never_connects_has_sent_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    let url = format!("http://{address}");
    drop(closed);
    let refused = error(call(&client(&[], PATIENT), &url).await);
    assert_eq!((refused.class, refused.sent), (Class::Network, false), "{refused}");
    let words = format!("at {address}: Connection refused");
    assert!(refused.message.contains(&words), "{refused}");

    // A label of more than 63 characters is no name; no resolver is asked.
    let url = format!("http://{}.example", "a".repeat(64));
    let unknown = error(call(&client(&[], PATIENT), &url).await);
    assert_eq!((unknown.class, unknown.sent), (Class::Dns, false), "{unknown}");
}

#[tokio::test]
async fn a_code_that_is_echoed_is_not_repeated() {
    let echo = format!(
        "<ErrorResponse><Error><Code>ValidationError</Code><Message>Value '{CODE}x' at 'tokenCode' {CODE} \
         {ACCESS_KEY_ID} {SESSION_TOKEN}</Message>\
         </Error></ErrorResponse>"
    );
    let error = ends(Ending::Answer(http("400 Bad Request", &echo))).await;
    assert_eq!(error.class, Class::Config);
    assert_eq!(error.code.as_deref(), Some("ValidationError"));
}

#[tokio::test]
async fn two_dates_are_none() {
    let answer = good().replace(
        "Content-Length",
        "Date: Fri, 02 Jan 2026 09:00:00 GMT\r\nContent-Length",
    );
    let server = Server::plain(Ending::Answer(answer)).await;
    let reply = call(&client(&[], PATIENT), &server.url()).await;
    assert!(reply.sample.is_none());
    assert!(reply.result.is_ok());
}

#[tokio::test]
async fn every_call_has_a_connection_of_its_own() {
    let server = Server::plain(Ending::Answer(good())).await;
    let client = client(&[], PATIENT);
    for _ in 0..3 {
        assert!(call(&client, &server.url()).await.result.is_ok());
    }
    let (connections, requests) = server.seen().await;
    assert_eq!((connections, requests.len()), (3, 3));
}
