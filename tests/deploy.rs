//! What is shipped beside the binary, held against it and against itself.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fs;

use valetkey::config::{self, Format};

fn read(name: &str) -> String {
    fs::read_to_string(format!("deploy/{name}")).unwrap()
}

/// The values of a key, in a unit or a drop-in.
fn values<'t>(unit: &'t str, key: &str) -> Vec<&'t str> {
    let values = unit
        .lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    values.collect()
}

#[test]
fn the_units_example_is_a_plan_that_fits_the_unit_and_the_applications_drop_in() {
    let (unit, toml) = (read("systemd/valetkey.service"), read("systemd/valetkey.toml"));
    let plan = config::parse(toml.as_bytes(), Format::Toml, "valetkey.toml", &|_| None).unwrap();
    let server = &plan.server;
    assert_eq!(server.state_dir.as_deref(), Some("/var/lib/valetkey".as_ref()));
    assert!(server.token_dir.starts_with("/run/valetkey") && server.control_socket.starts_with("/run/valetkey"));
    assert_eq!(
        [values(&unit, "RuntimeDirectory"), values(&unit, "StateDirectory")],
        [["valetkey"]; 2]
    );

    // The credentials that the unit loads are those that the profile reads.
    let loaded = values(&unit, "LoadCredentialEncrypted");
    let loaded: Vec<_> = loaded.iter().map(|loaded| loaded.split_once(':').unwrap()).collect();
    assert_eq!(
        loaded.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        ["aws_access_key_id", "aws_secret_access_key", "totp_seed"]
    );
    let readme = fs::read_to_string("README.md").unwrap();
    for (id, stored) in loaded {
        assert!(readme.contains(&format!("encrypt --name={id} - /etc/credstore.encrypted/{stored}")));
    }
    let folder = "key        = { directory = \"/run/credentials/valetkey.service\" }";
    let seed = "totp_seed_file = \"/run/credentials/valetkey.service/totp_seed\"";
    assert!(toml.contains(folder) && toml.contains(seed));

    let drop_in = read("systemd/application.service.d/valetkey.conf");
    let profile = plan.profiles[0].name.as_str();
    assert_eq!(
        values(&drop_in, "Environment"),
        [
            format!(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://{}/credentials/{profile}",
                server.credentials
            ),
            format!(
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE={}/{profile}/token",
                server.token_dir.display()
            ),
        ]
    );
    assert_eq!(values(&drop_in, "SupplementaryGroups"), values(&unit, "Group"));
    let made = read("systemd/valetkey.sysusers");
    for (kind, key) in [("u", "User"), ("g", "Group")] {
        assert!(made.contains(&format!("\n{kind} {} ", values(&unit, key)[0])), "{made}");
    }
}

#[test]
fn the_images_label_is_the_version() {
    let label = format!("org.opencontainers.image.version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(read("Dockerfile").contains(&label));
}
