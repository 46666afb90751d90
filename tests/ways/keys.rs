use std::fs;

use crate::common::{Daemon, World, show};
use crate::scene::{ask, document, keyed, mfa, script, seed, server, status_of};

/// The credentials file of this world's user, with others in it.
fn credentials_file(world: &World, profile: &str) -> String {
    let access = &world.emulator.access;
    format!(
        "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = not-this-one\n\n\
         [{profile}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        access.access_key_id, access.secret_access_key
    )
}

/// A `credential_process` of this world's user; it refuses other arguments than its own.
fn process(world: &World) -> String {
    let access = &world.emulator.access;
    let text = format!(
        "[ \"$1\" = 'two words' ] && [ \"$#\" = 1 ] || exit 9\n\
         printf '{{\"Version\": 1, \"AccessKeyId\": \"{}\", \"SecretAccessKey\": \"{}\"}}'",
        access.access_key_id, access.secret_access_key
    );
    script(world, "print-key", &text)
}

/// A user each, since an MFA device gives one code in 30 s.
#[test]
fn every_source_brings_sessions_with_mfa_and_without() {
    let users = ["directory", "environment", "shared_credentials", "process"].map(|name| (name, World::of(name, None)));
    let [(_, directory), (_, environment), (_, shared), (_, printed)] = &users;
    shared.write("credentials", &credentials_file(shared, "some one"));
    let keys = [
        format!("{{ directory = \"{}\" }}", show(&directory.path("key"))),
        String::from("{ environment = true }"),
        String::from("{ shared_credentials = \"some one\" }"),
        format!("{{ process = [\"{}\", \"two words\"] }}", process(printed)),
    ];
    let mut configuration = server(directory);
    for ((name, world), key) in users.iter().zip(&keys) {
        configuration += &keyed(world, name, key);
        configuration += &(keyed(world, &format!("{name}-mfa"), key) + &seed(world));
    }
    directory.write("valetkey.toml", &configuration);
    let mut command = directory.command();
    command
        .env("AWS_ACCESS_KEY_ID", &environment.emulator.access.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &environment.emulator.access.secret_access_key)
        .env("AWS_SHARED_CREDENTIALS_FILE", shared.path("credentials"));
    let daemon = Daemon::start(command);

    for (name, world) in &users {
        for profile in [(*name).to_owned(), format!("{name}-mfa")] {
            daemon.wait_for_credentials(&profile);
            let document = document(directory, &daemon, &profile);
            assert_ne!(document["AccessKeyId"], world.emulator.access.access_key_id.as_str());
            let source = if *name == "directory" { "key_directory" } else { name };
            let status = status_of(directory, &profile);
            assert_eq!((&status["source"], &status["state"]), (&source.into(), &"ready".into()));
        }
        let state = world.emulator.handle.state();
        assert_eq!(state.requests["GetSessionToken"], 2, "{name}");
        assert_eq!(state.successes[&world.emulator.access.mfa_serial].len(), 1, "{name}");
        assert!(state.errors.is_empty(), "{name}: {:?}", state.errors);
    }
    let log = daemon.log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("\"WARN\"")).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    for (warning, profile) in warnings.iter().zip(["environment", "environment-mfa"]) {
        assert!(
            warning.contains(&format!("\"profile\":\"{profile}\"")) && warning.contains("key = { directory = … }"),
            "{warning}"
        );
    }
    let said = ask(directory, &["status"]);
    assert_eq!((said.code, said.stdout.contains("Attention")), (0, false), "{said:?}");
}

#[test]
fn the_shared_file_is_found_at_home() {
    let world = World::new(None);
    fs::create_dir(world.path(".aws")).unwrap();
    world.write(".aws/credentials", &credentials_file(&world, "ops"));
    let profile = keyed(&world, "ops", "{ shared_credentials = \"ops\" }");
    world.write("valetkey.toml", &(server(&world) + &profile));
    let mut command = world.command();
    command.env("HOME", world.folder.path());
    let daemon = Daemon::start(command);
    daemon.wait_for_credentials("ops");
    document(&world, &daemon, "ops");
}

#[test]
fn a_process_sees_what_it_was_given_and_nothing_else() {
    let world = World::new(None);
    let seen = show(&world.path("seen"));
    let key = process(&world);
    let command = script(&world, "look", &format!("env > {seen}\nexec {key} 'two words'"));
    let key = format!("{{ process = [\"{command}\"], pass_environment = [\"GNUPGHOME\", \"NOT_SET\"] }}");
    world.write("valetkey.toml", &(server(&world) + &keyed(&world, "ops", &key)));
    let mut command = world.command();
    command
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/home/somebody")
        .env("GNUPGHOME", "/home/somebody/.gnupg")
        .env("AWS_SECRET_ACCESS_KEY", "not for children");
    let daemon = Daemon::start(command);
    daemon.wait_for_credentials("ops");
    let seen = fs::read_to_string(seen).unwrap();
    // The shell adds these by itself.
    let own = |line: &&str| !["PWD=", "SHLVL=", "_="].iter().any(|name| line.starts_with(name));
    let mut seen: Vec<_> = seen.lines().filter(own).collect();
    seen.sort_unstable();
    assert_eq!(
        seen,
        [
            "GNUPGHOME=/home/somebody/.gnupg",
            "HOME=/home/somebody",
            "PATH=/usr/bin:/bin"
        ]
    );
}

#[test]
fn a_source_that_fails_at_start_is_told_with_its_remedy() {
    let world = World::new(None);
    let locked = script(
        &world,
        "locked",
        "echo 'gpg: decryption failed: No secret key' >&2; exit 2",
    );
    let profiles = [
        keyed(&world, "env", "{ environment = true }"),
        keyed(&world, "shared", "{ shared_credentials = \"nobody\" }"),
        keyed(&world, "process", &format!("{{ process = [\"{locked}\"] }}")),
        world.profile_without_mfa("code") + &mfa(&world, "{ process = [\"no-such-program\"] }"),
    ];
    world.write("valetkey.toml", &(server(&world) + &profiles.concat()));
    world.write("credentials", "[default]\n");
    let mut command = world.command();
    command.env("AWS_SHARED_CREDENTIALS_FILE", world.path("credentials"));
    command.env("PATH", "/usr/bin:/bin");
    let (code, _, stderr) = crate::common::finish(&mut command);
    let stderr = stderr.replace(&show(world.folder.path()), "");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!((code, lines.len()), (78, 5), "{stderr}");
    for (line, parts) in lines.iter().zip([
        [
            "profile env: long-term key: ",
            "AWS_ACCESS_KEY_ID: is not set",
            "set it",
        ],
        ["profile shared: long-term key: ", "/credentials", "nobody"],
        [
            "profile process: long-term key: ",
            "ended with status 2",
            "No secret key",
        ],
        ["profile code: MFA code: ", "no-such-program", "name its absolute path"],
        ["4 mistakes", "", ""],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
}
