//! What is said of a `token_dir` before anything is done with it.

use super::*;

impl Scene {
    /// What [`inspect`] says; empty when it has nothing against it. `prepare` must say the same.
    fn verdict(&self) -> String {
        let names = ["ops".parse().unwrap(), "deploy".parse().unwrap()];
        let before = listing(self.root.path());
        let said = inspect(&self.dir, 0o600, &names).err();
        assert_eq!(listing(self.root.path()), before, "nothing is changed");
        let said = said.map(|error| error.to_string()).unwrap_or_default();
        let does = self.prepare(0o600).err();
        assert_eq!(does.map(|error| error.to_string()).unwrap_or_default(), said);
        said
    }
}

fn listing(folder: &Path) -> Vec<(PathBuf, u32, i64)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            all.extend(listing(&path));
        }
        all.push((path, metadata.mode(), metadata.mtime_nsec()));
    }
    all.sort();
    all
}

fn chmod(path: &Path, bits: u32) {
    fs::set_permissions(path, Permissions::from_mode(bits)).unwrap();
}

#[test]
fn a_good_token_dir_is_inspected_before_and_after_it_was_made() {
    let mut scene = Scene::new();
    scene.dir = scene.dir.join("a/b");
    assert_eq!(scene.verdict(), "");
    assert_eq!(scene.verdict(), "");
}

#[test]
fn inspecting_replaces_no_token() {
    let scene = Scene::new();
    scene.prepare(0o600).unwrap();
    fs::write(scene.file(), "another daemon's").unwrap();
    inspect(&scene.dir, 0o600, &["ops".parse().unwrap()]).unwrap();
    assert_eq!(scene.token(), "another daemon's");
}

#[test]
fn a_profiles_folder_that_holds_something_else_is_left_alone() {
    let scene = Scene::new();
    let foreign = scene.dir.join("ops");
    fs::create_dir_all(&foreign).unwrap();
    chmod(&scene.dir, 0o755);
    chmod(&foreign, 0o755);
    fs::write(foreign.join("private.key"), "").unwrap();
    let said = scene.verdict();
    assert!(
        said.contains(r#"/ops: holds "private.key", which is not valetkey's; choose a token_dir"#),
        "{said}"
    );
    assert_eq!(mode(&foreign), 0o755);

    fs::remove_file(foreign.join("private.key")).unwrap();
    fs::write(foreign.join(".token.new"), "").unwrap();
    assert_eq!(scene.verdict(), "", "empty, or what an interrupted start left");
}

#[test]
fn the_way_must_be_one_that_nobody_else_can_exchange() {
    let mut scene = Scene::new();
    let above = scene.dir.clone();
    scene.dir = above.join("tokens");
    fs::create_dir_all(&scene.dir).unwrap();
    assert_eq!(scene.verdict(), "");

    for bits in [0o777, 0o775] {
        chmod(&above, bits);
        let said = scene.verdict();
        let expected = format!(
            "{0}: others may write in it (mode {bits:04o}); chmod go-w {0}, or choose",
            above.display()
        );
        assert!(said.starts_with(&expected), "{said}");
    }
    chmod(&above, 0o1777);
    assert_eq!(scene.verdict(), "", "as /tmp is");
    chmod(&above, 0o755);

    // Only root can give something away.
    if is_root() {
        chown(&above, Some(STRANGER), None).unwrap();
        let said = scene.verdict();
        assert!(
            said.contains("belongs to user 65534") && !said.contains("chmod"),
            "{said}"
        );
        chown(&above, Some(0), None).unwrap();
    }
    assert_eq!(scene.verdict(), "");
}

#[test]
fn a_link_on_the_way_must_be_ones_own_and_lead_over_good_folders() {
    let mut scene = Scene::new();
    let root = scene.dir.parent().unwrap().to_owned();
    let (real, link) = (root.join("real"), root.join("link"));
    fs::create_dir_all(real.join("deep")).unwrap();
    symlink("real/deep", &link).unwrap();
    scene.dir = link.join("tokens");
    assert_eq!(scene.verdict(), "");

    chmod(&real, 0o777);
    assert!(scene.verdict().contains("/real: others may write in it"));
    chmod(&real, 0o755);

    if is_root() {
        std::os::unix::fs::lchown(&link, Some(STRANGER), None).unwrap();
        assert!(scene.verdict().contains("/link: belongs to user 65534"));
    }
    fs::remove_file(&link).unwrap();
    symlink("link", &link).unwrap();
    assert!(scene.verdict().contains("symbolic link"));
    fs::remove_file(&link).unwrap();
    fs::write(&link, "").unwrap();
    assert!(scene.verdict().contains("/link: is not a folder"));
}

#[test]
fn a_folder_that_this_user_cannot_write_in_is_told() {
    // Root may write everywhere.
    if is_root() {
        return;
    }
    let scene = Scene::new();
    let root = scene.dir.parent().unwrap();
    chmod(root, 0o555);
    let said = inspect(&scene.dir, 0o600, &[]).unwrap_err().to_string();
    chmod(root, 0o755);
    assert!(
        said.contains("cannot write in the folder: ") && said.contains("may write in"),
        "{said}"
    );
}

#[test]
fn a_wide_token_mode_behind_a_closed_folder_is_told() {
    let scene = Scene::new();
    let root = scene.dir.parent().unwrap().canonicalize().unwrap();
    let told = |bits| way::obstacle(&scene.dir, Mode::from_raw_mode(bits));
    assert_eq!(told(0o644), None, "what is missing is made as it must be");
    fs::create_dir(&scene.dir).unwrap();
    chmod(&scene.dir, 0o700);
    let folder = root.join("tokens").display().to_string();
    let expected = |who| {
        format!(
            "token_mode lets others read the tokens, but {folder} (mode 0700) does not let them reach it; \
             chmod {who}+x {folder}, or take token_mode back to \"0600\""
        )
    };
    assert_eq!(told(0o644), Some(expected("o")));
    assert_eq!(told(0o640), Some(expected("g")));
    assert_eq!(told(0o600), None);
    chmod(&scene.dir, 0o711);
    assert_eq!(told(0o644), None);
    chmod(&root, 0o750);
    assert!(told(0o644).unwrap().contains("(mode 0750)"));
    assert_eq!(told(0o640), None);
}
