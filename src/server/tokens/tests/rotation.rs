//! Relative URIs beside the tokens, and what replaces both.

use std::time::Duration;

use super::*;

fn names() -> [ProfileName; 2] {
    ["ops".parse().unwrap(), "deploy".parse().unwrap()]
}

fn at(seconds: u64) -> BootInstant {
    BootInstant::from_boot(Duration::from_secs(seconds))
}

impl Scene {
    fn with_ids(&self) -> Issued {
        prepare(&self.dir, 0o640, true, &names()).unwrap()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir.join(path)).unwrap()
    }

    fn id(&self, profile: &str) -> String {
        let uri = self.read(&format!("{profile}/relative_uri"));
        uri.strip_prefix("/v2/credentials/").unwrap().to_owned()
    }
}

#[test]
fn a_relative_uri_has_128_bits_and_survives_a_restart_as_a_token_does() {
    let scene = Scene::new();
    let issued = scene.with_ids();
    let ids = [scene.id("ops"), scene.id("deploy")];
    assert_ne!(ids[0], ids[1]);
    for (place, id) in ids.iter().enumerate() {
        assert_eq!(id.len(), 32);
        assert!(
            id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
            "{id}"
        );
        assert_eq!(profile(&issued.ids, id.as_bytes(), NOW), Some(place));
        assert_eq!(profile(&issued.ids, id.to_uppercase().as_bytes(), NOW), None);
        assert_eq!(profile(&issued.tokens, id.as_bytes(), NOW), None);
    }
    assert_eq!(mode(&scene.dir.join("ops/relative_uri")), 0o640);

    let token = scene.token();
    scene.with_ids();
    assert_eq!(([scene.id("ops"), scene.id("deploy")], scene.token()), (ids, token));
    for damaged in [
        "",
        "/v2/credentials/",
        "/v2/credentials/0123",
        "/v2/credentials/0123456789ABCDEF0123456789ABCDEF",
    ] {
        fs::write(scene.dir.join("ops/relative_uri"), damaged).unwrap();
        let issued = scene.with_ids();
        assert_eq!(
            profile(&issued.ids, scene.id("ops").as_bytes(), NOW),
            Some(0),
            "{damaged}"
        );
    }
    fs::copy(
        scene.dir.join("ops/relative_uri"),
        scene.dir.join("deploy/relative_uri"),
    )
    .unwrap();
    scene.with_ids();
    assert_ne!(scene.id("ops"), scene.id("deploy"), "a copy would open another profile");
}

#[test]
fn where_they_are_not_wanted_none_is_left() {
    let scene = Scene::new();
    scene.with_ids();
    let token = scene.token();
    let issued = scene.prepare(0o600).unwrap();
    assert!(!scene.dir.join("ops/relative_uri").exists());
    assert!(scene.token() == token && issued.ids == Tokens::default());
}

#[test]
fn all_that_opens_a_profile_is_replaced() {
    let scene = Scene::new();
    let issued = scene.with_ids();
    let (old_token, old_id) = (scene.token(), scene.id("ops"));
    let fresh = Fresh::generate(true, &names()).unwrap();
    let both = issued.with(&fresh);
    let written = fresh.write(&scene.dir, 0o640);
    assert_eq!((&written.renewed[..], &written.failed[..]), (&names()[..], &[][..]));
    let (token, id) = (scene.token(), scene.id("ops"));
    assert!(token != old_token && id != old_id);
    assert_eq!((token.len(), mode(&scene.file())), (43, 0o640));
    assert_eq!(mode(&scene.dir.join("ops/relative_uri")), 0o640);
    // What is in the files was taken before it was there.
    for token in [&token, &old_token] {
        assert_eq!(profile(&both.tokens, token.as_bytes(), at(9_999)), Some(0));
    }
    let settled = both.replaced_by(&written, at(600), at(0));
    for (tokens, new, old) in [(&settled.tokens, token, old_token), (&settled.ids, id, old_id)] {
        assert_eq!(profile(tokens, new.as_bytes(), at(600)), Some(0));
        assert_eq!(profile(tokens, old.as_bytes(), at(599)), Some(0));
        assert_eq!(profile(tokens, old.as_bytes(), at(600)), None);
    }
}

#[test]
fn what_cannot_be_written_stays_as_it_was() {
    let scene = Scene::new();
    let issued = scene.with_ids();
    let (old, other) = (scene.read("deploy/token"), scene.token());
    // Not even root removes a folder as if it were a file.
    fs::create_dir(scene.dir.join("deploy/.token.new")).unwrap();
    let fresh = Fresh::generate(true, &names()).unwrap();
    let both = issued.with(&fresh);
    let written = fresh.write(&scene.dir, 0o640);
    assert_eq!(written.renewed, names()[..1]);
    let path = scene.dir.join("deploy/token");
    assert_eq!(written.failed.len(), 1);
    assert!(
        written.failed[0].starts_with(&format!("{}: cannot ", path.display())),
        "{:?}",
        written.failed
    );
    assert!(written.failed[0].contains("token_dir"), "{:?}", written.failed);
    assert_eq!(scene.read("deploy/token"), old);
    let settled = both.replaced_by(&written, at(0), at(0));
    assert_eq!(profile(&settled.tokens, old.as_bytes(), at(9_999)), Some(1));
    assert_eq!(profile(&settled.tokens, other.as_bytes(), at(0)), None);
    assert_eq!(profile(&settled.tokens, scene.token().as_bytes(), at(0)), Some(0));
    assert_eq!(profile(&settled.ids, scene.id("deploy").as_bytes(), at(0)), Some(1));
}
