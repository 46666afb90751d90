use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf, absolute};

use crate::aws_file::{self, AwsFile, Form, MAX_BYTES};
use crate::config::Env;
use crate::config::mistake::{Errors, Mistakes, Reported};
use crate::secret::Secret;
use crate::secret_file;

const NO_HOME: &str =
    "HOME is not set, so ~/.aws has no place; set it, or AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE";

/// What was read, and the mistakes that are found in it.
pub(super) struct Files {
    pub(super) config: File,
    pub(super) credentials: File,
    /// Those in the values of variables.
    pub(super) environment: Mistakes,
}

/// One of the two files.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) form: Form,
    pub(super) content: AwsFile,
    pub(super) mistakes: Mistakes,
    text: Secret,
    is_missing: bool,
}

impl Files {
    /// A file that does not exist is an empty one, unless neither does.
    pub(super) fn read(env: Env<'_>) -> Result<Self, Errors> {
        let config = path("AWS_CONFIG_FILE", "config", env);
        let credentials = path("AWS_SHARED_CREDENTIALS_FILE", "credentials", env);
        let (Ok(config), Ok(credentials)) = (config, credentials) else {
            return Err(Errors::of_file("environment", NO_HOME));
        };
        let subject = subject(&config, &credentials);
        let files = (
            File::read(config, Form::Config),
            File::read(credentials, Form::Credentials),
        );
        match files {
            (Ok(config), Ok(credentials)) if config.is_missing && credentials.is_missing => {
                let text = format!(
                    "does not exist, and neither does {}; create one of them, or set AWS_CONFIG_FILE or \
                     AWS_SHARED_CREDENTIALS_FILE",
                    credentials.path.display()
                );
                Err(Errors::of_file(&config.path.display().to_string(), text))
            }
            (Ok(config), Ok(credentials)) => Ok(Self {
                config,
                credentials,
                environment: Mistakes::default(),
            }),
            (config, credentials) => {
                let errors = [config.err(), credentials.err()].into_iter().flatten();
                Err(Errors::of_files(subject, errors))
            }
        }
    }

    /// What was made of the files, unless there is any mistake.
    pub(super) fn finish<T>(self, result: Result<T, Reported>) -> Result<T, Errors> {
        let mistakes = [&self.config.mistakes, &self.credentials.mistakes, &self.environment];
        match result {
            Ok(value) if mistakes.iter().all(|mistakes| mistakes.is_empty()) => Ok(value),
            _ => {
                let subject = subject(&self.config.path, &self.credentials.path);
                let environment = self.environment.into_errors("environment", b"");
                let errors = [self.config.errors(), self.credentials.errors(), environment];
                Err(Errors::of_files(subject, errors))
            }
        }
    }
}

impl File {
    fn read(path: PathBuf, form: Form) -> Result<Self, Errors> {
        let (text, is_missing) = match secret_file::read_text(&path, MAX_BYTES) {
            Ok(text) => (text, false),
            Err(error) if error.is_not_found() => (Secret::from(""), true),
            Err(error) => return Err(Errors::of_file(&path.display().to_string(), error.reason())),
        };
        let mistakes = Mistakes::default();
        match aws_file::parse(text.expose(), form) {
            Ok(content) => Ok(Self {
                path,
                form,
                content,
                mistakes,
                text,
                is_missing,
            }),
            Err(broken) => {
                for mistake in broken {
                    mistakes.report(mistake.at, "", mistake.rule);
                }
                Err(mistakes.into_errors(&path.display().to_string(), text.expose().as_bytes()))
            }
        }
    }

    fn errors(self) -> Errors {
        let file = self.path.display().to_string();
        self.mistakes.into_errors(&file, self.text.expose().as_bytes())
    }
}

/// The variable's path, else the file in `~/.aws`. Like the SDKs it takes `~/` for the home, and a relative path.
pub(super) fn path(variable: &str, file: &str, env: Env<'_>) -> Result<PathBuf, &'static str> {
    let home = || {
        env("HOME")
            .filter(|home| !home.is_empty())
            .map(PathBuf::from)
            .ok_or(NO_HOME)
    };
    let Some(given) = env(variable).filter(|given| !given.is_empty()) else {
        return Ok(home()?.join(".aws").join(file));
    };
    let path = match given.as_bytes().strip_prefix(b"~/") {
        Some(rest) => home()?.join(OsStr::from_bytes(rest)),
        None => PathBuf::from(given),
    };
    Ok(absolute(&path).unwrap_or(path))
}

fn subject(config: &Path, credentials: &Path) -> String {
    format!("{} and {}", config.display(), credentials.display())
}
