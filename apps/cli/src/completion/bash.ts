/** Completion for bash: one function that knows the whole command line. Files are left to bash itself. */
import type { CommandWords, OptionWords } from './words.ts'

export function bash(root: CommandWords, commands: readonly CommandWords[]): string {
  const optionsOf = (words: CommandWords) => words.options.flatMap(option => option.flags).join(' ')
  const values = (words: CommandWords) =>
    words.options.flatMap(option =>
      option.value === 'none'
        ? []
        : [`    ${option.flags.map(flag => `${words.name}:${flag}`).join('|')}) ${complete(option.value)}; return ;;`],
    )
  const cases = commands.map(words => {
    const argument = words.argument === 'none' ? ':' : complete(words.argument)
    return `    ${words.name})
      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${optionsOf(words)}' -- "$cur")); else ${argument}; fi ;;`
  })
  return `# bash completion for skein.    source <(skein completion bash)
_skein() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; break; fi
  done
  case $command:$prev in
${commands.flatMap(values).join('\n')}
  esac
  case $command in
${cases.join('\n')}
    '') COMPREPLY=($(compgen -W '${[...commands.map(words => words.name), optionsOf(root)].join(' ')}' -- "$cur")) ;;
  esac
}
complete -o bashdefault -o default -F _skein skein
`
}

/** Bash completes files where nothing else is offered. */
const complete = (value: OptionWords['value']): string =>
  typeof value === 'string' ? ':' : `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$cur"))`
