use std::ffi::OsString;
use std::fmt;

use crate::sanitise::printable;

/// A program, its arguments, and the names of the variables that it is given beside `PATH` and `HOME`. Values are taken
/// from valetkey's own environment each time that it is started; a variable that is not set there is not set for the
/// child.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Command {
    argv: Vec<String>,
    environment: Vec<String>,
}

/// The rule that a command breaks, as the end of a sentence: "must be …". It never holds what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(&'static str);

/// Variables that no child is given, since their values are secrets of valetkey.
pub const FORBIDDEN: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
];

/// What every child is given, where valetkey has it.
const ALWAYS: [&str; 2] = ["PATH", "HOME"];

/// Whether a child may be given the variable of this name; [`Command::new`] refuses a name that it may not.
pub fn may_be_passed(name: &str) -> Result<(), Invalid> {
    if name.is_empty() || name.contains(['=', '\0']) {
        Err(Invalid(
            "must be the name of an environment variable alone, such as \"LANG\"",
        ))
    } else if FORBIDDEN.contains(&name) {
        Err(Invalid(
            "must not name a variable that holds valetkey's own credentials",
        ))
    } else {
        Ok(())
    }
}

impl Command {
    /// `argv` is the program (an absolute path, or a name that is looked up in `PATH`) and its arguments; `environment`
    /// are the variables that the child is given beside `PATH` and `HOME`.
    pub fn new(argv: Vec<String>, environment: Vec<String>) -> Result<Self, Invalid> {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        if program.is_empty() {
            return Err(Invalid(
                "must begin with a program, such as [\"/usr/bin/pass\", \"show\", \"aws\"]",
            ));
        }
        if program.contains('/') && !program.starts_with('/') {
            return Err(Invalid(
                "must begin with an absolute path or with the name of a program in PATH; neither a relative path nor ~ \
                 is expanded",
            ));
        }
        if argv.iter().any(|word| word.contains('\0')) {
            return Err(Invalid("must not hold a NUL character"));
        }
        environment.iter().try_for_each(|name| may_be_passed(name))?;
        Ok(Self { argv, environment })
    }

    /// The first word, as it was written. It names the command in messages; what follows may hold secrets.
    pub fn program(&self) -> &str {
        self.argv.first().map(String::as_str).unwrap_or_default()
    }

    /// What follows the program. It may hold secrets.
    pub fn arguments(&self) -> &[String] {
        self.argv.get(1..).unwrap_or_default()
    }

    /// The whole environment of the child.
    pub(super) fn environment(
        &self,
        extra: &[(&str, &str)],
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Vec<(String, OsString)> {
        let listed = self.environment.iter().map(String::as_str);
        let taken = ALWAYS
            .into_iter()
            .chain(listed)
            .filter_map(|name| Some((name.to_owned(), lookup(name)?)));
        let added = extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        taken
            .chain(added)
            .filter(|(name, _)| may_be_passed(name).is_ok())
            .collect()
    }
}

/// The program as messages name it: up to the first white space. Whoever writes a whole command line as the first word
/// wrote its arguments into it, and those may hold secrets.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.program().split_whitespace().next().unwrap_or_default();
        f.write_str(&printable(word))
    }
}

/// Arguments are only counted.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("program", &format_args!("{self}"))
            .field("arguments", &self.argv.len().saturating_sub(1))
            .field("environment", &self.environment)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn rule(argv: &[&str], environment: &[&str]) -> Option<&'static str> {
        let invalid = Command::new(words(argv), words(environment)).err()?;
        Some(invalid.0)
    }

    #[test]
    fn a_program_is_a_path_or_a_name() {
        for argv in [&["/bin/true"][..], &["pass", "show", ""], &["/a b", "./c"]] {
            assert_eq!(rule(argv, &["LANG", "DBUS_SESSION_BUS_ADDRESS"]), None);
        }
        for argv in [&[][..], &[""], &["", "x"]] {
            assert!(rule(argv, &[]).unwrap().starts_with("must begin with a program, "));
        }
        for argv in [&["./pass"], &["~/bin/pass"], &["bin/pass"]] {
            assert!(
                rule(argv, &[])
                    .unwrap()
                    .starts_with("must begin with an absolute path ")
            );
        }
        assert_eq!(rule(&["pass", "a\0b"], &[]), Some("must not hold a NUL character"));
    }

    #[test]
    fn secrets_of_ours_are_never_named() {
        for name in FORBIDDEN {
            let rule = rule(&["pass"], &["LANG", name]).unwrap();
            assert_eq!(rule, "must not name a variable that holds valetkey's own credentials");
        }
        for name in ["", "LANG=C", "A\0B"] {
            assert!(rule(&["pass"], &[name]).unwrap().starts_with("must be the name of an "));
        }
    }

    #[test]
    fn the_environment_is_what_was_listed_and_no_more() {
        // Not even where the rule of `new` was passed by.
        let command = Command {
            argv: words(&["pass"]),
            environment: words(&["LANG", "UNSET", "AWS_SECRET_ACCESS_KEY"]),
        };
        let ours = |name: &str| (name != "UNSET").then(|| OsString::from(format!("our {name}")));
        let extra = [("VALETKEY_PROFILE", "ops"), ("AWS_SESSION_TOKEN", "never")];
        let environment = command.environment(&extra, ours);
        let shown: Vec<_> = environment
            .iter()
            .map(|(name, value)| format!("{name}={}", value.display()))
            .collect();
        assert_eq!(
            shown,
            [
                "PATH=our PATH",
                "HOME=our HOME",
                "LANG=our LANG",
                "VALETKEY_PROFILE=ops"
            ]
        );
    }

    #[test]
    fn arguments_are_never_shown() {
        let command = Command::new(words(&["/bin/x --token s3cret\u{7}", "s3cret"]), words(&["LANG"])).unwrap();
        assert_eq!(command.to_string(), "/bin/x");
        assert_eq!(
            format!("{command:?}"),
            "Command { program: /bin/x, arguments: 1, environment: [\"LANG\"] }"
        );
    }
}
