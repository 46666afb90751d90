# Completions of valetkey's commands and options for fish, which valetkey itself is asked for.
function __valetkey_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found (printf '%s\n' $words[2..] "$current" | valetkey __complete 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c valetkey -f -a '(__valetkey_complete)'
