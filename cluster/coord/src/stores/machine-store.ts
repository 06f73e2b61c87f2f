// What stores over the state machine have in common: each request is asked of the machine. Where that is, when a change is acknowledged, and how leases and watches get their time
// is each engine's own.
import { type Chance, type Clock, realChance, realClock } from '@skein/world'
import type {
  Entry,
  Operation,
  OperationResult,
  PutOptions,
  Range,
  RangeOptions,
  RangeResult,
  ReadOptions,
  Transaction,
  TransactionResult,
} from '../store.ts'

import type { ChangeRequest, ReadRequest } from './asking.ts'

export abstract class MachineStore {
  readonly clock: Clock
  readonly chance: Chance

  constructor(clock: Clock = realClock, chance: Chance = realChance()) {
    this.clock = clock
    this.chance = chance
  }

  /** What the machine answers as it is now. */
  protected abstract read<T>(request: ReadRequest): Promise<T>
  /** Resolves when what was changed is as safe as the engine makes it. */
  protected abstract change<T>(request: ChangeRequest): Promise<T>

  get(key: string, options: ReadOptions = {}): Promise<Entry | undefined> {
    return this.read({ ask: 'get', key, revision: options.revision })
  }

  range(range: Range, options?: RangeOptions): Promise<RangeResult> {
    return this.read({ ask: 'range', range, options })
  }

  async put(
    key: string,
    value: Uint8Array | string,
    options: PutOptions = {},
  ): Promise<{ revision: number; previous: Entry | undefined }> {
    const { revision, result } = await this.apply({ op: 'put', key, value, ...options })
    return { revision, previous: result as Entry | undefined }
  }

  async delete(key: string): Promise<{ revision: number; deleted: Entry | undefined }> {
    const { revision, result } = await this.apply({ op: 'delete', key })
    return { revision, deleted: result as Entry | undefined }
  }

  async deleteRange(range: Range): Promise<{ revision: number; deleted: readonly Entry[] }> {
    const { revision, result } = await this.apply({ op: 'deleteRange', range })
    return { revision, deleted: result as readonly Entry[] }
  }

  transact(transaction: Transaction): Promise<TransactionResult> {
    return this.change({ ask: 'transact', transaction })
  }

  compact(revision: number): Promise<void> {
    return this.change({ ask: 'compact', revision })
  }

  revision(): Promise<number> {
    return this.read({ ask: 'revision' })
  }

  private apply(operation: Operation): Promise<{ revision: number; result: OperationResult }> {
    return this.change({ ask: 'apply', operation })
  }
}
