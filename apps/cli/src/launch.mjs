// @ts-check
/**
 * What the `skein` executable calls. Plain JavaScript that any Node from 18 on can read: it finds the command's own program,
 * TypeScript in a checkout and JavaScript when published, and a Node that can run it.
 */
import nodeModule from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { knowImports } from '@skein/base/known-imports'
import { canOpenPacks, openPack } from '@skein/base/pack'
import { become, isTypeScript, noRuntime, readsTypeScript, runtimeFor } from './runtime.mjs'

/** Imported, Node would make all of it, streams and promises too. @type {typeof import('node:fs')} */
const { existsSync } = nodeModule.createRequire(import.meta.url)('node:fs')

const published = new URL('./main.js', import.meta.url)
const program = existsSync(published) ? published : new URL('./main.ts', import.meta.url)

/**
 * Runs the command line and ends the process with its exit code.
 * @param {string[]} [argv] the words after `skein`
 */
export async function launch(argv = process.argv.slice(2)) {
  if (Number(process.versions.node.split('.')[0]) < 22 && program === published) {
    return stop(`skein: this is Node ${process.versions.node}; Skein needs Node 22 or later. See https://nodejs.org`)
  }
  if (isTypeScript(program.pathname) && !readsTypeScript()) {
    const runtime = runtimeFor([fileURLToPath(program)])
    if (!runtime) return stop(`skein: ${noRuntime}`)
    return end(await become(runtime.node, [...runtime.flags, process.argv[1] ?? '', ...argv]))
  }
  // Readers that have seen enough (`skein explain … | head`) are no failure.
  process.stdout.on('error', error => (/** @type {any} */ (error).code === 'EPIPE' ? process.exit(0) : undefined))
  // In a checkout types are dropped on every start, unless what is left of the files is kept: 0.2 s or 0.02.
  nodeModule.enableCompileCache?.()
  const pack = argv[0] === 'mpirun' && canOpenPacks() ? packFile() : undefined
  const load = pack && openPack(pack, 'command')
  if (load) return end(await load(program.href).main(argv))
  const forget = knowImports([import.meta.url, program.href])
  const { main } = await import(program.href)
  forget()
  const code = await main(argv)
  if (pack && code === 0) await makePack(pack)
  end(code)
}

/** Where the modules of a command and its ranks are kept, beside what Node keeps of them: that folder is of this Node, and this user. */
function packFile() {
  const folder = nodeModule.getCompileCacheDir?.()
  // Of this copy of Skein; another one that has the same number makes the pack anew.
  const number = [...program.href].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0, 0)
  return folder && join(folder, `skein-${number}.pack`)
}

/** For the next time. The program has done its work: what goes wrong here is told to those who look for it. @param {string} file */
async function makePack(file) {
  const ending = program.href.slice(program.href.lastIndexOf('.'))
  try {
    const { keepPack } = await import(new URL(`./pack/make${ending}`, import.meta.url).href)
    keepPack(file)
  } catch (error) {
    if (process.env.SKEIN_DEBUG) console.error(error)
  }
}

/** @param {string} message */
function stop(message) {
  console.error(message)
  process.exitCode = 1
}

/** Ends once all output is out, whatever a command has left running. @param {number} code */
function end(code) {
  process.exitCode = code
  process.stdout.write('', () => process.stderr.write('', () => process.exit()))
}
