/** Each example runs as a user would run it, small; it compares itself with plain JavaScript and says so by its exit code. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))

interface Outcome {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

const run = (file: string, ...args: string[]): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(folder, file), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      errors += text
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, output, errors }))
  })

const examples: readonly [file: string, size: string, says: RegExp][] = [
  ['mandelbrot.ts', '96', /Mandelbrot set, 120 × 96: .* results equal/],
  ['nbody.ts', '256', /4 steps of 256 bodies: /],
  ['black-scholes.ts', '10007', /10007 options: /],
  ['heat.ts', '67', /100 steps of a plate of 67 × 67: .* results equal\nmean temperature: /],
  ['blur.ts', '65', /blur of 65 × 65 pixels: /],
  ['life.ts', '63', /32 generations of 63 × 63 cells: .* results equal/],
  ['prefix-sums.ts', '10007', /multiples of three among 10007 numbers: .* results equal/],
]

const withArrays: readonly [file: string, says: RegExp][] = [
  ['k-means.ts', /342 penguins in 3 groups, after \d+ steps\n[\s\S]* of one species\n$/],
  ['principal-components.ts', /392 cars, 6 measures\nshares of the variance: 79\.8 %, 12\.1 %/],
  ['linear-regression.ts', /1000 pounds +-6\.4\d\d ± 0\.4[\s\S]*R² 0\.8078/],
  ['logistic-regression.ts', /sex of 333 penguins[\s\S]*log-likelihood -63\.554, 91\.9 % right/],
  ['spectrum.ts', /3,000,000 flights in 25 whole weeks[\s\S]* 24\.00 hours\n[\s\S]* 12\.00 hours\n/],
  ['neural-network.ts', /epoch 120: loss 0\.0\d+\nof 114 others 9\d\.\d % are right/],
  ['image-pipeline.ts', /[ .:*#%@\n+=-]+\nheights of 94 to 195 m/],
]

for (const [file, says] of withArrays) {
  test(`arrays/${file}`, async () => {
    const { code, output, errors } = await run(join('arrays', file))
    assert.equal(code, 0, `${output}${errors}`)
    assert.match(output, says)
  })
}

for (const [file, size, says] of examples) {
  test(file, async () => {
    const { code, output, errors } = await run(file, size)
    assert.equal(code, 0, `${output}${errors}`)
    assert.match(output, says)
  })
}

test('a size that is none ends with exit code 2', async () => {
  const { code, errors } = await run('life.ts', 'many')
  assert.equal(code, 2)
  assert.match(errors, /whole number .* 'many'/)
})

test('flights: 50,000 rows, both versions agree, the report stands alone', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'skein-flights-'))
  try {
    const out = join(temporary, 'deep', 'report.html')
    const { code, output, errors } = await run('flights/main.ts', '--rows', '50000', '--out', out)
    assert.equal(code, 0, `${output}${errors}`)
    assert.equal(errors, '', 'no progress bar where nobody looks')
    assert.match(output, /50,000 flights between \d+ airports/)
    assert.match(output, /All answers agree/)
    assert.ok(output.includes(out))
    assert.match(
      output,
      /Delay by airport in 2,000 resamples [\s\S]*Flights by route, by MapReduce [\s\S]*Airports with days alike /,
    )
    assert.match(output, /All-pairs shortest paths, 128 airports .* on 4\n[\s\S]*\n {2}bags, index /)
    const page = readFileSync(out, 'utf8')
    assert.doesNotMatch(page, /(?:src|href)="(?!#|data:)/, 'nothing to fetch')
    assert.match(page, /<th>Join of tables, 20,000 flights, 3,376 airports<\/th>/)
    assert.match(page, /<h2>Airports with days alike<\/h2>[\s\S]* of the variance\. The first sets the hours from /)
    assert.match(page, /116 tasks on \d+ workers?, busy \d+ %/)
    assert.doesNotMatch(page.replace(/base64,[^"]*/g, ''), /NaN|undefined|Infinity/)
  } finally {
    rmSync(temporary, { recursive: true })
  }
})

test('flights: Skein only', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'skein-flights-'))
  try {
    const out = join(temporary, 'report.html')
    const { code, output, errors } = await run(
      'flights/main.ts',
      ...['--rows', '20000', '--no-plain', '--no-study', '--threads', '1', '--out', out],
    )
    assert.equal(code, 0, `${output}${errors}`)
    assert.doesNotMatch(output, /agree|Join of tables/)
    assert.ok(existsSync(out))
  } finally {
    rmSync(temporary, { recursive: true })
  }
})

test('flights: a place where no report can be written is found out at once', async () => {
  const { code, output, errors } = await run('flights/main.ts', '--out', join(folder, 'package.json', 'report.html'))
  assert.equal(code, 1)
  assert.equal(output, '')
  assert.match(errors, /cannot be written to .*report\.html.*--out/)
})

test('flights: help, and options that it does not know', async () => {
  const help = await run('flights/main.ts', '--help')
  assert.equal(help.code, 0)
  assert.match(help.output, /--rows n/)
  const unknown = await run('flights/main.ts', '--row', '7')
  assert.equal(unknown.code, 2)
  assert.match(unknown.errors, /--row/)
  const few = await run('flights/main.ts', '--rows', '-3')
  assert.equal(few.code, 2)
  assert.match(few.errors, /--rows takes a whole number from 1000 on, and got '-3'|--rows/)
})
