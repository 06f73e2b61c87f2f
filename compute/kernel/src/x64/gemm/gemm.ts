/** Products of matrices: what is asked for is checked, cut into steps, and run, here or on the team. */

import { CancelledError } from '@skein/base'
import { defaultTeam } from '@skein/team'
import { check } from '../../gemm/check.ts'
import type { AsyncProductOptions, MatrixProduct, ProductOptions } from '../../gemm/product.ts'
import { cpu, type Feature, type Isa, isa } from '../run/cpu.ts'
import { failureOf } from '../run/routines.ts'
import type { Machine } from './format.ts'
import { recentStep, remember } from './recent.ts'
import type { Step } from './step.ts'
import { stepsOf } from './steps.ts'
import { giveBackWorkspace, lendWorkspace } from './workspace.ts'

/** Tests choose what code is made for. */
export interface Choices {
  readonly isa?: Isa
  /** Beyond that. Default: those of this CPU */
  readonly features?: ReadonlySet<Feature>
  readonly hasFastPairs?: boolean
}

const machineOf = ({
  isa: chosen = isa(),
  features = cpu().features,
  hasFastPairs = hasFastPairsHere(),
}: Choices): Machine => ({ isa: chosen, features, hasFastPairs })

/** On Intel's processors `vdpbf16ps` takes two cycles, in which four `vfmadd231ps` multiply twice as many. */
const hasFastPairsHere = (): boolean => cpu().features.has('avx512bf16') && cpu().vendor !== 'GenuineIntel'

/**
 * C = AB and the like: see `MatrixProduct`. Done when it returns.
 *
 * @throws ArgumentError for sizes, strides and arrays that do not go together; NotSupportedError where machine code cannot run
 */
export function gemm(product: MatrixProduct, options: ProductOptions = {}, choices: Choices = {}): void {
  const machine = machineOf(choices)
  const threads = threadsOf(options)
  const known = recentStep(product, machine.isa, threads)
  if (known !== undefined) {
    runHere(known.step, known.address, known.units)
    return
  }
  const checked = check(product)
  if (checked === undefined) return
  const workspace = lendWorkspace()
  let steps = 0
  let last: Step | undefined
  try {
    for (const step of stepsOf(product, checked, machine, threads)) {
      workspace.reset(step.bytes)
      const { address, units } = step.write(workspace)
      runHere(step, address, units)
      steps++
      last = step
    }
  } finally {
    giveBackWorkspace(workspace)
  }
  if (steps === 1) remember(product, checked, machine.isa, threads, last!)
}

function runHere({ body, threads, chunk = 1 }: Step, args: number, end: number): void {
  const status =
    threads === 1
      ? (body.entry(0)(args, 0, end, 0) as number)
      : defaultTeam().run(body, 0, { args, begin: 0, end, threads, schedule: 'auto', chunk })
  if (status !== 0) throw failureOf(status)
}

/**
 * The same on the team's threads; the caller's event loop stays free. The arrays belong to the call until the promise settles.
 *
 * @throws (rejects with) what `gemm` throws, and CancelledError
 */
export async function gemmAsync(
  product: MatrixProduct,
  options: AsyncProductOptions = {},
  choices: Choices = {},
): Promise<void> {
  const { signal } = options
  const machine = machineOf(choices)
  const checked = check(product)
  CancelledError.check(signal, 'gemm')
  if (checked === undefined) return
  const workspace = lendWorkspace()
  try {
    for (const step of stepsOf(product, checked, machine, threadsOf(options))) {
      workspace.reset(step.bytes)
      const { address, units } = step.write(workspace)
      const release = step.hold?.()
      try {
        const status = await runOnTeam(step, address, units, signal)
        if (status !== 0) throw failureOf(status)
      } finally {
        release?.()
      }
    }
  } catch (error) {
    if (signal?.aborted && error instanceof CancelledError) throw new CancelledError('gemm', signal.reason)
    throw error
  } finally {
    giveBackWorkspace(workspace)
  }
}

const runOnTeam = (
  { body, threads, chunk = 1 }: Step,
  address: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<number> =>
  defaultTeam().runAsync(body, 0, {
    ...{ args: address, begin: 0, end, threads, schedule: 'auto', chunk },
    ...(signal && { signal }),
  })

const threadsOf = ({ threads = Number.POSITIVE_INFINITY }: ProductOptions): number =>
  Math.max(1, Math.min(threads, defaultTeam().threads))
