/** Who computes linear algebra: that the choice holds, that libraries of all conventions are called rightly, and what is told where there is none. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tracer } from '@skein/base'
import { defaultTeam } from '@skein/team'
import { loadKoffi } from '@skein/team/koffi'
import { needs } from '@skein/testing'
import * as nd from '../src/index.ts'
import { providerOf } from '../src/linalg/choose.ts'
import { lapackOf } from '../src/linalg/lapack/lapack.ts'
import { Library } from '../src/linalg/lapack/library.ts'
import { matrixOf } from '../src/linalg/matrix.ts'
import { own } from '../src/linalg/own/own.ts'
import { adjoint, identity, isSmall, norm, random } from './residuals.ts'

const { linalg } = nd
const skip = needs('openblas')
const root = fileURLToPath(new URL('../../..', import.meta.url))
const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url))

/** What a program of its own prints. */
function printed(program: string, env: Record<string, string> = {}): string {
  const text = `import * as nd from ${JSON.stringify(entry)}\n${program}`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', text], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

/** Libraries that Python's wheels of NumPy and SciPy bring along, where they are: functions of other names, and integers of 64 bits in the one. */
function librariesOfWheels(): string[] {
  const folder = join(root, '.skein/venv/lib')
  const list = (path: string): string[] => {
    try {
      return readdirSync(path).map(name => join(path, name))
    } catch {
      return []
    }
  }
  return list(folder).flatMap(python =>
    ['numpy.libs', 'scipy.libs'].flatMap(libs =>
      list(join(python, 'site-packages', libs)).filter(path => /libscipy_openblas.*\.so$/.test(path)),
    ),
  )
}

describe('which provider computes', () => {
  test('auto asks a library for what it does faster, from a size on', { skip }, () => {
    assert.equal(linalg.provider(), 'auto')
    const names = (n: number) => (['multiplier', 'lu', 'singularValues'] as const).map(o => providerOf(o, n, 1).name)
    assert.deepEqual(names(10), ['own', 'own', 'own'])
    assert.deepEqual(names(100), ['own', 'lapack', 'lapack'])
  })
  test('a backend that was chosen computes it all', () => {
    nd.backend('wasm')
    try {
      assert.equal(providerOf('lu', 1000, 1), own)
    } finally {
      nd.backend(undefined)
    }
  })
  for (const name of ['wasm', 'reference'] as const)
    test(`kernels of factorisations run on ${name}, when that was chosen`, async () => {
      nd.backend(name)
      tracer.start()
      try {
        for (const dtype of ['float64', 'complex64'] as const) {
          const x = random(20, 20, 1, dtype)
          const product = nd.matmul(x, adjoint(x))
          const results = [
            linalg.cholesky(product),
            linalg.solve(x, x),
            linalg.eigh(product).eigenvectors,
            linalg.svd(x).u,
          ]
          for (const result of results) result.values()
        }
        const { traceEvents } = await tracer.stop()
        const backends = traceEvents.flatMap(({ args }) => (args?.backend === undefined ? [] : [args.backend]))
        assert.ok(backends.length > 10, `${backends.length} launches`)
        assert.deepEqual([...new Set(backends)], [name])
      } finally {
        if (tracer.enabled) await tracer.stop()
        nd.backend(undefined)
      }
    })
  test('what was chosen holds for all sizes', { skip }, () => {
    try {
      assert.equal(linalg.provider('lapack'), 'lapack')
      assert.deepEqual([providerOf('multiplier', 1, 1).name, providerOf('qr', 1, 2).name], ['lapack', 'lapack'])
      assert.equal(linalg.provider('own'), 'own')
      assert.equal(providerOf('qr', 1000, 1), own)
    } finally {
      linalg.provider('auto')
    }
  })
  test('a name that is none', () =>
    assert.throws(() => linalg.provider('mkl' as never), {
      name: 'ArgumentError',
      message: /provider: name must be one of own, lapack, auto, but it is 'mkl'/,
    }))
  test('nothing is loaded before there is a large matrix', { skip }, () => {
    const loaded = `const loaded = () => process.report.getReport().sharedObjects.some(name => name.includes('openblas'))
const system = n => nd.linalg.solve(nd.add(nd.ones([n, n]), nd.eye(n)), nd.ones([n])).toList()
system(10)
const before = loaded()
system(100)
console.log(before, loaded())`
    assert.equal(printed(loaded), 'false true')
    assert.equal(printed(loaded, { SKEIN_LAPACK: 'own' }), 'false false')
  })
  test('the environment says that there is to be none, or names a file', () => {
    const program = `try { nd.linalg.provider('lapack') } catch (error) { console.log(error.name, error.message) }
console.log(nd.linalg.provider())`
    assert.match(
      printed(program, { SKEIN_LAPACK: 'own' }),
      /^NotSupportedError The lapack engine does not support nd.linalg.provider: SKEIN_LAPACK is own.*\nown$/s,
    )
    assert.match(
      printed(program, { SKEIN_LAPACK: '/no/such.so' }),
      /^ArgumentError SKEIN_LAPACK: the file must be a library of LAPACK, or own, but it is '\/no\/such.so'/,
    )
  })
  test('it computes on as many threads as the team has', { skip }, () => {
    assert.equal(linalg.lapackLibrary()?.threads, defaultTeam().threads)
    const program = 'console.log(nd.linalg.lapackLibrary().threads)'
    assert.equal(printed(program, { SKEIN_THREADS: '1' }), '1')
  })
  test('a stack that koffi has made small is told', { skip }, () => {
    const program = `import { createRequire } from 'node:module'
createRequire(${JSON.stringify(join(root, 'foundation/team/src/koffi.ts'))})('koffi').load(null)
nd.backend(undefined)
try { nd.linalg.provider('lapack') } catch (error) { console.log(error.message) }
console.log(nd.linalg.lapackLibrary())`
    assert.match(
      printed(program, { SKEIN_BACKEND: 'wasm' }),
      /koffi\.config\(\{ sync_stack_size: 8388608.*\nundefined$/s,
    )
  })
})

describe('libraries', () => {
  const wheels = librariesOfWheels()
  const noWheels = wheels.length === 0 && 'no wheels of NumPy or SciPy are in .skein: npm run bench:setup'
  test('those of wheels, with other names and wider integers', { skip: noWheels }, () => {
    for (const path of wheels) {
      const library = new Library(loadKoffi(), path)
      assert.equal(library.title, 'OpenBLAS')
      assert.equal(library.integerBits, path.includes('openblas64_') ? 64 : 32)
      const provider = lapackOf(library)
      // [[1, 2], [3, 4]]·x = [5, 11]
      const [a, b] = [matrixOf(Float64Array.of(1, 2, 3, 4), 2, 2), matrixOf(Float64Array.of(5, 11), 2, 1)]
      const lu = provider.lu(a)
      lu.solve(b)
      assert.deepEqual([lu.singular, [...b.array].map(Math.round)], [-1, [1, 2]])
      const s = provider.singularValues(matrixOf(Float64Array.of(3, 0, 0, -4), 2, 2), 'reduced')
      assert.deepEqual([...s!.values].map(Math.round), [4, 3])
    }
  })
  test('one that has no LAPACK is refused', () => {
    if (process.platform !== 'linux') return
    assert.throws(() => new Library(loadKoffi(), 'libm.so.6'), /no functions of BLAS and LAPACK/)
  })
})

describe('products by a library', { skip }, () => {
  for (const dtype of ['float64', 'float32', 'complex128', 'complex64'] as const) {
    test(`of any strides, in batches, ${dtype}`, async () => {
      const [a, b] = [random(24, 18, 1, dtype), random(18, 24, 2, dtype)]
      const stack = nd.stack([a, nd.multiply(a, 2), a]).eval()
      const products: [nd.NDArray, nd.NDArray][] = [
        [a, b],
        [b.mT, a.mT],
        [a, a.mT],
        [a.at('::-1'), b],
        [a.at('::2, ::3'), b.at('::3, 1:')],
        [a.at('1:, 2:'), b.at(':-2, ::-1')],
        [nd.broadcastTo(a.at('0'), [24, 18]), b],
        [a, b.at(':', 0)],
        [a, b.at(':', { begin: 0, end: 1 })],
        [b.mT, b.at(':', 3)],
        [a.at('::-1, ::-1'), b.at('::-1', 3)],
        [b.at('0, :'), a],
        [b.at('0', '::-1'), a],
        [a.at(':', 1), b.mT],
        [stack, b],
        [b, stack],
        [stack.mT, stack],
        [stack, b.at(':', 0)],
      ]
      for (const [x, y] of products) {
        linalg.provider('own')
        const expected = nd.matmul(x, y).eval()
        linalg.provider('lapack')
        const here = nd.matmul(x, y).eval()
        const beside = nd.matmul(x, y)
        await beside.values()
        linalg.provider('auto')
        const size = Math.max(1, Number(nd.max(nd.abs(expected)).item()))
        for (const found of [here, beside]) {
          const off = nd.subtract(found, expected).reshape([1, -1])
          isSmall(`[${x.shape}]·[${y.shape}]`, off, size, a)
        }
      }
    })
  }
  test('of parts of the heap, and while it grows', () => {
    linalg.provider('lapack')
    try {
      const a = random(200, 200, 1)
      const l = linalg.cholesky(nd.add(nd.matmul(a, adjoint(a)), identity(200, 'float64')))
      assert.ok(norm(l) > 0)
      const x = linalg.solve(a, a)
      isSmall('A⁻¹·A − I', nd.subtract(x, identity(200, 'float64')), norm(linalg.inv(a)) * norm(a), a)
    } finally {
      linalg.provider('auto')
    }
  })
})

describe('what a library cannot do', { skip }, () => {
  const on = (work: () => void) => () => {
    linalg.provider('lapack')
    try {
      work()
    } finally {
      linalg.provider('auto')
    }
  }
  const error = (call: () => unknown, message: RegExp) => assert.throws(call, { name: 'LinearAlgebraError', message })
  test(
    'singular, not definite: by its number',
    on(() => {
      error(() => linalg.solve(nd.ones([3, 3]), nd.ones([3])), /no pivot in row 1/)
      error(() => linalg.inv(nd.zeros([2, 2], { dtype: 'complex64' })), /no pivot in row 0/)
      error(
        () =>
          linalg.cholesky(
            nd.asarray([
              [1, 2],
              [2, 1],
            ]),
          ),
        /pivot of row 1 is not positive/,
      )
      error(
        () =>
          linalg.cholesky(
            nd.asarray([
              [1, 2],
              [2, Number.NaN],
            ]),
          ),
        /pivot of row 1/,
      )
      assert.equal(linalg.det(nd.ones([3, 3])).item(), 0)
    }),
  )
  test(
    'NaN goes into the result, or is told',
    on(() => {
      for (const rows of [
        [
          [Number.NaN, 1],
          [1, 1],
        ],
        [
          [1, 1],
          [1, Number.NaN],
        ],
      ])
        assert.ok(nd.any(nd.isnan(linalg.solve(nd.asarray(rows), nd.ones([2])))).item())
      error(() => linalg.svd(nd.full([2, 2], Number.NaN)), /element that is NaN/)
      error(() => linalg.eigvals(nd.full([2, 2], Infinity)), /element that is Infinity/)
    }),
  )
  test(
    'nothing',
    on(() => {
      assert.deepEqual(linalg.solve(nd.zeros([0, 0]), nd.zeros([0, 2])).shape, [0, 2])
      assert.deepEqual(linalg.svd(nd.zeros([0, 3])).vh.toList(), nd.eye(3).toList())
      assert.deepEqual(linalg.qr(nd.zeros([3, 0]), { mode: 'complete' }).q.toList(), nd.eye(3).toList())
      assert.deepEqual(linalg.eig(nd.zeros([2, 0, 0])).eigenvectors.shape, [2, 0, 0])
      assert.deepEqual(linalg.matmul(nd.zeros([3, 0]), nd.zeros([0, 2])).toList(), nd.zeros([3, 2]).toList())
    }),
  )
})
