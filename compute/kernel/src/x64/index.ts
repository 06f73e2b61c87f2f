/** The x64 backend: machine code made for a kernel, run over the arrays where they are. */

import { createRequire } from 'node:module'
import { InternalError, NotSupportedError } from '@skein/base'
import { defaultTeam } from '@skein/team'
import { survivesTermination } from '@skein/team/native'
import type { Backend, Combination, Launch, Outcome } from '../backend.ts'
import { ELEMENT_BYTES, type KernelIR, walk } from '../ir/ir.ts'
import type { Access } from '../lanes/accesses.ts'
import type { Block } from '../launch/block.ts'
import { type Facts, factsOf } from '../launch/facts.ts'
import {
  type Kind,
  type Job as LaunchJob,
  type LaunchOptions,
  type Placement,
  TeamProgram,
  type Variant,
} from '../launch/program.ts'
import { lengthOf } from '../launch/size.ts'
import { lowerStorage } from '../passes/storage.ts'
import { computesMuch } from './ahead.ts'
import type { Description, Job } from './compile.ts'
import { Drafts, operationsOf } from './drafts.ts'
import type { Target } from './lower/target.ts'
import { goesOn, storeOf } from './past.ts'
import { isLikeProduct } from './products/like.ts'
import type { ProductProgram } from './products/program.ts'
import { heapAddress, placeOf } from './run/addresses.ts'
import { type CodeCache, processCache } from './run/cache.ts'
import { isa, refusal } from './run/cpu.ts'
import { faultError } from './run/faults.ts'
import { processGates } from './run/gates.ts'
import { CodePages } from './run/pages.ts'
import { identityOf, keysFor } from './run/program-key.ts'

/** For who loads this module: whether it has got the same ones. */
export { modules } from '../backend.ts'

/** Why kernels do not run on it unless told to; undefined: they do. */
export const whyNotByDefault = (): string | undefined =>
  survivesTermination()
    ? refusal()
    : 'this thread may be terminated at any moment, and the process would end with it if it were loading koffi just then (Node.js 26 needs no koffi)'

export const x64: Backend = {
  name: 'x64',
  unavailable: refusal,
  compile(ir, combination, options) {
    if (walk(ir.body).some(v => v.op === 'log')) {
      throw new NotSupportedError(
        'x64',
        `console.log in kernel ${ir.name}`,
        'threads would print in any order',
        "Run it with .on('reference')",
      )
    }
    const program = X64Program.of(ir, combination, options)
    if (options.text !== undefined) program.remember(options.text)
    return program
  },
  recall: (lower, options) =>
    options.text === undefined ? undefined : X64Program.remembered(options.text, lower, options),
}

/** What is known of a kernel without its IR. */
interface Outline extends Facts {
  readonly operations: number
  /** `identityOf` it. */
  readonly identity?: string
}

/** The kernel compiled for one kind of launch. */
interface X64Variant extends Variant {
  readonly kind: Kind
  readonly isDraft: boolean
  readonly pages: CodePages
  readonly entries: { readonly [name: string]: (args: number, begin: number, end: number, place: number) => number }
}

/** Tests choose the lanes, what code is made for, and where registers are. */
export interface X64Options extends LaunchOptions {
  readonly lanes?: number
  readonly target?: Target
  readonly naive?: boolean
  /** What has so many bytes is written past the caches. */
  readonly leastPast?: number
  /** A matrix product of so many products of numbers is worth block code. */
  readonly leastProduct?: number
  /** Where code is kept for the next process; null: nowhere. Default: the process's cache. */
  readonly cache?: CodeCache | null
}

/** Bytes of output from which on it is written past the caches: where it pays even if the next kernel reads it (README, "Stores past the caches"). */
const largeOutput = 16 << 20

class X64Program extends TeamProgram<X64Variant> {
  declare protected readonly options: X64Options
  readonly #target: Target
  readonly #product: ProductProgram | undefined
  readonly #drafts: Drafts | undefined
  /** What can be written past the caches, null for nothing; undefined: nobody asked so far. */
  #past: Access | null | undefined
  readonly #outline: Outline
  readonly #lower: () => KernelIR
  #lowered: KernelIR | undefined
  #identity: string | undefined

  private constructor(
    outline: Outline,
    lower: () => KernelIR,
    combination: Combination | undefined,
    options: X64Options,
    product: ProductProgram | undefined,
  ) {
    super(outline, combination, options, heapAddress())
    this.#outline = outline
    this.#identity = outline.identity
    this.#lower = lower
    this.#target = options.target ?? targetHere()
    this.#product = product
    // The order of reductions and scans leaves little to do without.
    if (options.drafts && combination === undefined) this.#drafts = new Drafts(outline.operations)
  }

  static of(ir: KernelIR, combination: Combination | undefined, options: X64Options): X64Program {
    const lowered = lowerStorage(ir, true)
    const outline = { ...factsOf(lowered, combination), operations: operationsOf(lowered.body) }
    const compile = (around: KernelIR) => X64Program.of(around, undefined, options)
    const target = options.target ?? targetHere()
    // Before storage: brain floats are numbers yet.
    const product =
      combination === undefined && isLikeProduct(ir)
        ? products().ProductProgram.of(ir, target.isa, compile, options.leastProduct)
        : undefined
    return new X64Program(outline, () => lowered, combination, options, product)
  }

  /** One whose kernel another process has compiled. @param lower makes its IR */
  static remembered(text: string, lower: () => KernelIR, options: X64Options): X64Program | undefined {
    const key = keysHere(options)?.('text', text)
    const found = key === undefined ? undefined : cacheOf(options)!.read(key)
    if (found === undefined) return undefined
    const lowered = () => lowerStorage(lower(), true)
    return new X64Program(found.description as Outline, lowered, undefined, options, undefined)
  }

  /** Keeps what is known of the kernel, but for products: how they are run takes the IR. */
  remember(text: string): void {
    const key = this.#product === undefined ? keysHere(this.options)?.('text', text) : undefined
    if (key === undefined) return
    const description = { ...this.#outline, identity: this.#identified() }
    cacheOf(this.options)!.write(key, { description, code: new Uint8Array(0) })
  }

  get #ir(): KernelIR {
    return (this.#lowered ??= this.#lower())
  }

  #identified(): string {
    return (this.#identity ??= identityOf(this.#ir, this.combination))
  }

  override run(launch: Launch): Outcome {
    const product = this.#product?.place(launch, placeOf)
    return product ? this.#product!.run(product, launch) : super.run(launch)
  }

  override async runAsync(launch: Launch): Promise<Outcome> {
    const product = this.#product?.place(launch, placeOf)
    return product ? this.#product!.runAsync(product, launch) : super.runAsync(launch)
  }

  override dispose(): void {
    super.dispose()
    this.#product?.dispose()
  }

  protected override variant(kind: Kind, positions: number): X64Variant {
    this.#drafts?.add(positions)
    return super.variant(kind, positions)
  }

  protected override isOutgrown({ isDraft }: X64Variant): boolean {
    return isDraft && this.#drafts!.areOver
  }

  protected override writesPast(launch: Launch, addresses: readonly number[], total: number): boolean {
    const { leastPast = largeOutput } = this.options
    // Most launches are smaller: their kernels are not looked at.
    if (total * 8 < leastPast) return false
    // Those that compute much wait for their stores then: sin(x) · exp(−y) + √|xy| took 2.7 times as long.
    if (computesMuch(this.#outline.operations)) return false
    if (goesOn(launch, addresses, this.facts.written)) return false
    if (this.#past === undefined) this.#past = storeOf(this.#ir)?.attr ?? null
    const past = this.#past as Access | null
    if (past === null || launch.extents.at(-1)!.step !== 1) return false
    const { buffer, element } = past
    return Math.min(total, lengthOf(launch, buffer)) * ELEMENT_BYTES[element] >= leastPast
  }

  protected override make(kind: Kind): X64Variant {
    const { entries: offsets, lanes, scratchBytes, code, isDraft } = this.#code(kind)
    const pages = new CodePages(code)
    const names = Object.keys(offsets)
    const functions = Object.fromEntries(names.map(name => [name, pages.address + offsets[name]]))
    const body = defaultTeam().native({ functions, gates: processGates().address, name: this.facts.name })
    const entries = Object.fromEntries(
      names.map((name, i) => [name, body.entry(i) as X64Variant['entries'][string]] as const),
    )
    return { kind, isDraft, pages, entries, body, lanes, scratchBytes, pool: 0, tallies: kind.tallies }
  }

  /** The code of a kind of launch, made or found. Whole code that is on the disk is better than a draft. */
  #code(kind: Kind): Description & { readonly code: Uint8Array; readonly isDraft: boolean } {
    const cache = cacheOf(this.options)
    const keys = keysHere(this.options)
    const keyOf = keys && ((isDraft: boolean) => keys('code', this.#identified(), kind, isDraft))
    const wanted = this.#drafts === undefined || this.#drafts.areOver ? [false] : [false, true]
    for (const isDraft of wanted) {
      const found = keyOf && cache!.read(keyOf(isDraft))
      if (found) return { ...(found.description as Description), code: found.code, isDraft }
    }
    const isDraft = wanted.at(-1)!
    const { description, code } = compiler().makeCode(this.#job(kind, isDraft))
    if (keyOf) cache!.write(keyOf(isDraft), { description, code })
    return { ...description, code, isDraft }
  }

  #job(kind: Kind, isDraft: boolean): Job {
    const { combination, options } = this
    const { unsafe, lanes, naive } = options
    return { ir: this.#ir, combination, target: this.#target, kind, unsafe, isDraft, lanes, naive }
  }

  protected override free({ body, pages }: X64Variant): void {
    body.unload()
    pages.dispose()
  }

  protected override place({ arrays }: Launch): Placement {
    // What is released holds on to the arrays until then.
    return { addresses: arrays.map(placeOf), release: () => void arrays }
  }

  protected override callHere(v: X64Variant, name: string, args: number, begin: number, end: number): number {
    const call = v.entries[name]
    return v.isDraft ? this.#timed(() => call(args, begin, end, 0)) : call(args, begin, end, 0)
  }

  protected override callTeam(v: X64Variant, name: string, job: LaunchJob): number {
    return v.isDraft ? this.#timed(() => defaultTeam().run(v.body, name, job)) : defaultTeam().run(v.body, name, job)
  }

  #timed(call: () => number): number {
    const from = performance.now()
    const status = call()
    this.#drafts!.spend(performance.now() - from)
    return status
  }

  protected override failure(v: X64Variant, block: Block, status: number): Outcome {
    if (status > 0) return super.failure(v, block, status)
    const { address, bytes } = v.pages
    const listing = () => compiler().linesOf(this.#job(v.kind, v.isDraft))
    const { source, unsafe } = this.options
    const error = faultError(processGates(), status, {
      name: `kernel ${this.facts.name}`,
      address,
      bytes,
      listing,
      source,
      unsafe: unsafe ? this.facts.name : undefined,
    })
    throw error ?? new InternalError(`kernel ${this.facts.name} returns a site, not ${status}`)
  }

  listing(): string {
    const code = compiler().listingOf(this.#job(this.anyVariant().kind, false), this.options.source)
    return this.#product ? `${this.#product.tell(this.options.source)}\n\n${code}` : code
  }
}

const cacheOf = ({ cache, onDisk = true }: X64Options): CodeCache | null | undefined =>
  onDisk ? (cache === undefined ? processCache() : cache) : null

/** The keys of what these options give; undefined where nothing is kept. */
function keysHere(options: X64Options): ReturnType<typeof keysFor> {
  const { cache: _cache, onDisk: _onDisk, source: _source, drafts: _drafts, text: _text, target, ...choices } = options
  // Whatever else is chosen may change the code.
  return cacheOf(options) ? keysFor([target ?? targetHere(), choices]) : undefined
}

/** The compiler, loaded when there is something to compile: within a call, so not by `import()`. */
const compiler = lazily<typeof import('./compile.ts')>('compile')

/** What runs kernels that are products of matrices, and what such products are run by. */
const products = lazily<typeof import('./products/program.ts')>('products/program')

function lazily<Module>(name: string): () => Module {
  let loaded: Module | undefined
  return () => {
    const here = import.meta.url
    loaded ??= createRequire(here)(`./${name}${here.slice(here.lastIndexOf('.'))}`) as Module
    return loaded
  }
}

function targetHere(): Target {
  const here = isa()
  return { isa: here, bits: here === 'avx512' ? 512 : 256 }
}
