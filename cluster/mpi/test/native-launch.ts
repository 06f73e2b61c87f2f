/** Starts rank programs under a library's own launcher. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { mpiProgram } from '../../../scripts/components.mjs'

export type Library = 'openmpi' | 'mpich'
export const libraries: readonly Library[] = ['openmpi', 'mpich']

/** As root Open MPI starts only when it is told twice; and where there are fewer cores than ranks, when it is told that too. */
export const launcherEnvironment = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
  OMPI_MCA_mpi_yield_when_idle: '1',
}

/** Ranks that hang are ended before the test that waits for them gives up: it would leave them behind, spinning. Eight that spin and share one core with others take most of a minute. */
const mostMs = 110_000

export const startRanks = (
  library: Library,
  ranks: number,
  program: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
) =>
  spawn(
    mpiProgram(library, 'mpirun')!,
    ['-n', String(ranks), process.execPath, join(import.meta.dirname, 'programs', program), ...args],
    { env: { ...launcherEnvironment, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: mostMs },
  )

/** Runs a program to its end. */
export const runRanks = async (
  library: Library,
  ranks: number,
  program: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
) => {
  const launcher = startRanks(library, ranks, program, args, env)
  let stdout = ''
  let stderr = ''
  launcher.stdout.on('data', chunk => (stdout += chunk))
  launcher.stderr.on('data', chunk => (stderr += chunk))
  const [code] = await once(launcher, 'close')
  // Its launcher ends quietly with 1.
  if (launcher.killed) stderr += `${program} was ended, as it had not come to its end in ${mostMs / 1000} s\n`
  return { code: code as number | null, stdout, stderr }
}
