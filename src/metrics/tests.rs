use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;

use super::*;
use crate::aws::{Endpoint, Region, SessionDuration};
use crate::clock::{BootInstant, PausedClock, SystemClock};
use crate::config::{KeySource, Kind as ProfileKind, Profile, Session};
use crate::renew::{CodeVerdict, Document, Outcome, Snapshot};

#[test]
fn the_page_has_every_name_with_its_type_and_labels_from_the_start() {
    let table = table(&["ops", "deploy"]);
    table.profiles()[0].publish(Snapshot {
        issued: DateTime::from_timestamp(1_800_000_000, 0),
        renewal: DateTime::from_timestamp(1_800_010_000, 0),
        expiration: DateTime::from_timestamp(1_800_020_000, 0),
        ..Snapshot::default()
    });
    let mut metrics = Metrics::new(table, Arc::new(SystemClock), || 5);
    metrics.watch_state(|| 7);
    let page = page(&metrics);

    for name in NAMES {
        assert_eq!(page.types.get(name.name).map(String::as_str), Some(name.kind.as_str()));
        let series = page.series.iter().filter(|(series, _)| {
            let base = series.strip_prefix(name.name);
            base.is_some_and(|rest| rest.is_empty() || rest.starts_with(['{', '_']))
        });
        let mut count = 0;
        for (series, _) in series {
            count += 1;
            for label in name.labels {
                assert!(series.contains(&format!("{label}=\"")), "{series} lacks {label}");
            }
        }
        assert!(count > 0, "{} has no series", name.name);
    }
    let own = page.types.keys().filter(|name| name.starts_with("valetkey_"));
    assert_eq!(own.count(), NAMES.len());
    assert!(page.types.contains_key("process_resident_memory_bytes"));
    assert_eq!(page.value("valetkey_log_lines_dropped_total"), "5");
    assert_eq!(page.value("valetkey_state_failures_total"), "7");
    assert_eq!(
        page.value("valetkey_http_rejected_total{listener=\"credentials\",reason=\"token_unknown\"}"),
        "0"
    );
    assert_eq!(
        page.value("valetkey_http_requests_total{code=\"200\",listener=\"credentials\",route=\"credentials\"}"),
        "0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_profile_is_shown_as_it_is_at_the_scrape() {
    let clock = Arc::new(PausedClock::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap()));
    let table = table(&["ops"]);
    let metrics = Metrics::new(Arc::clone(&table), Arc::clone(&clock) as Arc<dyn Clock>, || 0);
    let ready = "valetkey_profile_ready{profile=\"ops\"}";
    let expiration = "valetkey_credential_expiration_timestamp_seconds{profile=\"ops\"}";

    let before = page(&metrics);
    assert_eq!(before.value(ready), "0");
    assert!(!before.series.contains_key(expiration), "unknown is absent, not 1970");
    assert_eq!(
        before.value("valetkey_renewal_consecutive_failures{profile=\"ops\"}"),
        "0"
    );
    assert_eq!(
        before
            .value("valetkey_profile_info{profile=\"ops\",kind=\"session\",source_profile=\"\",region=\"eu-west-1\"}"),
        "1"
    );

    let dies: BootInstant = clock.boot() + Duration::from_mins(1);
    table.profiles()[0].publish(Snapshot {
        document: Some(Document {
            body: Bytes::from_static(b"canary"),
            dies,
        }),
        started: true,
        expiration: DateTime::from_timestamp(1_800_000_060, 0),
        consecutive_failures: 2,
        ..Snapshot::default()
    });
    table.profiles()[0].count_renewal(Outcome::Success);
    table.profiles()[0].count_code(CodeVerdict::Rejected);
    let alive = page(&metrics);
    assert_eq!(alive.value(ready), "1");
    assert_eq!(alive.value(expiration), "1800000060");
    assert_eq!(
        alive.value("valetkey_renewal_consecutive_failures{profile=\"ops\"}"),
        "2"
    );
    assert_eq!(
        alive.value("valetkey_renewals_total{profile=\"ops\",result=\"success\"}"),
        "1"
    );
    assert_eq!(
        alive.value("valetkey_mfa_codes_total{profile=\"ops\",result=\"rejected\"}"),
        "1"
    );
    assert!(!alive.text.contains("canary"));

    clock.suspend(Duration::from_mins(1));
    assert_eq!(page(&metrics).value(ready), "0", "at the very instant");
}

/// 26 samples a profile, and none of them is anybody's memory between two scrapes.
#[test]
fn a_thousand_profiles_make_one_page() {
    let names: Vec<String> = (0..1_000).map(|n| format!("profile-{n}")).collect();
    let table = table(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let page = page(&Metrics::new(table, Arc::new(SystemClock), || 0));
    let renewals = page
        .series
        .keys()
        .filter(|series| series.starts_with("valetkey_renewals_total{"));
    assert_eq!(renewals.count(), 1_000 * Outcome::COUNT);
}

#[test]
fn the_prometheus_crate_appears_nowhere_else() {
    fn visit(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("metrics") {
                visit(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                if text.contains("prometheus::") {
                    found.insert(path.display().to_string());
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.is_empty(), "{found:?}");
}

struct Page {
    text: String,
    types: BTreeMap<String, String>,
    series: BTreeMap<String, String>,
}

impl Page {
    fn value(&self, series: &str) -> &str {
        self.series.get(series).map_or("(absent)", String::as_str)
    }
}

/// Reads a page as Prometheus does: every sample belongs to a type that stands above it, none comes twice.
fn page(metrics: &Metrics) -> Page {
    let text = String::from_utf8(metrics.render()).unwrap();
    let mut types = BTreeMap::new();
    let mut series = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
            name.clone_into(&mut current);
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with(&current), "{name} stands below {current}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(
                series.insert(name.to_owned(), value.to_owned()).is_none(),
                "{name} twice"
            );
        }
    }
    Page { text, types, series }
}

fn table(names: &[&str]) -> Arc<Table> {
    let region: Region = "eu-west-1".parse().unwrap();
    let profiles = names.iter().map(|name| Profile {
        name: name.parse().unwrap(),
        region: region.clone(),
        required: true,
        endpoint: Endpoint::regional(&region),
        expected_account_id: None,
        allowed_uids: None,
        kind: ProfileKind::Session(Session {
            key: KeySource::Directory("/nowhere".into()),
            mfa: None,
            duration: SessionDuration::default(),
        }),
    });
    Arc::new(Table::new(&profiles.collect::<Vec<_>>()))
}
