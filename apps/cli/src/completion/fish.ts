/** Completion for fish: a line for each word. */
import type { CommandWords, OptionWords } from './words.ts'

export function fish(root: CommandWords, commands: readonly CommandWords[]): string {
  const first = '-n __fish_use_subcommand'
  const lines = [
    '# fish completion for skein.    skein completion fish > ~/.config/fish/completions/skein.fish',
    'complete -c skein -f',
    ...root.options.map(option => `complete -c skein ${first} ${specOf(option)}`),
    ...commands.map(words => `complete -c skein ${first} -a ${words.name} -d ${quote(words.about)}`),
  ]
  for (const words of commands) {
    const here = `-n '__fish_seen_subcommand_from ${words.name}'`
    lines.push(...words.options.map(option => `complete -c skein ${here} ${specOf(option)}`))
    if (words.argument === 'file') lines.push(`complete -c skein ${here} -F`)
    else if (words.argument !== 'none') lines.push(`complete -c skein ${here} -a ${quote(words.argument.join(' '))}`)
  }
  return `${lines.join('\n')}\n`
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function specOf({ flags, about, value }: OptionWords): string {
  const names = flags.map(flag => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
  const given =
    value === 'none' ? '' : value === 'file' ? ' -r -F' : value === 'free' ? ' -x' : ` -x -a ${quote(value.join(' '))}`
  return `${names}${given} -d ${quote(about)}`
}
