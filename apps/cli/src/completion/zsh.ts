/** Completion for zsh, by its own `_arguments`, which shows what each option does. */
import type { CommandWords, OptionWords } from './words.ts'

export function zsh(root: CommandWords, commands: readonly CommandWords[]): string {
  const list = commands.map(words => `    ${quote(`${words.name}:${words.about}`)}`)
  const cases = commands.map(words => {
    const rest = ['run', 'mpirun', 'lock', 'elect', 'registry'].includes(words.name)
      ? [quote('*::argument:_normal')]
      : []
    const argument = words.argument === 'none' ? [] : [quote(`1:argument:${action(words.argument)}`)]
    return `        ${words.name}) _arguments ${[...words.options.map(specOf), ...argument, ...rest].join(' ')} ;;`
  })
  return `#compdef skein
# zsh completion for skein.    source <(skein completion zsh)
_skein() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
${list.join('\n')}
  )
  _arguments -C ${root.options.map(specOf).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
}
if [[ $funcstack[1] == _skein ]]; then _skein "$@"; else compdef _skein skein; fi
`
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** `(-t --threads)'{-t,--threads}'[threads of …]:value:` */
function specOf({ flags, about, value }: OptionWords): string {
  const text = `[${about.replace(/[[\]]/g, '\\$&').replaceAll(':', '\\:')}]${value === 'none' ? '' : `:value:${action(value)}`}`
  return flags.length === 1
    ? quote(flags[0] + text)
    : `${quote(`(${flags.join(' ')})`)}{${flags.join(',')}}${quote(text)}`
}

const action = (value: OptionWords['value']): string =>
  value === 'file' ? '_files' : typeof value === 'string' ? ' ' : `(${value.join(' ')})`
