/** What who emits machine code shares with the team: how threads enter it. */

export {
  type Fault,
  Gate,
  Gates,
  gate,
  gateBytes,
  gateCount,
  header,
  headerBytes,
  interruptSignal,
  registerNames,
  statusFaulted,
  statusInterrupted,
} from './gate.ts'
export { type Koffi, loadKoffi } from './koffi.ts'
export { withoutTermination } from './loading.ts'
