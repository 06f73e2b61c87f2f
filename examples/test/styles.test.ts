/** The study of three styles: the same answers from all of them, on tables small enough to be checked by a slower way that is obviously right. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needs } from '@skein/testing'
import { stop } from 'skein/tasks'
import { FAR, type Inputs, PANEL } from '../styles/inputs.ts'
import { find, indexOf, joinPlain, SUMS } from '../styles/join.ts'
import { joinByBags, joinWithIndex } from '../styles/join-bags.ts'
import { joinByKernels } from '../styles/join-kernels.ts'
import { shortestPlain } from '../styles/paths.ts'
import { shortestByBags } from '../styles/paths-bags.ts'
import { shortestByKernels } from '../styles/paths-kernels.ts'
import { StudyError, study, ways } from '../styles/study.ts'
import { html, lines, markdown } from '../styles/table.ts'

after(stop)

let state = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`seed ${state} (SEED=${state} repeats this run)`)
/** A whole number from 0 to below n. */
const below = (n: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * n)
}

/** Few ways, so that some airports cannot be reached; some flights of airports that the table does not have. */
function randomInputs(): Inputs {
  const side = 3 * PANEL
  const minutes = Int32Array.from({ length: side * side }, () => (below(40) === 0 ? 1 + below(500) : FAR))
  for (let at = 0; at < side; at++) minutes[at * side + at] = 0
  const [rows, airports, states] = [5000, 200, 7]
  // Codes that are near to each other, and far.
  const code = new Set<number>()
  while (code.size < airports) code.add(below(2) === 0 ? below(400) : below(36 ** 4))
  const codes = [...code]
  const known = (): number => (below(50) === 0 ? 36 ** 4 + below(9) : codes[below(airports)])
  return {
    network: { side, minutes },
    flights: {
      origin: Int32Array.from({ length: rows }, known),
      destination: Int32Array.from({ length: rows }, known),
      delay: Int16Array.from({ length: rows }, () => below(200) - 60),
    },
    airports: {
      code: Int32Array.from(codes),
      state: Uint8Array.from(codes, () => below(states)),
      zone: Int16Array.from(codes, () => -60 * below(11)),
      states,
    },
  }
}

const inputs = randomInputs()

test('shortest paths: Dijkstra’s from each airport, and all styles', async () => {
  const { side, minutes } = inputs.network
  const expected = new Int32Array(side * side).fill(FAR)
  for (let from = 0; from < side; from++) {
    const cost = expected.subarray(from * side, (from + 1) * side)
    cost[from] = 0
    const open = new Set(cost.keys())
    while (open.size > 0) {
      const next = [...open].reduce((a, b) => (cost[b] < cost[a] ? b : a))
      open.delete(next)
      for (const to of open) cost[to] = Math.min(cost[to], cost[next] + minutes[next * side + to])
    }
  }
  assert.deepEqual(shortestPlain(inputs.network), expected)
  assert.deepEqual(shortestByKernels(inputs.network).slice(), expected)
  assert.deepEqual(await shortestByBags(inputs.network), expected)
})

test('the join: every pair of rows looked at, and all styles', async () => {
  const { flights, airports } = inputs
  const { states } = airports
  const expected = new Int32Array(states * states * SUMS)
  const partners = (code: number) => [...airports.code.keys()].filter(row => airports.code[row] === code)
  for (let i = 0; i < flights.delay.length; i++) {
    for (const a of partners(flights.origin[i])) {
      for (const b of partners(flights.destination[i])) {
        const at = (airports.state[a] * states + airports.state[b]) * SUMS
        expected[at]++
        expected[at + 1] += flights.delay[i]
        expected[at + 2] += Math.abs(airports.zone[b] - airports.zone[a])
      }
    }
  }
  const count = expected.reduce((sum, value, at) => sum + (at % SUMS === 0 ? value : 0), 0)
  assert.ok(count > 0 && count < flights.delay.length, 'some flights have partners, and some have none')
  assert.deepEqual(joinPlain(inputs), expected)
  assert.deepEqual(joinByKernels(inputs).slice(), expected)
  assert.deepEqual(await joinByBags(inputs), expected)
  assert.deepEqual(await joinWithIndex(inputs), expected)
})

test('tables without rows', async () => {
  const none = { origin: new Int32Array(0), destination: new Int32Array(0), delay: new Int16Array(0) }
  const empty = { code: new Int32Array(0), state: new Uint8Array(0), zone: new Int16Array(0), states: 2 }
  assert.equal(find(7, empty.code, indexOf(empty.code)), -1)
  for (const tables of [
    { flights: none, airports: inputs.airports },
    { flights: inputs.flights, airports: empty },
  ]) {
    const expected = new Int32Array(tables.airports.states ** 2 * SUMS)
    assert.deepEqual(joinPlain(tables), expected)
    assert.deepEqual(joinByKernels(tables).slice(), expected)
    assert.deepEqual(await joinByBags(tables), expected)
    assert.deepEqual(await joinWithIndex(tables), expected)
  }
})

test('the study: one and three ranks have the answers of all others, in a table', async () => {
  const shares: number[] = []
  const settings = { sizes: [1, 3], rounds: 1, engine: 'threads' } as const
  const results = await study(inputs, { ...settings, progress: share => shares.push(share) })
  assert.deepEqual(
    results.map(({ way }) => way),
    ways,
  )
  for (const { way, ms } of results) {
    assert.equal(ms.length, way.isPlain ? 1 : 2)
    assert.ok(ms.every(ms => ms > 0))
  }
  assert.equal(shares.at(-1), 1)
  const table = { inputs, results, ...settings }
  assert.match(lines(table), /^All-pairs shortest paths, 96 airports +on 1 +on 3\n {2}plain JavaScript +[\d.]+ ms/)
  assert.match(markdown(table), /^\| ranks, kernels \| [\d.]+ ms \| [\d.]+ ms {2}[\d.]+× \|$/m)
  assert.match(html(table), /<td>bags, index<\/td><td class="n">[\d.]+ ms<\/td>/)
})

test('the study: ranks of Open MPI have the same answers', { skip: needs('openmpi') }, async () => {
  process.env.OMPI_ALLOW_RUN_AS_ROOT = process.env.OMPI_ALLOW_RUN_AS_ROOT_CONFIRM = '1'
  const results = await study(inputs, { sizes: [2], rounds: 1, engine: 'openmpi', progress: () => {} })
  assert.equal(results.length, ways.length)
})

test('the study: a process that fails ends it, and says why', async () => {
  // Not of whole panels: plain JavaScript can do that; kernels find an index out of range, ranks a panel that nobody owns.
  const side = PANEL + 1
  const wrong = { ...inputs, network: { side, minutes: new Int32Array(side * side) } }
  await assert.rejects(
    study(wrong, { sizes: [1], rounds: 1, engine: 'threads', progress: () => {} }),
    (error: Error) =>
      error instanceof StudyError &&
      /^the process with 1 (thread|rank) ended \(1\): .*(IndexError|MpiError|RangeError)/s.test(error.message),
  )
})

test('the command: help, wrong options, a small run', () => {
  const file = fileURLToPath(new URL('../styles/main.ts', import.meta.url))
  const run = (...args: string[]) => spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' })
  assert.match(run('--help').stdout, /--sizes a,b,c/)
  for (const [args, says] of [
    [['--sizes', '1,x'], /--sizes takes whole numbers from 1 to 64, and got 'x'/],
    [['--engine', 'mpi'], /--engine takes threads, openmpi, mpich, and got 'mpi'/],
    [['--rows', '0'], /--rows takes/],
    [['--airport', '5'], /--airport/],
  ] as const) {
    const { status, stderr } = run(...args)
    assert.equal(status, 2)
    assert.match(stderr, says)
  }
  const { status, stdout, stderr } = run(
    ...['--airports', '64', '--rows', '2000', '--sizes', '1', '--rounds', '1', '--markdown'],
  )
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^\| Join of tables, 2,000 flights, 3,376 airports \| 1 thread or rank \|$/m)
  assert.match(stdout, /All answers are equal, to the bit\./)
})
