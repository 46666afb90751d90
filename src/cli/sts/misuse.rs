//! What is told of arguments that fit no command. What was typed may be a secret, and is not repeated.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What stands for something that was typed.
const HIDDEN: &str = "…";

/// The same mistake without what was typed and without tips that lead to what is refused. `sts` has the actions.
pub(in crate::cli) fn told(mut error: clap::Error, sts: Option<&Command>) -> clap::Error {
    for kind in [ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        // An empty one stands for a value that is missing.
        if text(&error, kind).is_some_and(|typed| !typed.is_empty()) {
            hide(&mut error, kind);
        }
    }
    if error.kind() == ErrorKind::UnknownArgument {
        let typed = text(&error, ContextKind::InvalidArg).unwrap_or_default().to_owned();
        if !is_like_an_option(&typed) {
            hide(&mut error, ContextKind::InvalidArg);
        }
        let astray = text(&error, ContextKind::SuggestedArg).is_some_and(|option| !is_shown(option, sts));
        if astray {
            error.remove(ContextKind::SuggestedArg);
        }
        // This one is to type it as a value.
        error.remove(ContextKind::Suggested);
        if matches!(typed.as_str(), "--output" | "--query") {
            let tip = "the answer is printed in JSON with '--json', and jq takes a part of it".into();
            error.remove(ContextKind::SuggestedArg);
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
        }
    }
    error
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

fn hide(error: &mut clap::Error, kind: ContextKind) {
    error.insert(kind, ContextValue::String(HIDDEN.to_owned()));
}

/// A misspelt option, which is repeated so that it is found: no token or key consists of nothing but these.
fn is_like_an_option(typed: &str) -> bool {
    let is_plain = |name: &str| name.len() <= 30 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    typed.strip_prefix("--").is_some_and(is_plain)
}

/// Whether an action has the option, in its help.
fn is_shown(option: &str, sts: Option<&Command>) -> bool {
    let name = option.trim_start_matches('-');
    let actions = sts.into_iter().flat_map(Command::get_subcommands);
    let mut options = actions.flat_map(Command::get_arguments);
    options.any(|argument| argument.get_long() == Some(name) && !argument.is_hide_set())
}
