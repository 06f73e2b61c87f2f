/**
 * The campaign: measures the error of every function of `Math` in kernels, on the wasm backend.
 *
 *     node testing/ulp/main.ts [function…] [--all] [--stride n] [--seed n] [--write]
 *
 * f32 functions of one operand are run over every `stride`-th of the 2^32 numbers (1021), over all of them with `--all`,
 * which takes some two minutes each; the others over strata and random operands, ten times as many with `--all` or a
 * stride below 100. Ends with code 1 if an error exceeds its bound. `--write` makes docs/math-accuracy.md of it, when all
 * functions are measured.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { MATH_ARITY } from '../../compute/kernel/src/math/index.ts'
import { BOUNDS, errorByMath, errorByOracle, type FloatType, native, unit32 } from './accuracy.ts'
import { evaluator, floats, operandsOf, operationCount } from './evaluate.ts'
import { pairs, strata } from './strata.ts'

interface Found {
  worst: number
  at: number[]
  sum: number
  count: number
}

const BLOCK = 1 << 20
const nothing = (): Found => ({ worst: 0, at: [], sum: 0, count: 0 })

function note(found: Found, error: number, at: number[]): void {
  found.count++
  if (Number.isFinite(error)) found.sum += error
  if (error > found.worst) {
    found.worst = error
    found.at = at
  }
}

/** Every `stride`-th of all f32 numbers. */
function everyNumber(name: string, stride: number): Found {
  const found = nothing()
  const run = evaluator(name, 'wasm')
  const exact = native(name)
  const bits = new Uint32Array(BLOCK)
  const x = new Float32Array(bits.buffer)
  const out = new Float32Array(BLOCK)
  for (let begin = 0; begin < 2 ** 32; begin += BLOCK * stride) {
    for (let i = 0; i < BLOCK; i++) bits[i] = begin + i * stride
    run([x], out)
    const end = Math.min(BLOCK, Math.ceil((2 ** 32 - begin) / stride))
    for (let i = 0; i < end; i++) {
      const want = exact(x[i])
      // The plain case written out; everything odd goes the careful way.
      let error = Math.abs(out[i] - want) / unit32(want)
      if (!(error < 1e9) || want === 0 || out[i] === 0) error = errorByMath(name, [x[i]], out[i])
      found.sum += error
      if (error > found.worst) {
        found.worst = error
        found.at = [x[i]]
      }
    }
    found.count += end
  }
  return found
}

function sampled(name: string, type: FloatType, seed: number, scale: number): Found {
  const found = nothing()
  const unary = operandsOf(name) === 1
  const operands = unary
    ? [strata(type, seed, 16 * scale, 2000 * scale)]
    : pairs(name, type, seed, (type === 'f32' ? 1_000_000 : 20_000) * scale)
  const arrays = operands.map(x => floats(type, x))
  const out = floats(type, arrays[0].length)
  evaluator(name, 'wasm')(arrays, out)
  for (let i = 0; i < out.length; i++) {
    const at = arrays.map(x => x[i])
    note(found, type === 'f32' ? errorByMath(name, at, out[i]) : errorByOracle(type, name, at, out[i]), at)
  }
  return found
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    stride: { type: 'string', default: '1021' },
    write: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
})
const unknown = positionals.filter(name => !(name in BOUNDS))
if (unknown.length > 0) {
  console.error(`no such function: ${unknown.join(', ')}; there are ${Object.keys(BOUNDS).join(', ')}`)
  process.exit(2)
}
const names = positionals.length > 0 ? positionals : Object.keys(BOUNDS).filter(name => MATH_ARITY.has(name))
const seed = Number(values.seed)
const stride = values.all ? 1 : Number(values.stride)
const scale = stride < 100 ? 10 : 1
console.log(`seed ${seed}`)
const rows: string[] = []
let failed = false
for (const name of names)
  for (const type of ['f32', 'f64'] as const) {
    const started = performance.now()
    const exhaustive = type === 'f32' && operandsOf(name) === 1
    const { worst, at, sum, count } = exhaustive ? everyNumber(name, stride) : sampled(name, type, seed, scale)
    const seconds = (performance.now() - started) / 1000
    const bound = BOUNDS[name][type]
    if (worst > bound) failed = true
    const number = count === 2 ** 32 ? 'all 2^32' : count.toLocaleString('en')
    rows.push(
      `| ${name} | ${type} | ${worst.toFixed(3)} | ${(sum / count).toFixed(3)} | ${at.join(', ') || '–'} | ${number} | ${operationCount(name, type)} |`,
    )
    console.log(`${rows.at(-1)} ${seconds.toFixed(1)} s${worst > bound ? ` EXCEEDS ${bound}` : ''}`)
  }
if (values.write && positionals.length === 0)
  writeFileSync(
    new URL('../../docs/math-accuracy.md', import.meta.url),
    `# Accuracy of the functions of \`Math\` in kernels

Written by \`node testing/ulp/main.ts --stride ${stride} --write\` (seed ${seed}); a stride of 1 goes through all 2^32 numbers of
f32. Errors are in units of the last place of the true value, which comes from \`Math\` in double precision for f32 and
from arithmetic of 320 bits for f64. The results are the same on every backend, bit for bit. \`operations\` counts those of the path that ordinary operands take.

Special operands (zeros of both signs, infinities, NaN, denormal numbers, everything out of a function's domain) give
JavaScript's answers; \`sin\`, \`cos\` and \`tan\` reduce numbers of any size.

| function | type | largest error | mean error | found at | operands | operations |
| --- | --- | ---: | ---: | --- | ---: | ---: |
${rows.join('\n')}
`,
  )
process.exitCode = failed ? 1 : 0
