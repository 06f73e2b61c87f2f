/** `skein explain`: brings together what a file's text says of its kernels and what it makes when imported. */
import { basename, resolve } from 'node:path'
import { type BackendName, defaultBackend } from '@skein/kernel'
import { CommandError, UsageError } from '../errors.ts'
import { didYouMean } from '../nearest.ts'
import { checkFile } from '../run/run-program.ts'
import { become, isTypeScript, noRuntime, readsTypeScript, runtimeFor } from '../runtime.mjs'
import { styleFor } from '../style.ts'
import { table } from '../table.ts'
import { type ArgumentType, readType, sample, split, typeName } from './annotation.ts'
import { importFile, type KernelFunction } from './made-kernels.ts'
import { readSource, type SourceFile, type SourceKernel } from './source-kernels.ts'

export interface ExplainSettings {
  level: 'ir' | 'passes' | 'code' | 'all'
  /** Default: what the kernel runs on. */
  backend?: BackendName
  types?: string
}

/** A kernel by the name the user gives: what the text says of it, and the thing itself, as far as there are both. */
interface Known {
  name: string
  source?: SourceKernel
  aliasOf?: SourceFile['aliasOf']
  made?: KernelFunction
  /** `blur.ts:12` */
  place: string
}

/** @param target `file` to list its kernels, `file#name` or `file#line` to explain one */
export async function explainFile(target: string, settings: ExplainSettings): Promise<number | undefined> {
  const mark = target.lastIndexOf('#')
  const file = mark < 0 ? target : target.slice(0, mark)
  const wanted = mark < 0 ? undefined : target.slice(mark + 1)
  checkFile('explain', file)
  if (isTypeScript(file) && !readsTypeScript()) {
    const runtime = runtimeFor([file])
    if (!runtime) throw new CommandError('explain', noRuntime)
    return become(runtime.node, [...runtime.flags, ...process.argv.slice(1)])
  }
  const { known, failure } = await kernelsOf(file)
  if (wanted === undefined) {
    if (failure !== undefined && !known.some(one => one.made)) throw notImported(file, failure)
    if (known.length === 0)
      throw new CommandError('explain', `${file} makes no kernels: no kernel(…), reduce(…) or scan(…) in it.`)
    console.log(listing(known, file))
    return undefined
  }
  const one = known.find(({ name }) => name === wanted) ?? known.find(({ source }) => String(source?.line) === wanted)
  if (!one) {
    if (failure !== undefined) throw notImported(file, failure)
    const names = known.map(({ name }) => name)
    const there = names.length ? ` It has ${names.join(', ')}.` : ' It makes none.'
    throw new UsageError('explain', `${file} has no kernel '${wanted}'.${didYouMean(wanted, names)}${there}`)
  }
  if (!one.made) {
    if (failure !== undefined) throw notImported(file, failure)
    throw new CommandError(
      'explain',
      `${one.place}: ${one.name} is not made when ${file} is imported. Make it at the top level, or in a function that runs then.`,
    )
  }
  console.log(explanation(one, one.made, settings))
  return undefined
}

/** Kernel errors show their place themselves; of others it is in the stack. */
function notImported(file: string, failure: unknown): unknown {
  if (!(failure instanceof Error) || String((failure as { code?: unknown }).code).startsWith('SKEIN_')) return failure
  const { stack = '', name, message } = failure
  // V8 puts the place of a syntax error before the message, that of others in the first frame.
  const [before] = stack.split(`${name}: `)
  const [frame] = stack.split('\n').filter(line => /^\s+at .*file:/.test(line))
  const place = before.startsWith('file:') ? `\n${before.trimEnd()}` : frame ? `\n${frame}` : ''
  return new CommandError('explain', `${file} cannot be imported. ${name}: ${message}${place}`, { cause: failure })
}

async function kernelsOf(file: string): Promise<{ known: Known[]; failure: unknown }> {
  const sources = new Map<string, SourceFile>()
  const sourceOf = (path: string): SourceFile | undefined => {
    try {
      if (!sources.has(path)) sources.set(path, readSource(path))
    } catch {
      // Not even the text can be read: importing the file says why, with the place.
    }
    return sources.get(path)
  }
  const path = resolve(file)
  const own = sourceOf(path)
  const known: Known[] = (own?.kernels ?? []).map(source => ({
    name: source.name || `line ${source.line}`,
    source,
    aliasOf: own!.aliasOf,
    place: `${file}:${source.line}`,
  }))
  const { made, exported, failure } = await importFile(file)
  for (const { kernel, file: from, line, column } of made) {
    const source = from && sourceOf(from)?.kernels.find(one => one.line === line && one.column === column)
    const name = exported.get(kernel)
    if (from === path) {
      // Of kernels made in one place, by a function that runs often, the first is as good as any.
      const match = known.find(one => one.source === source)
      if (match && source) match.made ??= kernel
      else known.push({ name: name ?? kernel.kernelName, made: kernel, place: `${file}:${line}` })
      if (match && name) match.name = name
    } else if (name !== undefined) {
      const other = from && sources.get(from)
      known.push({
        name,
        made: kernel,
        place: `${basename(from ?? file)}:${line}`,
        ...(source && { source }),
        ...(other && { aliasOf: other.aliasOf }),
      })
    }
  }
  return { known, failure }
}

function listing(known: readonly Known[], file: string): string {
  const style = styleFor(process.stdout)
  const rows = known.map(({ name, source, made, place }) => {
    const parameters = source?.parameters?.map(({ name, annotation }) =>
      annotation ? `${name}: ${annotation.replace(/\s+/g, ' ')}` : name,
    )
    const note = made ? '' : style('dim', '  (not made when the file is imported)')
    return [
      style('bold', name),
      source?.kind ?? '',
      style('dim', place),
      `${parameters ? `(${parameters.join(', ')})` : ''}${note}`,
    ]
  })
  const first = known.find(({ made }) => made) ?? known[0]
  return `${table(rows)}\n\n${style('dim', `skein explain ${file}#${first.name} shows one of them.`)}`
}

function explanation(one: Known, made: KernelFunction, { level, backend, types }: ExplainSettings): string {
  const style = styleFor(process.stdout)
  // On another backend the program has made no call, whose types could be taken.
  const kernel = backend === undefined || backend === defaultBackend() ? made : made.on(backend)
  const [text, argued] = compiled(one, kernel, level, types)
  const title = style('bold', `${one.name}  ${one.source?.kind ?? 'kernel'} of ${one.place}`)
  const dressed = withSource(text, one.source)
    .split('\n')
    .map(line =>
      line.startsWith('── ')
        ? style(['bold', 'cyan'], line)
        : line.replace(/;; +\d+ │.*$/, beside => style('dim', beside)),
    )
  return `${title}\n${style('dim', argued)}\n\n${dressed.join('\n')}`
}

/** The source as the file has it, its types too, with the line numbers that the listings give. */
function withSource(text: string, source: SourceKernel | undefined): string {
  if (source?.text === undefined) return text
  const lines = source.text.split('\n')
  const width = String(lines.length).length
  const numbered = lines.map((line, k) => `${String(k + 1).padStart(width + 2)} │ ${line}`)
  return text.replace(/^── source\n[\s\S]*?(?=\n\n── )/, () => `── source\n${numbered.join('\n')}`)
}

/** The compiler's text, and a line about the types it was made for. */
function compiled(
  one: Known,
  kernel: KernelFunction,
  level: string,
  types: string | undefined,
): [text: string, argued: string] {
  if (types === undefined) {
    try {
      return [kernel.explain(level), "for the types of the program's own call"]
    } catch (error) {
      if (!neverCalled(error)) throw error
    }
  }
  const list = types === undefined ? annotatedTypes(one) : givenTypes(types, one)
  const attempt = (list: ArgumentType[]): [string, string] => {
    const names = one.source?.parameters?.map(parameter => parameter.name) ?? []
    const given = list.length > names.length && one.source?.kind === 'scan' ? list : [...outputOf(one, list), ...list]
    const labels = given.length > names.length ? ['out', ...names] : names
    const argued = given.map((type, k) => `${labels[k] ?? `argument ${k + 1}`}: ${typeName(type)}`).join(', ')
    const rank = one.source?.rank ?? 1
    return [
      kernel.explain(level, rank === 1 ? 0 : new Array(rank).fill(0), ...given.map(sample)),
      argued && `for ${argued}`,
    ]
  }
  try {
    return attempt(list)
  } catch (error) {
    // A number that was taken for a fraction may be needed whole, in ways the text does not show.
    const whole = list.map((type): ArgumentType => (type.is === 'number' ? { is: 'integer' } : type))
    if (types !== undefined || (error as { code?: unknown }).code !== 'SKEIN_KERNEL_TYPE') throw error
    return attempt(whole)
  }
}

const neverCalled = (error: unknown): boolean =>
  (error as { code?: unknown; argument?: unknown }).code === 'SKEIN_ARGUMENT' &&
  (error as { argument: unknown }).argument === 'arguments'

/** A scan writes where its caller says: into an array like the first one it reads that can hold sums, else of doubles. */
function outputOf(one: Known, list: readonly ArgumentType[]): ArgumentType[] {
  if (one.source?.kind !== 'scan') return []
  const like = list.find(
    type => type.is === 'array' && /^(Int32|Uint32|Float32|Float64|BigInt64|BigUint64)Array$/.test(type.of),
  )
  return [like ?? { is: 'array', of: 'Float64Array' }]
}

function givenTypes(text: string, one: Known): ArgumentType[] {
  return split(text, ',').map(word => {
    const type = readType(word, one.aliasOf)
    if (type) return type
    throw new UsageError(
      'explain',
      `--types: '${word.trim()}' is no type of a kernel's argument. They are number, integer, bigint, boolean, Float32Array and its like, Float32Array@2 for a view of two dimensions.`,
    )
  })
}

function annotatedTypes(one: Known): ArgumentType[] {
  if (!one.source?.parameters) {
    throw new UsageError(
      'explain',
      `the types of ${one.name}'s arguments are not in its file. Give them: --types number,Float32Array,…`,
    )
  }
  return one.source.parameters.map(({ name, annotation, indexes }) => {
    const type = annotation === undefined ? undefined : readType(annotation, one.aliasOf)
    if (type) return type.is === 'number' && indexes ? { is: 'integer' } : type
    const list = one.source!.parameters!.map(parameter => `<${parameter.name}>`).join(',')
    const found =
      annotation === undefined
        ? 'has no annotation'
        : `has the type ${annotation}, which is none that a kernel takes as it stands`
    throw new UsageError('explain', `parameter ${name} of ${one.name} ${found}. Give the types: --types ${list}`)
  })
}
