# What the suites share. Sourced from the repository's root.
set -euo pipefail

# one_at_a_time COMMAND …: of suites that run beside one another.
one_at_a_time() {
  mkdir -p target/ci
  (
    flock 9
    "$@" 9>&-
  ) 9>target/ci/lock
}

# Debian packages, installed when a command is missing: need COMMAND PACKAGE
need() {
  command -v "$1" >/dev/null && return
  one_at_a_time install_package "$1" "$2"
}
install_package() {
  command -v "$1" >/dev/null && return
  apt-get -o DPkg::Lock::Timeout=300 update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$2"
  command -v "$1" >/dev/null
}

# A Python environment with the pinned clients; its programs come first in PATH from then on. python_env [PINS FOLDER]
python_env() {
  local pins=${1:-.ci/requirements.txt} env=${2:-target/ci/python}
  one_at_a_time make_python_env "$pins" "$env"
  PATH="$PWD/$env/bin:$PATH"
}
make_python_env() {
  local pins=$1 env=$2
  if ! cmp -s "$pins" "$env/requirements.txt"; then
    rm -rf "$env"
    python3 -m venv "$env"
    "$env/bin/pip" install --quiet -r "$pins"
    cp "$pins" "$env/requirements.txt"
  fi
}

# The programs around AWS's SDKs.
build_clients() {
  local client start
  for client in .ci/clients/*/; do
    start=$SECONDS
    one_at_a_time "$client/build"
    echo "built $client in $((SECONDS - start)) s"
  done
}

# The binary that the suites run.
build() {
  cargo build --locked --release
  VALETKEY="$PWD/target/release/valetkey"
  export VALETKEY
}

# The binary that is shipped, in target/dist.
build_shipped() {
  cargo build --locked --profile dist --no-default-features
}

# The fuzz targets, in target/ci/fuzz. Coverage as the fuzzer wants it is a matter of LLVM, so a stable compiler will do. --target
# keeps it out of build scripts.
build_fuzz() {
  need g++ g++
  local coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares"
  RUSTFLAGS="--cfg fuzzing $coverage" CARGO_TARGET_DIR=$PWD/target/ci/fuzz \
    cargo build --locked --release --manifest-path fuzz/Cargo.toml --target "$(rustc -vV | sed -n 's/^host: //p')"
}
