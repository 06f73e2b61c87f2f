/** The programs of a world, as they stand on the command line with `:` between them. */
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { Command as Declaration } from 'commander'
import { UsageError } from '../errors.ts'
import { bindWords } from '../program.ts'
import { checkFile } from '../run/run-program.ts'
import type { Host } from './hosts.ts'
import { declareOptions, type Options, ofProgram, spelling } from './options.ts'

export interface Program {
  readonly ranks: number
  /** Absolute. */
  readonly file: string
  readonly args: readonly string[]
  /** Variables that its ranks are given; undefined: one of this environment, which is to go along. */
  readonly env: ReadonlyMap<string, string | undefined>
  readonly wdir: string | undefined
  /** Where its ranks may run; none: here. */
  readonly hosts: readonly Host[]
}

/** What is to run, checked. */
export interface Plan {
  readonly programs: readonly Program[]
  /** Ranks of all of them. */
  readonly size: number
  readonly options: Options
}

/**
 * @param rest what follows the first program's file: its arguments, and the other programs
 * @param hostsFor the hosts that are meant by what `--host` was given
 * @throws UsageError
 */
export function programsOf(
  file: string,
  rest: readonly string[],
  options: Options,
  hostsFor: (lists: readonly string[]) => readonly Host[],
): Program[] {
  const [args, ...others] = splitAt(rest, ':')
  const parsed = others.map(words => {
    const command = new Declaration('mpirun').exitOverride().configureOutput({ outputError: () => {} })
    declareOptions(command).argument('<file>').argument('[args...]').passThroughOptions()
    command.parse(bindWords(command.options, words, spelling), { from: 'user' })
    return command
  })
  for (const command of parsed) {
    const misplaced = command.options.find(option => {
      const name = option.attributeName()
      return !ofProgram.has(name) && command.getOptionValue(name) !== undefined
    })
    if (misplaced) throw new UsageError('mpirun', `${misplaced.long} is for all programs: it stands before the first.`)
  }
  const all: [string, readonly string[], Options][] = [
    [file, args, options],
    ...parsed.map((command): [string, readonly string[], Options] => {
      const [file, ...args] = command.args
      return [file, args, command.opts()]
    }),
  ]
  return all.map(([file, args, { np, host = [], export: given = [], wdir }]) => {
    if (file === 'node') {
      throw new UsageError('mpirun', 'ranks run on Node anyway: leave the word node out, as in skein mpirun pi.ts')
    }
    checkFile('mpirun', file)
    if (np === undefined && all.length > 1) throw new UsageError('mpirun', `say with -n how many ranks ${file} has`)
    const env = new Map(given.map(variable))
    const hosts = hostsFor(host)
    return { ranks: np ?? slotsOf(hosts), file: resolve(file), args, env, wdir, hosts }
  })
}

/** As many ranks as there is room for. */
const slotsOf = (hosts: readonly Host[]): number =>
  hosts.length === 0 ? availableParallelism() : hosts.reduce((sum, { slots = 1 }) => sum + slots, 0)

/** `SKEIN_THREADS` of ranks on one machine: their kernels together use the cores there are, unless the user said otherwise. */
export const threadsOfEach = (size: number): string =>
  process.env.SKEIN_THREADS ?? String(Math.max(1, Math.floor(availableParallelism() / size)))

function variable(text: string): [string, string | undefined] {
  const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? []
  if (name === undefined) throw new UsageError('mpirun', `-x takes NAME or NAME=value, and not '${text}'`)
  if (value === undefined && process.env[name] === undefined) {
    throw new UsageError('mpirun', `-x ${name}: there is no such variable here. Give it a value: -x ${name}=…`)
  }
  return [name, value]
}

function splitAt(words: readonly string[], separator: string): string[][] {
  const parts: string[][] = [[]]
  for (const word of words) {
    if (word === separator) parts.push([])
    else parts.at(-1)!.push(word)
  }
  return parts
}
