/** The report: what it says of a program that is made up, and of one that did nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FunctionSummary, Observation, type Outcome } from '@skein/tasks/observe'
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
    const html = report(observation, { program: '/x/a<i>.ts', args: ['-n', '<script>'], endedMs: 1200, lagMs: [3, 7] })
    assert.doesNotMatch(html, /<b>|<i>\.ts|<script|src=|href=/)
    assert.match(html, /attempts at tasks<\/dt><dd>5</)
    assert.match(html, /failed or lost<\/dt><dd>1</)
    assert.match(html, /first call to last end<\/dt><dd>100 ms</)
    assert.match(html, /<dt>busy<\/dt><dd>80 %/)
    assert.match(html, /worker 1: 60 % busy[\s\S]*worker 2: 100 % busy/)
    assert.match(html, /count#3<\/td><td>2<\/td><td>0.0 µs<\/td><td>0.0 µs<\/td><td>90.0 ms/)
    assert.match(html, /count#4, failed on worker 2[\s\S]*a &#60; b &#38; &#34;c&#34;[\s\S]*report\.test\.ts/)
    assert.match(html, /longest lag of the main program<\/dt><dd>7.00 ms/)
  })

  it('is whole when nothing ran, and when more ran than is kept', () => {
    const nothing = report(new Observation(), { program: '', args: [], endedMs: 1, lagMs: [] })
    assert.match(nothing, /No task ran/)
    assert.doesNotMatch(nothing, /NaN|Infinity|undefined/)
    const many = new Observation()
    for (let i = 0; i < 200_000; i++) many.over(i, `f${i % 60}`, 1 + (i % 3), 0, 'done', i, i, i + 0.5, undefined)
    const html = report(many, { program: 'many.ts', args: [], endedMs: 2e5, lagMs: [] })
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
  }
  const table: [what: string, measured: Partial<Measured>, says: RegExp | undefined][] = [
    ['all is well', {}, undefined],
    ['tiny tasks', { functions: [f({ done: 5000, p50Ms: 0.004 })] }, /5,000 tasks of 'f' took 4\.0 µs each/],
    ['one long task', { longest: { name: 'g', tookMs: 400 } }, /'g' took 400 ms, 40 % of the whole time/],
    ['idle workers', { busyMs: [300, 310] }, /idle for 70 %/],
    ['one busy worker', { busyMs: [980, 400] }, /busiest worker ran tasks for 980 ms, the least busy one for 400 ms/],
    ['a busy main program', { lagMs: 700 }, /for up to 700 ms at a time/],
    ['lost workers', { functions: [f({ done: 100, lost: 2 })] }, /they ran 'f': 2 attempts were lost/],
    ['failures', { functions: [f({ done: 90, failed: 10 })] }, /'f' failed 10 times of 100/],
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
