/** A product, written down as jobs for the code that multiplies: one for each block of k and of columns, done one after the other. */

import type { Isa } from '../run/cpu.ts'
import { blockingOf, cut, largestTile, panelsOf, sizeOf, startOf } from './blocking.ts'
import { emitCopy } from './copy.ts'
import { job, panel, state, unit } from './layout.ts'
import { emitPack, type Packing } from './pack.ts'
import { routine } from './routines.ts'
import { elementBytes, type Tile, TileEmitter } from './tile.ts'
import { taken, type Workspace } from './workspace.ts'

/** One product as tiles want it: C's columns are neighbours in memory. Addresses and strides in bytes. */
export interface Arranged {
  readonly type: 'f32' | 'f64'
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: Place
  readonly b: Place
  readonly c: Place
  readonly start: boolean
  /** Instead of `start`. */
  readonly scale: { readonly alpha: number; readonly beta?: number } | undefined
  readonly contract: boolean
}

export interface Place {
  readonly address: number
  readonly rowStride: number
  readonly columnStride: number
}

/** Products of fewer multiplications are done by the calling thread: to wake others would take longer. */
export const worthThreads = 400_000
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

/** Tiles that differ in their size alone: they are found by a number. */
interface TileFamily {
  readonly name: string
  readonly finish: Tile['finish']
  readonly addresses: number[]
}

const families = new Map<string, TileFamily>()

function tileFamily(name: string, finish: Tile['finish']): TileFamily {
  let found = families.get(name)
  if (found === undefined) families.set(name, (found = { name, finish, addresses: [] }))
  return found
}

export function planOf(product: Arranged, isa: Isa, mostThreads: number): Plan {
  const { type, m, n, k, a, b, c, contract } = product
  const bytes = elementBytes[type]
  const bits = isa === 'avx512' ? 512 : 256
  const lanes = bits / 8 / bytes
  const { scale } = product
  const along: Tile['along'] = a.rowStride === bytes && a.columnStride !== bytes ? 'rows' : 'k'
  const isPacked = k > 0 && (b.columnStride !== bytes || (m > directRows && k * n * bytes > directBytes))
  // C is wanted as it was until all sums are there.
  const { depth, width } = isPacked
    ? blockingOf(type, n, k, scale?.beta !== undefined)
    : { depth: cut(k, Math.max(1, k)), width: cut(n, n) }
  const isCopied = along === 'k' && a.columnStride !== bytes
  const largest = largestTile[isa]
  const mostRows = isPacked || isa === 'avx512' ? largest.rows : largest.rows - 1
  const heights = cut(m, mostRows)
  const threads = m * n * k < worthThreads ? 1 : mostThreads
  const mostPanels = Math.ceil(width.size / lanes)
  // Units: parts of the columns, one for each thread, which so packs its own panels, and in them blocks of rows; where those are few, more parts.
  const wanted = threads === 1 ? 1 : threads * unitsEach
  const wantedParts = threads === 1 ? 1 : Math.max(threads, Math.ceil(wanted / heights.pieces))
  const mostOfPart = Math.max(leastOfPart, Math.ceil(mostPanels / wantedParts))
  const wantedBlocks = Math.ceil(wanted / Math.ceil(mostPanels / mostOfPart))
  const rowsThatFit = Math.max(1, Math.floor(unitBytes / (depth.size * bytes * heights.size)))
  const rowBlocks = cut(heights.pieces, Math.max(1, Math.min(rowsThatFit, Math.ceil(heights.pieces / wantedBlocks))))

  const tileCode = (rows: number, vectors: number, isMasked: boolean, isLast: boolean): number => {
    const known = isLast ? lastTiles : tiles
    const key = (rows * 8 + vectors) * 2 + (isMasked ? 1 : 0)
    let address = known.addresses[key]
    if (address === undefined) {
      const { finish } = known
      const tile: Tile = { isa, type, bits, rows, vectors, isMasked, along, isPacked, contract, finish }
      const name = `tile ${rows}×${vectors}${isMasked ? ' masked' : ''} ${known.name}`
      address = known.addresses[key] = routine(name, code => new TileEmitter(code, tile).emit())
    }
    return address
  }
  const finish: Tile['finish'] = scale === undefined ? 'store' : scale.beta === undefined ? 'alpha' : 'alphaBeta'
  const tilesOf = (finish: Tile['finish']): TileFamily =>
    tileFamily(`${isa} ${type} ${along}${isPacked ? '' : ' direct'}${contract ? ' fused' : ''} ${finish}`, finish)
  const lastTiles = tilesOf(finish)
  const tiles = finish === 'store' ? lastTiles : tilesOf('store')
  const packCode = (vectors: number, isMasked: boolean): number => {
    const order = b.columnStride === bytes ? 'along' : b.rowStride === bytes ? 'across' : 'any'
    const packing: Packing = { isa, type, bits, vectors, isMasked, order }
    const name = `pack ${isa} ${type} ${vectors}${isMasked ? ' masked' : ''} ${order}`
    return routine(name, code => emitPack(code, packing))
  }

  // A's copy: rows a little apart, so that they do not meet in the same sets of the cache.
  const unitRows = rowBlocks.size * heights.size
  const copySteps = along === 'k' ? [taken(depth.size * bytes) + 64, bytes] : [bytes, taken(unitRows * bytes) + 64]
  const copyBytes = isCopied ? taken(along === 'k' ? unitRows * copySteps[0] : depth.size * copySteps[1]) : 0
  const places = threads + 1
  const copyCode = () => {
    const isDense = along === 'k' ? a.columnStride === bytes : true
    return routine(`copy ${bytes}${isDense ? ' dense' : ''}`, code => emitCopy(code, bytes, isDense))
  }

  const panelBytes = mostPanels * panel.bytes
  const mostUnits = rowBlocks.pieces * mostPanels
  const maskBytes = bits / 8
  const packedBytes = isPacked ? (mostPanels * lanes * bytes + 64) * depth.size : 0
  return {
    bytes:
      taken(job.bytes) +
      taken(panelBytes) +
      taken(places * copyBytes) +
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
      const isLast = down === depth.pieces - 1
      const jobAt = workspace.take(job.bytes)
      workspace.long(jobAt + job.k, rows)
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
      workspace.long(jobAt + job.copies, isCopied ? workspace.addressOf(workspace.take(places * copyBytes)) : 0)
      workspace.long(jobAt + job.copyBytes, copyBytes)
      if (scale !== undefined) {
        workspace.element(jobAt + job.alpha, type, scale.alpha)
        workspace.element(jobAt + job.beta, type, scale.beta ?? 0)
      }

      const source = b.address + from * b.rowStride + column * b.columnStride
      const widths = panelsOf(Math.ceil(columns / lanes), mostOfPart, largest.vectors)
      const panelsAt = workspace.take(widths.vectors.length * panel.bytes)
      let packedAt = isPacked ? workspace.addressOf(workspace.take(packedBytes)) : 0
      let first = 0
      for (const [p, vectors] of widths.vectors.entries()) {
        const at = panelsAt + p * panel.bytes
        const inLast = Math.min(lanes, columns - first - (vectors - 1) * lanes)
        const isMasked = inLast < lanes
        const here = source + first * b.columnStride
        workspace.word(at + panel.state, isPacked ? state.empty : state.packed)
        workspace.word(at + panel.columns, (vectors - 1) * lanes + inLast)
        workspace.long(at + panel.b, isPacked ? packedAt : here)
        workspace.long(at + panel.source, here)
        workspace.long(at + panel.cOffset, first * bytes)
        workspace.long(at + panel.tallCode, tileCode(heights.size, vectors, isMasked, isLast))
        if (heights.larger < heights.pieces)
          workspace.long(at + panel.shortCode, tileCode(heights.size - 1, vectors, isMasked, isLast))
        if (isPacked) workspace.long(at + panel.packCode, packCode(vectors, isMasked))
        workspace.long(
          at + panel.mask,
          isa === 'avx512' ? 2 ** inLast - 1 : isMasked ? maskOf(workspace, inLast * bytes) : 0,
        )
        packedAt += vectors * (bits / 8) * rows
        first += vectors * lanes
      }
      const panelsFrom = workspace.addressOf(panelsAt)

      const units = rowBlocks.pieces * widths.parts.length
      const unitsAt = workspace.take(units * unit.bytes)
      workspace.long(jobAt + job.units, workspace.addressOf(unitsAt))
      const aFrom = a.address + from * a.columnStride
      const cFrom = c.address + column * bytes
      for (let u = 0; u < units; u++) {
        const at = unitsAt + u * unit.bytes
        const block = u % rowBlocks.pieces
        const { first, count } = widths.parts[Math.floor(u / rowBlocks.pieces)]
        const [firstPanel, panels] = [startOf(rowBlocks, block), sizeOf(rowBlocks, block)]
        const row = startOf(heights, firstPanel)
        const tall = Math.max(0, Math.min(panels, heights.larger - firstPanel))
        workspace.long(at + unit.a, aFrom + row * a.rowStride)
        workspace.long(at + unit.c, cFrom + row * c.rowStride)
        const unitHeight = tall * heights.size + (panels - tall) * (heights.size - 1)
        workspace.long(at + unit.copyRows, along === 'k' ? unitHeight : rows)
        workspace.long(at + unit.copyColumns, along === 'k' ? rows : unitHeight)
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

/** A vector of ones and zeros for AVX2. */
function maskOf(workspace: Workspace, bytes: number): number {
  const at = workspace.take(32)
  for (let w = 0; w < 8; w++) workspace.word(at + 4 * w, 4 * w < bytes ? -1 : 0)
  return workspace.addressOf(at)
}
