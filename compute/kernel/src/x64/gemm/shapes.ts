/** Code that is made for one shape: the latest are kept, and those that were not asked for the longest make room. */

import { type Body, defaultTeam } from '@skein/team'
import type { Assembler } from '../encode/assembler.ts'
import { processGates } from '../run/gates.ts'
import { CodePages } from '../run/pages.ts'
import { assembled, forgetRoutine, rememberRoutine } from '../run/routines.ts'

/** Each has a page or a few. */
const mostShapes = 256

export class ShapeCode {
  readonly name: string
  readonly body: Body
  readonly #pages: CodePages
  /** Calls under way during which others run. */
  #users = 0
  #isForgotten = false

  constructor(name: string, emit: (code: Assembler) => void) {
    this.name = name
    this.#pages = new CodePages(assembled(emit, false).bytes)
    const functions = { [name]: this.#pages.address }
    this.body = defaultTeam().native({ functions, gates: processGates().address, name })
    rememberRoutine({ name, pages: this.#pages, emit })
  }

  hold(): () => void {
    this.#users++
    return () => {
      this.#users--
      this.#freeIfUnused()
    }
  }

  /** Frees it, once no call holds it. */
  forget(): void {
    this.#isForgotten = true
    this.#freeIfUnused()
  }

  #freeIfUnused(): void {
    if (!this.#isForgotten || this.#users > 0) return
    this.body.unload()
    this.#pages.dispose()
    forgetRoutine(this.name)
  }
}

/** The longest not asked for first. */
const shapes = new Map<string, ShapeCode>()

export function knownShape(name: string): ShapeCode | undefined {
  const found = shapes.get(name)
  if (found === undefined) return undefined
  shapes.delete(name)
  shapes.set(name, found)
  return found
}

export function makeShape(name: string, emit: (code: Assembler) => void): ShapeCode {
  if (shapes.size >= mostShapes) {
    const [oldest] = shapes.values()
    shapes.delete(oldest.name)
    oldest.forget()
  }
  const made = new ShapeCode(name, emit)
  shapes.set(name, made)
  return made
}
