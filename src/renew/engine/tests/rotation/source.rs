use std::sync::{Arc, Mutex};

use crate::BoxFuture;
use crate::aws::LongTermKey;
use crate::keys::{self, Version};
use crate::renew::Job;
use crate::secret::Secret;

/// A source whose content is exchanged; a number is a key and nothing is no key.
pub(in super::super) struct Source {
    key: Mutex<Option<u32>>,
    /// Whether another key can be seen without reading it, as in a file.
    has_version: bool,
    pub(in super::super) reads: Mutex<u32>,
    pub(in super::super) looks: Mutex<u32>,
    /// Whether whoever reads it waits for ever.
    pub(in super::super) hangs: Mutex<bool>,
    /// Whether whoever looks at it does.
    pub(in super::super) looks_hang: Mutex<bool>,
}

impl Source {
    pub(in super::super) fn file() -> Arc<Self> {
        Self::new(true)
    }

    pub(in super::super) fn process() -> Arc<Self> {
        Self::new(false)
    }

    fn new(has_version: bool) -> Arc<Self> {
        Arc::new(Self {
            key: Mutex::new(Some(1)),
            has_version,
            reads: Mutex::default(),
            looks: Mutex::default(),
            hangs: Mutex::default(),
            looks_hang: Mutex::default(),
        })
    }

    pub(in super::super) fn put(&self, key: Option<u32>) {
        *self.key.lock().unwrap() = key;
    }
}

impl keys::Source for Source {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        *self.reads.lock().unwrap() += 1;
        if *self.hangs.lock().unwrap() {
            return Box::pin(std::future::pending());
        }
        let key = *self.key.lock().unwrap();
        Box::pin(async move {
            let number = key.ok_or(keys::Error::Internal)?;
            Ok(LongTermKey {
                access_key_id: format!("AKIAIOSFODNN7EXA{number:04}").parse().unwrap(),
                secret_access_key: Arc::new(Secret::from("secret")),
            })
        })
    }

    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        *self.looks.lock().unwrap() += 1;
        if *self.looks_hang.lock().unwrap() {
            return Some(Box::pin(std::future::pending()));
        }
        let version = self.key.lock().unwrap().unwrap_or_default();
        self.has_version
            .then(|| Box::pin(async move { Version::numbered(version.into()) }) as BoxFuture<'static, Version>)
    }
}

pub(in super::super) fn with(source: &Arc<Source>, job: Job) -> Job {
    Job {
        key: Some(Arc::clone(source) as Arc<dyn keys::Source>),
        ..job
    }
}
