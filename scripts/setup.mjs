// @ts-check
// The step before every npm script: `node scripts/setup.mjs <script> [args]`.
//
// On a machine with Node >= 20 and npm and nothing else it installs the packages (when the lock file changed), makes
// sure that the Node 26 among them runs, installs the system components the script asks for, then runs the script
// proper, a TypeScript file, on that Node. With nothing to do it costs two file reads and a `node --version`, and
// it needs no network. Plain JavaScript without dependencies, since it runs before any exist.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { aptCommand, components, installCommand } from './components.mjs'

const root = join(import.meta.dirname, '..')
const windows = process.platform === 'win32'

/** Each npm script: the file it runs, and arguments before the user's. @type {Record<string, string[]>} */
const scripts = {
  start: ['examples/flights/main.ts'],
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  format: ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'],
  build: ['scripts/build.ts'],
  bench: ['bench/main.ts'],
  'bench:setup': ['bench/setup.ts'],
  fuzz: ['testing/fuzz/main.ts'],
}

/** @param {string} message */
const say = message => console.error(`setup: ${message}`)

/** @param {string} message @returns {never} */
function stop(message) {
  say(message)
  process.exit(1)
}

/**
 * npm, run by the Node that runs npm rather than by the one in node_modules, which `npm ci` deletes under its feet.
 * @param {string[]} args
 */
function npm(args) {
  const bin = join(root, 'node_modules', '.bin')
  const path = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== bin)
  const cli = process.env.npm_execpath
  const [command, first] =
    cli && basename(cli).startsWith('npm') ? [process.env.npm_node_execpath ?? process.execPath, [cli]] : ['npm', []]
  const started = performance.now()
  say(`npm ${args.join(' ')} …`)
  const run = spawnSync(command, [...first, ...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // What npm prints is about the set-up: keep it off the script's own output.
    stdio: ['ignore', 2, 2],
    env: { ...process.env, PATH: path.join(delimiter) },
    shell: windows && command === 'npm',
  })
  if (run.status === 0) say(`npm ${args[0]} took ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return run.status === 0
}

// ---- packages --------------------------------------------------------------------------------------------------

/**
 * Whether node_modules already holds what the lock asks for, as after a developer's own `npm install`: npm's record
 * of what it installed names every package of the lock, at its version, but optional ones of other platforms.
 * @param {string} lock
 */
function installed(lock) {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const found = JSON.parse(readFileSync(record, 'utf8')).packages
  for (const [path, wanted] of Object.entries(JSON.parse(lock).packages)) {
    if (path === '') continue
    if (!(path in found) && wanted.optional) continue
    if (found[path]?.version !== wanted.version || found[path]?.integrity !== wanted.integrity) return false
    if (!existsSync(join(root, path))) return false
  }
  return true
}

function ensurePackages() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const hash = createHash('sha256').update(lock).digest('hex')
  const stamp = join(root, 'node_modules', '.skein-lock')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  if (!installed(lock) && !npm(['ci']))
    stop('npm ci failed: see its lines above. It needs the npm registry once; after that no network is needed.')
  writeFileSync(stamp, hash)
}

// ---- Node 26 ---------------------------------------------------------------------------------------------------

const wantedMajor = 26
const packagedNode = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node')

/** @param {string} node */
function majorOf(node) {
  if (!existsSync(node)) return 0
  const run = spawnSync(node, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  return run.status === 0 ? Number(/^v(\d+)/.exec(run.stdout)?.[1] ?? 0) : 0
}

/**
 * The Node that runs TypeScript. The package `node` fetches its binary in an install script, which a `--ignore-scripts`
 * setting or an interrupted install leaves undone; then it is run again, and as a last resort this Node must do.
 */
function ensureNode() {
  if (majorOf(packagedNode) >= wantedMajor) return packagedNode
  say(`node_modules/node/bin/node is not Node ${wantedMajor}: running its install script again`)
  npm(['rebuild', 'node', '--ignore-scripts=false'])
  if (majorOf(packagedNode) >= wantedMajor) return packagedNode
  if (Number(process.versions.node.split('.')[0]) >= wantedMajor) return process.execPath
  return stop(
    `no Node ${wantedMajor}: its package could not fetch a binary for ${process.platform}-${process.arch}. ` +
      `Install Node >= ${wantedMajor} from https://nodejs.org and run this command with it.`,
  )
}

// ---- system components -----------------------------------------------------------------------------------------

/** @param {string} script */
function ensureComponents(script) {
  const absent = components.filter(component => component.commands.includes(script) && !component.probe())
  if (absent.length === 0) return
  if (aptCommand() && process.getuid?.() === 0) {
    const packages = absent.flatMap(component => component.apt)
    say(`apt-get install ${packages.join(' ')} …`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    /** @param {string[]} args */
    const apt = args => spawnSync('apt-get', ['-q', '-y', ...args], { stdio: ['ignore', 2, 2], env }).status === 0
    if (!apt(['update'])) say('apt-get update failed; trying with the package lists as they are')
    apt(['install', '--no-install-recommends', ...packages])
  }
  for (const component of absent.filter(component => !component.probe()))
    say(
      `${component.name} is absent: ${component.why}. What needs it is skipped. To have it: ${installCommand(component)}`,
    )
}

// ---- the script itself -----------------------------------------------------------------------------------------

/** @param {string} node @param {string[]} args */
function run(node, args) {
  const child = spawn(node, args, { cwd: root, stdio: 'inherit' })
  // A terminal sends Ctrl-C to the whole foreground group, so the script has it already; a supervisor's SIGTERM
  // comes to this process alone and is handed on. Either way the script decides when to end.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('error', error => stop(`cannot run ${node}: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1)
  })
}

const [name = '', ...args] = process.argv.slice(2)
const script = scripts[name]
if (!script) stop(`no script called '${name}'; there are ${Object.keys(scripts).join(', ')}`)
if (Number(process.versions.node.split('.')[0]) < 20)
  stop(`this is Node ${process.versions.node}; Skein's scripts start from Node 20 on. See https://nodejs.org`)
ensurePackages()
const node = ensureNode()
ensureComponents(name)
run(node, [...script, ...args])
