# countercheck: completion for fish: the command is asked for its subcommands and their options.

function __countercheck_help
    set -l words (commandline -opc)
    countercheck $words[2] (string match -r -- '^[a-z]+$' $words[3]) --help 2>/dev/null # dump info
end

complete -c countercheck -n __fish_use_subcommand -f -a "(countercheck --help | string replace -rf '^  ([a-z]+) +(.*)' '\$1\t\$2')"
complete -c countercheck -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -a "(__countercheck_help | string match -ra -- '(?<![a-z-])-(?:o|-[a-z][a-z-]*)' | sort -u)"
complete -c countercheck -n 'not __fish_use_subcommand' -a "(__countercheck_help | string replace -rf '.*countercheck [a-z]+ ([a-z]+)( .*)?\$' '\$1' | sort -u)"
complete -c countercheck -l help -d help
