//! Connections to the listeners for consumers, and what must hold whatever comes in.

mod exchange;
mod lawful;
mod replies;
mod scene;

pub use exchange::check;
pub use scene::{Arrival, Form, Scene};

/// What is served; the secret in it is in no other reply.
pub const DOCUMENT: &str = r#"{"Code":"Success","SecretAccessKey":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY","Token":"canary-of-the-session"}"#;

/// What stands in a document alone.
pub const SECRETS: [&str; 2] = ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "canary-of-the-session"];

/// Of `ops`, which has credentials, and of `deploy`, which has none.
pub const TOKENS: [&str; 2] = ["secret-of-ops-that-nobody-may-see", "secret-of-deploy"];
