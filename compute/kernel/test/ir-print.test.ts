import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Builder } from '../src/ir/builder.ts'
import type { KernelIR } from '../src/ir/ir.ts'
import { printIR } from '../src/ir/print.ts'
import { rewrite } from '../src/ir/rewrite.ts'

it('printIR', () => {
  const b = new Builder()
  const i = b.op('index', 'i32', [], 0)
  const s = b.op('scalar', 'f64', [], 0)
  const x = b.load(0, 'f64', i, 0)
  const [y] = b.if(
    b.lt(x, s),
    () => [b.mul(x, s)],
    () => [b.const('f64', -0)],
  )
  const [, z] = b.loop(
    [b.const('i32', 0), y],
    ([k]) => b.slt(k, b.op('length', 'i32', [], 1)),
    ([k, z]) => [b.add(k, 1), b.add(z, b.cvt('sitof', b.load(1, 'u8', k, 1), 'f64'))],
    ['k', 'z'],
  )
  b.if(b.not(b.op('eq', 'i1', [z, x])), () => (b.store(0, 'f64', i, z, 0), []))
  const loc = { line: 1, column: 0, start: 0, end: 0 }
  const ir: KernelIR = {
    name: 'sums',
    rank: 1,
    buffers: [
      { name: 'x', element: 'f64', space: 'global' },
      { name: 'n', element: 'u8', space: 'global' },
    ],
    scalars: [{ name: 's', type: 'f64' }],
    sites: [
      { kind: 'index', loc, buffer: 0, text: 'x[i]' },
      { kind: 'index', loc, buffer: 1, text: 'n[k]' },
    ],
    body: b.body,
  }
  // Numbers of values are the rewriter's; what matters is their order and shape.
  const numbers = new Map<string, string>()
  const text = printIR(rewrite(ir)).replace(/%\d+/g, n => {
    if (!numbers.has(n)) numbers.set(n, `%${numbers.size}`)
    return numbers.get(n)!
  })
  assert.equal(
    text,
    `kernel sums rank 1 (s: f64, x: f64[], n: u8[]) {
  %0:i32 = index 0
  %1:f64 = scalar s
  %2:i32 = length n
  %3:f64 = load x.f64 %0
  %4:i1 = lt %3, %1
  %5:f64 = if %4 {
    %6:f64 = mul %1, %3
    yield %6
  } else {
    yield -0
  }
  %7:f64 = loop (%8:i32 = 0, %9:f64 = %5) {
    %10:i1 = slt %8, %2
    yield %10
  } do {
    %11:i32 = add 1, %8
    %12:i32 = load n.u8 %8
    %13:f64 = sitof %12
    %14:f64 = add %9, %13
    yield %11, %14
  }
  %15:i1 = eq %3, %7
  %16:i1 = not %15
  if %16 {
    store x.f64 %0, %7
  }
}`,
  )
})
