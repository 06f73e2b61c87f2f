/**
 * The library of linear algebra of this machine: OpenBLAS, MKL or Accelerate, by way of koffi. It is looked for and loaded when somebody needs it for the first time.
 *
 * `SKEIN_LAPACK` names its file; `own` says that there is to be none.
 */

import { ArgumentError, findLibrary, NotSupportedError } from '@skein/base'
import { defaultTeam } from '@skein/team'
import { type Koffi, loadKoffi, stackBytes } from '@skein/team/koffi'
import { isEndedWithCare, withoutTermination } from '@skein/team/loading'
import { accelerate, type Convention, conventions, fileNames } from './symbols.ts'

type Handle = ReturnType<Koffi['load']>
type Native = ReturnType<Handle['func']>

/** What is to be known of it. */
export interface LapackLibrary {
  /** `OpenBLAS`, `MKL`, `Accelerate`, or `LAPACK` if it does not say. */
  readonly title: string
  /** As it tells it itself; undefined if it does not. */
  readonly version: string | undefined
  readonly path: string
  /** Of the whole numbers that it takes. */
  readonly integerBits: 32 | 64
  /** On how many it computes; undefined: it cannot be told. */
  readonly threads: number | undefined
}

/** It, loaded. */
export class Library {
  readonly path: string
  readonly title: string
  readonly version: string | undefined
  readonly integerBits: 32 | 64
  readonly #handle: Handle
  readonly #convention: Convention
  readonly #setThreads: ((threads: number) => unknown) | undefined
  readonly #known = new Map<string, Native>()

  /** @throws Error if it has no LAPACK */
  constructor(koffi: Koffi, path: string) {
    this.path = path
    const { sync_stack_size: stack = 0 } = koffi.config()
    if (stack < stackBytes)
      throw new Error(
        `koffi has loaded a library of the program before, and calls with ${stack} bytes of stack: koffi.config({ sync_stack_size: ${stackBytes}, async_stack_size: ${stackBytes} }) before that gives it enough`,
      )
    this.#handle = koffi.load(path, { lazy: true })
    const convention = conventions.find(c => ['dgemm', 'zgesdd'].every(name => this.#has(c.before + name + c.after)))
    if (convention === undefined) throw new Error('it has no functions of BLAS and LAPACK (dgemm_, zgesdd_)')
    this.#convention = convention
    const { title, version, setThreads } = this.#identify(convention)
    this.title = title
    this.version = version
    this.#setThreads = setThreads
    this.integerBits = this.#widthOfIntegers()
  }

  get threads(): number | undefined {
    return this.#setThreads && defaultTeam().threads
  }

  /** As many threads as Skein's team has. What is set holds for the whole process, so it is said before each call. */
  useThreads(): void {
    this.#setThreads?.(defaultTeam().threads)
  }

  /** A subroutine of Fortran: all parameters are addresses, and behind them come the lengths of those that are texts. */
  subroutine(name: string, parameters: number, texts: number): Native {
    let found = this.#known.get(name)
    if (found === undefined) {
      const types = [...Array<string>(parameters).fill('void *'), ...Array<string>(texts).fill('size_t')]
      const { before, after } = this.#convention
      found = withoutTermination(() => this.#handle.func(before + name + after, 'void', types))
      this.#known.set(name, found)
    }
    return found
  }

  #has(symbol: string): boolean {
    try {
      return Boolean(this.#handle.symbol(symbol))
    } catch {
      return false
    }
  }

  #identify({ ofC: [before, after] }: Convention): {
    title: string
    version?: string
    setThreads?: (threads: number) => unknown
  } {
    const func = (name: string, result: string, parameters: string[]): Native | undefined => {
      const symbol = before + name + after
      return this.#has(symbol) ? this.#handle.func(symbol, result, parameters) : undefined
    }
    const config = func('openblas_get_config', 'str', [])
    if (config !== undefined) {
      const version = /OpenBLAS ([\d.]+\w*)/.exec(config() as string)?.[1]
      const core = func('openblas_get_corename', 'str', [])?.() as string | undefined
      return {
        title: 'OpenBLAS',
        version: [version, core && `for ${core}`].filter(Boolean).join(' '),
        setThreads: func('openblas_set_num_threads', 'void', ['int']),
      }
    }
    const versionOfMkl = func('MKL_Get_Version_String', 'void', ['void *', 'int'])
    if (versionOfMkl !== undefined) {
      const text = new Uint8Array(200)
      versionOfMkl(text, text.length)
      const said = new TextDecoder().decode(text).replace(/\0.*/s, '')
      return {
        title: 'MKL',
        version: /Version ([\d.]+)/.exec(said)?.[1] ?? said,
        setThreads: func('MKL_Set_Num_Threads', 'void', ['int']),
      }
    }
    if (this.path.includes('Accelerate')) {
      // 1: on the caller's thread alone. It knows no other numbers.
      const set = func('BLASSetThreading', 'int', ['int'])
      return { title: 'Accelerate', ...(set && { setThreads: (threads: number) => set(threads === 1 ? 1 : 0) }) }
    }
    return { title: 'LAPACK' }
  }

  /**
   * Found out by a factorisation of two rows, both of which are exchanged with the second, and that shows that calls arrive. Whole numbers are given in 64 bits, of which 32 are the lower half.
   */
  #widthOfIntegers(): 32 | 64 {
    const two = BigInt64Array.of(2n)
    const matrix = Float64Array.of(0, 1, 1, 0)
    const pivots = Int32Array.of(-1, -1, -1, -1)
    const info = BigInt64Array.of(0n)
    this.subroutine('dgetrf', 6, 0)(two, two, matrix, two, pivots, info)
    const found = String(pivots)
    if (found === '2,2,-1,-1') return 32
    if (found === '2,0,2,0') return 64
    throw new Error(`a factorisation for a trial exchanged rows by ${found}`)
  }
}

let opened: { readonly library?: Library; readonly reason?: string; readonly cause?: unknown } | undefined

function open(): NonNullable<typeof opened> {
  const asked = process.env.SKEIN_LAPACK
  if (asked === 'own') return { reason: 'SKEIN_LAPACK is own' }
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 0) return { reason: 'it is not called on big-endian machines' }
  if (!isEndedWithCare())
    return { reason: 'this thread may be terminated at any moment, and the process would end with it' }
  const path = asked || (process.platform === 'darwin' ? accelerate : findLibrary(fileNames))
  if (path === undefined) return { reason: `there is no ${fileNames.slice(1, 5).join(', ')} where libraries lie` }
  try {
    return { library: withoutTermination(() => new Library(loadKoffi(), path)) }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND')
      return { reason: 'the package koffi, by which libraries are called, is not installed (npm install koffi)', cause }
    if (asked)
      throw new ArgumentError('SKEIN_LAPACK', 'the file', 'a library of LAPACK, or own', asked, String(cause), {
        cause,
      })
    return { reason: `${path} cannot be used: ${(cause as Error).message}`, cause }
  }
}

/** Undefined where there is none. @throws ArgumentError if SKEIN_LAPACK names what is none */
export const libraryHere = (): Library | undefined => (opened ??= open()).library

/** @throws NotSupportedError that says why there is none; ArgumentError */
export function libraryOrThrow(call: string): Library {
  const library = libraryHere()
  if (library !== undefined) return library
  const advice =
    'Install OpenBLAS (Debian: apt-get install libopenblas0), or name a file in SKEIN_LAPACK; without it everything runs on Skein’s own algorithms.'
  throw new NotSupportedError('lapack', call, opened!.reason!, advice, { cause: opened!.cause })
}
