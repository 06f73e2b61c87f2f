// @ts-check
/**
 * Which Node runs a file, and how this process becomes that one.
 *
 * Plain JavaScript, because the launcher needs it before anything can read TypeScript.
 */
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** Rarely needed, and imported, Node would make all of them at once. */
const require = createRequire(import.meta.url)
/** @type {typeof import('node:fs')} */
const { existsSync, readFileSync, realpathSync } = require('node:fs')

/** What to start: a Node, and the flags it needs. @typedef {{ node: string, flags: string[] }} Runtime */

/** @param {string} file */
export const isTypeScript = file => /\.[cm]?tsx?$/i.test(file)

/** @param {string} version @param {[number, number]} least */
const atLeast = (version, [major, minor]) => {
  const [a = 0, b = 0] = version.split('.').map(Number)
  return a > major || (a === major && b >= minor)
}

/** Whether this version of Node runs TypeScript as it is: 22.18 of the 22 line, and from 23.6 on. @param {string} version */
export const stripsTypes = version =>
  atLeast(version, [23, 6]) || (atLeast(version, [22, 18]) && version.startsWith('22.'))

/** Whether it does so when asked to by a flag. @param {string} version */
export const stripsTypesByFlag = version => atLeast(version, [22, 6])

const stripFlags = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']

/** Whether this very process can import TypeScript. */
export const readsTypeScript = () =>
  // `features.typescript` came after the flag.
  /** @type {{ typescript?: unknown }} */ (process.features).typescript !== undefined
    ? Boolean(/** @type {{ typescript?: unknown }} */ (process.features).typescript)
    : [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some(flag => flag.includes('--experimental-strip-types'))

/**
 * The Node that a project has installed as its package `node`, looked for from each folder upwards, if it runs TypeScript.
 * @param {string[]} folders
 * @returns {string | undefined}
 */
export function packagedNode(folders) {
  for (let folder of folders) {
    for (let above = dirname(folder); ; folder = above, above = dirname(folder)) {
      const home = join(folder, 'node_modules', 'node')
      const binary = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
      if (
        existsSync(binary) &&
        stripsTypes(versionOf(home)) &&
        realpathSync(binary) !== realpathSync(process.execPath)
      ) {
        return binary
      }
      if (above === folder) break
    }
  }
  return undefined
}

/** @param {string} home */
function versionOf(home) {
  try {
    return String(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).version)
  } catch {
    return '0.0.0'
  }
}

/**
 * The Node that can run these files: this one if it can, else a newer one that the project has, else this one by a flag.
 * @param {string[]} files paths; the project is looked for around them and the working directory
 * @returns {Runtime | undefined} undefined where none can
 */
export function runtimeFor(files) {
  const version = process.versions.node
  if (!files.some(isTypeScript) || stripsTypes(version)) return { node: process.execPath, flags: [] }
  const newer = packagedNode([...files.map(file => dirname(resolve(file))), process.cwd()])
  if (newer) return { node: newer, flags: [] }
  return stripsTypesByFlag(version) ? { node: process.execPath, flags: stripFlags } : undefined
}

/** What to tell the user where `runtimeFor` finds none. */
export const noRuntime =
  `Node ${process.versions.node} cannot run TypeScript, and the project has no newer one. ` +
  'Install Node 22.18 or later from https://nodejs.org, or add one to the project: npm install --save-dev node@26'

/**
 * Goes on as another program, with this one's standard streams. Where the system can (not Windows) and Node knows how (from
 * 22.15), this process turns into it: signals, exit code and process id are its own, and nothing stays behind. Elsewhere see
 * `follow`.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} the exit code, when it did not turn into the program
 */
export function become(file, args, env = process.env) {
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    const { emitWarning } = process
    // Some versions say that execve is experimental.
    process.emitWarning = () => {}
    try {
      process.execve(file, [file, ...args], /** @type {Record<string, string>} */ (env))
    } catch {
      // Not on this system, or a file that cannot be started: then `follow` says why.
    } finally {
      process.emitWarning = emitWarning
    }
  }
  return follow(file, args, env)
}

/**
 * Runs another program with this one's standard streams, hands signals on to it, and ends as it ends: by the same signal or
 * with the same exit code.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} the exit code
 */
export function follow(file, args, env = process.env) {
  /** @type {typeof import('node:child_process')} */
  const { spawn } = require('node:child_process')
  const child = spawn(file, args, { stdio: 'inherit', env })
  // At a terminal Ctrl-C reaches the whole foreground group, the child too: handing it on would make it two.
  const shared = process.stdin.isTTY ? ['SIGINT', 'SIGQUIT'] : []
  const handled = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGBREAK'].filter(
    name => name in constants.signals,
  )
  /** @type {(signal: NodeJS.Signals) => void} */
  const hand = signal => {
    if (!shared.includes(signal)) child.kill(signal)
  }
  for (const signal of handled) process.on(signal, hand)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('exit', (code, signal) => {
      for (const name of handled) process.off(name, hand)
      done(signal === null ? (code ?? 1) : endBy(signal))
    })
  })
}

/**
 * Ends this process by a signal, as another was ended.
 *
 * @param {NodeJS.Signals} signal
 * @returns {Promise<number>} where the signal does not end it (blocked, or another system's), the exit code by which shells tell so
 */
export function endBy(signal) {
  process.kill(process.pid, signal)
  return new Promise(done => setTimeout(() => done(128 + (constants.signals[signal] ?? 0)), 100))
}
