// `npm run build`: what is published. Each workspace that is not private becomes a folder `build/<name>/`: JavaScript
// and types in `dist/`, README and LICENSE, and a package.json that says `dist` where the workspace's says `src`. A room with
// a web page has it built by its `page/build.ts`, into a file that it lists among its assets.
//
// A room of many modules may name some of them as `chunks`: each is published as one file that has all it imports of the room (what several need is in a file beside
// them), since a program's start costs a third of a millisecond for each file.
//
// In the house every workspace exports its TypeScript source, so nothing needs building to run or test. The emitted
// files keep their places below `src`, so that `new URL('./worker.ts', import.meta.url)` needs its ending changed
// and `new URL('../page.html', import.meta.url)` nothing at all.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildSync } from 'esbuild'
import { readRooms } from '../testing/src/arrows.ts'

interface Manifest {
  name: string
  private?: boolean
  exports?: Exports
  imports?: Exports
  bin?: Record<string, string>
  /** Files beside `src` that are published too, as globs. Files in `src` that are not TypeScript always are. */
  assets?: string[]
  /** Modules in `src` that are published as a file each, and no others of the room. */
  chunks?: string[]
  [field: string]: unknown
}
type Exports = string | { [condition: string]: Exports }

/** A package as built: its name, and the folder to pack. */
export interface Built {
  name: string
  folder: string
}

/**
 * Builds every publishable workspace of the house at `root` into `<out>/<name>/`.
 *
 * @throws Error with the compiler's lines when a source file has a type error.
 */
export function build(root: string, out: string): Built[] {
  const emitted = join(out, 'emitted')
  rmSync(out, { recursive: true, force: true })
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const run = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', emitted], {
    cwd: root,
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(`the build needs source without type errors:\n${run.stdout}${run.stderr}`)
  const built: Built[] = []
  for (const { folder } of readRooms(root)) {
    const room = join(root, folder)
    const manifest: Manifest = JSON.parse(readFileSync(join(room, 'package.json'), 'utf8'))
    if (manifest.private) continue
    const page = join(room, 'page', 'build.ts')
    if (existsSync(page)) execFileSync(process.execPath, [page], { stdio: ['ignore', 'ignore', 'inherit'] })
    const target = join(out, manifest.name)
    mkdirSync(target, { recursive: true })
    cpSync(join(emitted, folder, 'src'), join(target, 'dist'), { recursive: true })
    for (const file of globSync(['**/*.js', '**/*.d.ts'], { cwd: join(target, 'dist') }))
      renameReferences(join(target, 'dist', file))
    if (manifest.chunks) joinModules(join(target, 'dist'), manifest.chunks)
    const inSource = globSync('**/*.*', { cwd: join(room, 'src'), exclude: ['**/*.ts', '**/*.js', '**/*.md'] })
    const assets = globSync(manifest.assets ?? [], { cwd: room })
    for (const file of inSource) copy(join(room, 'src', file), join(target, 'dist', file))
    for (const file of assets) copy(join(room, file), join(target, file))
    for (const file of ['README.md', 'LICENSE']) {
      const source = [join(room, file), join(root, file)].find(existsSync)
      if (source) copyFileSync(source, join(target, file))
    }
    writeFileSync(join(target, 'package.json'), `${JSON.stringify(publishedManifest(manifest, assets), null, 2)}\n`)
    built.push({ name: manifest.name, folder: target })
  }
  rmSync(emitted, { recursive: true })
  return built
}

function copy(from: string, to: string) {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { recursive: true })
}

/**
 * The compiler rewrites the endings of imports in JavaScript. Files named by URL, which is how workers start, are left
 * to us, and so are the imports of declaration files, which older compilers would not find.
 */
function renameReferences(file: string) {
  const text = readFileSync(file, 'utf8')
  const reference = file.endsWith('.d.ts')
    ? /(from |import\()(['"])(\.\.?\/[^'"]*)\.ts\2/g
    : /(new URL\(\s*|import\.meta\.resolve\(\s*)(['"])(\.\.?\/[^'"]*)\.ts\2/g
  const renamed = text.replace(reference, (_, before, quote, path) => `${before}${quote}${path}.js${quote}`)
  if (renamed !== text) writeFileSync(file, renamed)
}

/** Puts modules and what they import of their folder into a file each, in the place of all. Names are kept, so that errors and listings read as before. */
function joinModules(dist: string, chunks: string[]) {
  const modules = globSync('**/*.js', { cwd: dist })
  const entryPoints = chunks.map(chunk => join(dist, inDist(chunk).replace('./dist/', '')))
  const joined = buildSync({
    entryPoints,
    outbase: dist,
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'es2024',
    packages: 'external',
    write: false,
  }).outputFiles
  for (const file of modules) rmSync(join(dist, file))
  for (const { path, contents } of joined) writeFileSync(path, contents)
}

/** The package.json to publish: entries in `dist`, each with its types; what only the house uses left out. */
export function publishedManifest(manifest: Manifest, assets: string[] = []): Manifest {
  const {
    devDependencies: _dev,
    scripts: _scripts,
    assets: _assets,
    chunks: _chunks,
    exports,
    imports,
    bin,
    ...rest
  } = manifest
  return {
    ...rest,
    ...(exports && { exports: mapEntries(exports) }),
    ...(imports && { imports: mapEntries(imports) }),
    ...(bin && { bin: Object.fromEntries(Object.entries(bin).map(([name, path]) => [name, inDist(path)])) }),
    files: ['dist', ...assets],
    publishConfig: { access: 'public' },
  }
}

function inDist(path: string): string {
  return path.replace(/^(\.\/)?src\//, './dist/').replace(/(?<!\.d)\.ts$/, '.js')
}

/** Entries of an `exports` or `imports` field: TypeScript becomes its types and its JavaScript, conditions are kept. */
function mapEntries(entries: Exports): Exports {
  if (typeof entries === 'string') {
    if (!/(?<!\.d)\.ts$/.test(entries)) return inDist(entries)
    const path = inDist(entries)
    return { types: path.replace(/\.js$/, '.d.ts'), default: path }
  }
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, mapEntries(value)]))
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  try {
    for (const { name, folder } of build(root, join(root, 'build'))) console.log(`${name}: ${folder}`)
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
