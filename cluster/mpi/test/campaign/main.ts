/**
 * `npm run fuzz -- mpi [--programs n] [--seed n] [--ranks a-b] [--oracle n]`: random programs of message passing on threads, every n-th
 * of them also in C under Open MPI. What differs is made shorter and printed with its seed; then the process ends with status 1.
 */

import { parseArgs } from 'node:util'
import { mpiProgram } from '../../../../scripts/components.mjs'
import { shrink } from '../../../../testing/fuzz/choices.ts'
import { difference, type Fault, judge, type Numbered, type Runner } from './campaign.ts'
import { drawProgram } from './draw.ts'

export interface Campaign {
  readonly programs: number
  readonly seed: number
  readonly leastRanks: number
  readonly mostRanks: number
  /** Every n-th program is run in C too; 0: none. */
  readonly oracle: number
  readonly say: (text: string) => void
}

export interface Found {
  readonly programs: number
  readonly inC: number
  readonly calls: number
  readonly fault: Fault | undefined
}

/** Programs that one start of ranks runs. */
const atOnce = 250

/** The program of a seed: the number of its ranks follows from it. */
export function programOf(
  seed: number,
  { leastRanks, mostRanks }: Pick<Campaign, 'leastRanks' | 'mostRanks'>,
): Numbered {
  return { seed, program: drawProgram(seed, leastRanks + (seed % (mostRanks - leastRanks + 1))) }
}

export async function runCampaign(campaign: Campaign): Promise<Found> {
  const { programs, seed, leastRanks, mostRanks, oracle, say } = campaign
  const sizes = mostRanks - leastRanks + 1
  let [done, inC, calls] = [0, 0, 0]
  for (let from = 0; from < programs; from += atOnce * sizes) {
    const batch = Array.from({ length: Math.min(atOnce * sizes, programs - from) }, (_, i) => seed + from + i)
    const bySize = Map.groupBy(
      batch.map(s => programOf(s, campaign)),
      ({ program }) => program.size,
    )
    for (const list of bySize.values()) {
      const sample =
        oracle === 0 ? [] : list.filter(({ seed: s, program }) => isSampled(s, oracle) && !program.notForLibraries)
      const fault = (await judge(list, 'threads'))[0] ?? (await judge(sample, 'c'))[0]
      done += list.length
      inC += sample.length
      calls += list.reduce((sum, { program }) => sum + program.calls, 0)
      if (fault !== undefined) return { programs: done, inC, calls, fault }
    }
    say(`${done} programs, ${inC} of them in C: ${calls} calls`)
  }
  return { programs: done, inC, calls, fault: undefined }
}

/** Seeds of all sizes: every n-th of a number of ranks follows only from sizes that n shares no factor with. */
const isSampled = (seed: number, nth: number): boolean => Math.floor(seed / 8) % nth === 0 || nth === 1

/** The shortest program found that fails as well, and how. */
async function shortest(fault: Fault, say: (text: string) => void): Promise<string> {
  const { seed, size, runner } = fault
  const fails = async (choices: readonly number[]): Promise<readonly number[] | undefined> => {
    const program = drawProgram(choices, size)
    if (runner === 'c' && program.notForLibraries !== undefined) return undefined
    return (await judge([{ seed, program }], runner)).length > 0 ? program.made : undefined
  }
  const first = drawProgram(seed, size)
  if ((await fails(first.made)) === undefined) return 'alone it does not fail'
  say('it fails alone too, and is made shorter …')
  const made = await shrink(first.made, fails, performance.now() + 60_000)
  const program = drawProgram(made, size)
  const texts = program.texts.map((text, rank) => `rank ${rank}:\n${text.replace(/^(?=.)/gm, '  ')}`).join('')
  const [again] = await judge([{ seed, program }], runner)
  const other: Runner = runner === 'threads' && mpiProgram('openmpi', 'mpicc') ? 'c' : 'threads'
  const where = other === runner ? '' : await difference({ seed, program }, runner, other).catch(String)
  return `${texts}${again?.story}\n${where}`
}

const usage =
  'npm run fuzz -- mpi [--programs 1000] [--seed n] [--ranks 1-8] [--oracle 20]: whole numbers, up to 64 ranks'

export async function main(args: readonly string[]): Promise<number> {
  const options = { programs: '1000', seed: `${Date.now() % 1e9}`, ranks: '1-8', oracle: '20' }
  let values: { readonly [name: string]: unknown }
  try {
    values = parseArgs({
      args: [...args],
      options: Object.fromEntries(
        Object.entries(options).map(([name, byDefault]) => [name, { type: 'string' as const, default: byDefault }]),
      ),
    }).values
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    return 2
  }
  const given = values as typeof options
  const [leastRanks, mostRanks = leastRanks] = given.ranks.split('-').map(Number)
  const [programs, seed, oracle] = [given.programs, given.seed, given.oracle].map(Number)
  const isWhole = [programs, seed, oracle, leastRanks, mostRanks].every(Number.isSafeInteger)
  if (
    !isWhole ||
    programs < 1 ||
    seed < 0 ||
    oracle < 0 ||
    leastRanks < 1 ||
    mostRanks < leastRanks ||
    mostRanks > 64
  ) {
    console.error(usage)
    return 2
  }
  const hasC = oracle > 0 && mpiProgram('openmpi', 'mpicc') !== undefined
  if (oracle > 0 && !hasC) console.log('Open MPI is absent: no program is run in C')
  const say = (text: string) => console.log(text)
  say(`fuzz mpi: seed ${seed}, ${programs} programs on ${leastRanks} to ${mostRanks} ranks`)
  const found = await runCampaign({ programs, seed, leastRanks, mostRanks, oracle: hasC ? oracle : 0, say })
  const { fault } = found
  if (fault === undefined) {
    say(`${found.programs} programs, ${found.calls} calls, ${found.inC} programs in C: every byte is the same`)
    return 0
  }
  say(`seed ${fault.seed} on ${fault.size} ranks, ${fault.runner}: ${fault.story}\n`)
  say(await shortest(fault, say))
  say(`again with: npm run fuzz -- mpi --programs 1 --seed ${fault.seed} --ranks ${fault.size} --oracle 1`)
  return 1
}
