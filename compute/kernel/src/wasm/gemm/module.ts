/**
 * The module of products of one type. A block of C is computed by one thread: for each block of k it packs its columns of B, then one strip of six rows of A after the other, and multiplies the strip by all those columns,
 * while the first cache has it and the second has the columns.
 *
 *     run(args, begin, end, thread)     blocks of C, numbered product by product, column of blocks by column of blocks
 *     lines(…)                          of real numbers: a matrix times a vector (`vector.ts`)
 */

import { type FunctionBuilder, ModuleBuilder } from '../encode/index.ts'
import { addGather, addScatter, addScatterWhole } from './edges.ts'
import * as L from './layout.ts'
import { addPack, addPackComplexColumns, addPackComplexRows } from './pack.ts'
import { addTile } from './tile.ts'
import { addVectorProduct } from './vector.ts'

export interface ModuleOptions {
  readonly memory64: boolean
  /** Fused multiply-add. */
  readonly fused: boolean
  readonly check?: boolean
}

export function productModule(type: L.WasmType, { memory64, fused, check = false }: ModuleOptions): Uint8Array {
  const format = L.formatOf(type)
  const places = L.placesOf(format)
  const module = new ModuleBuilder({ memory64, shared: true, check, name: `products-${type}` })
  module.importMemory('env', 'memory')
  const own = module.addOwnMemory(places.pages)
  const isComplex = format.parts === 2
  const parts = {
    packRows: isComplex ? addPackComplexRows(module, format, own) : addPack(module, format, own, L.tileRows),
    packColumns: isComplex ? addPackComplexColumns(module, format, own) : addPack(module, format, own, format.columns),
    tile: addTile(module, format, fused, own, 'heap'),
    edge: addTile(module, format, fused, own, 'own'),
    gather: addGather(module, format, own, places.tile),
    scatter: addScatter(module, format, own, places.tile),
    scatterWhole: addScatterWhole(module, format, own, places.tile),
  }
  const block = addBlock(module, format, places, parts)
  addRun(module, block)
  if (!isComplex) addVectorProduct({ module, format, fused, own }, places.panel)
  return module.finish()
}

interface Parts {
  readonly packRows: FunctionBuilder
  readonly packColumns: FunctionBuilder
  readonly tile: FunctionBuilder
  readonly edge: FunctionBuilder
  readonly gather: FunctionBuilder
  readonly scatter: FunctionBuilder
  readonly scatterWhole: FunctionBuilder
}

function addRun(module: ModuleBuilder, block: FunctionBuilder): void {
  const f = module.addFunction('run', [module.addressType, 'i32', 'i32', 'i32'], ['i32'], { export: 'run' })
  const [args, begin, end] = [0, 1, 2]
  const done = f.block()
  const round = f.loop()
  f.get(begin).get(end).op('i32.ge_s').brIf(done)
  f.get(args).get(begin).call(block)
  f.get(begin).i32(1).op('i32.add').set(begin)
  f.br(round)
  f.end()
  f.end()
  f.i32(0)
}

/** `block(args, number)` */
function addBlock(
  module: ModuleBuilder,
  format: L.Format,
  places: ReturnType<typeof L.placesOf>,
  parts: Parts,
): FunctionBuilder {
  const { addressType } = module
  const f = module.addFunction('block', [addressType, 'i32'], [])
  const [args, number] = [0, 1]
  const { depth, columns: tileColumns, elementBytes, realBytes } = format
  const add = `${addressType}.add`
  const real = realBytes === 4 ? 'f32' : 'f64'

  const word = (offset: number) => f.get(args).load('i32.load', offset)
  const kept = (offset: number) => {
    const local = f.local('i32')
    word(offset).set(local)
    return local
  }
  const address = (offset: number) => {
    const local = f.local(addressType)
    f.get(args).load(`${addressType}.load`, offset).set(local)
    return local
  }
  /** So many times a stride, added to an address on the stack. */
  const plus = (count: number, stride: number) => {
    f.get(count)
    if (addressType === 'i64') f.op('i64.extend_i32_s')
    f.get(stride).op(`${addressType}.mul`).op(add)
  }
  const least = (x: number, y: number) => f.get(x).get(y).get(x).get(y).op('i32.lt_s').select()

  const [m, n, k] = [L.M, L.N, L.K].map(kept)
  const operand = (at: number) => ({ at: address(at), row: address(at + L.ROW), column: address(at + L.COLUMN) })
  const [a, b, c, from] = [L.A, L.B, L.C, L.FROM].map(operand)

  // Which block it is: rows of blocks first, then columns, then products.
  const local = () => f.local('i32')
  const [row, column, rowEnd, columnEnd] = [local(), local(), local(), local()]
  const product = local()
  const place = (to: number, blocks: number, size: number) => {
    f.get(number)
    word(blocks).op('i32.rem_u')
    word(size).op('i32.mul').set(to)
    f.get(number)
    word(blocks).op('i32.div_u').set(number)
  }
  place(row, L.ROW_BLOCKS, L.BLOCK_ROWS)
  place(column, L.COLUMN_BLOCKS, L.BLOCK_COLUMNS)
  f.get(number).set(product)
  const end = (to: number, begin: number, size: number, limit: number) => {
    f.get(begin)
    word(size).op('i32.add').set(to)
    least(to, limit).set(to)
  }
  end(rowEnd, row, L.BLOCK_ROWS, m)
  end(columnEnd, column, L.BLOCK_COLUMNS, n)
  const strides = [L.A, L.B, L.C, L.FROM].map(at => address(at + L.PRODUCT))
  ;[a, b, c, from].forEach(({ at }, i) => {
    f.get(at)
    plus(product, strides[i])
    f.set(at)
  })

  const begins = kept(L.BEGINS)
  const direct = kept(L.DIRECT)
  const scaled = kept(L.SCALED)
  const sideBySide = local()
  f.get(c.column).addr(elementBytes).op(`${addressType}.eq`)
  f.get(scaled).i32(0).op('i32.ne').op('i32.and').set(sideBySide)

  const [done, steps, panelBytes, panel, i, j, rows, width] = Array.from({ length: 8 }, local)
  const steps2 = format.parts === 2 ? local() : steps
  const sign = (offset: number) => {
    if (format.parts === 1) return
    f.get(args).load('f64.load', offset)
    if (real === 'f32') f.op('f32.demote_f64')
  }
  const at = f.local(addressType)
  f.i32(0).set(done)
  const eachDepth = f.loop()
  f.get(k).get(done).op('i32.sub').set(steps)
  f.i32(depth).set(width)
  least(steps, width).set(steps)
  if (steps2 !== steps) f.get(steps).i32(2).op('i32.mul').set(steps2)
  f.get(steps2).i32(L.stepBytes).op('i32.mul').set(panelBytes)

  /** The columns of a tile, or its rows: as many as are left. */
  const left = (to: number, begin: number, end: number, most: number) => {
    f.get(end).get(begin).op('i32.sub').set(to)
    f.get(to).i32(most).get(to).i32(most).op('i32.lt_s').select().set(to)
  }
  f.i32(places.panel).set(panel)
  f.get(column).set(j)
  const eachPanel = f.loop()
  left(width, j, columnEnd, tileColumns)
  f.get(b.at)
  plus(j, b.column)
  plus(done, b.row)
  f.get(b.column).get(b.row).get(width).get(steps).get(panel)
  sign(L.B_SIGN)
  f.call(parts.packColumns)
  f.get(panel).get(panelBytes).op('i32.add').set(panel)
  f.get(j).i32(tileColumns).op('i32.add').tee(j).get(columnEnd).op('i32.lt_s').brIf(eachPanel)
  f.end()

  f.get(row).set(i)
  const eachStrip = f.loop()
  left(rows, i, rowEnd, L.tileRows)
  f.get(a.at)
  plus(i, a.row)
  plus(done, a.column)
  f.get(a.row).get(a.column).get(rows).get(steps).i32(places.strip)
  sign(L.A_SIGN)
  f.call(parts.packRows)
  f.i32(places.panel).set(panel)
  f.get(column).set(j)
  const eachTile = f.loop()
  left(width, j, columnEnd, tileColumns)
  f.get(c.at)
  plus(i, c.row)
  plus(j, c.column)
  f.set(at)
  const isWhole = local()
  f.get(rows).i32(L.tileRows).op('i32.eq').get(width).i32(tileColumns).op('i32.eq').op('i32.and').set(isWhole)
  f.get(isWhole).get(direct).op('i32.and').likely().if()
  f.i32(places.strip).get(panel).get(steps2).get(at).get(c.row).get(begins).call(parts.tile)
  f.else()
  f.get(begins).if()
  f.get(from.at)
  plus(i, from.row)
  plus(j, from.column)
  f.get(from.row).get(from.column).get(rows).get(width).call(parts.gather)
  f.end()
  f.i32(places.strip).get(panel).get(steps2).i32(places.tile).i32(L.stepBytes).get(begins).call(parts.edge)
  f.get(isWhole).get(sideBySide).op('i32.and').if()
  f.get(at).get(c.row).get(args).call(parts.scatterWhole)
  f.else()
  f.get(at).get(c.row).get(c.column).get(rows).get(width).get(args).call(parts.scatter)
  f.end()
  f.end()
  f.get(panel).get(panelBytes).op('i32.add').set(panel)
  f.get(j).i32(tileColumns).op('i32.add').tee(j).get(columnEnd).op('i32.lt_s').brIf(eachTile)
  f.end()
  f.get(i).i32(L.tileRows).op('i32.add').tee(i).get(rowEnd).op('i32.lt_s').brIf(eachStrip)
  f.end()

  f.i32(1).set(begins)
  f.get(done).get(steps).op('i32.add').tee(done).get(k).op('i32.lt_s').brIf(eachDepth)
  f.end()
  return f
}
