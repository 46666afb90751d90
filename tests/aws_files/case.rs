//! A case is one text file: what is asked, the files, and what must come of it.
//!
//! ```text
//! # why
//! == profile NAME
//! == environment VARIABLE=value      $DIR is the folder of the case, which is also the HOME
//! == differs                         botocore reads it otherwise, as the first line says (for .ci/suites/awsfiles)
//! == file PATH [crlf|bom|unterminated|latin1]
//! … the content …
//! == plan                            (or `== mistakes`)
//! … the profiles as JSON (or the message) …
//! ```

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use valetkey::config::{self, Errors, Profile};

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) profile: String,
    pub(crate) expected: String,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

impl Case {
    /// Every case of a folder beside this file, sorted.
    pub(crate) fn all(folder: &str) -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/aws_files")
            .join(folder);
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.iter().map(|file| Self::read(file)).collect()
    }

    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let mut case = Self {
            name: file.file_stem().unwrap().to_str().unwrap().to_owned(),
            profile: String::new(),
            expected: String::new(),
            environment: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
        };
        for part in text.split("\n== ").skip(1) {
            let (head, body) = part.split_once('\n').unwrap_or((part, ""));
            match head.split_once(' ').unwrap_or((head, "")) {
                ("profile", name) => name.clone_into(&mut case.profile),
                ("environment", pair) => {
                    let (name, value) = pair.split_once('=').unwrap();
                    case.environment.push((name.to_owned(), case.at_home(value)));
                }
                ("file", file) => case.write(file, body),
                ("plan" | "mistakes", "") => case.expected = case.at_home(body.trim_end()),
                ("differs", "") => {}
                (other, _) => panic!("{}: {other}", case.name),
            }
        }
        case
    }

    /// What is read for the profile of the case.
    pub(crate) fn profiles(&self) -> Result<Vec<Profile>, Errors> {
        config::profiles_of(&self.profile, &|name| self.variable(name))
    }

    /// As the daemon asks for them.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        if name == "HOME" {
            return Some(self.path("").into());
        }
        let given = self.environment.iter().find(|(given, _)| given == name);
        given.map(|(_, value)| value.into())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at_home(&self, text: &str) -> String {
        text.replace("$DIR", self.folder.path().to_str().unwrap())
    }

    fn write(&self, file: &str, body: &str) {
        let (name, form) = file.split_once(' ').unwrap_or((file, ""));
        let content = format!("{}\n", body.strip_suffix('\n').unwrap_or(body));
        let content = match form {
            "" => content.into_bytes(),
            "crlf" => content.replace('\n', "\r\n").into_bytes(),
            "bom" => format!("\u{feff}{content}").into_bytes(),
            "unterminated" => content.trim_end().as_bytes().to_vec(),
            "latin1" => content.chars().map(|c| u8::try_from(c).unwrap()).collect(),
            other => panic!("{}: {other}", self.name),
        };
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
