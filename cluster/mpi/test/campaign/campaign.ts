/** Runs programs on the ranks of an engine, or of the C program, and compares what they log with what was drawn. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mpiProgram } from '../../../../scripts/components.mjs'
import { launcherEnvironment } from '../native-launch.ts'
import type { Program } from './draft.ts'

export interface Numbered {
  readonly seed: number
  readonly program: Program
}

/** Who runs it: our ranks on an engine, or C under Open MPI. */
export type Runner = 'threads' | 'openmpi' | 'mpich' | 'c'

export interface Fault {
  readonly seed: number
  readonly size: number
  readonly runner: Runner
  readonly story: string
}

const commandOf = (runner: Runner, size: number, folder: string, rest: readonly string[]): [string, string[]] => {
  const rank = join(import.meta.dirname, 'rank.ts')
  if (runner === 'c') return [mpiProgram('openmpi', 'mpirun')!, ['-n', `${size}`, interpreter(), folder, ...rest]]
  if (runner === 'threads') {
    return [process.execPath, [join(import.meta.dirname, 'start.ts'), rank, `${size}`, folder, ...rest]]
  }
  return [mpiProgram(runner, 'mpirun')!, ['-n', `${size}`, process.execPath, rank, folder, ...rest]]
}

let compiled: string | undefined

/** The C program, compiled once. */
function interpreter(): string {
  if (compiled !== undefined) return compiled
  const folder = mkdtempSync(join(tmpdir(), 'campaign-c-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  const program = join(folder, 'interpreter')
  const options = ['-O1', '-fwrapv', '-w', '-o', program, join(import.meta.dirname, 'interpreter.c')]
  const compile = spawnSync(mpiProgram('openmpi', 'mpicc')!, options)
  if (compile.status !== 0) throw new Error(String(compile.stderr))
  return (compiled = program)
}

/** Runs programs of one size, in one start of the ranks. @returns the log of each rank */
async function run(
  programs: readonly Numbered[],
  runner: Runner,
  isDumped: boolean,
): Promise<{ logs: readonly string[]; end: string }> {
  const { size } = programs[0].program
  const folder = mkdtempSync(join(tmpdir(), 'campaign-'))
  try {
    for (let rank = 0; rank < size; rank++) {
      const text = programs.map(({ seed, program }) => `program ${seed}\n${program.texts[rank]}end\n`).join('')
      writeFileSync(join(folder, `plan.${rank}`), text)
    }
    const [command, args] = commandOf(runner, size, folder, isDumped ? ['dump'] : [])
    // A rank that hangs would hold the others, spinning.
    const timeout = 20_000 + 200 * programs.length
    // With AVX Open MPI 4.1 adds integers of 8 and 16 bits up to their greatest value, not beyond and round. And its tuned allgatherv goes by the
    // type that a rank itself sends: where these differ ranks take different ways, and wait for ever.
    const env = { ...launcherEnvironment, OMPI_MCA_op: '^avx', OMPI_MCA_coll: '^tuned' }
    const ranks = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout })
    let said = ''
    for (const stream of [ranks.stdout, ranks.stderr]) stream.on('data', chunk => (said += chunk))
    const [code, signal] = await once(ranks, 'close')
    const logs = Array.from({ length: size }, (_, rank) => {
      const path = join(folder, `log.${rank}`)
      return existsSync(path) ? readFileSync(path, 'utf8') : ''
    })
    return { logs, end: code === 0 ? '' : `ended with ${signal ?? code}: ${said.slice(0, 600)}` }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** By seed, the lines that a rank logged; and what it says where it failed. */
function read(log: string): { done: Map<number, Map<number, string>>; rest: string } {
  const done = new Map<number, Map<number, string>>()
  const parts = log.split(/^program (\d+) end\n/m)
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const lines = parts[i].split('\n').filter(line => line !== '')
    done.set(Number(parts[i + 1]), new Map(lines.map(line => [Number(line.split(' ', 1)), line.replace(/^\d+ /, '')])))
  }
  return { done, rest: parts.at(-1)! }
}

/** Which word of a call is its label. */
const labelAt: { readonly [call: string]: number } = { who: 1, precv: 2, flood: 2, sendrecv: 3, recv: 3, coll: 5 }

const lineOf = (text: string, label: number): string =>
  text.split('\n').find(line => {
    const words = line.split(' ')
    return words[labelAt[words[0]]] === `${label}`
  }) ?? ''

function compare(numbered: Numbered, rank: number, found: ReadonlyMap<number, string>): string | undefined {
  const { program } = numbered
  const expected = program.expected[rank]
  for (const [label, text] of expected) {
    const got = found.get(label)
    if (got !== text)
      return `rank ${rank}, step ${label}: ${got ?? 'nothing'} instead of ${text}\n  ${lineOf(program.texts[rank], label)}`
  }
  for (const label of found.keys())
    if (!expected.has(label)) return `rank ${rank} logs step ${label}, which nobody expects`
  return undefined
}

/** Programs that do not log what was drawn; of those that do not end, and those after them, the first. */
export async function judge(programs: readonly Numbered[], runner: Runner): Promise<Fault[]> {
  if (programs.length === 0) return []
  let { logs, end } = await run(programs, runner, false)
  // A launcher that is short of something may start no rank at all.
  if (end !== '' && runner === 'c' && logs.every(log => log === ''))
    ({ logs, end } = await run(programs, runner, false))
  const ranks = logs.map(read)
  const faults: Fault[] = []
  for (const numbered of programs) {
    const { seed, program } = numbered
    const { size } = program
    const isOver = ranks.every(({ done }) => done.has(seed))
    if (!isOver) {
      const rests = ranks.map(({ rest }, rank) => `rank ${rank}: ${firstFailure(rest)}`)
      return [...faults, { seed, size, runner, story: `it does not end. The ranks ${end}\n${rests.join('\n')}` }]
    }
    const stories = ranks.map(({ done }, rank) => compare(numbered, rank, done.get(seed)!))
    const story = stories.find(each => each !== undefined)
    if (story !== undefined) faults.push({ seed, size, runner, story })
  }
  const { seed, program } = programs.at(-1)!
  if (end !== '' && faults.length === 0)
    faults.push({ seed, size: program.size, runner, story: `at the end the ranks ${end}` })
  return faults
}

const firstFailure = (rest: string): string => /^program .*\n.*(\n +at.*){0,6}/m.exec(rest)?.[0] ?? rest.slice(-500)

/** Runs one program alone, with all bytes in the logs: the first difference between two runners. */
export async function difference(program: Numbered, one: Runner, other: Runner): Promise<string> {
  const [a, b] = [await run([program], one, true), await run([program], other, true)]
  for (let rank = 0; rank < program.program.size; rank++) {
    const [x, y] = [a, b].map(({ logs }) => read(logs[rank]).done.get(program.seed) ?? new Map<number, string>())
    for (const [label, text] of x) {
      const theirs = y.get(label)
      if (theirs === text || theirs === undefined) continue
      const at = [...text].findIndex((char, i) => char !== theirs[i])
      const near = (s: string) => s.slice(Math.max(0, at - 16), at + 32)
      return `rank ${rank}, step ${label}, character ${at}: …${near(text)}… on ${one}, …${near(theirs)}… on ${other}`
    }
  }
  return 'alone, both log the same'
}
