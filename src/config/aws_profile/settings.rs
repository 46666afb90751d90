use std::str::FromStr;

use super::files::{File, Files};
use crate::aws::Invalid;
use crate::aws_file::{Property, Section};
use crate::config::echo;
use crate::config::mistake::Reported;

/// A profile, merged from both files: what the credentials file says wins, as in the SDKs.
#[derive(Clone, Copy)]
pub(super) struct AwsProfile<'f> {
    pub(super) name: &'f str,
    config: Option<Place<'f>>,
    credentials: Option<Place<'f>>,
}

/// A profile's section in one file.
#[derive(Clone, Copy)]
pub(super) struct Place<'f> {
    name: &'f str,
    pub(super) file: &'f File,
    section: &'f Section,
}

/// A property that was found, and where.
pub(super) struct Setting<'f> {
    pub(super) place: Place<'f>,
    pub(super) property: &'f Property,
    key: &'static str,
}

impl<'f> AwsProfile<'f> {
    pub(super) fn find(files: &'f Files, name: &'f str) -> Option<Self> {
        let place = |file: &'f File| {
            let section = file.content.profile(name)?;
            Some(Place { name, file, section })
        };
        let (config, credentials) = (place(&files.config), place(&files.credentials));
        (config.is_some() || credentials.is_some()).then_some(Self {
            name,
            config,
            credentials,
        })
    }

    /// The sections, that of the credentials file first.
    pub(super) fn places(&self) -> impl Iterator<Item = Place<'f>> {
        self.credentials.into_iter().chain(self.config)
    }

    pub(super) fn setting(&self, key: &'static str) -> Option<Setting<'f>> {
        self.places().find_map(|place| place.setting(key))
    }

    pub(super) fn has(&self, key: &'static str) -> bool {
        self.setting(key).is_some()
    }

    pub(super) fn read<T: FromStr<Err = Invalid>>(&self, key: &'static str) -> Result<Option<T>, Reported> {
        self.setting(key).map(|setting| setting.parse(str::parse)).transpose()
    }

    pub(super) fn seconds<T: TryFrom<i64, Error = Invalid> + Default>(&self, key: &'static str) -> Result<T, Reported> {
        let seconds = |text: &str| T::try_from(text.parse().unwrap_or(-1));
        let given = self.setting(key).map(|setting| setting.parse(seconds)).transpose()?;
        Ok(given.unwrap_or_default())
    }

    /// About the profile as a whole, or what it lacks.
    pub(super) fn report(&self, text: &str) -> Reported {
        let place = self.config.or(self.credentials);
        #[expect(clippy::expect_used, reason = "`find` makes no profile without a section")]
        place.expect("a section").report(text)
    }

    /// As a message shows it.
    pub(super) fn shown(&self) -> &'f str {
        echo::profile(self.name)
    }
}

impl<'f> Place<'f> {
    pub(super) fn setting(self, key: &'static str) -> Option<Setting<'f>> {
        let property = self.section.get(key)?;
        Some(Setting {
            place: self,
            property,
            key,
        })
    }

    pub(super) fn report(self, text: &str) -> Reported {
        self.file.mistakes.report(self.section.at, &self.header(), text)
    }

    fn header(self) -> String {
        self.file.form.header(echo::profile(self.name))
    }
}

impl<'f> Setting<'f> {
    /// The value, which must not be empty.
    pub(super) fn text(&self) -> Result<&'f str, Reported> {
        match self.property.value.expose() {
            "" => Err(self.report("is empty; give it a value, or remove the line")),
            text => Ok(text),
        }
    }

    pub(super) fn parse<T>(&self, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Result<T, Reported> {
        parse(self.text()?).map_err(|Invalid(rule)| self.report(rule))
    }

    pub(super) fn report(&self, text: impl Into<String>) -> Reported {
        let path = format!("{} {}", self.place.header(), self.key);
        self.place.file.mistakes.report(self.property.at, &path, text)
    }
}
