/** Communicators: groups of ranks that talk among themselves, with a topology or without, and pairs of groups that talk to each other. */

import type { TypedArray, TypedArrayClass } from '@skein/heap'
import { checkName, checkPrograms, checkRoot, type SpawnOptions, type SpawnProgram } from '../dynamic/arguments.ts'
import type { Engine, Neighbors, Port } from '../engine.ts'
import { type MpiFile, openFile } from '../file/file.ts'
import type { FileMode } from '../file/mode.ts'
import type { FileFlag } from '../file/port.ts'
import { hintsOf, type Info } from '../info.ts'
import type { Data } from '../message/part.ts'
import { checkInteger, refusal } from '../message/refusal.ts'
import {
  allocateWindow,
  createWindow,
  dynamicWindow,
  type SharedWindowOptions,
  type WindowOptions,
} from '../window/open.ts'
import type { Window } from '../window/window.ts'
import { Comm } from './comm.ts'
import { Grid } from './grid.ts'
import { Group } from './group.ts'
import { checkLive } from './roots.ts'
import { checkEdges, checkNeighbors, type Edge, type GraphShape, gridOf, neighborsOf, shapeOf } from './topologies.ts'

/** Colors and keys are C's ints. */
const mostInt = 2 ** 31 - 1

export interface CartOptions {
  /** Which dimensions are rings; none, if it is left out. */
  readonly periods?: readonly boolean[]
  /** Ranks may be numbered anew. */
  readonly reorder?: boolean
}

export class Intracomm extends Comm {
  protected again(port: Port, name: string): this {
    return new Intracomm(port, this.engine, name) as this
  }

  #made<C extends Intracomm>(
    port: Port | undefined,
    name: string,
    kind: new (port: Port, engine: Engine, name: string) => C,
  ): C | undefined {
    if (port === undefined) return undefined
    const made = new kind(port, this.engine, name)
    made.errorHandler = this.errorHandler
    return made
  }

  /**
   * Ranks that give the same color come together, in the order of keys, and of ranks where keys are equal.
   *
   * @param color undefined: in none
   */
  split(color: undefined, key?: number): undefined
  split(color: number, key?: number): Intracomm
  split(color: number | undefined, key?: number): Intracomm | undefined
  split(color: number | undefined, key = this.rank): Intracomm | undefined {
    if (color !== undefined) checkInteger(this, 'split', 'color', color, 0, mostInt)
    checkInteger(this, 'split', 'key', key, -mostInt, mostInt)
    return this.collective('split', () =>
      this.#made(this.port.split(color, key), `${this.name} split ${color}`, Intracomm),
    )
  }

  /** Ranks that share memory come together. */
  splitType(type: 'shared', key = this.rank): Intracomm {
    if (type !== 'shared') throw refusal(this, 'splitType', 'MPI_ERR_ARG', 'type', "'shared'", type)
    checkInteger(this, 'splitType', 'key', key, -mostInt, mostInt)
    return this.collective('splitType', () => this.#made(this.port.splitShared(key), `${this.name} shared`, Intracomm)!)
  }

  /** Of the ranks of a group; all ranks here call it, and those that are not in their group get undefined. */
  create(group: Group): Intracomm | undefined {
    const ranks = this.#ranksOf('create', group)
    return this.collective('create', () => this.#made(this.port.create(ranks), `${this.name} create`, Intracomm))
  }

  /** Of the ranks of a group, which alone call it. */
  createGroup(group: Group, tag = 0): Intracomm | undefined {
    const ranks = this.#ranksOf('createGroup', group)
    this.#checkTag('createGroup', tag)
    return this.collective('createGroup', () =>
      group.rank === undefined
        ? undefined
        : this.#made(this.port.createGroup(ranks, tag), `${this.name} group`, Intracomm),
    )
  }

  #checkTag(call: string, tag: number): void {
    if (tag >>> 0 === tag && tag <= this.engine.tagUb) return
    throw refusal(this, call, 'MPI_ERR_TAG', 'tag', `a whole number from 0 to ${this.engine.tagUb}`, tag)
  }

  #ranksOf(call: string, group: Group): number[] {
    checkLive(this, call)
    if (!(group instanceof Group)) throw refusal(this, call, 'MPI_ERR_GROUP', 'group', 'a Group', group)
    const here = this.group
    const ranks = group.translateRanks([...group.members.keys()], here)
    const outside = ranks.indexOf(undefined)
    if (outside < 0) return ranks as number[]
    throw refusal(
      this,
      call,
      'MPI_ERR_GROUP',
      'group',
      'a subset of the communicator',
      `one whose rank ${outside} is not in it`,
    )
  }

  /**
   * Two groups that talk to each other. Their leaders must be able to talk.
   *
   * @param peer where both leaders are; significant at the leader
   * @param remoteLeader the other group's, in `peer`
   */
  intercomm(localLeader: number, peer: Intracomm | undefined, remoteLeader: number, tag = 0): Intercomm {
    this.#checkTag('intercomm', tag)
    if (!Number.isInteger(localLeader) || localLeader < 0 || localLeader >= this.size) {
      throw refusal(this, 'intercomm', 'MPI_ERR_RANK', 'localLeader', `a rank from 0 to ${this.size - 1}`, localLeader)
    }
    if (this.rank === localLeader && peer !== undefined) {
      checkLive(peer, 'intercomm')
      if (!Number.isInteger(remoteLeader) || remoteLeader < 0 || remoteLeader >= peer.size) {
        throw refusal(
          peer,
          'intercomm',
          'MPI_ERR_RANK',
          'remoteLeader',
          `a rank from 0 to ${peer.size - 1}`,
          remoteLeader,
        )
      }
    }
    return this.collective('intercomm', () => {
      const made = new Intercomm(
        this.port.intercomm(localLeader, peer?.port, remoteLeader, tag),
        this.engine,
        `${this.name} intercomm`,
      )
      made.errorHandler = this.errorHandler
      return made
    })
  }

  /**
   * The first ranks on a grid. Ranks for which there is no place get undefined.
   *
   * @param dims lengths, as `dims(size, 2)` finds them
   */
  cart(dims: readonly number[], { periods = [], reorder = false }: CartOptions = {}): Cartesian | undefined {
    const grid = gridOf(this, dims, periods)
    return this.collective('cart', () => {
      const port = this.port.cart(grid.dims, grid.periods, reorder)
      return port && this.#topology(new Cartesian(port, this.engine, `${this.name} cart`, grid))
    })
  }

  /**
   * A graph of which every rank knows the whole: `edges` of rank r are those from `index[r - 1]` up to `index[r]`.
   */
  graph(index: readonly number[], edges: readonly number[], reorder = false): Graph | undefined {
    const shape = shapeOf(this, index, edges)
    return this.collective('graph', () => {
      // An engine knows neighbours alone. Those of a graph are sent to and received from in the order of its edges.
      const part = this.port.split(this.rank < index.length ? 0 : undefined, this.rank)
      if (part === undefined) return undefined
      const destinations = shape.neighbors(this.rank)
      const port = part.distGraphAdjacent({ sources: shape.sources(this.rank), destinations }, reorder)
      part.free()
      return this.#topology(new Graph(port, this.engine, `${this.name} graph`, shape))
    })
  }

  /** A graph of which every rank knows its own edges: from whom it receives and to whom it sends. */
  distGraphAdjacent(topology: Neighbors, reorder = false): DistGraph {
    checkNeighbors(this, topology)
    return this.collective('distGraphAdjacent', () => {
      const port = this.port.distGraphAdjacent(topology, reorder)
      return this.#topology(new DistGraph(port, this.engine, `${this.name} distGraph`, topology))
    })
  }

  /**
   * A graph of which any rank gives any edges: `[from, to, weight]`.
   */
  distGraph(edges: readonly Edge[], reorder = false): DistGraph {
    checkEdges(this, edges)
    const all = this.allgather(edges.map(([...edge]): Edge => edge)).flat()
    return this.distGraphAdjacent(neighborsOf(this.rank, all), reorder)
  }

  /**
   * Opens a file, which all its ranks then read and write. All call it, with the same mode.
   *
   * @param mode a word as of `node:fs` ('r', 'r+', 'w', 'w+', 'wx', 'wx+', 'a', 'a+'), or a list of MPI's flags
   * @throws MpiError MPI_ERR_NO_SUCH_FILE, MPI_ERR_FILE_EXISTS, MPI_ERR_ACCESS, MPI_ERR_BAD_FILE and others, on all ranks
   */
  openFile(
    path: string | URL,
    mode: FileMode | readonly FileFlag[] = 'r',
    options: { readonly info?: Info } = {},
  ): MpiFile {
    return this.collective('openFile', () => openFile(this, path, mode, options))
  }

  /**
   * Starts ranks of a program. They are a world of their own, and `parent()` there is what this gives here.
   *
   * @param program a file, from the working directory; it runs on the same Node, with the same options
   * @param options root: whose arguments count, and who starts them
   * @throws MpiError MPI_ERR_SPAWN when they cannot be started
   */
  spawn(program: string | URL, args: readonly string[], ranks: number, options: SpawnOptions = {}): Intercomm {
    return this.#spawn('spawn', [{ program, args, ranks, info: options.info }], options.root)
  }

  /** Starts ranks of several programs, as one world. */
  spawnMultiple(programs: readonly SpawnProgram[], options: Omit<SpawnOptions, 'info'> = {}): Intercomm {
    return this.#spawn('spawnMultiple', programs, options.root)
  }

  #spawn(call: string, programs: readonly SpawnProgram[], root: number | undefined): Intercomm {
    const at = checkRoot(this, call, root)
    return this.#inter(call, () => this.port.spawn(this.rank === at ? checkPrograms(this, call, programs) : [], at))
  }

  /**
   * Waits for ranks that connect to a port, which `openPort` gave.
   *
   * @param portName significant at the root
   */
  accept(portName: string | undefined, options: SpawnOptions = {}): Intercomm {
    return this.#meet('accept', portName, options)
  }

  /** Connects to ranks that accept at a port. @throws MpiError MPI_ERR_PORT when there is none of that name */
  connect(portName: string | undefined, options: SpawnOptions = {}): Intercomm {
    return this.#meet('connect', portName, options)
  }

  #meet(call: 'accept' | 'connect', portName: string | undefined, { root, info }: SpawnOptions): Intercomm {
    const at = checkRoot(this, call, root)
    const hints = hintsOf(this, call, info)
    const name = this.rank === at ? checkName(this, call, 'the port', portName) : ''
    return this.#inter(call, () => this.port[call](name, hints, at))
  }

  #inter(call: string, make: () => Port): Intercomm {
    return this.collective(call, () => {
      const made = new Intercomm(make(), this.engine, `${this.name} ${call}`)
      made.errorHandler = this.errorHandler
      return made
    })
  }

  #topology<C extends Intracomm>(made: C): C {
    made.errorHandler = this.errorHandler
    return made
  }

  /**
   * Memory of each rank that the others reach without its doing. Displacements count elements of its array, unless it says otherwise.
   *
   * @param memory an array, or a slice of one; undefined: none of this rank
   */
  window(memory?: undefined, options?: WindowOptions): Window<Uint8Array>
  window<T extends TypedArray | DataView>(memory: T, options?: WindowOptions): Window<T>
  window(memory: Data, options?: WindowOptions): Window
  window(memory: Data | undefined, options?: WindowOptions): Window<any> {
    return createWindow(this, memory, options)
  }

  /** A window over a new array of zeros, where other ranks reach it fastest; as long as this rank says. */
  allocateWindow<T extends TypedArray>(kind: TypedArrayClass<T>, length: number, options?: WindowOptions): Window<T> {
    return allocateWindow(this, kind, length, options)
  }

  /** The same, of ranks that share memory (`splitType`): each can have the array of another, to read and write it directly. */
  allocateSharedWindow<T extends TypedArray>(
    kind: TypedArrayClass<T>,
    length: number,
    options?: SharedWindowOptions,
  ): Window<T> {
    return allocateWindow(this, kind, length, options, 'shared')
  }

  /** A window without memory: arrays are attached to it, and displacements are where `attach` says that they lie. */
  dynamicWindow(options?: Pick<WindowOptions, 'info'>): Window<Uint8Array> {
    return dynamicWindow(this, options)
  }

  /** Those that have not failed. */
  shrink(): Intracomm {
    return this.collective('shrink', () => this.#made(this.port.shrink(), `${this.name} shrunk`, Intracomm)!)
  }
}

export class Intercomm extends Comm {
  protected again(port: Port, name: string): this {
    return new Intercomm(port, this.engine, name) as this
  }

  /**
   * Both groups in one.
   *
   * @param high the group that says so comes after the other
   */
  merge(high = false): Intracomm {
    return this.collective('merge', () => new Intracomm(this.port.merge(high), this.engine, `${this.name} merged`))
  }
}

export class Cartesian extends Intracomm {
  readonly grid: Grid
  override readonly sources: readonly number[]
  override readonly destinations: readonly number[]

  /** For this room; users have `comm.cart`. */
  constructor(port: Port, engine: Engine, name: string, grid: Grid) {
    super(port, engine, name)
    this.grid = grid
    // The same list, as collectives between neighbours of a grid see by it that what goes one way comes from the other.
    this.sources = this.destinations = grid.neighbors(this.rank)
  }

  protected override again(port: Port, name: string): this {
    return new Cartesian(port, this.engine, name, this.grid) as this
  }

  get dims(): readonly number[] {
    return this.grid.dims
  }

  get periods(): readonly boolean[] {
    return this.grid.periods
  }

  coords(rank = this.rank): number[] {
    checkInteger(this, 'coords', 'rank', rank, 0, this.size - 1)
    return this.grid.coords(rank)
  }

  /** In a ring coordinates go round. */
  rankOf(coords: readonly number[]): number {
    const rank =
      coords.length === this.dims.length && coords.every(Number.isInteger) ? this.grid.rankOf(coords) : undefined
    if (rank !== undefined) return rank
    throw refusal(this, 'rankOf', 'MPI_ERR_ARG', 'coords', `a place of the grid ${this.dims.join(' × ')}`, coords)
  }

  /** From whom and to whom all shift by so many steps along a dimension; `procNull` at an end. */
  shift(dimension: number, steps = 1): { source: number; dest: number } {
    checkInteger(this, 'shift', 'dimension', dimension, 0, this.dims.length - 1)
    checkInteger(this, 'shift', 'steps', steps)
    const { grid, rank } = this
    return { source: grid.step(rank, dimension, -steps), dest: grid.step(rank, dimension, steps) }
  }

  /** Grids of fewer dimensions: those that are kept. */
  sub(keep: readonly boolean[]): Cartesian {
    const { dims, periods } = this
    if (keep.length !== dims.length)
      throw refusal(this, 'sub', 'MPI_ERR_DIMS', 'keep', `${dims.length} of them, one for each dimension`, keep)
    const kept = dims.flatMap((_, d) => (keep[d] ? [d] : []))
    const grid = new Grid(
      kept.map(d => dims[d]),
      kept.map(d => periods[d]),
    )
    const coords = this.coords()
    const color = coords.reduce((sum, at, d) => (keep[d] ? sum : sum * dims[d] + at), 0)
    return this.collective('sub', () => {
      const flat = this.port.split(color, grid.rankOf(kept.map(d => coords[d])) ?? 0)!
      const port = flat.cart(grid.dims, grid.periods, false)!
      flat.free()
      return new Cartesian(port, this.engine, `${this.name} sub`, grid)
    })
  }
}

export class Graph extends Intracomm {
  readonly #shape: GraphShape
  override readonly sources: readonly number[]
  override readonly destinations: readonly number[]

  /** For this room; users have `comm.graph`. */
  constructor(port: Port, engine: Engine, name: string, shape: GraphShape) {
    super(port, engine, name)
    this.#shape = shape
    this.sources = shape.sources(this.rank)
    this.destinations = shape.neighbors(this.rank)
  }

  protected override again(port: Port, name: string): this {
    return new Graph(port, this.engine, name, this.#shape) as this
  }

  get index(): readonly number[] {
    return this.#shape.index
  }

  get edges(): readonly number[] {
    return this.#shape.edges
  }

  neighbors(rank = this.rank): number[] {
    checkInteger(this, 'neighbors', 'rank', rank, 0, this.size - 1)
    return this.#shape.neighbors(rank)
  }
}

export class DistGraph extends Intracomm {
  readonly neighbors: Neighbors
  override readonly sources: readonly number[]
  override readonly destinations: readonly number[]

  /** For this room; users have `comm.distGraph` and `comm.distGraphAdjacent`. */
  constructor(port: Port, engine: Engine, name: string, neighbors: Neighbors) {
    super(port, engine, name)
    this.neighbors = neighbors
    this.sources = [...neighbors.sources]
    this.destinations = [...neighbors.destinations]
  }

  protected override again(port: Port, name: string): this {
    return new DistGraph(port, this.engine, name, this.neighbors) as this
  }
}
