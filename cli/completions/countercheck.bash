# countercheck: completion for bash: the command is asked for its subcommands and their options.

_countercheck() {
    local word=${COMP_WORDS[COMP_CWORD]} subcommand=${COMP_WORDS[1]:-} words="" help inner=()
    [[ $COMP_CWORD -le 2 || ! ${COMP_WORDS[2]} =~ ^[a-z]+$ ]] || inner=("${COMP_WORDS[2]}") # dump info
    if [ "$COMP_CWORD" = 1 ]; then
        words="--help --version $("$1" --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p')"
    elif [[ $subcommand =~ ^[a-z]+$ ]] && help=$("$1" "$subcommand" "${inner[@]}" --help 2>/dev/null); then
        if [[ $word == -* ]]; then # --check=cheap|full: each
            words="--help $(grep -oE -- '(^|[^a-z-])-(o|-[a-z][a-z-]*(=[a-z]+(\|[a-z]+)+)?)' <<<"$help" | sed 's/^[^-]//' |
                awk -F '[=|]' '{ if (NF == 1) print; for (i = 2; i <= NF; i++) print $1 "=" $i }')"
        elif [ "$COMP_CWORD" = 2 ]; then # countercheck dump info
            words=$(grep -oE "countercheck $subcommand [a-z]+" <<<"$help" | sed 's/.* //')
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word" | sort -u)
    [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _countercheck countercheck
