/** A product, written down as jobs for the code that multiplies: one for each block of k and of columns, done one after the other. */

import type { Complex, MatrixProduct } from '../../gemm/product.ts'
import { isComplex, type Stored, storedBytes } from '../../gemm/stored.ts'
import { routine } from '../run/routines.ts'
import { blockingOf, cut, largestTile, panelsOf, sizeOf, startOf } from './blocking.ts'
import { type ConvertedPacking, emitConvertedPack, emitFactorCopy, type Order } from './convert.ts'
import { emitCopy } from './copy.ts'
import { elements, isOffset, lanesOf, type Machine, type TileType } from './format.ts'
import { job, panel, state, unit } from './layout.ts'
import { emitPack, type Packing } from './pack.ts'
import type { Tile } from './tile.ts'
import type { ComplexTile } from './tile-complex.ts'
import { type TileFamily, tileFamily } from './tiles.ts'
import { taken, type Workspace } from './workspace.ts'

/** One product as tiles want it: C's columns are neighbours in memory. Addresses and strides in bytes. */
export interface Arranged {
  readonly type: TileType
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: Factor
  readonly b: Factor
  readonly c: Place
  /** A and B have changed places. */
  readonly isTurned: boolean
  readonly start: boolean
  /** Instead of `start`. */
  readonly scale: MatrixProduct['scale']
  readonly contract: boolean
}

export interface Place {
  readonly address: number
  readonly rowStride: number
  readonly columnStride: number
}

export interface Factor extends Place {
  readonly stored: Stored
  readonly isConjugate: boolean
}

/** Products of less work, in multiplications of f32, are done by the calling thread: to wake others would take longer. */
export const worthThreads = 400_000
/** What a multiplication of each type takes. */
const weights: { readonly [type in TileType]: number } = {
  ...{ f32: 1, f64: 2, c64: 4, c128: 8 },
  ...{ u8s8: 0.25, s8u8: 0.25, i16: 1, bf16: 0.5 },
}
/** Units for each thread, so that all end at the same time. */
const unitsEach = 4
/** Vectors of columns that a part has, at least. */
const leastOfPart = 2
/** Bytes of A's rows that a unit has: they stay in a core's second cache while columns go by. */
const unitBytes = 2 ** 19
/** B is read where it is, if it is not larger than this, or if there are few rows of A to come by. */
const directBytes = 2 ** 15
const directRows = 16

export interface Plan {
  readonly bytes: number
  readonly threads: number
  /** How many jobs there are. */
  readonly jobs: number
  /** Writes a job into the workspace, and tells how many units it has. */
  write(workspace: Workspace, number: number): { readonly address: number; readonly units: number }
}

export function planOf(product: Arranged, machine: Machine, mostThreads: number): Plan {
  const { isa } = machine
  const { type, m, n, k, a, b, c, contract, scale } = product
  const { bytes, group, parts } = elements[type]
  const bits = isa === 'avx512' ? 512 : 256
  const lanes = lanesOf(type, bits)
  const isConverted = group > 1 || storedBytes[a.stored] !== bytes
  const isBiased = k > 0 && isOffset(type, a.stored, b.stored)
  const along: Tile['along'] = !isConverted && a.rowStride === bytes && a.columnStride !== bytes ? 'rows' : 'k'
  const isPacked = k > 0 && (isConverted || b.columnStride !== bytes || (m > directRows && k * n * bytes > directBytes))
  // As tiles read it.
  const depths = Math.ceil(k / group)
  // C is wanted as it was until all sums are there.
  const { depth, width } = isPacked
    ? blockingOf(type, n, depths, scale?.beta !== undefined)
    : { depth: cut(depths, Math.max(1, depths)), width: cut(n, n) }
  const isCopied = isConverted || (along === 'k' && a.columnStride !== bytes)
  const largest = largestTile(isa, type)
  const mostRows = isPacked || isa === 'avx512' || parts === 2 ? largest.rows : largest.rows - 1
  const heights = cut(m, mostRows)
  const threads = m * n * k * weights[type] < worthThreads ? 1 : mostThreads
  const mostPanels = Math.ceil(width.size / lanes)
  // Units: parts of the columns, one for each thread, which so packs its own panels, and in them blocks of rows; where those are few, more parts.
  const wanted = threads === 1 ? 1 : threads * unitsEach
  const wantedParts = threads === 1 ? 1 : Math.max(threads, Math.ceil(wanted / heights.pieces))
  const mostOfPart = Math.max(leastOfPart, Math.ceil(mostPanels / wantedParts))
  const wantedBlocks = Math.ceil(wanted / Math.ceil(mostPanels / mostOfPart))
  const rowsThatFit = Math.max(1, Math.floor(unitBytes / (depth.size * bytes * heights.size)))
  const rowBlocks = cut(heights.pieces, Math.max(1, Math.min(rowsThatFit, Math.ceil(heights.pieces / wantedBlocks))))

  const tilesOf = (finish: Tile['finish']): TileFamily => {
    const kind = { isa, bits, along, isPacked, contract, finish } as const
    return isComplex(type)
      ? tileFamily({ ...kind, type, conjugate: conjugateOf(a, b), isTurned: product.isTurned })
      : tileFamily({ ...kind, type, isOffset: isBiased })
  }
  const finish: Tile['finish'] = scale === undefined ? 'store' : scale.beta === undefined ? 'alpha' : 'alphaBeta'
  const lastTiles = tilesOf(finish)
  const tiles = finish === 'store' ? lastTiles : tilesOf('store')
  const isSplit = isConverted || parts === 2
  const order = orderOf(b.columnStride, b.rowStride, storedBytes[b.stored])
  const packs: number[] = []
  const packCode = (vectors: number, inLast: number): number => {
    const isMasked = inLast < lanes
    const rest = isMasked && order === 'across' ? inLast : undefined
    const key = (lanes * vectors + (rest ?? 0)) * 2 + (isMasked ? 1 : 0)
    packs[key] ??= isSplit
      ? convertedPack({ isa, type, bits, vectors, isMasked, order, stored: b.stored, isOffset: isBiased })
      : plainPack({ isa, type: type as 'f32' | 'f64', bits, vectors, isMasked, order, ...(rest && { rest }) })
    return packs[key]
  }

  // A's copy: rows a little apart, so that they do not meet in the same sets of the cache.
  const unitRows = rowBlocks.size * heights.size
  const copySteps = along === 'k' ? [taken(depth.size * bytes) + 64, bytes] : [bytes, taken(unitRows * bytes) + 64]
  const copyBytes = isCopied ? taken(along === 'k' ? unitRows * copySteps[0] : depth.size * copySteps[1]) : 0
  const places = threads + 1
  const copyCode = () => {
    if (!isConverted) return routine(`gemm copy ${bytes}`, code => emitCopy(code, bytes, false))
    const order = orderOf(a.columnStride, a.rowStride, storedBytes[a.stored])
    const copied = { isa, type, bits, order, stored: a.stored, isOffset: isBiased } as const
    return routine(nameOf('gemm copy converted', copied), code => emitFactorCopy(code, copied))
  }
  // What is packed may have to be put in order first.
  const isOrdered = order === 'along' && n % lanes === 0
  const scratchBytes =
    isPacked && isSplit && !isOrdered ? taken(depth.size * group * largest.vectors * lanes * storedBytes[b.stored]) : 0

  const panelBytes = mostPanels * panel.bytes
  const mostUnits = rowBlocks.pieces * mostPanels
  const maskBytes = parts * (bits / 8)
  const packedBytes = isPacked ? (mostPanels * lanes * bytes + 64) * (depth.size + 1) : 0
  return {
    bytes:
      taken(job.bytes) +
      taken(panelBytes) +
      taken(places * (copyBytes + scratchBytes)) +
      taken(mostUnits * unit.bytes) +
      taken(maskBytes) +
      taken(packedBytes) +
      64,
    threads,
    jobs: width.pieces * depth.pieces,
    write(workspace, number) {
      const [across, down] = [Math.floor(number / depth.pieces), number % depth.pieces]
      const [column, columns] = [startOf(width, across), sizeOf(width, across)]
      const [from, rows] = [startOf(depth, down), sizeOf(depth, down)]
      const codes = down === depth.pieces - 1 ? lastTiles : tiles
      const jobAt = workspace.take(job.bytes)
      // Of A's columns and B's rows, as they are stored.
      const [fromSource, sourceRows] = [from * group, Math.min(rows * group, k - from * group)]
      workspace.long(jobAt + job.k, rows)
      workspace.long(jobAt + job.sourceRows, sourceRows)
      const [rowStep, columnStep] = isCopied ? copySteps : [a.rowStride, a.columnStride]
      workspace.long(jobAt + job.aStride, along === 'k' ? rowStep : columnStep)
      workspace.long(jobAt + job.bStride, b.rowStride)
      workspace.long(jobAt + job.cStride, c.rowStride)
      workspace.long(jobAt + job.aTall, heights.size * rowStep)
      workspace.long(jobAt + job.cTall, heights.size * c.rowStride)
      workspace.long(jobAt + job.aShort, (heights.size - 1) * rowStep)
      workspace.long(jobAt + job.cShort, (heights.size - 1) * c.rowStride)
      workspace.long(jobAt + job.start, product.start || down > 0 ? 1 : 0)
      workspace.long(jobAt + job.sourceRow, b.rowStride)
      workspace.long(jobAt + job.sourceColumn, b.columnStride)
      workspace.long(jobAt + job.copyCode, isCopied ? copyCode() : 0)
      workspace.long(jobAt + job.copyRow, along === 'k' ? a.rowStride : a.columnStride)
      workspace.long(jobAt + job.copyColumn, along === 'k' ? a.columnStride : a.rowStride)
      workspace.long(jobAt + job.copies, workspace.addressOf(workspace.take(places * (copyBytes + scratchBytes))))
      workspace.long(jobAt + job.copyBytes, copyBytes + scratchBytes)
      workspace.long(jobAt + job.scratch, copyBytes)
      if (scale !== undefined) {
        writeFactor(workspace, jobAt + job.alpha, type, scale.alpha)
        writeFactor(workspace, jobAt + job.beta, type, scale.beta ?? 0)
      }

      const source = b.address + fromSource * b.rowStride + column * b.columnStride
      const widths = panelsOf(Math.ceil(columns / lanes), mostOfPart, largest.vectors)
      const panelsAt = workspace.take(widths.vectors.length * panel.bytes)
      let packedAt = isPacked ? workspace.addressOf(workspace.take(packedBytes)) : 0
      let first = 0
      for (const [p, vectors] of widths.vectors.entries()) {
        const at = panelsAt + p * panel.bytes
        const inLast = Math.min(lanes, columns - first - (vectors - 1) * lanes)
        const isMasked = inLast < lanes
        const here = source + first * b.columnStride
        workspace.changing(at + panel.state, isPacked ? state.empty : state.packed)
        workspace.word(at + panel.columns, (vectors - 1) * lanes + inLast)
        if (isPacked) workspace.long(at + panel.b, packedAt)
        else workspace.address('b', at + panel.b, here)
        workspace.address('b', at + panel.source, here)
        workspace.long(at + panel.cOffset, first * bytes)
        workspace.long(at + panel.tallCode, codes.address(heights.size, vectors, isMasked))
        if (heights.larger < heights.pieces)
          workspace.long(at + panel.shortCode, codes.address(heights.size - 1, vectors, isMasked))
        if (isPacked) workspace.long(at + panel.packCode, packCode(vectors, inLast))
        workspace.long(
          at + panel.mask,
          isa === 'avx512' ? 2 ** (parts * inLast) - 1 : isMasked ? maskOf(workspace, inLast * bytes) : 0,
        )
        packedAt += vectors * lanes * bytes * (isBiased ? rows + 1 : rows)
        first += vectors * lanes
      }
      const panelsFrom = workspace.addressOf(panelsAt)

      const units = rowBlocks.pieces * widths.parts.length
      const unitsAt = workspace.take(units * unit.bytes)
      workspace.long(jobAt + job.units, workspace.addressOf(unitsAt))
      const aFrom = a.address + fromSource * a.columnStride
      const cFrom = c.address + column * bytes
      for (let u = 0; u < units; u++) {
        const at = unitsAt + u * unit.bytes
        const block = u % rowBlocks.pieces
        const { first, count } = widths.parts[Math.floor(u / rowBlocks.pieces)]
        const [firstPanel, panels] = [startOf(rowBlocks, block), sizeOf(rowBlocks, block)]
        const row = startOf(heights, firstPanel)
        const tall = Math.max(0, Math.min(panels, heights.larger - firstPanel))
        workspace.address('a', at + unit.a, aFrom + row * a.rowStride)
        workspace.address('c', at + unit.c, cFrom + row * c.rowStride)
        const unitHeight = tall * heights.size + (panels - tall) * (heights.size - 1)
        workspace.long(at + unit.copyRows, along === 'k' ? unitHeight : sourceRows)
        workspace.long(at + unit.copyColumns, along === 'k' ? sourceRows : unitHeight)
        workspace.word(at + unit.tall, tall)
        workspace.word(at + unit.short, panels - tall)
        // Threads that are at the same part begin at different panels, and pack them.
        const begin = first + (Math.floor((block * count) / rowBlocks.pieces) % count)
        workspace.long(at + unit.first, panelsFrom + first * panel.bytes)
        workspace.long(at + unit.begin, panelsFrom + begin * panel.bytes)
        workspace.long(at + unit.end, panelsFrom + (first + count) * panel.bytes)
      }
      return { address: workspace.addressOf(jobAt), units }
    },
  }
}

const nameOf = (what: string, parts: object): string => `${what} ${Object.values(parts).join(' ')}`

const plainPack = (packing: Packing): number => routine(nameOf('gemm pack', packing), code => emitPack(code, packing))

const convertedPack = (packing: ConvertedPacking): number =>
  routine(nameOf('gemm pack converted', packing), code => emitConvertedPack(code, packing))

const orderOf = (columnStride: number, rowStride: number, elementBytes: number): Order =>
  columnStride === elementBytes ? 'along' : rowStride === elementBytes ? 'across' : 'any'

function conjugateOf(a: Factor, b: Factor): ComplexTile['conjugate'] {
  if (a.isConjugate) return b.isConjugate ? 'both' : 'a'
  return b.isConjugate ? 'b' : 'none'
}

/** Of `scale`. */
function writeFactor(workspace: Workspace, at: number, type: TileType, factor: number | Complex): void {
  const [re, im] = typeof factor === 'number' ? [factor, 0] : factor
  const real = type === 'f64' || type === 'c128' ? 'f64' : 'f32'
  workspace.element(at, real, re)
  if (isComplex(type)) workspace.element(at + elements[type].bytes / 2, real, im)
}

/** Two vectors of ones and zeros for AVX2: pairs of them take both. */
function maskOf(workspace: Workspace, bytes: number): number {
  const at = workspace.take(64)
  for (let w = 0; w < 16; w++) workspace.word(at + 4 * w, 4 * w < bytes ? -1 : 0)
  return workspace.addressOf(at)
}
