//! What a request costs in instructions and in calls of the allocator, as valgrind counts them on the server's own thread.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::summary;

const ROUNDS: usize = 3;
/// The difference of the two has no start-up in it.
const REQUESTS: [u32; 2] = [6_400, 12_800];
const ALLOCATOR: [&str; 6] = [
    "malloc",
    "calloc",
    "realloc",
    "memalign",
    "aligned_alloc",
    "posix_memalign",
];

/// Of one request.
struct Cost {
    instructions: f64,
    allocations: f64,
}

pub(crate) fn compare() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions and allocations: not counted, since valgrind is not installed");
        return;
    }
    let (mut ratios, mut more) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let [bare, valetkey] = ["bare", "valetkey"].map(of_a_request);
        for (name, cost) in [("bare", &bare), ("valetkey", &valetkey)] {
            let Cost {
                instructions,
                allocations,
            } = cost;
            println!("{name}: {instructions:.0} instructions and {allocations:.2} allocations a request");
        }
        ratios.push(valetkey.instructions / bare.instructions);
        more.push(valetkey.allocations - bare.allocations);
    }
    println!("figure: instructions a request, valetkey to bare: {}", summary(ratios));
    println!("figure: allocations a request, valetkey less bare: {}", summary(more));
}

fn of_a_request(server: &str) -> Cost {
    let folder = tempfile::tempdir().unwrap();
    let [few, many] = REQUESTS.map(|requests| count(server, requests, folder.path()));
    let each = |few: u64, many: u64| {
        let requests = REQUESTS[1] - REQUESTS[0];
        f64::from(u32::try_from(many - few).unwrap()) / f64::from(requests)
    };
    Cost {
        instructions: each(few.0, many.0),
        allocations: each(few.1, many.1),
    }
}

/// Instructions and allocations of the server's thread from its start to its end.
fn count(server: &str, requests: u32, folder: &Path) -> (u64, u64) {
    let file = folder.join(requests.to_string());
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe().unwrap())
        .env("ENDPOINT_SERVER", server)
        .env("ENDPOINT_REQUESTS", requests.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "valgrind");
    // The main thread is the first, the server's the second.
    let profile = fs::read_to_string(file.with_extension("").display().to_string() + "-02").unwrap();
    let total = profile.lines().find_map(|line| line.strip_prefix("summary: "));
    (total.unwrap().parse().unwrap(), allocations(&profile))
}

/// Calls of the allocator's functions in a profile of callgrind's: a name stands there once, and its number everywhere.
///
/// <https://valgrind.org/docs/manual/cl-format.html>
fn allocations(profile: &str) -> u64 {
    let (mut names, mut called, mut calls) = (HashMap::new(), "", 0);
    for line in profile.lines() {
        if let Some(function) = line.strip_prefix("cfn=").or_else(|| line.strip_prefix("fn=")) {
            let (number, name) = function.split_once(' ').unwrap_or((function, ""));
            let known = names.entry(number).or_insert(name);
            called = known;
        } else if let Some(counted) = line.strip_prefix("calls=")
            && ALLOCATOR.contains(&called)
        {
            let (count, _) = counted.split_once(' ').unwrap();
            calls += count.parse::<u64>().unwrap();
        }
    }
    calls
}
