import { type DecodedFunction, type DecodedModule, decodeModule, type Instruction, type Limits } from './decode.ts'
import { Folder, type Line } from './fold.ts'
import { type GivenNames, Names } from './names.ts'
import type { Type } from './opcodes.ts'
import { type PositionTable, positionAt } from './positions.ts'

export interface DisassembleOptions {
  /** Where the bytes come from: `ModuleBuilder.positions` after `finish`. */
  positions?: PositionTable
  /** The kernel's source, by line. With `positions`, each line stands beside the first code it became. */
  source?: string | readonly string[]
  /** Line number of the first line of `source`. @default 1 */
  firstLine?: number
  /** Names that the module does not carry, or that replace its own. */
  names?: GivenNames
  /** Names of the functions to show. @default all, and the module's other parts */
  only?: readonly string[]
  /** Columns of the code; the source stands to the right of them. @default 88 */
  width?: number
  /** Show the offset of each line's first byte. @default false */
  offsets?: boolean
}

/**
 * A module as text for a person to read: close to WebAssembly's folded text format, with `local.get` and constants
 * reduced to the bare name and number, one statement a line, blocks indented, and the kernel's source beside the code
 * it became.
 *
 *     func $kernel (param $begin i32) (param $end i32)
 *       loop $L1                                                   ;; 2 │ y[i] = a * x[i] + y[i]
 *         v128.store $y (f32x4.add (f32x4.mul $a (v128.load $x)) (v128.load $y))
 *
 * Every byte of the module is read and accounted for.
 *
 * @throws MalformedModuleError when the bytes are no module of the kind Skein writes
 */
export function disassemble(bytes: Uint8Array, options: DisassembleOptions = {}): string {
  const module = decodeModule(bytes)
  const { width = 88, only } = options
  const names = new Names(module, options.names)
  const lines: Line[] = []
  const plain = (text: string) => lines.push({ text, offset: -1 })
  if (only === undefined) {
    plain(`module${module.name === undefined ? '' : ` $${module.name}`}`)
    for (const text of moduleParts(module, names)) plain(`  ${text}`)
  }
  for (const f of module.functions) {
    const name = names.function(f.index)
    if (only !== undefined && !only.includes(name.slice(1))) continue
    if (lines.length > 0) plain('')
    lines.push(...functionLines(f, module, names, width))
  }
  return beside(lines, options, width)
}

function functionLines(f: DecodedFunction, module: DecodedModule, names: Names, width: number): Line[] {
  const lines: Line[] = []
  const declare = (what: string, from: number, to: number) =>
    f.locals.slice(from, to).map((type, i) => `(${what} ${names.local(f, from + i)} ${type})`)
  const results = f.results.length > 0 ? [`(result ${f.results.join(' ')})`] : []
  const exported = module.exports.filter(e => e.kind === 'function' && e.index === f.index)
  const head = [
    `func ${names.function(f.index)}`,
    ...exported.map(e => `(export ${JSON.stringify(e.name)})`),
    ...declare('param', 0, f.params.length),
    ...results,
  ]
  for (const text of wrap(head, '', width)) lines.push({ text, offset: -1 })
  for (const text of wrap(declare('local', f.params.length, f.locals.length), '  ', width)) {
    lines.push({ text, offset: -1 })
  }
  lines.push(...new Folder(f, module, names, width).lines())
  return lines
}

/** Words put on as few lines as fit the width; lines after the first are indented by four more. */
function wrap(words: readonly string[], indent: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? `${indent}${lines.length > 0 ? '    ' : ''}${word}` : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines
}

function moduleParts(module: DecodedModule, names: Names): string[] {
  const parts: string[] = []
  const quote = (text: string) => JSON.stringify(text)
  let functionIndex = 0
  let globalIndex = 0
  const constant = (code: readonly Instruction[]) => {
    const nowhere = { index: -1, params: [], results: [], locals: [], code }
    return new Folder(nowhere, module, names, Number.POSITIVE_INFINITY)
      .lines()
      .map(line => line.text.trim())
      .join(' ')
  }
  const globalType = (type: Type, mutable: boolean) => (mutable ? `(mut ${type})` : type)
  for (const one of module.imports) {
    const from = `import ${quote(one.module)} ${quote(one.name)}`
    if (one.kind === 'memory') parts.push(`${from} (${memoryText(one)})`)
    else if (one.kind === 'table') parts.push(`${from} (table ${one.min} ${one.max ?? ''} ${one.type})`)
    else if (one.kind === 'global')
      parts.push(`${from} (global $${globalIndex++} ${globalType(one.type, one.mutable)})`)
    else {
      const params = one.params.length > 0 ? ` (param ${one.params.join(' ')})` : ''
      const results = one.results.length > 0 ? ` (result ${one.results.join(' ')})` : ''
      parts.push(`${from} (func ${names.function(functionIndex++)}${params}${results})`)
    }
  }
  for (const memory of module.memories) parts.push(memoryText(memory))
  for (const table of module.tables) parts.push(`table ${table.min} ${table.max ?? ''} ${table.type}`)
  for (const global of module.globals) {
    parts.push(`global $${globalIndex++} ${globalType(global.type, global.mutable)} (${constant(global.init)})`)
  }
  for (const one of module.exports) {
    if (one.kind !== 'function') parts.push(`export ${quote(one.name)} (${one.kind} ${one.index})`)
  }
  for (const { table, offset, functions } of module.elements) {
    const place = offset === undefined ? '' : ` (table ${table}) (offset ${constant(offset)})`
    parts.push(`elem${place} ${functions.map(index => names.function(index)).join(' ')}`)
  }
  for (const { offset, bytes } of module.data) {
    const place = offset === undefined ? '' : ` (offset ${constant(offset)})`
    const shown = Array.from(bytes.subarray(0, 16), byte => byte.toString(16).padStart(2, '0')).join(' ')
    parts.push(`data${place} ${bytes.length} bytes: ${shown}${bytes.length > 16 ? ' …' : ''}`)
  }
  return parts
}

function memoryText({ memory64, min, max, shared }: Limits): string {
  return ['memory', memory64 ? 'i64' : '', min, max ?? '', shared ? 'shared' : ''].filter(part => part !== '').join(' ')
}

/** Joins the lines, with offsets before them and the source to their right. */
function beside(lines: readonly Line[], options: DisassembleOptions, width: number): string {
  const { positions, offsets = false, firstLine = 1 } = options
  const source = typeof options.source === 'string' ? options.source.split('\n') : options.source
  let last = 0
  return lines
    .map(({ text, offset }) => {
      const code = offsets ? `${offset < 0 ? '      ' : offset.toString(16).padStart(6, '0')}  ${text}` : text
      const at = offset < 0 || positions === undefined ? undefined : positionAt(positions, offset)
      if (at === undefined || at.line === last) return code
      last = at.line
      const words = source?.[at.line - firstLine]?.trim() ?? `line ${at.line}, column ${at.column}`
      return `${code.padEnd(width + (offsets ? 8 : 0))} ;; ${`${at.line}`.padStart(3)} │ ${words}`
    })
    .join('\n')
}
