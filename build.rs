//! Makes the shipped binary smaller with what the linker can do.

#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = ["ARCH", "OS", "ENV"].map(|part| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default());
    let is_shipped = env::var("OUT_DIR").is_ok_and(|folder| folder.contains("/dist/"));
    // Here Rust links with LLD, which knows how; the linkers of other targets may not.
    if !is_shipped || target != ["x86_64", "linux", "gnu"] {
        return;
    }
    // Functions whose code is the same become one, which saves 40 kB.
    println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    if packs_relocations() {
        // 190 kB less: a bit an address instead of 24 bytes.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the C library here, which is the oldest that what is built here is for, knows packed relocations: glibc does from 2.36 on.
fn packs_relocations() -> bool {
    let Ok(told) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return false;
    };
    let version = String::from_utf8_lossy(&told.stdout);
    let mut numbers = version.trim().trim_start_matches("glibc ").split('.').map(str::parse);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= (2_u32, 36_u32))
}
