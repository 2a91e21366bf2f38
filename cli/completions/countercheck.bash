# countercheck: completion for bash: subcommands, their options, files.

_countercheck() {
    local word=${COMP_WORDS[COMP_CWORD]} subcommand=${COMP_WORDS[1]:-} options="--help"
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "replay minimize adopt bisect ops soak accounts dump --help --version" -- "$word")
        return
    fi
    case $subcommand in
    replay) options+=" --trace --check=cheap --check=full --check=paranoid --stats --json --dump --against --without --pin --force --no-expect --first --known --raw --strict --times --timeout --jobs" ;;
    minimize) options+=" --raw --loose --timeout --total -o" ;;
    adopt) options+=" --name --target --corpus --raw --loose --timeout --total" ;;
    ops) options+=" --encode --list --raw --subject -o" ;;
    soak) options+=" --seconds --seed --operations --check=cheap --check=full --check=paranoid --table --threads" ;;
    accounts) options+=" --allow= --allow-findings --json --markdown" ;;
    bisect) options+=" --json --raw" ;;
    dump)
        if [ "$COMP_CWORD" = 2 ]; then
            mapfile -t COMPREPLY < <(compgen -W "info json verify recode diff --help" -- "$word")
            return
        fi
        options+=" --json --lenient"
        ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _countercheck countercheck
