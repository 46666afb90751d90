#compdef valetkey
# Completions of valetkey's commands and options for zsh, which valetkey itself is asked for.
_valetkey() {
  local -a found
  found=("${(@f)$(print -rl -- "${(@)words[2,CURRENT]}" | valetkey __complete 2>/dev/null)}")
  if [[ -n $found ]]; then
    found=("${(@)found/$'\t'/:}")
    _describe valetkey found
  else
    _files
  fi
}
# As a file of fpath it is the function; read by source or eval it says so.
if [[ $funcstack[1] == _valetkey ]]; then _valetkey; else compdef _valetkey valetkey; fi
