use std::fmt;

use clap::builder::StyledStr;
use clap::{Arg, Command};

/// What may stand in a word's place, and what it is for.
pub(super) struct Candidate {
    text: String,
    what: String,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\t{}", self.text, self.what)
    }
}

/// What the last of the words may become. None of them is where a path is wanted, or something that the user alone knows.
pub(super) fn of(root: &Command, words: &[&str]) -> Vec<Candidate> {
    let Some((current, before)) = words.split_last() else {
        return Vec::new();
    };
    let (command, awaiting) = lead(root, before);
    // bash takes a word apart there.
    let current = if *current == "=" { "" } else { current };
    let found = match (awaiting, current.split_once('=')) {
        (Some(option), _) => values(option, ""),
        (None, Some((name, _))) => {
            option(command, name).map_or_else(Vec::new, |option| values(option, &format!("{name}=")))
        }
        (None, None) if current.starts_with('-') => options(command),
        (None, None) => names(command),
    };
    let fitting = found.into_iter().filter(|found| found.text.starts_with(current));
    fitting.collect()
}

/// The command that the words name, and the option whose value comes next.
fn lead<'c>(root: &'c Command, words: &[&str]) -> (&'c Command, Option<&'c Arg>) {
    let mut command = root;
    let mut awaiting = None;
    for word in words.iter().filter(|word| **word != "=") {
        if awaiting.take().is_some() {
            continue;
        }
        awaiting = option(command, word).filter(|option| option.get_action().takes_values());
        command = command.find_subcommand(word).unwrap_or(command);
    }
    (command, awaiting)
}

fn option<'c>(command: &'c Command, word: &str) -> Option<&'c Arg> {
    let name = word.strip_prefix("--")?;
    command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(name))
}

/// Commands, and what arguments without a name may be; where there is neither, options.
fn names(command: &Command) -> Vec<Candidate> {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    let commands = shown.map(|command| candidate(command.get_name(), command.get_about()));
    let arguments = command.get_positionals().flat_map(|argument| values(argument, ""));
    let found: Vec<_> = commands.chain(arguments).collect();
    if found.is_empty() { options(command) } else { found }
}

fn options(command: &Command) -> Vec<Candidate> {
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let named =
        shown.filter_map(|argument| Some(candidate(&format!("--{}", argument.get_long()?), argument.get_help())));
    named.collect()
}

fn values(argument: &Arg, before: &str) -> Vec<Candidate> {
    let known = argument.get_possible_values();
    // Of a flag it would be true and false.
    let known = known.iter().filter(|_| argument.get_action().takes_values());
    known
        .map(|value| candidate(&format!("{before}{}", value.get_name()), value.get_help()))
        .collect()
}

fn candidate(text: &str, what: Option<&StyledStr>) -> Candidate {
    let what = what.map_or_else(String::new, ToString::to_string);
    Candidate {
        text: text.to_owned(),
        what: what.lines().next().unwrap_or_default().to_owned(),
    }
}
