//! One file an action: the form it sends and how its result is read. A new one is a file here, a method of `Sts`
//! and its line in the client.

pub(super) mod get_session_token;
