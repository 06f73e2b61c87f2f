/** docs/array-names.md, made of what the room exports and of table.ts. `node names/page.ts` writes it. */

import { readFileSync, writeFileSync } from 'node:fs'
import * as nd from '../src/index.ts'
import { armadillo, arrayfire, type Names, ofPython, otherwise, renamed, standard } from './table.ts'

const page = new URL('../../../docs/array-names.md', import.meta.url)
const recorded = JSON.parse(readFileSync(new URL('./python.json', import.meta.url), 'utf8')) as {
  versions: { numpy: string; scipy: string }
  functions: Record<string, string[]>
}

/** Exports that are no functions of arrays. */
const isOwn = (name: string) => /Error$/.test(name) || name === 'NDArray'
const isSpace = (x: unknown): x is object => typeof x === 'object' && x !== null && Symbol.toStringTag in x

/** `where`, `linalg.solve`: all that is exported, but for methods of arrays. */
export const exported: readonly string[] = Object.entries(nd).flatMap(([name, x]) =>
  isOwn(name) ? [] : isSpace(x) ? Object.keys(x).map(inside => `${name}.${inside}`) : [name],
)

const plain = (name: string) => name.replaceAll('_', '').toLowerCase()
/** Of a list, the name that is the same but for its case. */
const lookup = (names: readonly string[]) => {
  const found = new Map(names.map(name => [plain(name), name]))
  return (name: string) => found.get(plain(name))
}

const standards = new Map(
  Object.entries(standard).map(([space, text]) => [space, lookup(text.trim().split(/\s+/))] as const),
)
const pythons = new Map(Object.entries(recorded.functions).map(([module, names]) => [module, lookup(names)] as const))

const partsOf = (path: string): [space: string, name: string] => {
  const dot = path.indexOf('.')
  return dot < 0 ? ['', path] : [path.slice(0, dot), path.slice(dot + 1)]
}

function standardName(path: string): string {
  const [space, name] = partsOf(path)
  return renamed.standard[path] ?? standards.get(space)?.(name) ?? ''
}

/** The standard's name and NumPy's older one are often both there. */
function numpyNames(path: string): string[] {
  const [space, name] = partsOf(path)
  const module = space === '' || space === 'windows' ? 'numpy' : `numpy.${space}`
  const same = space === 'random' ? undefined : pythons.get(module)?.(name)
  const other = renamed.numpy[path] ?? (space === 'random' ? name : '')
  return [...new Set([same ?? '', other])].filter(found => found !== '')
}

/** SciPy's modules in which functions of a space are looked for. */
const modules: Readonly<Record<string, readonly string[]>> = {
  '': ['signal', 'special'],
  linalg: ['linalg'],
  windows: ['signal.windows'],
  signal: ['signal'],
  image: ['ndimage'],
  interpolate: ['interpolate'],
  random: ['stats'],
}

function scipyName(path: string): string {
  const known = renamed.scipy[path]
  if (known !== undefined) return known
  const [space, name] = partsOf(path)
  for (const module of modules[space] ?? []) {
    const found = pythons.get(`scipy.${module}`)?.(name)
    if (found) return `${module}.${found}`
  }
  return ''
}

const cell = (text: string) => (text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``)

function tableOf(paths: readonly string[]): string {
  const rows = paths.map(path => {
    const numpy = numpyNames(path).map(cell).join(', ')
    const others = [scipyName(path), arrayfire[path] ?? '', armadillo[path] ?? ''].map(cell)
    return `| ${[cell(path), cell(standardName(path)), numpy, ...others].join(' | ')} |`
  })
  return [
    '| Skein | standard | NumPy | SciPy | ArrayFire | Armadillo |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

const listOf = (names: readonly string[]) => names.map(name => `\`${name}\``).join(' ') || 'nothing'

/** What names of a list Skein has under none. */
function missing(names: readonly string[], space: string, namesOf: (path: string) => string[]): string[] {
  const had = new Set(exported.filter(path => partsOf(path)[0] === space).flatMap(namesOf))
  return names.filter(name => !had.has(name))
}

const missingOfSciPy = (module: string, names: readonly string[]): string[] => {
  const had = new Set(exported.map(scipyName))
  return names.filter(name => !had.has(`${module}.${name}`) && !name.startsWith('_'))
}

export function pageText(): string {
  const spaces = [...new Set(exported.map(path => partsOf(path)[0]))].sort()
  const titles = (space: string) => (space === '' ? 'Arrays' : `nd.${space}`)
  const tables = spaces.map(
    space =>
      `## ${titles(space)}\n\n${tableOf(exported.filter(path => partsOf(path)[0] === space).sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)))}`,
  )
  const { functions, versions } = recorded
  const inStandard = Object.entries(standard).map(
    ([space, text]) =>
      [space === '' ? 'main' : space, missing(text.trim().split(/\s+/), space, path => [standardName(path)])] as const,
  )
  const inNumpy = missing(functions.numpy, '', numpyNames).filter(
    name => !ofPython.includes(name) && !(name in otherwise) && !name.startsWith('_'),
  )
  const instead = Object.entries(otherwise)
    .filter(([, how]) => how !== '')
    .filter(([theirs, how]) => !numpyNames(how).includes(theirs))
  return `# What functions of arrays are called elsewhere

This page is made from what \`skein/array\` exports (\`node compute/array/names/page.ts\`); a test fails where it is not as the code. Methods of arrays have the same names. NumPy is ${versions.numpy}, SciPy ${versions.scipy}, the standard the array API of 2024.12. An empty cell says that there is no such function, or none
of one name: how arguments are given may differ, and optional ones are always an object at the end. Names of ArrayFire are those of its headers in 3.10, Armadillo's those of 15.2.

${tables.join('\n\n')}

## In another form

| NumPy | Skein |
| --- | --- |
${instead.map(([theirs, how]) => `| ${cell(theirs)} | ${cell(how)} |`).join('\n')}

## What is missing

Of the standard: ${inStandard.map(([space, names]) => `${space}: ${listOf(names)}`).join('; ')}.

Of NumPy's functions: ${listOf([...inNumpy, ...Object.keys(otherwise).filter(name => otherwise[name] === '')].sort())}. Of \`numpy.linalg\`: ${listOf(missing(functions['numpy.linalg'], 'linalg', numpyNames).filter(name => !(`linalg.${name}` in otherwise)))}. Of \`numpy.fft\`: ${listOf(missing(functions['numpy.fft'], 'fft', numpyNames))}.

Of SciPy, ${['signal', 'interpolate'].map(module => `\`scipy.${module}\`: ${listOf(missingOfSciPy(module, functions[`scipy.${module}`]))}`).join('; ')}.

Not planned: \`from_dlpack\`, since JavaScript has no such protocol (\`fromTypedArray\`, \`fromParts\` and \`fromArrow\` take memory of others).

The columns of ArrayFire and Armadillo hold what has a counterpart here; they are no list of all that those libraries have.

Not taken over: types, errors, dates and texts of NumPy, and its functions about Python's memory.
`
}

/** Rows of the table that name what is not exported. */
export const unknown = (): string[] => {
  const tables: Names[] = [renamed.standard, renamed.numpy, renamed.scipy, arrayfire, armadillo]
  // Of what stands for a function of NumPy, names alone; the rest is how.
  const ways = Object.values(otherwise).flatMap(how => how.split(', '))
  const paths = new Set([
    ...tables.flatMap(table => Object.keys(table)),
    ...ways.filter(way => /^[a-zA-Z0-9]+(\.[a-z0-9]+)?$/.test(way) && !/^(x\.|Number\.|Symbol\.|typeof$)/.test(way)),
  ])
  return [...paths].filter(path => !exported.includes(path))
}

export const writtenPage = (): string => readFileSync(page, 'utf8')

if (process.argv[1] === new URL(import.meta.url).pathname) writeFileSync(page, pageText())
