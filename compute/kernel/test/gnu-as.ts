/** What GNU as makes of instructions. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Instructions stand this far apart, so that one that is too long shifts no other. */
export const slotBytes = 16
/** Between them; no instruction ends in so many as make a difference. */
export const filler = 0xcc

/** The bytes of each, filled up. The label `there` stands behind the last. @throws with the lines that it does not take */
export function assemble(texts: readonly string[]): Uint8Array[] {
  const folder = mkdtempSync(join(tmpdir(), 'skein-as-'))
  try {
    const [source, object, code] = ['s', 'o', 'bin'].map(end => join(folder, `it.${end}`))
    const slots = texts.map(text => `${text}\n.p2align 4,${filler}\n`)
    writeFileSync(source, `.intel_syntax noprefix\n.text\n${slots.join('')}there:\n`)
    try {
      execFileSync('as', ['--64', '-o', object, source], { stdio: ['ignore', 'ignore', 'pipe'] })
    } catch (error) {
      const said = String((error as { stderr?: Buffer }).stderr).split('\n')
      const lines = said.flatMap(line => {
        const [, number, message] = /:(\d+): (.*)/.exec(line) ?? []
        return number === undefined ? [] : [`${texts[(Number(number) - 3) >> 1]}: ${message}`]
      })
      throw new Error(`GNU as refuses ${lines.length} of ${texts.length}:\n${lines.slice(0, 20).join('\n') || said}`)
    }
    execFileSync('objcopy', ['-O', 'binary', '--only-section=.text', object, code])
    const bytes = readFileSync(code)
    return texts.map((_, k) => bytes.subarray(k * slotBytes, (k + 1) * slotBytes))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
