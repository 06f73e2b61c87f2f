// The set-up step in a house of its own, with an npm and an apt-get that only write down what they were asked.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const skip = process.platform === 'win32' && 'its npm and apt-get are shell scripts'

/** A house with the scripts, an empty lock, and in `bin` the programs of this machine that are named. */
class House {
  readonly root = mkdtempSync(join(tmpdir(), 'skein-setup-'))
  readonly bin = join(this.root, 'bin')
  readonly calls = join(this.root, 'calls')

  constructor(programs: Record<string, string>) {
    mkdirSync(this.bin)
    mkdirSync(join(this.root, 'scripts'))
    for (const file of ['setup.mjs', 'components.mjs'])
      cpSync(join(import.meta.dirname, '../../scripts', file), join(this.root, 'scripts', file))
    writeFileSync(
      join(this.root, 'scripts/test.ts'),
      "console.log('ran', ...process.argv.slice(2))\nprocess.exitCode = 7\n",
    )
    this.lock('1')
    const real = (name: string) => execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    for (const name of ['sh', 'mkdir', 'ln', 'touch', 'rm']) symlinkSync(real(name), join(this.bin, name))
    for (const [name, body] of Object.entries(programs)) {
      writeFileSync(join(this.bin, name), `#!${real('sh')}\necho "${name} $*" >> '${this.calls}'\n${body}\n`)
      chmodSync(join(this.bin, name), 0o755)
    }
  }

  lock(version: string) {
    const packages = { '': {}, 'node_modules/x': { version } }
    writeFileSync(join(this.root, 'package-lock.json'), JSON.stringify({ packages }))
  }

  /** Runs the script, and returns what npm and apt-get were asked meanwhile, besides what it printed. */
  setup(script = 'test', args: string[] = []) {
    rmSync(this.calls, { force: true })
    const run = spawnSync(process.execPath, [join(this.root, 'scripts/setup.mjs'), script, ...args], {
      encoding: 'utf8',
      env: { PATH: this.bin, HOME: this.root },
    })
    const calls = existsSync(this.calls) ? readFileSync(this.calls, 'utf8').trim().split('\n') : []
    const asked = calls.filter(call => !call.includes('--version') && !call.includes('-print-file-name'))
    return { code: run.status, out: run.stdout.trim(), err: run.stderr, asked }
  }

  [Symbol.dispose]() {
    rmSync(this.root, { recursive: true, force: true })
  }
}

const installNode = `mkdir -p node_modules/node/bin && ln -sf '${process.execPath}' node_modules/node/bin/node`
const gcc = 'echo /usr/lib/libgomp.so'
const chromium = 'exit 0'
/** All that may be absent, present. */
const components = {
  gcc,
  as: 'echo GNU assembler for x86_64',
  objcopy: 'echo objcopy',
  chromium,
  'mpirun.openmpi': 'exit 0',
  'mpirun.mpich': 'exit 0',
  etcd: 'echo etcd Version: 3.4.23',
}
const quiet = '--no-audit --no-fund --loglevel=error'

test('packages are installed once for each lock, and the script gets its arguments', { skip }, () => {
  using house = new House({ npm: installNode, ...components })
  const first = house.setup('test', ['a', '--b'])
  assert.deepEqual([first.code, first.out, first.asked], [7, 'ran a --b', [`npm ci ${quiet}`]])
  const second = house.setup()
  assert.deepEqual([second.out, second.err, second.asked], ['ran', '', []])
  house.lock('2')
  assert.deepEqual(house.setup().asked, [`npm ci ${quiet}`])
  assert.deepEqual(house.setup().asked, [])
})

test('what a developer installed by hand is not installed again', { skip }, () => {
  using house = new House({ npm: 'exit 1', ...components })
  execFileSync('/bin/sh', ['-c', `mkdir -p node_modules/x && ${installNode}`], { cwd: house.root })
  const record = { packages: { 'node_modules/x': { version: '1' } } }
  writeFileSync(join(house.root, 'node_modules/.package-lock.json'), JSON.stringify(record))
  assert.deepEqual([house.setup().asked, house.setup().asked], [[], []])
  house.lock('2')
  const changed = house.setup()
  assert.deepEqual([changed.code, changed.out, changed.asked], [1, '', [`npm ci ${quiet}`]])
  assert.match(changed.err, /npm ci failed/)
})

test('a Node that was not fetched is fetched again', { skip }, () => {
  using house = new House({ npm: `[ "$1" = rebuild ] && ${installNode} || mkdir -p node_modules`, ...components })
  const run = house.setup()
  assert.deepEqual(
    [run.out, run.asked],
    ['ran', [`npm ci ${quiet}`, `npm rebuild node --ignore-scripts=false ${quiet}`]],
  )
  assert.deepEqual(house.setup().asked, [])
})

test('an absent component is installed by apt as root, else the command is told; the script runs all the same', {
  skip,
}, () => {
  using house = new House({
    npm: installNode,
    ...components,
    gcc: 'exit 1',
    'apt-get': 'echo apt; [ "$3" = update ] && exit 100 || exit 0',
  })
  const run = house.setup()
  assert.equal(run.out, 'ran')
  assert.match(run.err, /gcc is absent: .* To have it: sudo apt-get install -y gcc libc6-dev/)
  const apt = ['apt-get -q -y update', 'apt-get -q -y install --no-install-recommends gcc libc6-dev']
  assert.deepEqual(run.asked.slice(1), process.getuid?.() === 0 ? apt : [])
})

test('a script that does not exist', { skip }, () => {
  using house = new House({ npm: installNode })
  const run = house.setup('tset')
  assert.deepEqual([run.code, run.asked], [1, []])
  assert.match(run.err, /no script called 'tset'; there are start, test,/)
})
