/** What who emits machine code shares with the team: how threads enter it. */

export { type Foreign, foreign, survivesTermination } from './foreign.ts'
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
export { withoutTermination } from './loading.ts'
