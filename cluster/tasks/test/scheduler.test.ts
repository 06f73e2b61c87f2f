import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, it, test } from 'node:test'
import { InternalError } from '@skein/base'
import { Bundle, Group, type Strategy } from '../src/schedule/group.ts'
import { Line } from '../src/schedule/line.ts'
import type { Request } from '../src/schedule/place.ts'
import { type Limits, Scheduler } from '../src/schedule/scheduler.ts'
import { type Outcome, randomRun, Task } from './scheduler-oracle.ts'
import { seedOf } from './seed.ts'

/**
 * Stories, an event a line, with the instructions that it brings; `REWRITE=1` writes what comes out in their place. Read the
 * difference before it is kept.
 */
const tracesUrl = new URL('./scheduler-traces.txt', import.meta.url)

class Named extends Task {
  name = ''
}

/** A story's events, each carried out in turn. */
class Teller {
  readonly #tasks = new Map<string, Named>()
  readonly #groups = new Map<number, Group>()
  readonly #reserved = new Set<number>()
  readonly #lines: Line<Named>[] = []
  readonly #limits: Limits
  readonly #scheduler: Scheduler<Named>
  #out: string[] = []

  constructor(settings: string) {
    const { slots = 64, depth = 2, active = slots, workers = 1, ...resources } = pairs(settings.split(' '))
    this.#limits = { slots, depth, active, workers: Math.max(1, workers) }
    this.#scheduler = new Scheduler<Named>(
      {
        dispatch: ({ name }, worker, open, shares) => {
          const others = shares.map(({ worker, cpus }) => `${cpus} of ${worker}`).join(' and ')
          this.#out.push(`${name} to ${worker}${open ? '' : ' alone'}${others && ` with ${others}`}`)
        },
        settle: ({ name }, reason, origin) => this.#out.push(`${name} ${reason}${origin ? ` ${origin.name}` : ''}`),
        placed: ({ id, bundles }) => this.#out.push(`group ${id} on ${bundles.map(({ worker }) => worker).join(' ')}`),
        reserved: (worker, on) => this.#reserve(worker, on),
      },
      this.#limits,
      resources,
      true,
    )
    for (let worker = 1; worker <= workers; worker++) this.#scheduler.workerJoined(worker)
  }

  #reserve(worker: number, on: boolean): void {
    if (this.#reserved.has(worker) === on) return
    if (on) this.#reserved.add(worker)
    else this.#reserved.delete(worker)
    this.#out.push(`${worker} ${on ? 'reserved' : 'whole'}`)
  }

  tell(event: string): string {
    const [verb, ...words] = event.split(' ')
    this.#out = []
    try {
      this.#do(verb, words)
    } catch (error) {
      if (!(error instanceof InternalError)) throw error
      this.#out.push(`broken: ${error.invariant}`)
    }
    return this.#out.join(', ')
  }

  #task(name: string): Named {
    const found = this.#tasks.get(name)
    assert(found, `there is no task ${name}`)
    return found
  }

  #do(verb: string, words: string[]): void {
    const scheduler = this.#scheduler
    const [first, ...rest] = words
    switch (verb) {
      case 'submit': {
        const after = rest.indexOf('after')
        const {
          caller = 0,
          priority = 0,
          retries = 0,
          on,
          cpus,
          beside,
          pack,
          spread,
          in: group,
          bundle,
          keeps,
          line,
          ...amounts
        } = pairs(rest.slice(0, after < 0 ? rest.length : after))
        const others = Object.entries(amounts)
        const isPlain = (on ?? beside ?? cpus ?? pack ?? spread ?? group) === undefined && others.length === 0
        const request: Request = {
          cpus: cpus ?? (beside === undefined ? 1 : 0),
          amounts: others,
          worker: on ?? beside ?? -1,
          beside: beside !== undefined,
          prefer: pack ? 'pack' : spread ? 'spread' : undefined,
          group: group === undefined ? undefined : this.#groups.get(group),
          bundle,
          keeps: keeps !== undefined,
        }
        const task = new Named(this.#tasks.size + 1, caller, priority, isPlain ? undefined : request, retries)
        task.name = first
        this.#tasks.set(first, task)
        const names = after < 0 ? [] : rest.slice(after + 1)
        return scheduler.submit(
          task,
          names.map(name => this.#task(name)),
          line === undefined ? undefined : (this.#lines[line] ??= new Line()),
        )
      }
      case 'done':
        scheduler.finished(this.#task(first))
        return scheduler.assign()
      case 'failed':
        if (scheduler.failed(this.#task(first), rest[0] === 'again?')) this.#out.push(`${first} again`)
        return scheduler.assign()
      case 'cancel':
        scheduler.cancelled(this.#task(first))
        return scheduler.assign()
      case 'awaits':
      case 'resumes':
        return scheduler.awaits(this.#task(first), verb === 'awaits')
      case 'missing':
        scheduler.missing(
          this.#task(first),
          rest.map(name => this.#task(name)),
        )
        return scheduler.assign()
      case 'active':
        this.#limits.active = Number(first)
        return scheduler.assign()
      case 'released':
        return scheduler.released(this.#task(first))
      case 'group': {
        // group 1 strict-spread 1 .5+gpus:1
        const [strategy, ...bundles] = rest
        const group = new Group(
          Number(first),
          strategy as Strategy,
          bundles.map(bundle => {
            const [cpus, ...amounts] = bundle.split('+')
            return new Bundle(
              Number(cpus),
              amounts.map(amount => amount.split(':')).map(([name, amount]) => [name, Number(amount)]),
            )
          }),
        )
        this.#groups.set(group.id, group)
        if (!scheduler.groupAsked(group)) this.#out.push(`group ${first} infeasible`)
        return
      }
      case 'removed':
        return scheduler.groupRemoved(this.#groups.get(Number(first))!)
      case 'joined':
        return scheduler.workerJoined(Number(first))
      case 'left': {
        // left 1 ran a b queued c d
        const queued = rest.indexOf('queued')
        const held = rest
          .map((name, i) => ({ name, started: queued < 0 || i < queued }))
          .filter(({ name }) => name !== 'ran' && name !== 'queued')
        return scheduler.workerLeft(
          Number(first),
          held.map(({ name, started }) => ({ work: this.#task(name), started })),
        )
      }
    }
    assert.fail(`there is no event '${verb}'`)
  }
}

const pairs = (words: string[]): { [name: string]: number } => {
  const found: { [name: string]: number } = {}
  for (let i = 0; i + 1 < words.length; i += 2) found[words[i]] = Number(words[i + 1])
  return found
}

describe('stories of the scheduler', () => {
  const told = readFileSync(tracesUrl, 'utf8').trimEnd().split('\n\n')
  const rewritten: string[] = []
  for (const story of told) {
    const [title, settings, ...lines] = story.split('\n')
    it(title.slice(2), () => {
      const teller = new Teller(settings)
      const found = lines.map(line => {
        const event = line.split('→')[0].trimEnd()
        const out = teller.tell(event)
        return out === '' ? event : `${event.padEnd(38)} → ${out}`
      })
      rewritten.push([title, settings, ...found].join('\n'))
      if (process.env.REWRITE === undefined) assert.deepEqual(found, lines)
      else if (rewritten.length === told.length) writeFileSync(tracesUrl, `${rewritten.join('\n\n')}\n`)
    })
  }
})

test('a broken invariant is told with the story of the task', () => {
  const scheduler = new Scheduler<Task>(
    { dispatch() {}, settle() {}, placed() {}, reserved() {} },
    { slots: 8, depth: 1, active: 8, workers: 1 },
    {},
    true,
  )
  scheduler.workerJoined(3)
  const [a, b] = [1, 2].map(id => new Task(id, 0, 0, undefined, 1))
  scheduler.submit(a, undefined)
  scheduler.submit(b, [a])
  scheduler.failed(a, true)
  scheduler.assign()
  scheduler.finished(a)
  const found = assertThrows(() => scheduler.finished(a))
  assert.match(found.invariant, /task 1 came back but is settled/)
  const story = found.story.map(line => line.replace(/^\d+\. /, ''))
  assert.deepEqual(story, [
    'worker 3 joined',
    'task 1: new → ready',
    'task 1: ready → dispatched, to worker 3',
    'task 2: new → waiting',
    'task 1: dispatched → ready',
    'task 1: ready → dispatched, to worker 3',
    'task 1: dispatched → settled, finished',
    'task 2: waiting → ready',
  ])
  assert.match(found.message, /How it came to be:\n {2}1\. worker 3 joined\n/)

  // It is bounded, and what is told of a task does not fall out of sight because much happened since.
  for (let id = 3; id < 2000; id++) scheduler.submit(new Task(id, 0, 0, undefined, 0), undefined)
  const later = assertThrows(() => scheduler.finished(a)).story
  assert.equal(later.length, 15)
  assert.match(later[0], /task 1: new → ready/)

  const silent = new Scheduler<Task>(
    { dispatch() {}, settle() {}, placed() {}, reserved() {} },
    { slots: 8, depth: 1, active: 8, workers: 1 },
  )
  assert.match(assertThrows(() => silent.finished(a)).message, /validate: true/)
})

function assertThrows(what: () => void): InternalError {
  try {
    what()
  } catch (error) {
    if (error instanceof InternalError) return error
  }
  assert.fail('no InternalError')
}

/** `RUNS=100000 npm test -- scheduler` for a long run. */
const runs = Number(process.env.RUNS ?? 10_000)

test('random runs agree with a naive model', { timeout: 30_000 + runs }, t => {
  const { seed } = seedOf(t)
  const outcomes = new Map<Outcome, number>()
  for (let i = 0; i < runs; i++) {
    try {
      for (const outcome of randomRun(seed + i)) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    } catch (error) {
      assert.fail(`RUNS=1 SEED=${seed + i} repeats it: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
  t.diagnostic(`${runs} runs: ${[...outcomes].map(([outcome, n]) => `${n} ${outcome}`).join(', ')}`)
  if (runs >= 1000) assert.equal(outcomes.size, 8, 'each way to end occurs')
})
