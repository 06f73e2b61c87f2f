/** docs/math-accuracy.md, of what a campaign found. */
import type { FloatType } from './accuracy.ts'
import type { Found } from './campaign.ts'
import type { Machine } from './evaluate.ts'

const TITLES: { readonly [name: string]: string } = { rsqrt: '1 / sqrt' }
const SYSTEMS: { readonly [machine: string]: string } = { avx512: 'AVX-512', avx2: 'AVX2', wasm: 'wasm' }

export function page(
  all: readonly Found[],
  machines: readonly Machine[],
  seed: number,
  operations: (name: string, type: FloatType) => number,
): string {
  const rows = all.map(({ name, type, worst, sum, count, fast }) =>
    [
      ...['', TITLES[name] ?? name, type, worst.error.toFixed(3), (sum / count).toFixed(3), worst.at.join(', ') || '–'],
      ...machines.map(machine => fast[machine].error.toFixed(3)),
      ...[count === 2 ** 32 ? 'all 2^32' : count.toLocaleString('en'), `${operations(name, type)}`, ''],
    ]
      .join(' | ')
      .trim(),
  )
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
