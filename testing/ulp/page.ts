/** docs/math-accuracy.md, of what a campaign found. */
import type { FloatType } from './accuracy.ts'
import type { Found } from './campaign.ts'
import type { Machine } from './evaluate.ts'

const TITLES: { readonly [name: string]: string } = { rsqrt: '1 / sqrt' }
const SYSTEMS: { readonly [machine: string]: string } = { avx512: 'AVX-512', avx2: 'AVX2', wasm: 'wasm' }

type Operations = (name: string, type: FloatType) => number

const ALL = 'all 2^32'

/** One function's line. */
const rowOf = (
  { name, type, worst, sum, count, fast }: Found,
  machines: readonly Machine[],
  operations: Operations,
): string =>
  [
    ...['', TITLES[name] ?? name, type, worst.error.toFixed(3), (sum / count).toFixed(3), worst.at.join(', ') || '–'],
    ...machines.map(machine => fast[machine].error.toFixed(3)),
    ...[count === 2 ** 32 ? ALL : count.toLocaleString('en'), `${operations(name, type)}`, ''],
  ]
    .join(' | ')
    .trim()

const cells = (row: string): string[] => row.split('|').map(cell => cell.trim())
const nameOf = (row: string): string => cells(row).slice(1, 3).join(' ')
/** How many operands a line is about: the last but one of its cells. */
function operandsOf(row: string): number {
  const told = cells(row).at(-3) ?? ''
  return told === ALL ? 2 ** 32 : Number(told.replaceAll(',', ''))
}

/** The page with the lines of some functions anew: those that were measured for no fewer operands than before. */
export function pageWith(
  text: string,
  found: readonly Found[],
  machines: readonly Machine[],
  operations: Operations,
): string {
  const rows = new Map(found.map(one => rowOf(one, machines, operations)).map(row => [nameOf(row), row]))
  const lines = text.split('\n').map(line => {
    const row = rows.get(nameOf(line))
    return row !== undefined && operandsOf(row) >= operandsOf(line) ? row : line
  })
  return lines.join('\n')
}

export function page(
  all: readonly Found[],
  machines: readonly Machine[],
  seed: number,
  operations: Operations,
): string {
  const rows = all.map(found => rowOf(found, machines, operations))
  const systems = machines.map(m => SYSTEMS[m] ?? m)
  const listed = [systems.slice(0, -1).join(', '), systems.at(-1)].join(' and ')
  const fastColumns = systems.map(system => `fast, ${system}`)
  return `# Accuracy of the functions of \`Math\` in kernels

Written by \`node testing/ulp/main.ts --write\` (seed ${seed}), which with \`--all\` goes through all 2^32 numbers of f32.
Errors are in units of the last place of the true value, which comes from \`Math\` in double precision for f32 and
from arithmetic of 320 bits for f64. The results are the same on every backend, bit for bit: those of ${listed} were compared.
\`operations\` counts those of the path that ordinary operands take.

With \`fast: true\` products are rounded once with the sum they are added to, and 1/√x is estimated with AVX-512; so results differ between machines,
and the largest error of each is listed. \`npm test\` holds all of them to bounds: \`testing/ulp/accuracy.ts\`.

Special operands (zeros of both signs, infinities, NaN, denormal numbers, everything out of a function's domain) give
JavaScript's answers, with \`fast\`, too; \`sin\`, \`cos\` and \`tan\` reduce numbers of any size.

| function | type | largest error | mean error | found at | ${fastColumns.join(' | ')} | operands | operations |
| --- | --- | ---: | ---: | --- | ${fastColumns.map(() => '---:').join(' | ')} | ---: | ---: |
${rows.join('\n')}
`
}
