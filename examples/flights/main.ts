/**
 * `npm start`: three million real flights, seven questions, each answered by plain JavaScript and by Skein: four by kernels, two by tasks, one by arrays. At last,
 * two problems in three styles, on one thread or rank and on more.
 */

import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { inputsOf } from '../styles/from-flights.ts'
import { StudyError, study } from '../styles/study.ts'
import { lines, type Study } from '../styles/table.ts'
import { certaintyStep } from './bootstrap.ts'
import { componentStep } from './components.ts'
import { type Flights, MissingDataError, readFlights } from './data.ts'
import { delayStep } from './delays.ts'
import { densityStep } from './density.ts'
import { totals, writeReport } from './report.ts'
import { routeStep } from './routes.ts'
import { spreadStep } from './spread.ts'
import { DisagreementError, Progress, runStep, type Step, type StepTimes } from './step.ts'
import { trafficStep } from './traffic.ts'

const help = `Three million flights of the United States, 2001: delays by airport and time of day, shortest paths, how a delay spreads, a map,
how sure all that is, flights by route, airports with days alike. Each step runs as plain JavaScript on one thread and by Skein, with kernels, tasks or arrays; the
answers are compared, and a report with pictures is written.
At last two problems are solved with kernels, ranks and bags, on one to four threads or ranks.

  npm start -- [options]

  --rows n       read only the first n flights (50000 is about three days)
  --no-plain     leave plain JavaScript out
  --no-study     leave the study of kernels, ranks and bags out
  --threads n    threads of kernels, the calling one included, and workers of tasks (unless said SKEIN_THREADS and
                 SKEIN_WORKERS, else as many as cores)
  --out path     where to write the report (report.html unless said)
  --help         this text
`

/** The report cannot be written where it should. */
class OutputError extends Error {
  override readonly name = 'OutputError'
}

/** Wrong usage: the message goes to the user with the help. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

const wholeNumber = (option: string, value: string | undefined, least: number, otherwise: number): number => {
  if (value === undefined) return otherwise
  const number = Number(value)
  if (!Number.isInteger(number) || number < least) {
    throw new UsageError(`--${option} takes a whole number from ${least} on, and got '${value}'`)
  }
  return number
}

const options = () => {
  try {
    const { values } = parseArgs({
      options: {
        rows: { type: 'string' },
        'no-plain': { type: 'boolean', default: false },
        'no-study': { type: 'boolean', default: false },
        threads: { type: 'string' },
        out: { type: 'string', default: 'report.html' },
        help: { type: 'boolean', default: false },
      },
    })
    return {
      rows: wholeNumber('rows', values.rows, 1000, Number.POSITIVE_INFINITY),
      threads: wholeNumber('threads', values.threads, 1, 0),
      plain: !values['no-plain'],
      withStudy: !values['no-study'],
      out: resolve(values.out),
      help: values.help,
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new UsageError((cause as Error).message, { cause })
  }
}

/** Opens the report's file before the work, lest a wrong path be found out after it. */
const openReport = (path: string): number => {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'w')
  } catch (cause) {
    throw new OutputError(
      `the report cannot be written to ${path} (${(cause as Error).message}): choose another place with --out`,
      { cause },
    )
  }
}

const seconds = (ms: number | undefined): string => (ms === undefined ? '' : `${(ms / 1000).toFixed(3)} s`).padStart(10)
const ratio = (plain: number | undefined, skein: number): string =>
  (plain === undefined ? '' : `${(plain / skein).toFixed(1)}×`).padStart(8)

const show = (name: string, plain: number | undefined, skein: number): void =>
  console.log(`${name.padEnd(52)}${seconds(plain)}${seconds(skein)}${ratio(plain, skein)}`)

/** Small enough for some seconds; `examples/styles/main.ts` takes larger ones. */
const studyStyles = async (flights: Flights): Promise<Study> => {
  const isSmall = flights.count < 500_000
  const inputs = inputsOf(flights, isSmall ? { airports: 128, rows: 20_000 } : { airports: 384, rows: 100_000 })
  const settings = { sizes: [1, 2, 3, 4], rounds: isSmall ? 1 : 3, engine: 'threads' } as const
  const progress = new Progress('Two problems in three styles')
  const results = await study(inputs, { ...settings, progress: share => progress.share(share) })
  progress.stop()
  return { inputs, results, ...settings }
}

const main = async (): Promise<void> => {
  const { rows, threads: asked, plain, withStudy, out, help: wantsHelp } = options()
  if (wantsHelp) {
    process.stdout.write(help)
    return
  }
  // The team of threads is made by the first kernel that runs, and workers by the first task; this is where they look.
  if (asked) process.env.SKEIN_THREADS = process.env.SKEIN_WORKERS = String(asked)
  const threads = Number(process.env.SKEIN_THREADS || availableParallelism())
  const report = openReport(out)
  const began = performance.now()
  const reading = new Progress('Reading the flights')
  const flights = await readFlights(rows, share => reading.share(share))
  reading.stop()
  const readMs = performance.now() - began
  console.log(
    `${flights.count.toLocaleString('en-US')} flights between ${flights.airports.length} airports, read in ${(readMs / 1000).toFixed(1)} s\n`,
  )

  console.log(`${''.padEnd(52)}${'plain'.padStart(10)}${'Skein'.padStart(10)}${'faster'.padStart(8)}`)
  const times: StepTimes[] = []
  const run = async <Answer>(step: Step<Answer>): Promise<Answer> => {
    const { answer, times: taken } = await runStep(step, plain)
    times.push(taken)
    show(taken.title, taken.plainMs, taken.skeinMs)
    if (taken.phases.length > 1) for (const p of taken.phases) show(`  ${p.name}`, p.plainMs, p.skeinMs)
    return answer
  }
  const delays = await run(delayStep(flights))
  const network = await run(routeStep(flights, 64))
  const spread = await run(spreadStep(flights, Math.min(1_000_000, flights.count * 4)))
  const density = await run(densityStep(flights, flights.count < 500_000 ? 0.5 : 1.5))
  const certainty = await run(certaintyStep(flights))
  const traffic = await run(trafficStep(flights))
  const components = await run(componentStep(flights))
  const all = totals(times)
  show('All steps', all.plainMs, all.skeinMs)
  if (plain) console.log('\nAll answers agree: integers exactly, floats within the tolerance that the report states.')

  const styles = withStudy ? await studyStyles(flights) : undefined
  if (styles) {
    console.log(`\n${lines(styles)}`)
    console.log('These inputs are small, and little is to be gained; node examples/styles/main.ts takes larger ones.')
  }

  writeFileSync(
    report,
    writeReport({
      flights,
      delays,
      network,
      spread,
      density,
      certainty,
      traffic,
      components,
      styles,
      times,
      readMs,
      threads,
    }),
  )
  closeSync(report)
  console.log(`\n${((performance.now() - began) / 1000).toFixed(1)} s in all. The report, with maps and charts: ${out}`)
}

try {
  await main()
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${help}`)
    process.exitCode = 2
  } else if (
    error instanceof MissingDataError ||
    error instanceof DisagreementError ||
    error instanceof OutputError ||
    error instanceof StudyError
  ) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  } else throw error
}
