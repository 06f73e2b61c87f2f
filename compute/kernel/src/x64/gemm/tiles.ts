/** The code of tiles, made when first needed. Those that differ in their size alone are a family, in which they are found by a number. */

import { isComplex } from '../../gemm/stored.ts'
import { routine } from '../run/routines.ts'

import { type Tile, TileEmitter } from './tile.ts'
import { type ComplexTile, ComplexTileEmitter } from './tile-complex.ts'

/** What the tiles of a family have in common. */
export type TileKind = Omit<Tile, keyof Size> | Omit<ComplexTile, keyof Size>
type Size = Pick<Tile, 'rows' | 'vectors' | 'isMasked'>

export class TileFamily {
  readonly #name: string
  readonly #kind: TileKind
  readonly #addresses: number[] = []

  constructor(name: string, kind: TileKind) {
    this.#name = name
    this.#kind = kind
  }

  address(rows: number, vectors: number, isMasked: boolean): number {
    const key = (rows * 8 + vectors) * 2 + (isMasked ? 1 : 0)
    let address = this.#addresses[key]
    if (address === undefined) {
      const tile = { ...this.#kind, rows, vectors, isMasked } as Tile | ComplexTile
      const name = `gemm tile ${rows}×${vectors}${isMasked ? ' masked' : ''} ${this.#name}`
      address = this.#addresses[key] = routine(name, code => {
        if (isOfComplex(tile)) new ComplexTileEmitter(code, tile).emit()
        else new TileEmitter(code, tile).emit()
      })
    }
    return address
  }
}

const isOfComplex = (tile: Tile | ComplexTile): tile is ComplexTile => isComplex(tile.type)

const families = new Map<string, TileFamily>()

export function tileFamily(kind: TileKind): TileFamily {
  const name = Object.values(kind).join(' ')
  let found = families.get(name)
  if (found === undefined) families.set(name, (found = new TileFamily(name, kind)))
  return found
}
