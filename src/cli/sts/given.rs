use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::action::{Action, SignedBy};
use super::parameter::{self, Parameter};
use super::{secret_input, structures};
use crate::aws::{Invalid, Policy, PolicyArn, SessionPolicies, Tag, TagKey, TagValue};
use crate::cli::{Exit, Failed};
use crate::secret::Secret;

/// What was typed for an action, which becomes types here.
pub(super) struct Given<'m> {
    pub(super) signed_by: SignedBy,
    matches: &'m ArgMatches,
}

impl<'m> Given<'m> {
    /// Nothing of what is refused is repeated: it may be a secret.
    pub(super) fn of(action: &Action, matches: &'m ArgMatches) -> Result<Self, Failed> {
        let typed = |name| matches.get_many::<parameter::Refused>(name).is_some();
        let parameters = action.required.iter().chain(action.optional);
        let mut refused = parameters.filter_map(|parameter| parameter.refused());
        if let Some((name, remedy)) = refused.find(|(name, _)| was_typed(matches, name)) {
            return Err(usage(&format_args!(
                "--{name} is not taken from the arguments, which every user of the host can read, and nothing was sent; \
                 {remedy}"
            )));
        }
        if typed(parameter::STRAY) {
            return Err(usage(
                &"something was typed that belongs to no option, and nothing was sent; see --help (it is not repeated \
                  here, as it may be a secret)",
            ));
        }
        Ok(Self {
            signed_by: action.signed_by,
            matches,
        })
    }

    pub(super) fn has(&self, flag: &Parameter) -> bool {
        // An action without the flag does without it.
        self.matches.try_get_one::<bool>(flag.name).ok().flatten() == Some(&true)
    }

    /// Whether it was typed, rather than found in the environment.
    pub(super) fn is_typed(&self, parameter: &Parameter) -> bool {
        was_typed(self.matches, parameter.name)
    }

    /// The text as it was typed, or that of the file it names.
    pub(super) fn text(&self, parameter: &Parameter) -> Result<Option<String>, Failed> {
        let typed = self.matches.get_one::<String>(parameter.name);
        typed.map(|text| from_file(parameter, text)).transpose()
    }

    pub(super) fn path(&self, parameter: &Parameter) -> Option<&PathBuf> {
        self.matches.get_one::<parameter::Place>(parameter.name)
    }

    pub(super) fn optional<T: FromStr<Err = Invalid>>(&self, parameter: &Parameter) -> Result<Option<T>, Failed> {
        let text = self.text(parameter)?;
        let parsed = text.map(|text| text.parse()).transpose();
        parsed.map_err(|Invalid(rule)| wrong(parameter, &rule))
    }

    pub(super) fn required<T: FromStr<Err = Invalid>>(&self, parameter: &Parameter) -> Result<T, Failed> {
        self.optional(parameter)?.ok_or_else(|| wrong(parameter, &"is missing"))
    }

    pub(super) fn number<T: TryFrom<i64, Error = Invalid>>(&self, parameter: &Parameter) -> Result<Option<T>, Failed> {
        let Some(text) = self.text(parameter)? else {
            return Ok(None);
        };
        let number: i64 = text.parse().map_err(|_| wrong(parameter, &"must be a whole number"))?;
        let number = T::try_from(number).map_err(|Invalid(rule)| wrong(parameter, &rule))?;
        Ok(Some(number))
    }

    /// What several words or a list in JSON say.
    pub(super) fn texts(&self, parameter: &Parameter) -> Result<Vec<String>, Failed> {
        let words = self.words(parameter)?;
        structures::texts(&words).map_err(|rule| wrong(parameter, &rule))
    }

    /// What several words `Key=value,Other=value` or a list in JSON say, the values in the order of `names`.
    pub(super) fn structures<const N: usize>(
        &self,
        parameter: &Parameter,
        names: [&'static str; N],
    ) -> Result<Vec<[String; N]>, Failed> {
        let words = self.words(parameter)?;
        structures::read(&words, names).map_err(|rule| wrong(parameter, &rule))
    }

    pub(super) fn policies(&self) -> Result<SessionPolicies, Failed> {
        let policy = self.policy()?;
        let arns = &parameter::POLICY_ARNS;
        let typed = self.structures(arns, ["arn"])?;
        let parsed = typed.iter().map(|[arn]| arn.parse::<PolicyArn>());
        let parsed = parsed.collect::<Result<Vec<_>, _>>();
        let policies = parsed.and_then(|arns| SessionPolicies::new(policy, arns));
        policies.map_err(|Invalid(rule)| wrong(arns, &rule))
    }

    /// The rule is that of a configuration, where the document stands in quotes.
    fn policy(&self) -> Result<Option<Policy>, Failed> {
        let text = self.text(&parameter::POLICY)?;
        let parsed = text.map(|text| text.parse()).transpose();
        parsed.map_err(|Invalid(rule)| wrong(&parameter::POLICY, &rule.trim_end_matches(", in quotes")))
    }

    pub(super) fn tags(&self) -> Result<Vec<Tag>, Failed> {
        let tag = |[key, value]: &[String; 2]| {
            let (key, value): (TagKey, TagValue) = (key.parse()?, value.parse()?);
            Ok(Tag { key, value })
        };
        let tags = self.structures(&parameter::TAGS, ["Key", "Value"])?;
        let tags: Result<Vec<_>, Invalid> = tags.iter().map(tag).collect();
        tags.map_err(|Invalid(rule)| wrong(&parameter::TAGS, &rule))
    }

    /// The secret in the file that is named.
    pub(super) fn secret<T: TryFrom<Secret, Error = Invalid>>(&self, parameter: &Parameter) -> Result<T, Failed> {
        let text = self
            .secret_text(parameter)?
            .ok_or_else(|| wrong(parameter, &"is missing"))?;
        T::try_from(text).map_err(|Invalid(rule)| wrong(parameter, &format_args!("names a file whose text {rule}")))
    }

    pub(super) fn secret_text(&self, parameter: &Parameter) -> Result<Option<Secret>, Failed> {
        let Some(path) = self.path(parameter) else {
            return Ok(None);
        };
        let read = secret_input::read(path);
        read.map(Some).map_err(|problem| wrong(parameter, &problem))
    }

    /// The words of a list, or what the file says that the only one names.
    fn words(&self, parameter: &Parameter) -> Result<Vec<String>, Failed> {
        let typed = self.matches.get_many::<String>(parameter.name);
        let words = typed.into_iter().flatten();
        words.map(|word| from_file(parameter, word)).collect()
    }
}

/// A parameter that breaks a rule, whose value is not repeated.
pub(super) fn wrong(parameter: &Parameter, rule: &dyn Display) -> Failed {
    usage(&format_args!("--{} {rule}", parameter.name))
}

pub(super) fn usage(message: &dyn Display) -> Failed {
    Failed::new(Exit::Usage, message)
}

fn was_typed(matches: &ArgMatches, name: &str) -> bool {
    matches.value_source(name) == Some(ValueSource::CommandLine)
}

/// The AWS CLI's `file://`: a path that need not be absolute.
fn from_file(parameter: &Parameter, typed: &str) -> Result<String, Failed> {
    let Some(path) = typed.strip_prefix("file://") else {
        return Ok(typed.to_owned());
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim_end().to_owned()),
        Err(error) => Err(wrong(
            parameter,
            &format_args!("names a file that cannot be read ({error})"),
        )),
    }
}
