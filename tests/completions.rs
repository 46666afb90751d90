//! What a shell is told of the words that may come next, by the real binary.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::io::Write;
use std::process::{Command, Stdio};

/// The candidates for the last of these words.
fn next(words: &[&str]) -> Vec<String> {
    lines(words)
        .iter()
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

fn lines(words: &[&str]) -> Vec<String> {
    let mut child = valetkey(&["__complete"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let typed: String = words.iter().flat_map(|word| [word, "\n"]).collect();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(ToOwned::to_owned).collect()
}

fn valetkey(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valetkey"));
    command.args(args);
    command
}

#[test]
fn commands_are_those_of_the_help() {
    let help = valetkey(&["--help"]).output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let listed: Vec<_> = listed.lines().take_while(|line| !line.is_empty()).collect();
    let names: Vec<_> = listed
        .iter()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(next(&[""]), names);
    assert!(names.contains(&"completions") && !help.contains("__complete"), "{help}");
    // What it is for stands beside it.
    let described = "serve\tObtain, renew and serve the credentials of the configured profiles";
    assert_eq!(lines(&["serv"]), [described]);
}

#[test]
fn a_word_goes_on_where_the_words_before_it_lead() {
    assert_eq!(next(&["mfa", ""]), ["submit", "help"]);
    assert_eq!(next(&["sts", "get-s"]), ["get-session-token"]);
    assert_eq!(next(&["sts", "get-session-token", "--se"]), ["--serial-number"]);
    assert_eq!(
        next(&["serve", "--config", "valetkey.toml", "--check"]),
        ["--check-config"]
    );
    assert_eq!(next(&["help", "sts", "assume-role-with-s"]), ["assume-role-with-saml"]);
    assert_eq!(next(&["-"]), ["--help", "--version"]);
}

#[test]
fn options_are_offered_where_nothing_else_can_come() {
    let of_healthcheck = next(&["healthcheck", ""]);
    assert!(of_healthcheck.contains(&"--help".to_owned()), "{of_healthcheck:?}");
    assert_eq!(next(&["healthcheck", "--"]), of_healthcheck);
}

#[test]
fn values_are_offered_where_they_are_known() {
    assert_eq!(next(&["completions", ""]), ["bash", "zsh", "fish"]);
    assert_eq!(next(&["serve", "--log-format", ""]), ["text", "json"]);
    assert_eq!(next(&["serve", "--log-format", "j"]), ["json"]);
    // As bash takes it apart, and as others leave it whole.
    assert_eq!(next(&["serve", "--log-format", "=", "j"]), ["json"]);
    assert_eq!(
        next(&["serve", "--log-format="]),
        ["--log-format=text", "--log-format=json"]
    );
    // The rest is a path or the user's own: the shell's names of files have to do.
    for words in [
        ["serve", "--config", ""],
        ["serve", "--config", "="],
        ["mfa", "nonsense", "--token-code"],
    ] {
        assert_eq!(next(&words), [""; 0]);
    }
}

#[test]
fn what_is_refused_is_not_offered() {
    let offered = next(&["sts", "assume-role", "--"]);
    assert!(offered.contains(&"--role-arn".to_owned()));
    assert!(!offered.contains(&"--token-code".to_owned()), "{offered:?}");
    // A subcommand's name as an option's value leads nowhere.
    assert_eq!(next(&["serve", "--config", "sts", "get-s"]), [""; 0]);
}

#[test]
fn each_shell_gets_a_script_that_asks_without_arguments() {
    for (shell, mark) in [
        ("bash", "complete -o default -F"),
        ("zsh", "#compdef valetkey"),
        ("fish", "complete -c valetkey"),
    ] {
        let output = valetkey(&["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains(mark), "{script}");
        // What is typed may be a secret, and arguments are everybody's to read.
        assert!(script.contains("| valetkey __complete 2>/dev/null"), "{script}");
    }
    assert_eq!(
        valetkey(&["completions", "tcsh"]).output().unwrap().status.code(),
        Some(64)
    );
}
