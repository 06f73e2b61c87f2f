/** The same kernels after compilers, minifiers, test runners and instrumenters have been at their source. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type Node, parse } from 'acorn'
import { build, type TransformOptions, transform } from 'esbuild'
import * as skein from '../src/index.ts'
import { run } from './toolchains/kernels.ts'

process.env.SKEIN_THREADS ??= '4'

const file = new URL('./toolchains/kernels.ts', import.meta.url)
const source = readFileSync(file, 'utf8')
/** As Node strips the types: nothing else is changed. */
const expected = run()

/** Runs a CommonJS text. */
function evaluate(code: string, ...[names = '', ...values]: [] | [names: string, ...values: unknown[]]): unknown[] {
  const module = { exports: {} as { run?: () => unknown[] } }
  const require = (name: string) => {
    assert.equal(name, '@skein/kernel')
    return skein
  }
  new Function('module', 'exports', 'require', names, code)(module, module.exports, require, ...values)
  return module.exports.run!()
}

async function same(code: string, ...more: [] | [names: string, ...values: unknown[]]): Promise<void> {
  const found = evaluate(code, ...more)
  assert.equal(found.length, expected.length)
  for (const [i, x] of expected.entries()) assert.deepEqual(found[i], x, `result ${i}`)
}

const compiled = async (options: TransformOptions): Promise<string> =>
  (await transform(source, { loader: 'ts', format: 'cjs', ...options })).code

describe('esbuild', () => {
  for (const target of ['esnext', 'es2022', 'es2020', 'es2016', 'es2015']) {
    for (const minify of [false, true]) {
      for (const keepNames of [false, true]) {
        it(`${target}${minify ? ', minified' : ''}${keepNames ? ', keepNames' : ''}`, async t => {
          // BigInt literals cannot be compiled away; what a minifier makes of __pow is told below.
          const supported = { bigint: true, ...(minify && { 'exponent-operator': true }) }
          const code = await compiled({ target, minify, keepNames, supported })
          if (keepNames) assert.match(code, /__name|=\(\w+,\w+\)=>\w+\(\w+,"name"/)
          t.diagnostic(`${code.length} characters`)
          await same(code)
        })
      }
    }
  }

  it('bundled and minified: all names are new', async () => {
    const { outputFiles } = await build({
      stdin: { contents: source, loader: 'ts' },
      bundle: true,
      minify: true,
      external: ['@skein/kernel'],
      format: 'cjs',
      write: false,
    })
    const code = outputFiles[0].text
    assert.doesNotMatch(code, /\bWIDTH\b(?!:)/)
    await same(code)
  })
})

describe('what cannot be read', () => {
  it('is __pow under the name a minifier gave it: an error that names it', () => {
    const f = new Function('w', 'return (i, y) => { y[i] = w(y[i], 2) }')(Math.pow)
    assert.throws(
      () => (skein.kernel(f) as any)(1, new Float64Array(1)),
      (e: skein.UnknownNameError) => e instanceof skein.UnknownNameError && e.unknown === 'w',
    )
  })
})

describe('names of imports', () => {
  const forms: { [tool: string]: (name: string) => string } = {
    'TypeScript to CommonJS': name => `kernel_1.${name}`,
    'Babel, SWC and Jest': name => `_skein.${name}`,
    'Vite and Vitest': name => `__vite_ssr_import_0__.${name}`,
    'Vitest, later': name => `__vi_import_0__.${name}`,
    webpack: name => `_skein_kernel__WEBPACK_IMPORTED_MODULE_0__.${name}`,
  }
  for (const [tool, member] of Object.entries(forms)) {
    it(tool, async () => {
      const plain = await compiled({ format: 'esm' })
      const [space] = member('').split('.')
      const code = plain
        .replace(/import\s*\{[^}]*\}\s*from\s*"@skein\/kernel";/, `const ${space} = require("@skein/kernel");`)
        .replace(/export \{[^}]*\};?/, 'module.exports = { run }')
        .replace(/(?<![.\w])(kernel|reduce|scan|random)\(/g, (_, name) => `(0, ${member(name)})(`)
        .replace(/(?<![.\w])atomic\.add/g, member('atomic.add'))
        .replace('({ atomic, random })', `({ atomic: ${member('atomic')}, random: ${member('random')} })`)
      assert(code.includes(`${member('atomic.add')}(bins`) && code.includes(`(0, ${member('random')})(42`))
      await same(code)
    })
  }

  it('a constant of another module, as vitest rewrites it', () => {
    const there = { WIDTH: 5, twice: (v: number) => v * 2 }
    const fn = new Function(
      '__vite_ssr_import_3__',
      'return (i, y) => { y[i] = (0, __vite_ssr_import_3__.twice)(i) + __vite_ssr_import_3__.WIDTH }',
    )(there)
    const y = new Float64Array(3)
    ;(skein.kernel(fn, { use: there }) as any)(3, y)
    assert.deepEqual([...y], [5, 7, 9])
  })
})

/** As istanbul does: a counter before each statement and in each branch. */
function instrument(code: string): string {
  const inserts: { at: number; text: string }[] = []
  let count = 0
  const mark = (kind: string) => `cov_1a2b3c().${kind}[${count++}]++`
  const around = (n: Node) => {
    inserts.push({ at: n.start, text: `(cov_1a2b3c().b[${count}][${count++ % 2}]++, ` }, { at: n.end, text: ')' })
  }
  const visit = (n: any): void => {
    if (n.type === 'BlockStatement' || n.type === 'Program') {
      for (const s of n.body) {
        // The counter of a hoisted function may stand before it; istanbul leaves directives alone.
        if (!s.directive && !/^(Import|Export)/.test(s.type)) inserts.push({ at: s.start, text: `${mark('s')};` })
      }
    }
    if (n.type === 'SwitchCase') for (const s of n.consequent) inserts.push({ at: s.start, text: `${mark('s')};` })
    if (/Function/.test(n.type) && n.body.type === 'BlockStatement')
      inserts.push({ at: n.body.start + 1, text: `${mark('f')};` })
    if (n.type === 'ConditionalExpression') {
      around(n.consequent)
      around(n.alternate)
    }
    if (n.type === 'LogicalExpression') {
      around(n.left)
      around(n.right)
    }
    for (const key in n) {
      const child = n[key]
      for (const c of Array.isArray(child) ? child : [child]) if (c && typeof c.type === 'string') visit(c)
    }
  }
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'script' }))
  // Inner closing brackets before outer ones, statements before what they begin with.
  inserts.sort((a, b) => b.at - a.at || (a.text === ')' ? 1 : b.text === ')' ? -1 : 0))
  for (const { at, text } of inserts) code = code.slice(0, at) + text + code.slice(at)
  return code
}

describe('instrumented', () => {
  it('by istanbul', async () => {
    const code = instrument(await compiled({}))
    assert(code.includes('cov_1a2b3c().s') && code.includes('cov_1a2b3c().b') && code.includes('cov_1a2b3c().f'))
    const counters = { s: [], f: [], b: new Proxy({}, { get: () => [] }) }
    await same(code, 'cov_1a2b3c', () => counters)
  })

  it('by V8: the source is as it was', async () => {
    const { Session } = await import('node:inspector/promises')
    const session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    await same(await compiled({}))
    await session.post('Profiler.stopPreciseCoverage')
    session.disconnect()
  })
})

describe('a captured value under another name', () => {
  it('is found when use is a function', () => {
    const fn = new Function('a', 'b', 'return [(i, y) => { y[i] = b(i) + a }, () => ({ WIDTH: a, smooth: b })]')
    const [f, use] = fn(7, (v: number) => v * 3)
    const y = new Float64Array(4)
    ;(skein.kernel(f, { use }) as any)(4, y)
    assert.deepEqual([...y], [7, 10, 13, 16])
  })

  it('and the error says so when it is not', () => {
    const f = new Function('a', 'return (i, y) => { y[i] = a }')(7)
    assert.throws(() => (skein.kernel(f, { use: { WIDTH: 7 } }) as any)(1, new Float64Array(1)), /minifier/)
  })
})
