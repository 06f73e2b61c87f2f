// Runs test files with node:test, each in a process of its own, and tells it as it happens.
//
// One call of `run()` per file rather than one for all: `run()` bounds tests but not the process around them, so a
// worker left over would hold the whole run; a signal per file ends that process and lets its name be said. A file
// that runs no test, or whose process fails after its tests passed, counts as a failure of that file.
import { relative, sep } from 'node:path'
import type { EventData } from 'node:test'
import { run } from 'node:test'
import { inspect, styleText } from 'node:util'

export interface RunOptions {
  /** Paths are told relative to this folder. */
  root: string
  /** Absolute paths of the test files, in the order in which they start. */
  files: string[]
  /** How many files run at a time; those named `*.alone.test.ts`, whose processes want every core, run after the others with none beside them. */
  concurrency: number
  /** The longest that one file may take, its process' end included. */
  fileTimeoutMs: number
  /** Only tests whose name matches run. */
  namePattern?: string
  /** Ends the run early: files that run are killed, those that wait never start. */
  signal?: AbortSignal
  /** Takes text to print: whole lines, and on a terminal a status line that the next text overwrites. */
  write: (text: string) => void
  terminal: boolean
}

export interface Skip {
  test: string
  reason: string
}

export interface Tally {
  passed: number
  /** Where and what: `file:line suite › test`. */
  failures: string[]
  skips: Skip[]
  /** Files with the seconds they took. */
  seconds: { file: string; seconds: number }[]
}

type TestEvent = { type: string; data: EventData.TestPass & EventData.TestFail & EventData.TestStdout }

/** Runs the files and prints a line for each, with the story of each failure; the closing lines are the caller's. */
export async function runFiles(options: RunOptions): Promise<Tally> {
  const tally: Tally = { passed: 0, failures: [], skips: [], seconds: [] }
  const isAlone = (path: string) => path.endsWith('.alone.test.ts')
  const waiting = options.files.filter(path => !isAlone(path))
  const alone = options.files.filter(isAlone)
  const running = new Set<string>()
  let status = ''

  const say = (text: string) => {
    options.write(`${status && '\r\x1b[K'}${text}\n`)
    status = ''
    showStatus()
  }
  const showStatus = () => {
    if (!options.terminal || running.size === 0) return
    const done = options.files.length - waiting.length - alone.length - running.size
    const text = `  ${done}/${options.files.length} files, ${tally.passed} passed, ${tally.failures.length} failed: ${[...running].join(' ')}`
    status = text.slice(0, (process.stdout.columns ?? 80) - 1)
    options.write(`\r\x1b[K${styleText('dim', status)}`)
  }

  const runFile = async (path: string) => {
    const file = relative(options.root, path).split(sep).join('/')
    running.add(file)
    showStatus()
    const started = performance.now()
    const report = new FileReport(file, options.root, options.namePattern !== undefined)
    const timeout = AbortSignal.timeout(options.fileTimeoutMs)
    const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout
    const events = run({
      files: [path],
      concurrency: 1,
      isolation: 'process',
      signal,
      ...(options.namePattern && { testNamePatterns: options.namePattern }),
    })
    for await (const event of events as AsyncIterable<TestEvent>) {
      const failure = report.take(event, timeout.aborted && options.fileTimeoutMs)
      if (failure) {
        tally.failures.push(failure.test)
        say(`${styleText('red', '✖')} ${failure.test}\n${failure.story.replace(/^(?=.)/gm, '    ')}`)
      } else if (event.type === 'test:pass') showStatus()
    }
    const seconds = (performance.now() - started) / 1000
    tally.passed += report.passed
    tally.skips.push(...report.skips)
    tally.seconds.push({ file, seconds })
    running.delete(file)
    const skipped = report.skips.length > 0 ? `, ${report.skips.length} skipped` : ''
    const line = `${file}: ${report.passed} passed${skipped} (${seconds.toFixed(1)} s)`
    if (report.failed === 0) say(`${styleText('green', '✔')} ${line}`)
    else {
      const output = report.output.trimEnd().split('\n').slice(-60).join('\n')
      if (output) say(`  what ${file} printed:\n${output.replace(/^(?=.)/gm, '    ')}`)
      say(`${styleText('red', '✖')} ${line.replace(' (', `, ${report.failed} failed (`)}`)
    }
  }

  const lane = async (queue: string[]) => {
    while (!options.signal?.aborted) {
      const path = queue.shift()
      if (path === undefined) return
      await runFile(path)
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, () => lane(waiting)))
  await lane(alone)
  return tally
}

/** The events of one file, in order, made into counts and failure stories. */
class FileReport {
  passed = 0
  failed = 0
  skips: Skip[] = []
  output = ''
  private readonly file: string
  private readonly root: string
  private readonly filtered: boolean
  /** Names of the tests begun and not ended, outermost first, by nesting. */
  private names: string[] = []
  private open = new Map<string, number>()

  constructor(file: string, root: string, filtered: boolean) {
    this.file = file
    this.root = root
    this.filtered = filtered
  }

  /** Counts an event; returns the failure it tells of, if any. `timeoutMs` when the file's time is over. */
  take({ type, data }: TestEvent, timeoutMs: number | false): { test: string; story: string } | undefined {
    const isFile = data.nesting === 0 && typeof data.name === 'string' && data.name.endsWith(this.file)
    switch (type) {
      case 'test:stdout':
      case 'test:stderr':
        this.output += data.message
        return
      case 'test:diagnostic':
        // What a test says by `t.diagnostic`, and errors thrown when its test was over; not the closing counts.
        if (!/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(data.message))
          this.output += `${data.message}\n`
        return
      case 'test:dequeue':
        if (!isFile) this.open.set(data.name, data.nesting)
        return
      case 'test:start':
        this.names.length = data.nesting
        this.names[data.nesting] = data.name
        return
      case 'test:complete':
        this.open.delete(data.name)
        return
      case 'test:pass':
        if (isFile && this.filtered) return
        if (isFile) return this.fail(this.file, 'it runs no test: a file named *.test.ts without a test in it')
        if (data.skip !== undefined) this.skip(data, data.skip)
        else if (data.todo !== undefined) this.skip(data, data.todo, 'to do')
        else if (data.details.type !== 'suite') this.passed++
        return
      case 'test:fail': {
        const error = data.details.error as Error & { failureType?: string }
        if (data.todo !== undefined) this.skip(data, data.todo, 'to do')
        else if (isFile && timeoutMs) return this.fail(this.file, this.tellTimeout(timeoutMs))
        // The failures within a suite were told already, and so were those of the file.
        else if (error.failureType === 'subtestsFailed') return
        else if (isFile && this.failed > 0) return
        else if (isFile) return this.fail(this.file, `its process failed, though no test of it did: ${exitOf(error)}`)
        else return this.fail(this.titleOf(data), tell(error))
        return
      }
    }
  }

  private fail(test: string, story: string) {
    this.failed++
    return { test, story }
  }

  private skip(data: EventData.TestPass, given: string | boolean | undefined, kind = 'skipped') {
    const reason = typeof given === 'string' && given ? given : 'no reason given'
    this.skips.push({ test: this.titleOf(data), reason: kind === 'skipped' ? reason : `${kind}: ${reason}` })
  }

  /** `file:line suite › test`; the place where the test is written when that is another file. */
  private titleOf(data: EventData.TestPass) {
    this.names.length = data.nesting
    const title = [...this.names, data.name].join(' › ')
    const place = data.file ? relative(this.root, data.file).split(sep).join('/') : this.file
    return place === this.file ? `${place}:${data.line} ${title}` : `${this.file} ${title} (${place}:${data.line})`
  }

  private tellTimeout(timeoutMs: number) {
    const inside = [...this.open.keys()]
    const where =
      inside.length > 0
        ? `inside ${inside.map(name => `'${name}'`).join(', ')}`
        : 'with no test open: a worker, timer, socket or child process is left, or a test blocks the main thread'
    return `its process did not end in ${timeoutMs / 1000} s and was killed ${where}`
  }
}

/** What is known of a test process that failed by itself. */
function exitOf(error: Error & { exitCode?: number; signal?: string }): string {
  if (error.signal) return `it was ended by ${error.signal}`
  return `exit code ${error.exitCode}; its output below may tell why`
}

/** A test's error: the stack of the error that the test threw without Node's own frames, and its causes. */
function tell(failure: Error): string {
  const error = failure.cause ?? failure
  const isAssertion = error instanceof Error && (error as { code?: string }).code === 'ERR_ASSERTION'
  const text = error instanceof Error && isAssertion ? (error.stack ?? error.message) : inspect(error, { depth: 4 })
  return text
    .split('\n')
    .filter(line => !/^\s+at .*\(?node:/.test(line))
    .join('\n')
}
