/**
 * The functions of a scan. Memory is passed once, and no thread ever waits for another.
 *
 *     local(args, b0, b1, thread)        scans blocks by themselves (scan-block.ts), into the output, and notes their totals
 *     advance(args, b0, b1, carry)       the carry behind blocks, from that before them
 *     propagate(args, b0, b1, carry)     combines what is carried into blocks with what `local` left in the output
 *
 *     scan(args, n, m, thread)           m - n batches of blocks, taken in order: local; then, while the batch is in the cache,
 *                                        propagate, if the totals of all batches before are known by now
 *     carries(args, batches)             on one thread: how many batches are left, and what is carried into each
 *     rest(args, n, m, thread)           propagate for those that are left, of batches n to m
 *
 * This is the decoupled look-back of Merrill and Garland ("Single-pass parallel prefix scan with decoupled look-back", 2016)
 * with two differences. Carries are combined from the left alone, so that rounding does not depend on who was first. And a
 * thread that finds a total missing looks for it a moment only, then leaves its batch to `rest`: threads need not make
 * progress together, and one that sleeps, fails or dies holds up nobody. With threads on cores of their own little is left.
 */
import { SCANNED } from '../backend.ts'
import * as layout from '../launch/layout.ts'
import { Combiner, type Combining } from './combiner.ts'
import type { FunctionBuilder } from './encode/index.ts'
import { wasmType } from './scalar.ts'
import { NO_HEAD, outputRow } from './scan-block.ts'
import { eachSegment } from './segments.ts'

/** A batch's state. */
const HAS_TOTALS = 1
const HAS_CARRY = 2

/** How often a thread looks for the totals of a batch before it leaves its own: some 10 µs, less than a batch takes. */
const LOOKS = 10_000

export class Scan {
  private readonly g: Combining
  private readonly type: 'i32' | 'i64' | 'f32' | 'f64'
  /** Bytes of a value. */
  private readonly size: number
  private readonly segmented: boolean
  private readonly exclusive: boolean

  constructor(g: Combining) {
    this.g = g
    const { type, segmented, exclusive } = g.combination!
    this.type = wasmType(type) as 'i32'
    this.size = layout.typeBytes(type)
    this.segmented = segmented === true
    this.exclusive = exclusive === true
  }

  /** Adds the functions around `local`. Returns the names of those that are exported. */
  addFunctions(local: FunctionBuilder): string[] {
    const advance = this.addAdvance()
    const propagate = this.addPropagate()
    this.addScan(local, advance, propagate)
    this.addCarries(advance)
    this.addRest(propagate)
    return ['scan', 'rest', 'carries']
  }

  // Between blocks

  private addAdvance(): FunctionBuilder {
    const { g, type } = this
    const f = g.module.addFunction('advance', [g.address, 'i32', 'i32', type], [type])
    const [b, to, carry] = [1, 2, 3]
    const c = new Combiner(g, f)
    const partials = this.address(f, 'partials', layout.PARTIALS)
    const out = f.block()
    const next = f.loop()
    f.get(b).get(to).op('i32.ge_s').brIf(out)
    this.carryOn(c, () => c.element(partials, () => f.get(b), layout.SCAN_PARTIAL), carry)
    f.get(b).i32(1).op('i32.add').set(b)
    f.br(next)
    f.end()
    f.end()
    f.get(carry)
    return f
  }

  /** What is carried out of a block: behind a head nothing that came before. */
  private carryOn(c: Combiner, block: () => void, carry: number): void {
    const { f } = c
    f.get(carry).set(c.a)
    c.load(block, c.b)
    if (this.segmented) f.get(c.b)
    c.combineScalars()
    if (this.segmented) {
      block()
      f.load('i32.load', layout.FIRST_HEAD).i32(NO_HEAD).op('i32.ne').select()
    }
    f.set(carry)
  }

  private addPropagate(): FunctionBuilder {
    const { g, type, size, segmented, exclusive } = this
    const f = g.module.addFunction('propagate', [g.address, 'i32', 'i32', type], [])
    const carry = 3
    const c = new Combiner(g, f)
    const partials = this.address(f, 'partials', layout.PARTIALS)
    const array = this.address(f, 'array', layout.arrayOffset(g.ir, 0))
    const k = f.local('i32', 'k')
    const lanes = f.local('v128', 'carry')
    const pointer = f.local(g.address)
    eachSegment(f, 1, 2, segment => {
      const block = () => c.element(partials, () => f.get(segment.number), layout.SCAN_PARTIAL)
      const out = outputRow(c, segment, () => f.get(array))
      const { begin, end } = segment
      if (segmented) {
        // Up to the first head.
        const head = f.local('i32', 'head')
        block()
        f.load('i32.load', layout.FIRST_HEAD).set(head)
        f.get(end).get(head).get(head).i32(NO_HEAD).op('i32.eq').select().set(end)
      }
      const at = () => c.element(out, () => f.get(k), size)
      f.get(begin).set(k)
      if (exclusive) {
        f.get(k).get(end).op('i32.lt_s').if()
        at()
        f.get(carry)
        c.store()
        f.get(k).i32(1).op('i32.add').set(k)
        f.end()
      }
      if (g.options.lanes > 1) {
        f.get(carry).op(`${c.shape}.splat`).set(lanes)
        const done = f.block()
        const next = f.loop()
        f.get(end).get(k).op('i32.sub').i32(SCANNED).op('i32.lt_s').brIf(done)
        at()
        f.set(pointer)
        const parts = Array.from({ length: (SCANNED * size) / 16 }, (_, p) => {
          const l = f.local('v128')
          f.get(pointer)
            .load('v128.load', p * 16, 2)
            .set(l)
          return l
        })
        c.combineLanes({ parts: parts.map(() => lanes) }, { parts }, SCANNED).forEach((l, p) => {
          f.get(pointer)
            .get(l)
            .store('v128.store', p * 16, 2)
        })
        f.get(k).i32(SCANNED).op('i32.add').set(k)
        f.br(next)
        f.end()
        f.end()
      }
      const done = f.block()
      const next = f.loop()
      f.get(k).get(end).op('i32.ge_s').brIf(done)
      f.get(carry).set(c.a)
      c.load(at, c.b)
      at()
      c.combineScalars()
      c.store()
      f.get(k).i32(1).op('i32.add').set(k)
      f.br(next)
      f.end()
      f.end()
      this.carryOn(c, block, carry)
    })
    return f
  }

  // Between batches

  /** Locals of a function over batches, and what it does with them. */
  private batches(f: FunctionBuilder) {
    const chain = this.address(f, 'chain', layout.CHAIN)
    const word = (name: string, offset: number) => {
      const l = f.local('i32', name)
      f.get(0).load('i32.load', offset).set(l)
      return l
    }
    const blocks = word('blocks', layout.BATCHES)
    const each = word('blocks_each', layout.BATCHES + 4)
    const pushFirst = (batch: number) => f.get(batch).get(each).op('i32.mul')
    const pushEnd = (batch: number) => {
      pushFirst(batch).get(each).op('i32.add').get(blocks)
      pushFirst(batch).get(each).op('i32.add').get(blocks).op('i32.lt_u').select()
    }
    return {
      chain,
      /** Pushes the address of a batch's entry. */
      entry: (batch: number) => {
        f.get(chain).get(batch)
        if (this.g.options.memory64) f.op('i64.extend_i32_u')
        f.addr(layout.BATCH_BYTES).op(`${this.g.address}.mul`).op(`${this.g.address}.add`)
      },
      /** Pushes arguments: a batch's blocks. */
      range: (batch: number) => {
        f.get(0)
        pushFirst(batch)
        pushEnd(batch)
      },
    }
  }

  private addScan(local: FunctionBuilder, advance: FunctionBuilder, propagate: FunctionBuilder): void {
    const { g, type } = this
    const f = g.module.addFunction('scan', [g.address, 'i32', 'i32', 'i32'], ['i32'], { export: 'scan' })
    const [n, to, thread] = [1, 2, 3]
    const { chain, entry, range } = this.batches(f)
    const c = new Combiner(g, f)
    const batch = f.local('i32', 'batch')
    const h = f.local('i32', 'h')
    const looks = f.local('i32', 'looks')
    const status = f.local('i32', 'status')
    const carry = f.local(type, 'carry')
    const state = (of: number) => {
      entry(of)
      f.load('i32.atomic.load', layout.STATE)
    }
    const set = (of: number, bit: number) => {
      entry(of)
      f.i32(bit).op('i32.atomic.rmw.or', layout.STATE, 2).drop()
    }
    const out = f.block()
    const next = f.loop()
    f.get(n).get(to).op('i32.ge_s').brIf(out)
    f.get(n).i32(1).op('i32.add').set(n)
    f.get(chain).i32(1).op('i32.atomic.rmw.add', layout.NEXT, 2).tee(batch).set(h)
    range(batch)
    f.get(thread).call(local).tee(status).if()
    f.get(status).return()
    f.end()
    set(batch, HAS_TOTALS)
    // Back to the nearest batch of which it is known what is carried into it; that is init for the first.
    c.pushInit()
    f.set(carry)
    const known = f.block()
    const back = f.loop()
    f.get(h).op('i32.eqz').brIf(known)
    state(h)
    f.i32(HAS_CARRY).op('i32.and').if()
    entry(h)
    f.load(`${type}.load`, layout.CARRY).set(carry).br(known)
    f.end()
    f.get(h).i32(1).op('i32.sub').set(h)
    f.br(back)
    f.end()
    f.end()
    // And forward over the totals in between.
    const forward = f.loop()
    f.get(h).get(batch).op('i32.ne').if()
    f.i32(0).set(looks)
    const look = f.loop()
    state(h)
    f.i32(HAS_TOTALS).op('i32.and').op('i32.eqz').if()
    f.get(looks).i32(1).op('i32.add').tee(looks).i32(LOOKS).op('i32.lt_u').brIf(look)
    f.get(chain).i32(1).op('i32.atomic.rmw.add', layout.LEFT, 2).drop()
    f.br(next)
    f.end()
    f.end()
    range(h)
    f.get(carry).call(advance).set(carry)
    f.get(h).i32(1).op('i32.add').set(h)
    f.br(forward)
    f.end()
    f.end()
    // Tell the next batch before anything else is done.
    f.get(batch).i32(1).op('i32.add').set(h)
    entry(h)
    range(batch)
    f.get(carry).call(advance).store(`${type}.store`, layout.CARRY)
    set(h, HAS_CARRY)
    range(batch)
    f.get(carry).call(propagate)
    entry(batch)
    f.i32(1).store('i32.store', layout.DONE)
    f.br(next)
    f.end()
    f.end()
    f.i32(0)
  }

  private addCarries(advance: FunctionBuilder): void {
    const { g, type } = this
    const f = g.module.addFunction('carries', [g.address, 'i32'], ['i32'], { export: 'carries' })
    const to = 1
    const { chain, entry, range } = this.batches(f)
    const c = new Combiner(g, f)
    const batch = f.local('i32', 'batch')
    const carry = f.local(type, 'carry')
    f.get(chain).load('i32.load', layout.LEFT).op('i32.eqz').if()
    f.i32(0).return()
    f.end()
    c.pushInit()
    f.set(carry)
    const next = f.loop()
    entry(batch)
    f.get(carry).store(`${type}.store`, layout.CARRY)
    range(batch)
    f.get(carry).call(advance).set(carry)
    f.get(batch).i32(1).op('i32.add').tee(batch).get(to).op('i32.lt_s').brIf(next)
    f.end()
    f.get(chain).load('i32.load', layout.LEFT)
  }

  private addRest(propagate: FunctionBuilder): void {
    const { g, type } = this
    const f = g.module.addFunction('rest', [g.address, 'i32', 'i32', 'i32'], ['i32'], { export: 'rest' })
    const [batch, to] = [1, 2]
    const { entry, range } = this.batches(f)
    const out = f.block()
    const next = f.loop()
    f.get(batch).get(to).op('i32.ge_s').brIf(out)
    entry(batch)
    f.load('i32.load', layout.DONE).op('i32.eqz').if()
    range(batch)
    entry(batch)
    f.load(`${type}.load`, layout.CARRY).call(propagate)
    f.end()
    f.get(batch).i32(1).op('i32.add').set(batch)
    f.br(next)
    f.end()
    f.end()
    f.i32(0)
  }

  private address(f: FunctionBuilder, name: string, offset: number): number {
    const l = f.local(this.g.address, name)
    f.get(0).load(`${this.g.address}.load`, offset).set(l)
    return l
  }
}
