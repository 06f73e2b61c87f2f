/** Which variables statements may change. */
import { type Lowering, lookupIn, type Scope, type Variable } from './context.ts'
import { ASSIGNMENT, type Tree, visit, visitHolders } from './source.ts'

/** Names assigned anywhere in the nodes: variables a loop carries. */
export function assignedIn(nodes: Tree[]): Set<string> {
  const names = new Set<string>()
  const target = (n: Tree) => {
    if (n.type === 'Identifier') names.add(n.name)
    else if (n.type === 'ArrayPattern') for (const e of n.elements) if (e) target(e)
  }
  for (const node of nodes) {
    visitHolders(node, ASSIGNMENT, n => {
      if (n.type === 'AssignmentExpression') target(n.left)
      else if (n.type === 'UpdateExpression') target(n.argument)
      else if (n.type === 'VariableDeclaration') {
        for (const d of n.declarations as Tree[]) if (d.id.hoisted && d.init) target(d.id)
      }
    })
  }
  return names
}

/**
 * The variables of now that running the nodes may change: those they name, and those that functions change which they name
 * (a helper declared in the kernel may assign to the locals around it).
 */
export function changedBy(L: Lowering, nodes: Tree[]): Set<Variable> {
  const changed = new Set<Variable>()
  const walked = new Set<Tree>()
  const walk = (node: Tree, scope: Scope): void => {
    if (walked.has(node)) return
    walked.add(node)
    for (const name of assignedIn([node])) {
      const found = lookupIn(scope, name)
      if (found?.is === 'variable' && found.mutable) changed.add(found)
    }
    if (!seesHelpers(L, scope)) return
    visit(node, n => {
      if (n.type !== 'Identifier') return
      const found = lookupIn(scope, n.name)
      if (found?.is === 'function' && found.scope !== L.root) walk(found.body, found.scope)
    })
  }
  for (const node of nodes) walk(node, L.scope)
  return changed
}

/** Whether functions declared in the kernel can be named here. Those given in `use` see nothing of the kernel. */
function seesHelpers(L: Lowering, scope: Scope): boolean {
  for (let s: Scope | undefined = scope; s && s !== L.root; s = s.parent) {
    for (const found of s.names.values()) if (found.is === 'function' && found.scope !== L.root) return true
  }
  return false
}
