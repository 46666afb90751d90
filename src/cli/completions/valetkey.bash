# Completions of valetkey's commands and options for bash, which valetkey itself is asked for.
_valetkey() {
  mapfile -t COMPREPLY < <(printf '%s\n' "${COMP_WORDS[@]:1:COMP_CWORD}" | valetkey __complete 2>/dev/null)
  COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
}
complete -o default -F _valetkey valetkey
