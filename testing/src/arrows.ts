// Which source imports which, and whether every arrow points down.
//
// A floor is a top folder, a room is a workspace in it. Floors are ordered; a file may import its own room, rooms of
// its own floor, and rooms of the floors below that it may know. Neither rooms nor files form a circle. Imports are
// read by the TypeScript compiler, so type imports, re-exports, `import()` and `import('x').T` all count, and so do
// the files named by `new URL('./x.ts', import.meta.url)`, which is how worker threads are started.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Node } from 'typescript/unstable/ast'
import { isCallExpression, isNewExpression, isStringLiteral } from 'typescript/unstable/ast/is'
import { API } from 'typescript/unstable/sync'

/** Every floor, with the floors whose rooms it may import besides those of its own. `compute` and `cluster` do not
 * know each other: they meet in `scale`. */
export const floors: Record<string, string[]> = {
  foundation: [],
  compute: ['foundation'],
  cluster: ['foundation'],
  scale: ['foundation', 'compute', 'cluster'],
  apps: ['foundation', 'compute', 'cluster', 'scale'],
  skein: ['foundation', 'compute', 'cluster', 'scale', 'apps'],
}

/** What stands outside the floors: free to import any of them, imported by none. */
export const outside = ['testing', 'examples', 'bench', 'scripts']

/** One import: paths relative to the root, with `/`. `to` is a file of ours, or the package name of somebody else's. */
export interface Arrow {
  from: string
  line: number
  /** The specifier as written. */
  specifier: string
  to: string
}

/** A workspace: its folder relative to the root, and its package name. */
export interface Room {
  folder: string
  name: string
}

/** Reads every import of the source files below `root` that the `tsconfig.json` there includes. */
export function readArrows(root: string, rooms: Room[]): Arrow[] {
  const api = new API({ cwd: root })
  try {
    const config = join(root, 'tsconfig.json')
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
    if (!project) throw new Error(`the TypeScript compiler opened no project for ${config}`)
    const arrows: Arrow[] = []
    for (const path of project.program.getSourceFileNames()) {
      const from = relative(root, path).split(sep).join('/')
      if (from.startsWith('..') || from.includes('node_modules/')) continue
      const file = project.program.getSourceFile(path)
      if (!file) throw new Error(`the TypeScript compiler lists ${path} but cannot read it`)
      const add = (node: Node & { text: string }) => {
        const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
        arrows.push({ from, line, specifier: node.text, to: targetOf(root, rooms, path, node.text) })
      }
      for (const node of file.imports) if (isStringLiteral(node)) add(node)
      const visit = (node: Node) => {
        if (isNewExpression(node) && node.expression.getText(file) === 'URL' && node.arguments?.length === 2) {
          const [path, base] = node.arguments
          if (isStringLiteral(path) && /^\.\.?\//.test(path.text) && base.getText(file) === 'import.meta.url') add(path)
        }
        // import.meta.resolve('…') names a module as well.
        if (isCallExpression(node) && node.expression.getText(file) === 'import.meta.resolve') {
          const [path] = node.arguments
          if (path && isStringLiteral(path)) add(path)
        }
        node.forEachChild(visit)
      }
      if (file.text.includes('import.meta')) visit(file)
    }
    // The compiler lists files in the order in which it met them; circles are told from their first file on.
    return arrows.sort((a, b) => a.from.localeCompare(b.from) || a.line - b.line)
  } finally {
    api.close()
  }
}

/** The file, relative to the root, or the foreign package that a specifier written in `path` means. */
function targetOf(root: string, rooms: Room[], path: string, specifier: string): string {
  if (/^\.\.?\//.test(specifier))
    return relative(root, resolve(dirname(path), specifier))
      .split(sep)
      .join('/')
  const room = rooms.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))
  if (!room) return specifier
  const exports = JSON.parse(readFileSync(join(root, room.folder, 'package.json'), 'utf8')).exports ?? {}
  const entry = exports[`.${specifier.slice(room.name.length)}`]
  const file = typeof entry === 'string' ? entry : entry?.default
  return file ? `${room.folder}/${file.replace(/^\.\//, '')}` : room.folder
}

/**
 * What is wrong with the arrows, one sentence each, beginning with `file:line`: an arrow that points up, one between
 * floors that do not know each other, one into `testing` and the like, one past a room's exports; a circle of rooms;
 * a circle of files.
 */
export function brokenArrows(arrows: Arrow[], rooms: Room[]): string[] {
  const broken: string[] = []
  const roomOf = (path: string) =>
    rooms.find(({ folder }) => path === folder || path.startsWith(`${folder}/`))?.folder ?? path.split('/')[0]
  // A test, a fuzzer or a benchmark beside the source is outside it, like the floors of `outside`.
  const isSource = (path: string) => path.split('/')[0] in floors && !/\/(test|bench)\//.test(path)
  const ours = arrows.filter(({ to }) => to.split('/')[0] in floors || outside.includes(to.split('/')[0]))
  for (const { from, line, specifier, to } of ours) {
    const [floor, target] = [from.split('/')[0], to.split('/')[0]]
    const say = (what: string) => broken.push(`${from}:${line} imports ${specifier}: ${what}`)
    if (isSource(from)) {
      if (!isSource(to)) say(`source never imports ${target === floor ? 'tests' : target}`)
      else if (floor !== target && !floors[floor].includes(target))
        say(floors[target].includes(floor) ? 'points up' : `${floor} and ${target} do not know each other`)
      // Tests and benchmarks may look at a room from inside.
      if (roomOf(from) !== roomOf(to) && specifier.startsWith('.') && target in floors)
        say(`reaches into ${roomOf(to)} by a path; import it by its package name`)
    }
  }
  const sources = ours.filter(({ from, to }) => isSource(from) && isSource(to))
  const roomArrows = sources.map(arrow => ({ ...arrow, from: roomOf(arrow.from), to: roomOf(arrow.to), arrow }))
  for (const circle of circles(roomArrows.filter(({ from, to }) => from !== to)))
    broken.push(
      `a circle of rooms: ${circle.map(({ arrow }) => `${arrow.from}:${arrow.line} imports ${arrow.specifier}`).join(', ')}`,
    )
  for (const circle of circles(ours))
    broken.push(
      `a circle of files: ${circle.map(({ from, line, specifier }) => `${from}:${line} imports ${specifier}`).join(', ')}`,
    )
  return broken
}

/** The circles that a depth-first walk meets, each as its arrows in order. Every graph with a circle yields one. */
function circles<A extends { from: string; to: string }>(arrows: A[]): A[][] {
  const leaving = Map.groupBy(arrows, arrow => arrow.from)
  const found: A[][] = []
  const done = new Set<string>()
  const trail: A[] = []
  const walk = (place: string) => {
    if (done.has(place)) return
    const start = trail.findIndex(arrow => arrow.from === place)
    if (start >= 0) {
      found.push(trail.slice(start))
      return
    }
    for (const arrow of leaving.get(place) ?? []) {
      trail.push(arrow)
      walk(arrow.to)
      trail.pop()
    }
    done.add(place)
  }
  for (const place of leaving.keys()) walk(place)
  return found
}

/** The workspaces that the root's package.json names. */
export function readRooms(root: string): Room[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] }
  return globSync(workspaces, { cwd: root })
    .filter(folder => existsSync(join(root, folder, 'package.json')))
    .map(folder => ({
      folder: folder.split(sep).join('/'),
      name: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).name as string,
    }))
    .sort((a, b) => a.folder.localeCompare(b.folder))
}

/** Everything wrong with the arrows of the repository at `root`; empty when all is well. */
export function arrowsOfRepository(root: string): string[] {
  const rooms = readRooms(root)
  return brokenArrows(readArrows(root, rooms), rooms)
}
