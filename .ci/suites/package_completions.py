"""The package's completions, in the shells that they are for."""

import subprocess
import tempfile

SHELLS = {
    "bash": """
        source "$ROOT/usr/share/bash-completion/completions/valetkey"
        COMP_WORDS=($TYPED '') COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _valetkey valetkey
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    "fish": "source $ROOT/usr/share/fish/vendor_completions.d/valetkey.fish; complete -C $TYPED",
    # It completes on a terminal alone. There it beeps, and then tells everything at once.
    "zsh": """
        zmodload zsh/zpty
        zpty shell zsh -f
        zpty -w shell 'fpath=('$ROOT'/usr/share/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -u -D'
        zpty -w shell 'LISTMAX=1000; stty cols 300 rows 100; echo prepared-$((1 + 1))'
        until [[ $line == *prepared-2* ]]; do zpty -r shell line || exit; done
        zpty -n -w shell "$TYPED"$'\\t\\t'
        for try in {1..300}; do
            while zpty -rt shell line; do told+=$line; done
            [[ $told == *"$WANTED"* ]] && break
            sleep 0.1
        done
        print -r -- "$told"
        zpty -d shell
    """,
}
COMMANDS = ["status", "serve", "completions", "sts"]


def check_completions(checks, root):
    for shell in SHELLS:
        found = ask(shell, root, "valetkey ", "Ask STS")
        checks.that(f"{shell}: offers commands", all(name in found for name in COMMANDS), found)
        checks.that(f"{shell}: and no hidden ones", "__complete" not in found, found)
        found = ask(shell, root, "valetkey serve --log-format ", "For people")
        checks.that(f"{shell}: offers values", "text" in found and "json" in found, found)
        checks.that(f"{shell}: and nothing else there", "--config" not in found, found)


def ask(shell, root, typed, last):
    """What is offered after what was typed; `last` ends it in zsh."""
    # fish makes folders in its home.
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": f"{root}/usr/bin:/usr/bin:/bin", "HOME": home, "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        env |= {"ROOT": str(root), "TYPED": typed, "WANTED": last}
        ended = subprocess.run([shell, "-c", SHELLS[shell]], capture_output=True, text=True, env=env, timeout=60)
    return ended.stdout + ended.stderr
