"""Starts the emulator and runs the checks of `oracle_checks.py` against it."""

import subprocess
import sys

from harness import Emulator, clean_env

emulator = Emulator()
checks = [sys.executable, ".ci/suites/oracle_checks.py"]
ended = subprocess.run(checks, env=clean_env(**emulator.access), timeout=600)
emulator.stop()
sys.exit(ended.returncode)
