/** The report: what it says of a program that is made up, and of one that did nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FunctionSummary, noCounts, noTransfers, Observation, type Outcome } from '@skein/tasks/observe'
import { adviceFor, type Measured } from '../src/advice.ts'
import { report } from '../src/report.ts'

describe('the report', () => {
  it('says where the time went, and shows text as it is', () => {
    const observation = new Observation()
    const add = (task: number, name: string, worker: number, outcome: Outcome, from: number, until: number) =>
      observation.over(task, name, worker, 0, outcome, 1000, 1000 + from, 1000 + until, new Error('here'))
    // Worker 1 is busy for 60 of 100 ms, with two tasks that overlap; worker 2 for all of them.
    add(1, 'wait <b>', 1, 'done', 0, 50)
    add(2, 'wait <b>', 1, 'done', 10, 60)
    add(3, 'count', 2, 'done', 0, 90)
    add(4, 'count', 2, 'failed', 90, 100)
    add(5, 'never', 0, 'cancelled', 5, 5)
    observation.failed(4, new Error('a < b & "c"'))
    const html = report(observation, {
      program: '/x/a<i>.ts',
      args: ['-n', '<script>'],
      endedMs: 1200,
      lagMs: [3, 7],
      transfers: {
        client: { ...noCounts, packed: 3, packedBytes: 3072, packMs: 4, copied: 2, copiedBytes: 2 ** 20, copyMs: 1 },
        workers: [
          { ...noCounts, unpacked: 3, unpackedBytes: 3072, unpackMs: 8 },
          { ...noCounts, shared: 1, sharedBytes: 512 },
        ],
        calls: [{ ...noCounts, name: 'count<i>', packed: 2, packedBytes: 2048, packMs: 3, copiedAgain: 1 }],
      },
    })
    assert.doesNotMatch(html, /<b>|<i>\.ts|<script|src=|href=/)
    assert.match(html, /attempts at tasks<\/dt><dd>5</)
    assert.match(html, /failed or lost<\/dt><dd>1</)
    assert.match(html, /first call to last end<\/dt><dd>100 ms</)
    assert.match(html, /<dt>busy<\/dt><dd>80 %/)
    assert.match(html, /worker 1: 60 % busy[\s\S]*worker 2: 100 % busy/)
    assert.match(html, /count#3<\/td><td>2<\/td><td>0.0 µs<\/td><td>0.0 µs<\/td><td>90.0 ms/)
    assert.match(html, /count#4, failed on worker 2[\s\S]*a &#60; b &#38; &#34;c&#34;[\s\S]*report\.test\.ts/)
    assert.match(html, /longest lag of the main program<\/dt><dd>7.00 ms/)
    assert.match(html, /serialization<\/dt><dd>12.0 ms/)
    assert.match(html, /arrays copied<\/dt><dd>1.0 MiB in 1.00 ms/)
    assert.match(html, /arrays shared<\/dt><dd>512 B/)
    const row = (first: string) =>
      [...html.matchAll(/<tr><td>(.*?)<\/td><\/tr>/g)].map(([, r]) => r.split('</td><td>')).find(r => r[0] === first)
    const none = '0: 0 B'
    assert.deepEqual(row('main program'), [
      ...['main program', '5 %', '4.00 ms', '0.0 µs', '1.00 ms', '3: 3.0 KiB', none, '2: 1.0 MiB', none],
    ])
    assert.deepEqual(row('worker 1'), [
      ...['worker 1', '8 %', '0.0 µs', '8.00 ms', '0.0 µs', none, '3: 3.0 KiB', none, none],
    ])
    assert.equal(row('worker 2')!.at(-1), '1: 512 B')
    assert.deepEqual(row('count&#60;i&#62;'), [
      ...['count&#60;i&#62;', '3.00 ms', '0.0 µs', '0.0 µs', '2: 2.0 KiB', none, none, '1: 0 B'],
    ])
  })

  it('is whole when nothing ran, and when more ran than is kept', () => {
    const nothing = report(new Observation(), { program: '', args: [], endedMs: 1, lagMs: [], transfers: noTransfers })
    assert.match(nothing, /No task ran/)
    assert.doesNotMatch(nothing, /NaN|Infinity|undefined/)
    const many = new Observation()
    for (let i = 0; i < 200_000; i++) many.over(i, `f${i % 60}`, 1 + (i % 3), 0, 'done', i, i, i + 0.5, undefined)
    const html = report(many, { program: 'many.ts', args: [], endedMs: 2e5, lagMs: [], transfers: noTransfers })
    assert.match(html, /Of the 68,928 earliest attempts/)
    assert.match(html, /attempts at tasks<\/dt><dd>200,000/)
    assert(html.length < 500_000, `${html.length} characters`)
    assert.doesNotMatch(html, /NaN|Infinity|undefined/)
  })
})

describe('advice', () => {
  const f = (more: Partial<FunctionSummary>): FunctionSummary => {
    const none = { done: 0, failed: 0, cancelled: 0, lost: 0, sumMs: 0, p50Ms: 1, p95Ms: 1, mostMs: 1, waitP50Ms: 0 }
    return { name: 'f', ...none, ...more }
  }
  const fine: Measured = {
    functions: [f({ done: 100 })],
    attempts: 100,
    spanMs: 1000,
    busyMs: [950, 940],
    longest: { name: 'f', tookMs: 20 },
    lagMs: 5,
    transfers: noTransfers,
  }
  const much = { ...noCounts, name: 'f', packed: 500, packedBytes: 2 ** 20, packMs: 150, unpackMs: 10 }
  const table: [what: string, measured: Partial<Measured>, says: RegExp | undefined][] = [
    ['all is well', {}, undefined],
    ['tiny tasks', { functions: [f({ done: 5000, p50Ms: 0.004 })] }, /5,000 tasks of 'f' took 4\.0 µs each/],
    ['one long task', { longest: { name: 'g', tookMs: 400 } }, /'g' took 400 ms, 40 % of the whole time/],
    ['idle workers', { busyMs: [300, 310] }, /idle for 70 %/],
    ['one busy worker', { busyMs: [980, 400] }, /busiest worker ran tasks for 980 ms, the least busy one for 400 ms/],
    ['a busy main program', { lagMs: 700 }, /for up to 700 ms at a time/],
    ['lost workers', { functions: [f({ done: 100, lost: 2 })] }, /they ran 'f': 2 attempts were lost/],
    ['failures', { functions: [f({ done: 90, failed: 10 })] }, /'f' failed 10 times of 100/],
    [
      'much serialization in the main program',
      { transfers: { client: { ...noCounts, packMs: 200 }, workers: [], calls: [much] } },
      /for 200 ms, 20 % of the main program's time, most of it for what 'f' is given \(500 times, 1\.0 MiB\)/,
    ],
    [
      'much serialization on workers, and nobody knows for whom',
      { transfers: { client: noCounts, workers: [{ ...noCounts, packMs: 300 }, noCounts], calls: [] } },
      /for 300 ms, 16 % of the time of tasks\. Numbers in typed arrays/,
    ],
    [
      'a little serialization',
      { transfers: { client: { ...noCounts, packMs: 90 }, workers: [{ ...noCounts, unpackMs: 100 }], calls: [much] } },
      undefined,
    ],
    [
      'large results',
      {
        transfers: {
          client: { ...noCounts, unpackMs: 200 },
          workers: [],
          calls: [{ ...noCounts, name: 'g', unpacked: 7, unpackedBytes: 7 * 2 ** 20, unpackMs: 190 }, much],
        },
      },
      /most of it for what 'g' returns \(7 times, 7\.0 MiB\)/,
    ],
    [
      'the same array with each call',
      {
        transfers: {
          client: { ...noCounts, copied: 40, copiedBytes: 2 ** 25, copyMs: 20 },
          workers: [],
          calls: [{ ...noCounts, name: 'f', copied: 40, copiedAgain: 39, copiedAgainBytes: 2 ** 24 }],
        },
      },
      /'f' was given had been copied before, and were copied again 39 times, 16\.0 MiB in all/,
    ],
    [
      'many copies',
      { transfers: { client: { ...noCounts, copied: 40, copiedBytes: 2 ** 30, copyMs: 200 }, workers: [], calls: [] } },
      /1\.0 GiB of typed arrays were copied into the heap, in 200 ms/,
    ],
    ['one worker', { busyMs: [990], longest: { name: 'f', tookMs: 900 } }, undefined],
  ]
  for (const [what, measured, says] of table) {
    it(what, () => {
      const advice = adviceFor({ ...fine, ...measured })
      if (says === undefined) assert.deepEqual(advice, [])
      else assert(advice.length === 1 && says.test(advice[0]), advice.join('\n'))
    })
  }
})
