use valetkey::control::{NotReloaded, Reloaded};

use crate::scene::Scene;

#[test]
fn it_tells_what_changed_or_why_nothing_did() {
    let scene = Scene::new();
    let said = scene.run(&["reload"], b"");
    assert_eq!(
        (said.code, &*said.stdout),
        (0, "nothing differs from what is in force\n")
    );

    *scene.fake.reload.lock().unwrap() = Ok(Reloaded {
        changed: vec!["profile x: added".into(), "profile y: removed".into()],
        needs_restart: vec!["[server] ops".into()],
        rotated: None,
    });
    let said = scene.run(&["reload"], b"");
    assert_eq!(said.code, 0);
    assert_eq!(
        said.stdout,
        "profile x: added\nprofile y: removed\n[server] ops: differs, and needs a restart\n"
    );

    let mistakes = "valetkey.toml:1:1: wrong\nvaletkey.toml:2:1: wrong\n2 mistakes";
    *scene.fake.reload.lock().unwrap() = Err(NotReloaded::Mistakes(mistakes.into()));
    let said = scene.run(&["reload"], b"");
    assert_eq!((said.code, said.stderr), (78, format!("{mistakes}\n")));

    *scene.fake.reload.lock().unwrap() = Err(NotReloaded::Busy);
    let said = scene.run(&["reload"], b"");
    assert_eq!(said.code, 75, "{}", said.stderr);
    assert!(
        said.stderr.contains("a reload is under way and another waits"),
        "{}",
        said.stderr
    );
}
