/**
 * The conformance suite: programs that every engine must run alike. An engine is a way to start ranks; what it cannot do is a skip with its reason.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

export interface Launcher {
  readonly name: string
  /** Why it cannot start any. */
  readonly skip?: string | false
  /** Starting its ranks takes long: of the numbers of ranks the least and the most. `ALL_RANKS=1` has all. */
  readonly isSlow?: boolean
  /** Why it cannot run a program; undefined: it can. */
  lacks?(program: string): string | undefined
  /** Runs a file of `programs/` as so many ranks. */
  run(
    file: string,
    ranks: number,
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
}

/** By name, the numbers of ranks that a program is run with. */
const programs: Readonly<Record<string, readonly number[]>> = {
  modes: [1, 2, 3, 8],
  order: [2, 4],
  values: [1, 2, 4],
  probes: [1, 2, 4],
  lengths: [2, 3],
  persistent: [1, 2, 4],
  partitioned: [2, 3],
  started: [1, 2, 4, 8],
  awaited: [1, 2, 4],
  rooted: [1, 2, 3, 5, 8],
  exchanges: [1, 2, 3, 4, 7],
  reductions: [1, 2, 3, 5, 8],
  users: [1, 2, 3, 6],
  datatypes: [1, 2, 3],
  communicators: [1, 2, 4, 7],
  intercommunicators: [2, 3, 5],
  topologies: [1, 2, 4, 6, 8],
  neighborhoods: [1, 2, 4, 6],
  info: [1, 2],
  'file-explicit': [1, 3],
  'file-pointers': [2],
  'file-shared': [3],
  'file-views': [1, 2, 3],
  'file-representations': [2],
  'file-atomic': [2],
  'file-errors': [1, 3],
  limits: [1, 2, 3],
  errors: [2, 3],
  'window-fence': [1, 2, 4],
  spawn: [1, 3],
  'helper-threads': [2],
  meeting: [1, 2],
  sessions: [1, 4],
  'fault-tolerance': [2],
  pool: [1, 2, 4],
  klyng: [1, 6],
  'window-locks': [1, 2, 4],
  'window-groups': [1, 2, 4],
  'window-accumulate': [1, 2, 3],
  'window-random': [1, 3],
  'window-shared': [1, 2, 4],
  'window-dynamic': [1, 2, 3],
  'window-errors': [1, 3],
}

export function conformance(launcher: Launcher): void {
  describe(`conformance of ${launcher.name}`, () => {
    for (const [program, sizes] of Object.entries(programs)) {
      const skip = launcher.skip || launcher.lacks?.(program) || false
      const counts = launcher.isSlow && !process.env.ALL_RANKS ? [...new Set([sizes[0], sizes.at(-1)!])] : sizes
      for (const ranks of counts) {
        test(`${program} on ${ranks}`, { skip, timeout: 120_000 }, async () => {
          const { code, stdout, stderr } = await launcher.run(`${program}.ts`, ranks)
          assert.equal(code, 0, `${stdout}${stderr}`)
          assert.match(stdout, new RegExp(`^ok ${program}$`, 'm'))
        })
      }
    }
  })
}
