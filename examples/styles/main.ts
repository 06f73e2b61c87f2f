/**
 * Two problems in three styles: shortest paths and a join over the flights, with kernels, with ranks and with bags, on one thread or rank and on more.
 * The study of Kang, Lee and Lee, "Performance comparison of OpenMP, MPI, and MapReduce in practical problems" (2015).
 */

import { parseArgs } from 'node:util'
import { MissingDataError, readFlights } from '../flights/data.ts'
import { Progress } from '../flights/step.ts'
import { inputsOf } from './from-flights.ts'
import { type Engine, StudyError, study } from './study.ts'
import { lines, markdown } from './table.ts'

const help = `Two problems over the flights, each solved with kernels (as with OpenMP), with ranks (as with MPI) and with bags (as with MapReduce).

  node examples/styles/main.ts [options]

  --airports n      airports in the network (1024)
  --rows n          flights that are joined (1000000)
  --sizes a,b,c     numbers of threads and ranks (1,2,3,4)
  --rounds n        timed rounds, of which the median is shown (3)
  --engine name     whose ranks: threads, openmpi, mpich (threads)
  --markdown        the tables as Markdown
  --help            this text
`

/** Wrong usage: the message goes to the user with the help. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

const wholeNumber = (option: string, value: string, least: number, most: number): number => {
  const number = Number(value)
  if (Number.isInteger(number) && number >= least && number <= most) return number
  throw new UsageError(`--${option} takes whole numbers from ${least} to ${most}, and got '${value}'`)
}

const engines: readonly string[] = ['threads', 'openmpi', 'mpich'] satisfies Engine[]

const options = () => {
  try {
    const { values } = parseArgs({
      options: {
        airports: { type: 'string', default: '1024' },
        rows: { type: 'string', default: '1000000' },
        sizes: { type: 'string', default: '1,2,3,4' },
        rounds: { type: 'string', default: '3' },
        engine: { type: 'string', default: 'threads' },
        markdown: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (!engines.includes(values.engine)) {
      throw new UsageError(`--engine takes ${engines.join(', ')}, and got '${values.engine}'`)
    }
    return {
      airports: wholeNumber('airports', values.airports, 32, 4096),
      rows: wholeNumber('rows', values.rows, 1000, 3_000_000),
      sizes: values.sizes.split(',').map(size => wholeNumber('sizes', size, 1, 64)),
      rounds: wholeNumber('rounds', values.rounds, 1, 1000),
      engine: values.engine as Engine,
      markdown: values.markdown,
      help: values.help,
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new UsageError((cause as Error).message, { cause })
  }
}

const main = async (): Promise<void> => {
  const { airports, rows, help: wantsHelp, markdown: asMarkdown, ...asked } = options()
  if (wantsHelp) {
    process.stdout.write(help)
    return
  }
  const progress = new Progress('Two problems in three styles')
  progress.phase('reading the flights')
  const inputs = inputsOf(await readFlights(rows, share => progress.share(share)), { airports, rows })
  progress.phase('all ways, in rounds')
  const results = await study(inputs, { ...asked, progress: share => progress.share(share) })
  progress.stop()
  const table = asMarkdown ? markdown : lines
  console.log(table({ inputs, results, ...asked }))
}

try {
  await main()
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${help}`)
    process.exitCode = 2
  } else if (error instanceof MissingDataError || error instanceof StudyError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  } else throw error
}
