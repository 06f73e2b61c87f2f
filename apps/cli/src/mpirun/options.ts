/** The options of `skein mpirun`, and how other launchers spell them. */
import { type Command as Declaration, InvalidArgumentError, Option } from 'commander'

export const engines = ['threads', 'openmpi', 'mpich'] as const
export type EngineName = (typeof engines)[number]

/** Those that each program of a world has for itself. */
export const ofProgram: ReadonlySet<string> = new Set(['np', 'host', 'export', 'wdir'])

export interface Options {
  readonly np?: number
  readonly host?: readonly string[]
  readonly export?: readonly string[]
  readonly wdir?: string
  readonly hostfile?: string
  readonly mapBy?: string
  readonly rankBy?: string
  readonly bindTo?: string
  readonly tagOutput?: boolean
  readonly timestampOutput?: boolean
  readonly output?: string
  readonly stdin?: string
  readonly timeout?: number
  readonly displayMap?: boolean
  readonly engine?: EngineName
}

export function declareOptions(command: Declaration): Declaration {
  return command
    .option('-n, --np <count>', 'ranks of this program (one for each slot); also -np and -c', rankCount)
    .option('--host <list>', 'hosts, and slots on them: a:4,b:2', several)
    .option('-x, --export <variable>', 'give ranks a variable: NAME as it is here, or NAME=value', several)
    .option('--wdir <folder>', 'the working directory of the ranks')
    .option('--hostfile <file>', 'a file of host names, each with slots=<n>; also --machinefile')
    .option('--map-by <object>', 'on what ranks are put in turn: slot, core, socket, node … (slot)')
    .option('--rank-by <object>', 'in which order they are numbered then: slot, core, socket, node … (slot)')
    .option('--bind-to <object>', 'what a rank stays on: none, hwthread, core, socket … (as the engine does)')
    .option('--tag-output', 'begin each line with its rank and stream: [1,0]<stdout>:')
    .option('--timestamp-output', 'begin each line with the time')
    .option('--output <folder>', 'write what ranks print into files of the folder, and not here')
    .option('--stdin <rank>', 'the rank that reads standard input, or all, or none (0)', whoReads)
    .option('--timeout <seconds>', 'end all ranks after that time, with exit code 124', timeLimit)
    .option('--display-map', 'tell which rank goes where, on standard error')
    .addOption(new Option('--engine <engine>', 'what carries messages (SKEIN_MPI_ENGINE, or threads)').choices(engines))
}

/** Open MPI takes long options behind one dash too; MPICH calls some by other names. */
const others: Readonly<Record<string, string>> = {
  '-np': '--np',
  '--n': '--np',
  '-c': '--np',
  '-H': '--host',
  '-hosts': '--host',
  '--hosts': '--host',
  '-f': '--hostfile',
  '-machinefile': '--hostfile',
  '--machinefile': '--hostfile',
  '-wd': '--wdir',
  '--wd': '--wdir',
}

/** The option that is declared for one that was typed. */
export const spelling = (word: string): string => others[word] ?? word.replace(/^-(?=[a-z][a-z-]{3,}$)/, '--')

function rankCount(text: string): number {
  const ranks = Number(text)
  if (/^\d+$/.test(text) && ranks >= 1 && ranks <= 1e6) return ranks
  throw new InvalidArgumentError('It is a number of ranks, from 1.')
}

/** As far as a timer counts. */
function timeLimit(text: string): number {
  const s = Number(text)
  if (/^\d*\.?\d+$/.test(text) && s > 0 && s <= 2e6) return s
  throw new InvalidArgumentError('It is a number of seconds, up to 2000000.')
}

function whoReads(text: string): string {
  if (/^(\d+|all|none)$/.test(text)) return text
  throw new InvalidArgumentError('It is the number of a rank, all or none.')
}

const several = (text: string, before: readonly string[] = []): string[] => [...before, text]
