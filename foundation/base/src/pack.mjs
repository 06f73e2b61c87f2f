// @ts-check
/**
 * A pack is a file of many modules of Skein, each as a function of what it imports. A program that needs a hundred of them has one file
 * read instead, and Node neither finds, links nor compiles them: a quarter of the time. `apps/cli/src/pack` makes packs; whoever starts a
 * program of Skein's own hands one on.
 *
 *     a line of JSON     what the pack is made of, and where each module lies in what follows (`Head`)
 *     functions          `(function($need,$default,$meta){…;return{…}})`, in ASCII
 *
 * Modules stay themselves: whatever else asks Node for one of them, by its URL, gets what the pack has of it. Beside a pack lies what V8 has
 * compiled of it for each role that it was opened in, which the first program in that role leaves when it ends. What was loaded before a pack
 * is opened is another copy: a module that keeps anything is loaded after.
 *
 * Plain JavaScript, because the command needs it before anything can read TypeScript.
 */
import { isLeftAlone } from './known-imports.mjs'

/**
 * `id`: of the functions, by which compiled code is known to be theirs. `inputs`: files, with the size and time that they had, which is how it is
 * known that a pack is old. `modules`: URL, from where to where it lies, names that it exports.
 * @typedef {{ id: string, inputs: [string, number, number][], modules: [string, number, number, string[]][] }} Head
 */
/** @typedef {{ id: string, places: [number, number, number][] }} CodeHead of compiled code: module, from where to where */
/** @typedef {{ file: string, need: (module: number | string, from?: string) => any }} Open */

const key = Symbol.for('skein.pack')
/** What this thread has open, for other copies of this module too. */
const here = /** @type {{ [key]?: Open }} */ (globalThis)

/** The file of the pack that this thread has open. */
export const packInUse = () => here[key]?.file

/**
 * Whether modules may come out of packs: this Node can do it, and no other tools have a say in how modules are loaded.
 *
 * @param {string} [flag] the module of Skein that this process was told to `--import`
 */
export function canOpenPacks(flag) {
  const canHook = process.getBuiltinModule?.('node:module').registerHooks !== undefined
  return canHook && !process.env.NODE_V8_COVERAGE && !isLeftAlone(flag)
}

/**
 * From now on modules come out of a pack.
 *
 * @param {string} file
 * @param {string} role what is compiled for others is of no use
 * @param {{ isChecked?: boolean, flag?: string }} [how] isChecked: somebody has just looked whether it is old; flag: the module of Skein
 *   that this process was told to `--import`
 * @returns {((url: string) => any) | undefined} loads a module that is in it; undefined: there is no such pack, it is old, or
 *   packs cannot be opened here
 */
export function openPack(file, role, { isChecked = false, flag } = {}) {
  if (!canOpenPacks(flag)) return undefined
  const nodeModule = process.getBuiltinModule('node:module')
  const pack = /** @type {{ head: Head, body: Buffer } | undefined} */ (read(file))
  if (pack === undefined || !(isChecked || isFresh(pack.head))) return undefined
  const { modules } = pack.head
  const places = new Map(modules.map(([url], module) => [url, module]))
  const need = loader(pack, places, `${file}.${role}`, nodeModule.createRequire)
  here[key] = { file, need }
  nodeModule.registerHooks({
    load(url, context, next) {
      const module = places.get(url)
      if (module === undefined) return next(url, context)
      return { format: 'module', source: standIn(module, modules[module][3]), shortCircuit: true }
    },
  })
  return url => need(/** @type {number} */ (places.get(url)))
}

/** @param {number} module @param {string[]} names @returns {string} a module of Node's that has what the pack's has */
function standIn(module, names) {
  const bound = names.map((name, i) => `${name}:_${i}`)
  const given = names.map((name, i) => `_${i} as ${name}`)
  return `const{${bound}}=globalThis[Symbol.for('skein.pack')].need(${module});export{${given}}`
}

/**
 * @param {{ head: Head, body: Buffer }} pack
 * @param {Map<string, number>} places of its modules
 * @param {string} codeFile
 * @param {typeof import('node:module').createRequire} createRequire
 * @returns {Open['need']}
 */
function loader({ head: { id, modules }, body }, places, codeFile, createRequire) {
  const { Script } = process.getBuiltinModule('node:vm')
  const code = /** @type {{ head: CodeHead, body: Buffer } | undefined} */ (read(codeFile))
  const codeOf = new Map(code?.head.id === id ? code.head.places.map(([module, ...place]) => [module, place]) : [])
  /** @type {any[]} */
  const loaded = []
  /** @type {import('node:vm').Script[]} */
  const scripts = []
  let isKnown = codeOf.size > 0
  process.once('exit', () => isKnown || keep(codeFile, id, scripts))
  const ofNode = process.getBuiltinModule
  /** @param {string} url */
  const load = async url => {
    const module = places.get(url)
    return module === undefined ? import(url) : need(module)
  }
  /** @type {Open['need']} */
  const need = (module, from) => {
    if (typeof module === 'string') return ofNode(module) ?? createRequire(/** @type {string} */ (from))(module)
    if (loaded[module] !== undefined) return loaded[module]
    const [url, start, end] = modules[module]
    const place = codeOf.get(module)
    const cachedData = place && body && code?.body.subarray(place[0], place[1])
    const script = new Script(body.toString('latin1', start, end), { filename: url, cachedData })
    if (script.cachedDataRejected) isKnown = false
    scripts[module] = script
    loaded[module] = script.runInThisContext()(need, defaultOf, metaOf(url, createRequire, load))
    return loaded[module]
  }
  return need
}

/** What `import x from` gives. @param {any} exported */
const defaultOf = exported => ('default' in exported ? exported.default : exported)

/**
 * `import.meta`, and `import()` of the same module.
 *
 * @param {string} url
 * @param {typeof import('node:module').createRequire} createRequire
 * @param {(url: string) => Promise<any>} load
 */
function metaOf(url, createRequire, load) {
  /** @param {string} specifier */
  const resolve = specifier => {
    if (/^\.\.?\//.test(specifier)) return new URL(specifier, url).href
    if (/^(file|data|node):/.test(specifier)) return specifier
    return process.getBuiltinModule('node:url').pathToFileURL(createRequire(url).resolve(specifier)).href
  }
  return { url, resolve, import: async (/** @type {string} */ specifier) => load(resolve(specifier)) }
}

/** Whether all that it is made of is as it was. @param {Head} head */
function isFresh({ inputs }) {
  const { statSync } = process.getBuiltinModule('node:fs')
  return inputs.every(([path, size, mtimeMs]) => {
    const found = statSync(path, { throwIfNoEntry: false })
    return found !== undefined && found.size === size && found.mtimeMs === mtimeMs
  })
}

/** @param {string} file @param {string} id @param {import('node:vm').Script[]} scripts */
function keep(file, id, scripts) {
  /** @type {Buffer[]} */
  const parts = []
  /** @type {CodeHead['places']} */
  const places = []
  let at = 0
  scripts.forEach((script, module) => {
    const part = script.createCachedData()
    parts.push(part)
    places.push([module, at, (at += part.length)])
  })
  writePack(file, { id, places }, Buffer.concat(parts))
}

/**
 * Writes a file whole or not at all: others may read it meanwhile, or write it too. One that cannot be written is done without.
 *
 * @param {string} file
 * @param {object} head
 * @param {Buffer} body
 */
export function writePack(file, head, body) {
  const { renameSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs')
  const { threadId } = process.getBuiltinModule('node:worker_threads')
  const draft = `${file}.${process.pid}.${threadId}`
  try {
    writeFileSync(draft, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]), { mode: 0o600 })
    renameSync(draft, file)
  } catch {
    rmSync(draft, { force: true })
  }
}

/**
 * What is read here is run: the folder may be one that all users write to, and then only this one's own files count.
 *
 * @param {string} file
 * @returns {{ head: any, body: Buffer } | undefined}
 */
function read(file) {
  const { closeSync, fstatSync, openSync, readFileSync } = process.getBuiltinModule('node:fs')
  let descriptor
  try {
    descriptor = openSync(file, 'r')
    const { uid, mode } = fstatSync(descriptor)
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) return undefined
    const bytes = readFileSync(descriptor)
    const end = bytes.indexOf(10)
    return { head: JSON.parse(bytes.toString('latin1', 0, end)), body: bytes.subarray(end + 1) }
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
