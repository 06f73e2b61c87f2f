/**
 * The campaign: measures the error of every function of `Math` in kernels, and of 1/√x, which `fast` estimates.
 *
 *     node testing/ulp/main.ts [function…] [--all] [--stride n] [--seed n] [--on machines] [--keep file] [--seconds n] [--write]
 *
 * f32 functions of one operand are run over every `stride`-th of the 2^32 numbers (1021), over all of them with `--all`,
 * which takes some minutes each; the others over strata and random operands, ten times as many with `--all` or a
 * stride below 100. `--on` names machines, avx512,avx2,wasm unless said and as far as they are here: the first is measured, the others
 * have to give the same bits, and each is measured with `fast` as well. `--keep` puts what was found into a file, and takes what is there
 * as found, so that a campaign goes on where it was cut off, after so many `--seconds`. Ends with code 1 if an error exceeds its bound
 * or machines differ. `--write` makes docs/math-accuracy.md of it; where only some functions are named, their lines, if no fewer operands were measured than
 * stand there.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { BOUNDS, boundOf } from './accuracy.ts'
import { everyNumber, type Found, isExhaustive, nothingYet, sampled } from './campaign.ts'
import { MACHINES, type Machine, operationCount, unavailable } from './evaluate.ts'
import { page, pageWith } from './page.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    stride: { type: 'string', default: '1021' },
    seed: { type: 'string', default: '1' },
    on: { type: 'string' },
    keep: { type: 'string' },
    seconds: { type: 'string', default: 'Infinity' },
    write: { type: 'boolean', default: false },
  },
})

const refuse = (text: string): never => {
  console.error(text)
  process.exit(2)
}
const named = (given: readonly string[], known: readonly string[], what: string) => {
  const unknown = given.filter(name => !known.includes(name))
  if (unknown.length > 0) refuse(`no such ${what}: ${unknown.join(', ')}; there are ${known.join(', ')}`)
}
named(positionals, Object.keys(BOUNDS), 'function')
const names = positionals.length > 0 ? positionals : Object.keys(BOUNDS)
const asked = values.on?.split(',') ?? ['avx512', 'avx2', 'wasm']
named(asked, MACHINES, 'machine')
const machines = (asked as Machine[]).filter(machine => {
  const reason = unavailable(machine)
  if (reason !== undefined && values.on !== undefined) refuse(`${machine} cannot be measured here: ${reason}`)
  return reason === undefined
})
const seed = Number(values.seed)
const stride = values.all ? 1 : Number(values.stride)
const scale = stride < 100 ? 10 : 1
const end = performance.now() + 1000 * Number(values.seconds)
const enough = () => performance.now() > end

const kept: Found[] =
  values.keep !== undefined && existsSync(values.keep) ? JSON.parse(readFileSync(values.keep, 'utf8')) : []
const keep = () => {
  if (values.keep === undefined) return
  writeFileSync(`${values.keep}.tmp`, JSON.stringify(kept, null, 1))
  renameSync(`${values.keep}.tmp`, values.keep)
}

console.log(`seed ${seed}, ${machines.join(', ')}`)
const measured: Found[] = []
let failed = false
for (const name of names)
  for (const type of ['f32', 'f64'] as const) {
    const started = performance.now()
    const fresh = nothingYet(name, type, stride, machines)
    const isSame = (f: Found) =>
      f.name === name && f.type === type && f.stride === stride && `${f.machines}` === `${machines}`
    let found = kept.find(isSame)
    if (found === undefined) kept.push((found = fresh))
    if (found.next < 2 ** 32) {
      if (!isExhaustive(name, type)) sampled(found, seed, scale)
      else if (!everyNumber(found, enough)) {
        keep()
        console.log(`${name} ${type}: ${((found.next / 2 ** 32) * 100).toFixed(0)} %; call again to go on`)
        process.exit(failed ? 1 : 0)
      }
      keep()
    }
    measured.push(found)
    const seconds = (performance.now() - started) / 1000
    const say = (isFast: boolean, error: number, at: number[], on: string) => {
      const exceeds = error > boundOf(name, type, isFast)
      if (exceeds) failed = true
      return `${on} ${error.toFixed(3)} at ${at.join(', ') || '–'}${exceeds ? ` EXCEEDS ${boundOf(name, type, isFast)}` : ''}`
    }
    const parts = [
      say(false, found.worst.error, found.worst.at, 'exact'),
      ...Object.entries(found.fast).map(([machine, { error, at }]) => say(true, error, at, `fast ${machine}`)),
    ]
    if (found.differs) {
      failed = true
      const { machine, at, gave, not } = found.differs
      parts.push(`${machine} gives ${gave} at ${at.join(', ')}, ${machines[0]} ${not}`)
    }
    console.log(`${name} ${type} ${found.count.toLocaleString('en')}: ${parts.join('; ')}; ${seconds.toFixed(1)} s`)
  }
/** What more operands were measured for in an earlier part of the campaign is better known. */
const best = (found: Found): Found => {
  const same = ({ name, type, machines, next }: Found) =>
    name === found.name && type === found.type && `${machines}` === `${found.machines}` && next >= 2 ** 32
  return kept.filter(same).reduce((a, b) => (b.count > a.count ? b : a), found)
}
if (values.write) {
  const file = new URL('../../docs/math-accuracy.md', import.meta.url)
  const found = measured.map(best)
  const text =
    positionals.length === 0
      ? page(found, machines, seed, operationCount)
      : pageWith(readFileSync(file, 'utf8'), found, machines, operationCount)
  writeFileSync(file, text)
}
process.exitCode = failed ? 1 : 0
