/**
 * Runs one case on all its peers, interleaved: round after round A B C A B C, so that a slow minute of the machine
 * falls on everyone, and with a rest between peers in which the last one's spinning threads go to sleep.
 */
import { setTimeout as rest } from 'node:timers/promises'
import type { Peer } from './peer.ts'
import type { Row } from './results.ts'
import { isClean, type Sample, spread } from './statistics.ts'
import { type BenchCase, caseId, type Effort } from './suite.ts'

const usual = { tieredSeconds: 1, longSeconds: 2 }
export const fullEffort: Effort = {
  ...usual,
  rounds: 9,
  budgetSeconds: 12,
  warmSeconds: 0.25,
  restMs: 30,
  timeoutMs: 240_000,
}
export const quickEffort: Effort = {
  ...usual,
  rounds: 3,
  budgetSeconds: 2,
  warmSeconds: 0,
  restMs: 10,
  timeoutMs: 60_000,
}

export interface CaseReport {
  rows: Row[]
  /** Who did not take part, and why, one line each. */
  skipped: string[]
  failed: string[]
}

interface Entrant {
  peer: Peer
  who: string
  threads: number
  checksum: number | null
  warm: number
  rounds: number
  samples: Sample[]
}

export async function runCase(
  suite: string,
  benchCase: BenchCase,
  n: number,
  peers: readonly Peer[],
  effort: Effort,
  progress: (text: string) => void,
): Promise<CaseReport> {
  const report: CaseReport = { rows: [], skipped: [], failed: [] }
  const entrants: Entrant[] = []
  const inner = benchCase.inner ?? 1
  const failure = (error: unknown) => report.failed.push((error as Error).message)

  for (const peer of peers) {
    if (peer.hopeless) continue
    progress(`prepare ${peer.spec.label}`)
    try {
      if (!peer.running) await peer.start()
      const prepared = await peer.prepare(caseId(benchCase), n, effort.timeoutMs, benchCase.threads)
      if ('skip' in prepared) report.skipped.push(`${peer.who}: ${prepared.skip}`)
      else entrants.push({ peer, ...prepared, warm: 0, rounds: effort.rounds, samples: [] })
    } catch (error) {
      failure(error)
    }
    await rest(effort.restMs)
  }

  for (const entrant of [...entrants]) {
    progress(`warm up ${entrant.peer.spec.label}`)
    try {
      await warmUp(entrant, benchCase, effort)
    } catch (error) {
      failure(error)
      entrants.splice(entrants.indexOf(entrant), 1)
    }
    await rest(effort.restMs)
  }

  const wantsMore = (e: Entrant, round: number) =>
    e.samples.length < e.rounds || (round < 2 * e.rounds && e.samples.filter(isClean).length < e.rounds)
  for (let round = 0; entrants.some(e => wantsMore(e, round)); round++) {
    for (const entrant of entrants.filter(e => wantsMore(e, round))) {
      progress(`round ${round + 1} ${entrant.peer.spec.label}`)
      try {
        entrant.samples.push(await entrant.peer.rep(entrant.warm, inner, effort.timeoutMs))
      } catch (error) {
        failure(error)
        entrants.splice(entrants.indexOf(entrant), 1)
      }
      await rest(effort.restMs)
    }
  }

  for (const { who, threads, checksum, samples } of entrants) {
    const seconds = spread(samples)
    report.rows.push({ suite, case: benchCase.name, n, dtype: benchCase.dtype, threads, who, seconds, checksum })
  }
  return report
}

/**
 * Runs a peer until engines have tiered up (six runs or `tieredSeconds`; what is hot, for `warmSeconds`), then decides from its speed how many untimed runs
 * precede each measurement (at least two where a run is short: a team of threads must be awake) and how many
 * measurements fit the budget.
 */
async function warmUp(entrant: Entrant, { inner = 1, isHot = false, unit }: BenchCase, effort: Effort) {
  // What is counted is no time.
  if (unit !== undefined) {
    entrant.rounds = Math.min(effort.rounds, 3)
    return
  }
  const least = isHot ? effort.warmSeconds : 0
  let seconds = 0
  let spent = 0
  for (let i = 0; (i < 6 || spent < least) && spent < effort.tieredSeconds; i++) {
    const from = performance.now()
    seconds = (await entrant.peer.rep(0, inner, effort.timeoutMs)).seconds * inner
    spent += (performance.now() - from) / 1e3
  }
  entrant.warm = seconds >= effort.longSeconds ? 0 : seconds < 0.25 ? 2 : 1
  const affordable = Math.floor(effort.budgetSeconds / (seconds * (entrant.warm + 1)))
  entrant.rounds = Math.min(effort.rounds, Math.max(3, affordable))
}
