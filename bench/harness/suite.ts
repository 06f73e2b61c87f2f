/** What a suite of benchmarks consists of: cases, each described in one place, and the peers that run them. */
import type { Row } from './results.ts'

export interface Effort {
  /** Undisturbed measurements wanted of each peer; at most twice as many rounds are run for them. */
  rounds: number
  /** Seconds that one peer may spend warming up and measuring one case, beyond its first three measurements. */
  budgetSeconds: number
  /** Seconds of runs, at least, before the first measurement of a case that is `isHot`. */
  warmSeconds: number
  /** Seconds of runs after which engines count as tiered up, though it were fewer than six. */
  tieredSeconds: number
  /** A run of so many seconds needs no untimed one before. */
  longSeconds: number
  restMs: number
  timeoutMs: number
}

export interface BenchCase {
  /** Name without dtype, as in the results: `triad`. */
  name: string
  dtype: string
  /** What it computes and how large it is, for the table's heading. */
  about: string
  /** Full problem size, and the small one for `--quick`. */
  n: number
  quick: number
  /** Bytes moved by one run as STREAM counts them: each operand read or written once, no write-allocate. */
  bytes?: (n: number) => number
  /** Floating-point operations of one run. */
  flops?: (n: number) => number
  /** What one run counts, for a rate: `{ name: 'tasks', of: n => n }`. */
  items?: { name: string; of: (n: number) => number }
  /** What is measured when it is not time: memory, one number per run, kept where seconds would be. */
  unit?: 'bytes' | 'functions'
  /** Greatest relative difference of two right checksums. 0 for whole numbers. */
  tolerance: number
  /** It is run on so many threads, whatever the others are run on. */
  threads?: number
  /** Calls that one measurement covers, for cases shorter than the clock can see. */
  inner?: number
  /** Short runs of several threads: they wait until engines, which compile on threads of their own and so take cores from them, have done with that. */
  isHot?: boolean
  /** What Skein promises for this case. */
  targets?: Target[]
}

/** A ratio to a peer of the same run, seconds, items a second, or what else is measured. `skein` defaults to the suite's `own`. */
export type Target = { skein?: string } & (
  | { than: string; threads?: number; atLeast: number }
  | { atMostSeconds: number }
  | { atLeastPerSecond: number }
  /** In the unit of the case. */
  | { atMost: number }
)

/** The name by which peers know a case; dtype `none` is for cases that carry no data. */
export const caseId = (c: BenchCase) => (c.dtype === 'none' ? c.name : `${c.name}_${c.dtype}`)

/** How to start a peer that is here, or why it is not. */
export type Launch = { command: string; args: string[]; env?: Record<string, string> } | { absent: string }

export const launchOf = ({ launch }: Pick<PeerSpec, 'launch'>): Launch =>
  typeof launch === 'function' ? launch() : launch

export interface PeerSpec {
  /** For messages about a peer that never came to say its own name. */
  label: string
  threads: number
  /** A function is called when the peer is needed: it may build a program first. */
  launch: Launch | (() => Launch)
  /** The cases it takes part in, so that it is started for them alone; all, if left out. */
  cases?: (benchCase: BenchCase) => boolean
  /** It takes part only where `--peers` names it. */
  onlyIfNamed?: boolean
}

export interface Suite {
  name: string
  /** Skein's row that targets and the last column are about, unless they say otherwise. */
  own: string
  cases: BenchCase[]
  /** Builds what must be built, and lists every peer in the order of the table. */
  peers: (threads: number) => PeerSpec[]
  /** Whose checksum the others are compared with. */
  isReference: (row: Row) => boolean
  /** The case whose bandwidth is the machine's limit, and who measures it. */
  limit?: { id: string; who: string }
  /** How much is measured, where it is not the usual. */
  effort?: Partial<Effort>
  /** Lines about all rows of a run. */
  summary?: (rows: readonly Row[]) => string[]
  /** Lines printed below the tables: how peers were run, what a reader must know. */
  notes: string[]
}
