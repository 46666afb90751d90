use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::pair::{self, Half};
use super::{Error, Source, Version};
use crate::BoxFuture;
use crate::aws::LongTermKey;
use crate::secret_file;

/// A folder with the files `aws_access_key_id` and `aws_secret_access_key`: a mounted Kubernetes Secret, or systemd's
/// credentials directory.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
}

const ACCESS_KEY_ID: &str = "aws_access_key_id";
const SECRET_ACCESS_KEY: &str = "aws_secret_access_key";

/// How often a pair is tried that vanishes between opening its folder and reading it: the kubelet removes the old
/// folder right after the swap, so a second try already sees the new one.
const TRIES: u32 = 8;

impl Directory {
    /// The folder at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads both halves through one folder handle, so that they belong together even while the folder is swapped.
    /// Blocks.
    pub fn read_blocking(&self) -> Result<LongTermKey, Error> {
        let mut tries = 1;
        loop {
            match self.read_pair() {
                Err(Error::File(error)) if error.is_not_found() && tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    fn read_pair(&self) -> Result<LongTermKey, Error> {
        let directory = self.open()?;
        let half = |name: &str| -> Result<Half, Error> {
            let path = self.path.join(name);
            Ok(Half {
                text: secret_file::read_at(&directory, Path::new(name), &path)?,
                place: path.display().to_string(),
            })
        };
        let id = half(ACCESS_KEY_ID)?;
        pair::key(&id, half(SECRET_ACCESS_KEY)?)
    }

    /// The kubelet swaps a whole Secret by pointing the link `..data` at another folder. Opening what it points at pins
    /// one version; opening the files by path could take one of each. While the link is there it must be followed: it
    /// may point at a folder that was removed a moment ago, and then it soon points at the next.
    /// <https://pkg.go.dev/k8s.io/kubernetes/pkg/volume/util#AtomicWriter>
    fn open(&self) -> Result<OwnedFd, secret_file::Error> {
        let link = self.path.join("..data");
        let pinned = if link.is_symlink() { &link } else { &self.path };
        secret_file::open_directory(pinned, &self.path)
    }
}

impl Source for Directory {
    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        let [id, secret] = [ACCESS_KEY_ID, SECRET_ACCESS_KEY].map(|name| self.path.join(name));
        Some(Version::of_pair(id, secret))
    }

    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, Error>> {
        let directory = self.clone();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || directory.read_blocking())
                .await
                .unwrap_or(Err(Error::Internal))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn folder(id: &str, secret: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(ACCESS_KEY_ID), id).unwrap();
        fs::write(folder.path().join(SECRET_ACCESS_KEY), secret).unwrap();
        folder
    }

    fn read(path: &Path) -> Result<LongTermKey, Error> {
        Directory::new(path.to_owned()).read_blocking()
    }

    #[test]
    fn reads_the_pair() {
        let folder = folder("AKIAIOSFODNN7EXAMPLE\n", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n");
        let key = read(folder.path()).ok().unwrap();
        assert_eq!(key.access_key_id.as_str(), "AKIAIOSFODNN7EXAMPLE");
        assert_eq!(
            key.secret_access_key.expose(),
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        );
    }

    #[test]
    fn a_wrong_half_is_named_by_its_path() {
        let folder = folder("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE");
        let error = read(folder.path()).err().unwrap().to_string();
        let place = folder.path().join(SECRET_ACCESS_KEY);
        let expected = format!("long-term key: {}: holds an access key id ", place.display());
        assert!(error.starts_with(&expected), "{error}");
    }

    #[test]
    fn a_missing_half_is_named() {
        let folder = folder("AKIAIOSFODNN7EXAMPLE", "secret");
        fs::remove_file(folder.path().join(SECRET_ACCESS_KEY)).unwrap();
        let error = read(folder.path()).err().unwrap().to_string();
        assert!(error.contains("/aws_secret_access_key: does not exist; "), "{error}");
        let error = read(Path::new("/nowhere")).err().unwrap().to_string();
        assert!(
            error.starts_with("long-term key: /nowhere: does not exist; "),
            "{error}"
        );
    }

    /// A Secret volume: files are links through `..data`, which is swapped by renaming a new link over it. CI tries
    /// `VALETKEY_READS=50000`.
    #[test]
    fn a_swapped_secret_never_mixes_its_halves() {
        let volume = tempfile::tempdir().unwrap();
        let swap = |version: usize| {
            let name = format!("..v{version}");
            let path = volume.path().join(&name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join(ACCESS_KEY_ID), format!("AKIA{version:016}")).unwrap();
            fs::write(path.join(SECRET_ACCESS_KEY), format!("secret{version:016}")).unwrap();
            symlink(&name, volume.path().join("..data_tmp")).unwrap();
            fs::rename(volume.path().join("..data_tmp"), volume.path().join("..data")).unwrap();
            if let Some(old) = version.checked_sub(1) {
                fs::remove_dir_all(volume.path().join(format!("..v{old}"))).unwrap();
            }
        };
        swap(0);
        for name in [ACCESS_KEY_ID, SECRET_ACCESS_KEY] {
            symlink(Path::new("..data").join(name), volume.path().join(name)).unwrap();
        }
        let by_path = |name: &str| fs::read_to_string(volume.path().join(name));

        let reads: u32 = std::env::var("VALETKEY_READS").map_or(READS, |reads| reads.parse().unwrap());
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut version = 1;
                while !is_over.load(Ordering::Relaxed) {
                    swap(version);
                    version += 1;
                }
            });
            let (mut versions, mut mixed, mut mixed_by_path) = (HashSet::new(), 0, 0);
            let mut done = 0;
            // The control may take longer on a machine that lets the writer wait.
            while done < reads || mixed_by_path == 0 && done < 50 * reads {
                done += 1;
                // Where every try met a folder that was removed meanwhile, the next look finds the pair.
                if let Ok(key) = read(volume.path()) {
                    let secret = key.secret_access_key.expose();
                    mixed += u32::from(key.access_key_id.as_str()[4..] != secret[6..]);
                    versions.insert(secret.to_owned());
                }
                if let (Ok(id), Ok(secret)) = (by_path(ACCESS_KEY_ID), by_path(SECRET_ACCESS_KEY)) {
                    mixed_by_path += u32::from(id[4..] != secret[6..]);
                }
            }
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(mixed, 0, "of {done}");
            assert!(versions.len() > 100, "the writer was at rest: {}", versions.len());
            // The danger is real: reading by path does mix.
            assert!(mixed_by_path > 0, "the writer never raced the reader");
            let versions = versions.len();
            println!("figure: {done} readings, {versions} versions; none mixed, by path {mixed_by_path}");
        });
    }

    const READS: u32 = 3_000;
}
