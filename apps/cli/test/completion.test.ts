// `skein completion`: scripts that the shells accept, and that complete.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { findProgram } from '@skein/base'
import { commands } from '../src/commands.ts'
import { escapeCode, skein } from './skein.ts'

const script = (shell: string): string => {
  const { status, stdout, stderr } = skein(['completion', shell])
  assert.equal(status, 0, stderr)
  return stdout
}
const absent = (shell: string) => findProgram([shell]) === undefined && `${shell} is not installed`

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`${shell}: knows every command and option`, () => {
    const text = script(shell)
    for (const { name } of commands) assert.match(text, new RegExp(`\\b${name}\\b`))
    for (const option of ['threads', 'heap-max', 'trace', 'level', 'backend', 'json', 'help', 'version'])
      assert.ok(text.includes(option), option)
    assert.ok(!text.includes(escapeCode))
  })
  test(`${shell}: accepts its script`, { skip: absent(shell) }, () => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: script(shell), encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.equal(stderr, '')
  })
}

/** What bash offers after these words; the last one is being typed. */
function offered(...words: string[]): string[] {
  const line = ['skein', ...words].map(word => `'${word}'`).join(' ')
  const program = `${script('bash')}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _skein; printf '%s\\n' "\${COMPREPLY[@]}"`
  return spawnSync('bash', ['-c', program], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean)
}

test('bash completes', { skip: absent('bash') }, () => {
  const table: [words: string[], offers: string[]][] = [
    [['do'], ['doctor']],
    [['run', '--th'], ['--threads']],
    [['run', '--threads', ''], []],
    [['explain', '--level', 'pa'], ['passes']],
    [
      ['explain', 'x.ts', '-b', ''],
      ['wasm', 'x64', 'reference'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['help', 'ex'], ['explain']],
    [['run', 'm'], []],
    [['nothing', ''], []],
  ]
  for (const [words, offers] of table) assert.deepEqual(offered(...words), offers, words.join(' '))
  assert.deepEqual(offered(''), [...commands.map(({ name }) => name), '-V', '--version', '-h', '--help'])
})
