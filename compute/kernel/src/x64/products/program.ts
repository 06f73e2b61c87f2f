/** A kernel that is a matrix product, run as one where its launch allows it: what comes before the sums, the product by block code, what is made of the sums. */

import type { Launch, Outcome, Program } from '../../backend.ts'
import type { MatrixProduct } from '../../gemm/product.ts'
import type { KernelIR } from '../../ir/ir.ts'
import { sizeOf } from '../../launch/size.ts'
import { gemm, gemmAsync } from '../gemm/gemm.ts'
import type { Isa } from '../run/cpu.ts'
import { kernelAfter, kernelBefore } from './around.ts'
import { Refusal } from './axes.ts'
import { tellProduct } from './explain.ts'
import { type Plan, ProductLaunches, productOf } from './launch.ts'
import { type Product, recogniseProduct } from './recognise.ts'

export class ProductProgram {
  readonly #found: Product | Refusal
  readonly #launches: ProductLaunches | undefined
  readonly #ir: KernelIR
  readonly #compile: (ir: KernelIR) => Program
  readonly #isa: Isa
  #before: Program | undefined
  #after: Program | undefined
  #last: Plan | Refusal | undefined

  /** @param compile a kernel that stands around the sums @param least so many products of numbers are worth it @returns undefined for a kernel that is nothing like a product */
  static of(ir: KernelIR, isa: Isa, compile: (ir: KernelIR) => Program, least?: number): ProductProgram | undefined {
    const found = recogniseProduct(ir)
    return found && new ProductProgram(ir, found, isa, compile, least)
  }

  private constructor(
    ir: KernelIR,
    found: Product | Refusal,
    isa: Isa,
    compile: (ir: KernelIR) => Program,
    least: number | undefined,
  ) {
    this.#ir = ir
    this.#found = found
    this.#isa = isa
    this.#compile = compile
    this.#launches = found instanceof Refusal ? undefined : new ProductLaunches(found, least)
  }

  /** @param addressOf an array's first byte @returns undefined where the kernel's own code is to run */
  place(launch: Launch, addressOf: (array: ArrayBufferView) => number): MatrixProduct | undefined {
    if (this.#launches === undefined) return undefined
    const placed = this.#launches.place(launch, sizeOf(launch), launch.arrays.map(addressOf))
    this.#last = placed
    return placed instanceof Refusal ? undefined : productOf(placed, launch)
  }

  run(product: MatrixProduct, launch: Launch): Outcome {
    const { before, after } = this.#around()
    before?.run(launch)
    gemm(product, { threads: launch.threads }, { isa: this.#isa })
    after?.run(launch)
    return { value: undefined }
  }

  async runAsync(product: MatrixProduct, launch: Launch): Promise<Outcome> {
    const { before, after } = this.#around()
    const { threads, signal } = launch
    await before?.runAsync(launch)
    await gemmAsync(product, { threads, ...(signal && { signal }) }, { isa: this.#isa })
    await after?.runAsync(launch)
    return { value: undefined }
  }

  /** The kernels around the sums, made when they are first run. */
  #around(): { readonly before: Program | undefined; readonly after: Program | undefined } {
    const { summed, isBefore, isAfter } = this.#found as Product
    if (isBefore) this.#before ??= this.#compile(kernelBefore(this.#ir, summed!))
    if (isAfter) this.#after ??= this.#compile(kernelAfter(this.#ir, summed!))
    return { before: this.#before, after: this.#after }
  }

  tell(source: readonly string[]): string {
    return tellProduct(this.#found, this.#last, source)
  }

  dispose(): void {
    this.#before?.dispose()
    this.#after?.dispose()
  }
}
