/** Collective calls: their arguments come to a plan, which is done now, started, or made persistent. */

import { NotSupportedError } from '@skein/base'
import type { Collective, Part, Pending, Persistent } from '../engine.ts'
import { checkKept, partOf } from '../message/part.ts'
import { Op, sum } from '../op.ts'
import { PersistentRequest, Remade } from '../request/persistent.ts'
import { Request } from '../request/request.ts'
import { Status } from '../status.ts'
import * as read from './arguments.ts'
import type { AllForms, Collectives as ByName } from './forms.ts'
import { Plan, type ValuePlan } from './plan.ts'
import { PointToPoint } from './point-to-point.ts'
import { runValues, startValues, type ValueExchange } from './value-collectives.ts'

/** Everything that a plan of a call under way refers to must stay as long as it is. */
function checkAllKept(comm: CollectiveCalls, call: string, collective: Collective): void {
  const { part, send, recv } = collective as {
    part?: { view: ArrayBufferView }
    send?: typeof part
    recv?: typeof part
  }
  if (part !== undefined) checkKept(comm, call, part.view)
  if (send !== undefined) checkKept(comm, call, send.view)
  if (recv !== undefined) checkKept(comm, call, recv.view)
}

/** A number that is reduced goes through these: a call that blocks is over before the next one. */
const numberIn = new Float64Array(1)
const numberOut = new Float64Array(1)
const nobody = { rank: 0, name: '' }
const numberInPart = partOf(nobody, '', '', numberIn)
const numberOutPart = partOf(nobody, '', '', numberOut)
let ofNumber: Extract<Collective, { recv: Part; op: Op }> = {
  is: 'allreduce',
  send: numberInPart,
  recv: numberOutPart,
  op: sum,
}

export abstract class CollectiveCalls extends PointToPoint {
  /** Does it, blocking. */
  protected run<T>(call: string, plan: Plan<T> | ValuePlan<T>): T {
    try {
      if (plan instanceof Plan) {
        this.port.run(plan.collective)
        return plan.finish === undefined ? plan.value : plan.finish()
      }
      if (!plan.pattern.startsWith('neighbor')) return runValues(this, call, plan)
      const exchange = startValues(this, call, plan, this.valueChannel())
      exchange.wait(new Status())
      return exchange.result()
    } catch (error) {
      throw this.failed(error, call)
    }
  }

  protected start<T>(call: string, plan: Plan<T> | ValuePlan<T>): Request<T> {
    try {
      if (plan instanceof Plan) {
        checkAllKept(this, call, plan.collective)
        return new Request(this, call, this.port.start(plan.collective), true, plan.value, plan.finish)
      }
      const exchange = startValues(this, call, plan, this.valueChannel())
      return new Request(this, call, exchange, true, undefined as T, () => exchange.result())
    } catch (error) {
      throw this.failed(error)
    }
  }

  protected prepare<T>(call: string, plan: Plan<T> | ValuePlan<T>): PersistentRequest<T> {
    try {
      if (plan instanceof Plan) {
        checkAllKept(this, call, plan.collective)
        return new PersistentRequest(this, call, this.#init(plan.collective), plan.value, plan.finish)
      }
      const channel = this.valueChannel()
      let exchange: ValueExchange<T> | undefined
      const remade = new Remade((): Pending => (exchange = startValues(this, call, plan, channel)))
      return new PersistentRequest(this, call, remade, undefined as T, () => exchange!.result())
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** Where the library has no persistent collectives, as none of before MPI-4 has, it is started anew each time. */
  #init(collective: Collective): Persistent {
    try {
      return this.port.init(collective)
    } catch (error) {
      if (!(error instanceof NotSupportedError)) throw error
      return new Remade(() => this.port.start(collective))
    }
  }

  /** The shortest way for one number. */
  protected reduceNumber(is: 'allreduce' | 'scan', value: number, op: Op): number {
    numberIn[0] = value
    if (ofNumber.is !== is || ofNumber.op !== op) ofNumber = { is, send: numberInPart, recv: numberOutPart, op }
    try {
      this.port.run(ofNumber)
    } catch (error) {
      throw this.failed(error)
    }
    return numberOut[0]
  }
}

const readers: { readonly [K in keyof ByName<'now'>]: read.Reader } = read

const prototype = CollectiveCalls.prototype as any
for (const name of Object.keys(readers) as (keyof typeof readers)[]) {
  const reader = readers[name]
  const started = `i${name}`
  const persistent = `${name}Init`
  prototype[name] = function (this: CollectiveCalls, a: unknown, b: unknown, c: unknown, d: unknown) {
    return this.run(name, reader(this, name, a, b, c, d))
  }
  prototype[started] = function (this: CollectiveCalls, a: unknown, b: unknown, c: unknown, d: unknown) {
    return this.start(started, reader(this, started, a, b, c, d))
  }
  prototype[persistent] = function (this: CollectiveCalls, a: unknown, b: unknown, c: unknown, d: unknown) {
    return this.prepare(persistent, reader(this, persistent, a, b, c, d))
  }
}

prototype.allreduce = function (this: CollectiveCalls, send: unknown, second: unknown, third: unknown) {
  if (typeof send === 'number' && second instanceof Op && isArithmetic(second) && this.peers > 0 && !this.isInter) {
    return this.reduceNumber('allreduce', send, second)
  }
  return this.run('allreduce', read.allreduce(this, 'allreduce', send, second, third, undefined))
}

const isArithmetic = ({ name }: Op): boolean => name === 'sum' || name === 'max' || name === 'min' || name === 'prod'

/** The class with the methods that were just put there. */
export const Collectives = CollectiveCalls as unknown as abstract new (
  ...given: ConstructorParameters<typeof CollectiveCalls>
) => CollectiveCalls & AllForms
