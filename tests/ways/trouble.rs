use crate::common::{World, show};
use crate::scene::{ask, document, metric, seed, serve};

#[test]
fn a_key_that_was_put_right_is_tried_at_a_reload() {
    let world = World::of("mended", None);
    let secret = std::fs::read_to_string(world.path("key/aws_secret_access_key")).unwrap();
    world.write("key/aws_secret_access_key", "another-secret-that-is-wrong");
    let daemon = serve(&world, &(world.profile_without_mfa("ops") + &seed(&world)));
    let line = daemon.wait_for("credentials not obtained");
    assert_eq!(line["result"], "key_invalid");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.contains("the secret access key does not belong to"),
        "{message}"
    );
    assert!(
        message.ends_with("; once that is put right, valetkey reload tries at once"),
        "{message}"
    );
    assert_eq!(daemon.ops("/readyz").status, 503);
    world.write("key/aws_secret_access_key", &secret);
    assert_eq!(ask(&world, &["reload"]).code, 0);
    daemon.wait_for_credentials("ops");
    assert_eq!(daemon.ops("/readyz").status, 200);
}

#[test]
fn where_one_mfa_device_is_not_the_users_another_one_serves_at_once() {
    let world = World::of("two-devices", None);
    let (serial, file) = (&world.emulator.access.mfa_serial, show(&world.path("totp_seed")));
    let devices = format!(
        "mfa_devices = [\n  {{ mfa_serial = \"GAHT12345678\", mfa_code = {{ totp_seed_file = \"{file}\" }} }},\n  \
         {{ mfa_serial = \"{serial}\", mfa_code = {{ totp_seed_file = \"{file}\" }} }},\n]\n"
    );
    let daemon = serve(&world, &(world.profile_without_mfa("ops") + &devices));
    let line = daemon.wait_for("credentials not obtained");
    assert_eq!(line["result"], "mfa_device");
    daemon.wait_for_credentials("ops");
    document(&world, &daemon, "ops");
    assert_eq!(world.emulator.handle.state().successes[serial].len(), 1);
    let refused = metric(
        &daemon,
        "valetkey_renewals_total{profile=\"ops\",result=\"mfa_device\"}",
    );
    assert_eq!(refused, "1");
}
