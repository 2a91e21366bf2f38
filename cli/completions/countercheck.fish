# countercheck: completion for fish: subcommands, their options, files.

set -l subcommands replay minimize bisect ops soak accounts dump
complete -c countercheck -n "not __fish_seen_subcommand_from $subcommands" -f -a "$subcommands"
complete -c countercheck -l help -d 'help'
complete -c countercheck -n '__fish_seen_subcommand_from replay' -l trace -d 'print each operation'
complete -c countercheck -n '__fish_seen_subcommand_from replay' -l check -x -a 'cheap full paranoid' -d 'level'
complete -c countercheck -n '__fish_seen_subcommand_from replay' -l stats -d 'print the final statistics'
complete -c countercheck -n '__fish_seen_subcommand_from replay' -l dump -r -d 'write the final dump'
complete -c countercheck -n '__fish_seen_subcommand_from replay' -l against -r -d 'compare with a dump'
complete -c countercheck -n '__fish_seen_subcommand_from replay' -l without -x -d 'set truths or rules aside'
complete -c countercheck -n '__fish_seen_subcommand_from replay' -l no-expect -d 'do not check expect lines'
complete -c countercheck -n '__fish_seen_subcommand_from replay' -l pin -d 'write the final statistics into the file'
complete -c countercheck -n '__fish_seen_subcommand_from replay bisect accounts dump' -l json -d 'as JSON'
complete -c countercheck -n '__fish_seen_subcommand_from minimize ops' -s o -r -d 'write to'
complete -c countercheck -n '__fish_seen_subcommand_from ops' -l encode -d 'text to binary'
complete -c countercheck -n '__fish_seen_subcommand_from soak' -l seconds -x -d 'how long'
complete -c countercheck -n '__fish_seen_subcommand_from soak' -l seed -x -d 'of the random numbers'
complete -c countercheck -n '__fish_seen_subcommand_from soak' -l threads -x -d 'real threads'
complete -c countercheck -n '__fish_seen_subcommand_from soak' -l table -d 'what each operation did'
complete -c countercheck -n '__fish_seen_subcommand_from soak' -l operations -x -d 'how many'
complete -c countercheck -n '__fish_seen_subcommand_from accounts' -l allow -x -d 'fields whose changes are meant'
complete -c countercheck -n '__fish_seen_subcommand_from dump' -l lenient -d 'forgive and count'
complete -c countercheck -n '__fish_seen_subcommand_from dump; and not __fish_seen_subcommand_from info json verify recode diff' -f -a 'info json verify recode diff'
