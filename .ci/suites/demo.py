"""`cargo run --release -- demo`, watched until a renewal; the commands that it prints are pasted into a shell."""

import subprocess

from harness import Checks, Process, clean_env


def main():
    checks = Checks()
    demo = Process(["cargo", "run", "--locked", "--release", "--", "demo"], stream="stdout", env=clean_env())
    demo.wait_for(lambda line: "Obtained session 1." in line)
    demo.wait_for(lambda line: line.startswith("Ctrl-C"))
    # What stands indented by four is to be pasted; the operator's line names its command after a colon.
    commands = [line.strip() for line in demo.lines if line.startswith("    ")]
    operator = next(line.split("operator: ")[1] for line in demo.lines if "operator: " in line)
    shell = "set -eu\n" + "\n".join(f"{command}\necho" for command in [*commands, operator])
    pasted = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=120)
    checks.equal("the printed commands run", pasted.returncode, 0)
    checks.that("there are commands for curl, the AWS CLI and Python", len(commands) >= 8, commands)
    checks.that("curl gets a document", '"Code":"Success"' in pasted.stdout, pasted.stdout + pasted.stderr)
    checks.equal("the AWS CLI and Python both sign", pasted.stdout.count("arn:aws:iam::123456789012:user/demo"), 2)
    checks.that("the status has a table", "demo     ready" in pasted.stdout, pasted.stdout)
    checks.that("the metrics are there", "valetkey_profile_ready" in pasted.stdout)
    demo.wait_for(lambda line: "Renewed: this is session 2." in line, patience=120)
    checks.that("a renewal is seen within two minutes", True)
    demo.interrupt()
    demo.wait_for(lambda line: "The demo has ended" in line)
    checks.equal("Ctrl-C ends it cleanly", demo.child.wait(timeout=15), 0)
    checks.done()


main()
