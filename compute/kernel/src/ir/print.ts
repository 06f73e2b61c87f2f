/** The IR as text, one value a line: what `explain` shows after each pass. */
import type { KernelIR, Region, Value } from './ir.ts'

const name = (v: Value) => (v.op === 'const' ? constant(v) : `%${v.id}`)

function constant(v: Value): string {
  const text = Object.is(v.attr, -0) ? '-0' : String(v.attr)
  return v.type === 'i64' ? `${text}n` : v.type === 'f32' && typeof v.attr === 'number' ? `${text}f` : text
}

function attribute(v: Value, ir: KernelIR): string {
  const a = v.attr
  if (a === undefined) return ''
  if (v.op === 'load' || v.op === 'store' || v.op === 'lload' || v.op === 'lstore' || v.op === 'atomic')
    return ` ${ir.buffers[a.buffer]?.name}.${a.element}${a.kind ? ` ${a.kind}` : ''}${a.proved ? ' proved' : ''}`
  if (v.op === 'scalar') return ` ${ir.scalars[a]?.name}`
  if (v.op === 'length') return ` ${ir.buffers[a]?.name}`
  if (v.op === 'loop') return ''
  return typeof a === 'object'
    ? ` ${JSON.stringify(a, (_, x) => (typeof x === 'bigint' ? `${x}n` : x))}`
    : ` ${String(a)}`
}

/**
 * @param note extra text for a value, such as its shape
 */
export function printIR(ir: KernelIR, note: (v: Value) => string = () => ''): string {
  const results = new Map<number, Value[]>()
  const lines: string[] = []
  const collect = (r: Region) => {
    const see = (v: Value) => {
      if (v.op === 'result') {
        const list = results.get(v.args[0].id) ?? []
        list[v.attr] = v
        results.set(v.args[0].id, list)
      }
    }
    for (const v of r.ops) {
      v.args.forEach(see)
      v.regions?.forEach(collect)
    }
    r.results.forEach(see)
  }
  collect(ir.body)
  const outs = (v: Value) =>
    (results.get(v.id) ?? [])
      .filter(Boolean)
      .map(x => `${name(x)}:${x.type}${note(x)}`)
      .join(', ')
  const region = (r: Region, indent: string) => {
    for (const v of r.ops) {
      if (v.op === 'const') continue
      if (v.op === 'if') {
        lines.push(`${indent}${outs(v) ? `${outs(v)} = ` : ''}if ${name(v.args[0])}${note(v)} {`)
        region(v.regions![0], `${indent}  `)
        if (v.regions![1].ops.length || v.regions![1].results.length) {
          lines.push(`${indent}} else {`)
          region(v.regions![1], `${indent}  `)
        }
        lines.push(`${indent}}`)
      } else if (v.op === 'loop') {
        const carried = v.regions![0].params.map((p, i) => `${name(p)}:${p.type}${note(p)} = ${name(v.args[i])}`)
        lines.push(`${indent}${outs(v) ? `${outs(v)} = ` : ''}loop (${carried.join(', ')})${note(v)} {`)
        region(v.regions![0], `${indent}  `)
        lines.push(`${indent}} do {`)
        region(v.regions![1], `${indent}  `)
        lines.push(`${indent}}`)
      } else {
        const left = v.type === 'void' ? '' : `${name(v)}:${v.type}${note(v)} = `
        lines.push(
          `${indent}${left}${v.op}${attribute(v, ir)}${v.args.length ? ` ${v.args.map(name).join(', ')}` : ''}`,
        )
      }
    }
    if (r.results.length) lines.push(`${indent}yield ${r.results.map(name).join(', ')}`)
  }
  lines.push(
    `kernel ${ir.name} rank ${ir.rank} (${[...ir.scalars.map(s => `${s.name}: ${s.type}`), ...ir.buffers.filter(b => b.space === 'global').map(b => `${b.name}: ${b.element}[]`)].join(', ')})${ir.yields ? ` yields ${ir.yields}` : ''} {`,
  )
  region(ir.body, '  ')
  lines.push('}')
  return lines.join('\n')
}
