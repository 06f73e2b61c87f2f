/** Which options of a library's launcher stand for those of `skein mpirun`; where there is none, why. */
import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from '../errors.ts'
import type { Host } from './hosts.ts'
import { checkReached } from './reach.ts'

export type LibraryName = 'openmpi' | 'mpich'
/** Words of a command line, or why it cannot be said. */
export type Words = readonly string[] | string

export interface Family {
  readonly title: string
  /** Its launcher's names, in order. Others may be called `mpirun` too, so the text of that one's version is looked at. */
  readonly launchers: readonly string[]
  readonly version: RegExp
  /** Variables for the launcher, unless they are set. */
  readonly env: Readonly<Record<string, string>>
  /** The same, where all ranks are on this machine. */
  readonly envHere: Readonly<Record<string, string>>
  // Of all programs.
  readonly always: readonly string[]
  /** @param hosts where ranks go; none: here */
  hosts(hosts: readonly Host[]): readonly string[]
  mapBy(object: string): Words
  rankBy(object: string): Words
  bindTo(object: string): readonly string[]
  /** What ranks can go by, or stay on, besides what both know. */
  readonly places: readonly string[]
  readonly tag: readonly string[]
  readonly timestamp: Words
  output(folder: string): readonly string[]
  stdin(rank: string): Words
  readonly displayMap: Words
  // Of each.
  /** Whether `hosts` can be said of each. */
  readonly hostsOfEach: boolean
  ranks(count: number): readonly string[]
  /** @param value undefined: as in this environment */
  variable(name: string, value: string | undefined): readonly string[]
  wdir(folder: string): readonly string[]
  /**
   * Throws where it would refuse, or never end, saying what to do.
   *
   * @param away other machines that ranks are to go to
   */
  check(away: readonly Host[]): void | Promise<void>
  /** Brings files of output to `<folder>/rank.<n>/stdout`. */
  tidy?(folder: string): void
}

const hostList = (hosts: readonly Host[]): string => hosts.map(({ name, slots = 1 }) => `${name}:${slots}`).join(',')

const openmpi: Family = {
  title: 'Open MPI',
  launchers: ['mpirun.openmpi', 'mpirun'],
  version: /\(Open MPI\)|PRRTE/,
  // Seconds that ranks have between SIGTERM and SIGKILL when another has failed: those that wait in a call of MPI can use none of them.
  env: { OMPI_MCA_odls_base_sigkill_timeout: '0' },
  // Looking for networks that it then does without takes half of the time in which it starts.
  envHere: { OMPI_MCA_pml: 'ob1' },
  always: ['-x', 'SKEIN_MPI_ENGINE'],
  // Here more ranks than cores are welcome, as with threads; its own default is to refuse them.
  hosts: hosts => (hosts.length === 0 ? ['--oversubscribe'] : ['--host', hostList(hosts)]),
  hostsOfEach: true,
  mapBy: object => ['--map-by', object],
  rankBy: object => ['--rank-by', object],
  bindTo: object => ['--bind-to', object],
  places: ['none', 'cpu-set', 'pe-list'],
  tag: ['--tag-output'],
  timestamp: ['--timestamp-output'],
  output: folder => ['--output-filename', `${folder}:nocopy`],
  stdin: rank => ['--stdin', rank],
  displayMap: ['--display-map'],
  ranks: count => ['-n', String(count)],
  variable: (name, value) => ['-x', value === undefined ? name : `${name}=${value}`],
  wdir: folder => ['--wdir', folder],
  check() {
    const allowed = ['OMPI_ALLOW_RUN_AS_ROOT', 'OMPI_ALLOW_RUN_AS_ROOT_CONFIRM']
    if (process.getuid?.() !== 0 || allowed.every(name => process.env[name] !== undefined)) return
    throw new CommandError(
      'mpirun',
      `Open MPI does not run as root, since a mistake of a program could then do great harm. Use another user, or allow it:
  export ${allowed.map(name => `${name}=1`).join(' ')}`,
    )
  },
  tidy(folder) {
    // Its files lie in a folder of the job.
    const job = join(folder, '1')
    if (!existsSync(job)) return
    for (const rank of readdirSync(job)) {
      // Ranks are numbered with leading zeros.
      const to = join(folder, rank.replace(/^rank\.0*(?=\d)/, 'rank.'))
      rmSync(to, { recursive: true, force: true })
      renameSync(join(job, rank), to)
    }
    rmdirSync(job)
  },
}

const mpich: Family = {
  title: 'MPICH',
  launchers: ['mpirun.mpich', 'mpiexec.hydra', 'mpirun.hydra', 'mpirun'],
  version: /HYDRA/,
  env: {},
  envHere: {},
  always: [],
  hosts: hosts => (hosts.length === 0 ? [] : ['-hosts', hostList(hosts)]),
  hostsOfEach: false,
  mapBy: object => {
    if (object === 'slot') return []
    return object === 'node' ? ['-ppn', '1'] : ['-map-by', object]
  },
  rankBy: object => (object === 'slot' ? [] : 'its launcher numbers ranks in the order of slots'),
  bindTo: object => ['-bind-to', object],
  places: ['none', 'rr', 'user', 'machine', 'cpu', 'pu', 'l4cache', 'l5cache'],
  tag: ['-prepend-rank'],
  timestamp: 'its launcher tells no time',
  output: folder => {
    const file = (stream: string) => join(folder, 'rank.%r', stream)
    return ['-outfile-pattern', file('stdout'), '-errfile-pattern', file('stderr')]
  },
  stdin: () => 'its launcher gives standard input to rank 0 only',
  displayMap: 'its launcher shows no map',
  ranks: count => ['-n', String(count)],
  // It gives the whole environment along.
  variable: (name, value) => (value === undefined ? [] : ['-env', name, value]),
  wdir: folder => ['-wdir', folder],
  check: away => checkReached(away),
}

export const families: Readonly<Record<LibraryName, Family>> = { openmpi, mpich }
