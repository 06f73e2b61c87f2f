/**
 * The kernels that a file makes while it is imported. Every kernel made is told to the list that `globalThis` holds under
 * `Symbol.for('skein.kernels')`, if there is one; where it was made is read from the stack at that moment.
 */
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A kernel as far as it is used here; the file may have imported another copy of Skein than the command's own. */
export interface KernelFunction {
  readonly kernelName: string
  on(backend: string): KernelFunction
  explain(level: string, ...call: unknown[]): string
}

export interface MadeKernel {
  readonly kernel: KernelFunction
  /** Where `kernel(…)` was called, if the stack says. */
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

export interface Imported {
  readonly made: readonly MadeKernel[]
  /** Kernels among the file's exports, with the names they are exported under. */
  readonly exported: ReadonlyMap<KernelFunction, string>
  /** What the file threw at its top level. */
  readonly failure: unknown
}

const registry = Symbol.for('skein.kernels')

class Exit {}

/**
 * Imports the file with its output turned to standard error, and its command line empty. A file that throws, or calls
 * `process.exit`, is left at that point: the kernels made until then are there.
 */
export async function importFile(file: string): Promise<Imported> {
  const path = resolve(file)
  const made: MadeKernel[] = []
  const list = { push: (kernel: KernelFunction) => void (isVariant() || made.push({ kernel, ...placeOfCall() })) }
  const world = globalThis as { [registry]?: unknown }
  const before = { list: world[registry], argv: process.argv, exit: process.exit, write: process.stdout.write }
  world[registry] = list
  process.argv = [process.execPath, path]
  process.exit = () => {
    throw new Exit()
  }
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write
  const exported = new Map<KernelFunction, string>()
  let failure: unknown
  try {
    const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>
    for (const [name, value] of Object.entries(module)) if (isKernel(value)) exported.set(value, name)
  } catch (error) {
    if (!(error instanceof Exit)) failure = error
  } finally {
    world[registry] = before.list
    process.argv = before.argv
    process.exit = before.exit
    process.stdout.write = before.write
  }
  return { made, exported, failure }
}

const isKernel = (value: unknown): value is KernelFunction =>
  typeof value === 'function' && 'kernelName' in value && typeof (value as { explain?: unknown }).explain === 'function'

/** The stack above the list's `push`: `make`, its callers in Skein, then the file's own. */
function stack(): NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  Error.stackTraceLimit = 30
  Error.prepareStackTrace = (_, sites) => sites
  const sites = new Error().stack as unknown as NodeJS.CallSite[]
  Error.stackTraceLimit = stackTraceLimit
  Error.prepareStackTrace = prepareStackTrace
  return sites.filter(site => !pathOf(site)?.startsWith(import.meta.dirname))
}

const pathOf = (site: NodeJS.CallSite): string | undefined => {
  const name = site.getFileName()
  return name?.startsWith('file:') ? fileURLToPath(name) : (name ?? undefined)
}

/** Frames of Skein's own: those in the folder of the frame nearest to the list. */
function ownFrames(sites: NodeJS.CallSite[]): number {
  const home = dirname(pathOf(sites[0]) ?? '')
  const first = sites.findIndex(site => !pathOf(site)?.startsWith(home))
  return first < 0 ? sites.length : first
}

/** `kernel.on(…)` and `kernel.with(…)` make kernels of kernels that are known already. */
function isVariant(): boolean {
  const sites = stack()
  return sites
    .slice(0, ownFrames(sites))
    .some(site => /^(on|with)$/.test(site.getMethodName() ?? site.getFunctionName() ?? ''))
}

function placeOfCall(): Omit<MadeKernel, 'kernel'> {
  const sites = stack()
  const site = sites[ownFrames(sites)]
  const file = site && pathOf(site)
  if (!file) return {}
  return { file, line: site.getLineNumber() ?? undefined, column: site.getColumnNumber() ?? undefined }
}
