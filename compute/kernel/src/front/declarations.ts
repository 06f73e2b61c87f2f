/** Declarations: variables, names of arrays, functions, and `var`s that are seen outside of their block. */
import type { FunctionRef, Lowering } from './context.ts'
import { isLoop } from './exits.ts'
import { lowerExpression, target } from './expressions.ts'
import type { Typed } from './kinds.ts'
import { privateArray } from './private-arrays.ts'
import { eachChild, type Tree, VAR, visit } from './source.ts'

export function declareFunction(L: Lowering, name: string, node: Tree): void {
  L.bind(name, functionRef(L, name, node))
}

export function functionRef(L: Lowering, name: string, node: Tree): FunctionRef {
  if (node.async || node.generator)
    L.unsupported(node, 'an async or generator function', 'Helpers are plain functions.')
  return { is: 'function', params: node.params, body: node.body, scope: L.scope, unit: L.frame.unit, name }
}

export function declare(L: Lowering, node: Tree): void {
  if (node.kind !== 'let' && node.kind !== 'const' && node.kind !== 'var') {
    L.unsupported(node, `a ${node.kind} declaration`, 'Declare with let or const.')
  }
  for (const d of node.declarations as Tree[]) {
    if (d.id.type === 'ArrayPattern' && d.init?.type === 'ArrayExpression') {
      ;(d.id.elements as (Tree | null)[]).forEach((id, i) => {
        const init = d.init.elements[i]
        if (id && init) declareOne(L, id, init, node.kind)
      })
      continue
    }
    if (d.id.type === 'ObjectPattern' && d.init) {
      for (const p of d.id.properties as Tree[]) {
        if (p.type !== 'Property' || p.computed || p.value.type !== 'Identifier')
          L.unsupported(d, 'this destructuring', 'Declare one by one.')
        const read = { ...p, type: 'MemberExpression', object: d.init, property: p.key, computed: false } as Tree
        declareOne(L, p.value, read, node.kind)
      }
      continue
    }
    if (d.id.type !== 'Identifier') L.unsupported(d, 'this destructuring', 'Declare one by one.')
    declareOne(L, d.id, d.init ?? undefined, node.kind)
  }
}

function declareOne(L: Lowering, id: Tree, init: Tree | undefined, kind: string): void {
  if (id.type !== 'Identifier') L.unsupported(id, 'this destructuring', 'Declare one by one.')
  const name: string = id.name
  if (id.hoisted) {
    if (init) target(L, id).write(lowerExpression(L, init))
    return
  }
  if (init) {
    if (init.type === 'ArrowFunctionExpression' || init.type === 'FunctionExpression')
      return declareFunction(L, name, init)
    const array = privateArray(L, init, name)
    if (array) return L.bind(name, array)
    const alias = aliasOf(L, init)
    if (alias && (kind === 'const' || !reassigned(L, name))) return L.bind(name, alias)
  }
  // A `let` that is never assigned again is a constant: what it holds may stay weak and adapt.
  const mutable = kind !== 'const' && reassigned(L, name)
  const t: Typed = init ? lowerExpression(L, init) : L.number(0)
  const variable = L.variable(name, mutable)
  L.bind(name, variable)
  if (init || mutable) {
    if (init) L.assign(variable, t, id)
    else L.declareEmpty(variable)
  } else L.env.set(variable.key, t)
}

/**
 * Declares at the top of a function the `var`s that are seen outside of the block they stand in, are declared twice, or
 * keep their value from one round of a loop to the next. The others mean what `let` means.
 */
export function hoistVars(L: Lowering, body: Tree): void {
  if ((body.holds & VAR) === 0) return
  const declared = new Map<string, { ids: Tree[]; around: Tree; bare: boolean }>()
  const collect = (node: Tree, block: Tree): void => {
    if (/Function/.test(node.type)) return
    if (node.type === 'VariableDeclaration' && node.kind === 'var') {
      for (const d of node.declarations as Tree[]) {
        if (d.id.type !== 'Identifier' || /Function|NewExpression|ArrayExpression/.test(d.init?.type ?? '')) continue
        const known = declared.get(d.id.name)
        if (known) known.ids.push(d.id)
        else declared.set(d.id.name, { ids: [d.id], around: block, bare: !d.init && block !== body })
      }
    }
    const inner = node.type === 'BlockStatement' || isLoop(node) || node.type === 'SwitchStatement' ? node : block
    eachChild(node, child => collect(child, inner))
  }
  eachChild(body, child => collect(child, body))
  for (const [name, { ids, around, bare }] of declared) {
    let seen = bare || ids.length > 1
    visit(body, n => {
      if (n.type === 'Identifier' && n.name === name && (n.start < around.start || n.end > around.end)) seen = true
    })
    if (!seen || L.scope.names.has(name)) continue
    for (const id of ids) id.hoisted = true
    const variable = L.variable(name, true)
    L.bind(name, variable)
    L.declareEmpty(variable)
  }
}

/** `const xs = view.data`: another name for an array. */
function aliasOf(L: Lowering, init: Tree) {
  if (init.type !== 'Identifier' && init.type !== 'MemberExpression') return undefined
  const found = L.resolveArray(init)
  return found
}

function reassigned(L: Lowering, name: string): boolean {
  return L.assignedNames.has(name)
}
