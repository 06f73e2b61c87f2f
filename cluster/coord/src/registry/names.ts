// Names of services with their versions, and which of them are wanted: `web@1.2.3`, `web@^1.2`. Versions and ranges are npm's.
import { ArgumentError } from '@skein/base'
import VersionRange from 'semver/classes/range.js'
import Version from 'semver/classes/semver.js'

export interface VersionedName {
  readonly name: string
  /** As semver.org writes it; undefined: it has none. */
  readonly version: string | undefined
}

/** Which services are wanted. */
export interface Wanted {
  /** Undefined: any. */
  readonly name: string | undefined
  matches(service: VersionedName): boolean
}

export interface RangeOptions {
  /** Versions before a release (`2.0.0-beta.1`) are wanted as well where the range does not speak of them. Default false, as with npm. */
  prerelease?: boolean
}

const nameForm = /^[^@/\s\p{Cc}]{1,200}$/u
const nameWords = 'a name of 1 to 200 characters without @, / and white space'

/** Throws ArgumentError. */
export const checkName = (call: string, argument: string, name: unknown): string => {
  if (typeof name !== 'string' || !nameForm.test(name) || !name.isWellFormed())
    throw new ArgumentError(call, argument, nameWords, name)
  return name
}

/** `web@1.2.3`, or `web` alone. Throws ArgumentError. */
export const versionedName = (call: string, text: string): VersionedName => {
  const { name, after } = partsOf(call, 'service', text)
  if (after === undefined) return { name, version: undefined }
  const version = normalVersion(after)
  if (version === undefined)
    throw new ArgumentError(call, 'service', 'name@version with a version such as 1.2.3 (semver.org)', text)
  return { name, version }
}

/** As it is written plainly, with what it says of its build; undefined: it is none. */
export const normalVersion = (text: unknown): string | undefined => {
  if (typeof text !== 'string') return undefined
  try {
    const { version, build } = new Version(text)
    return build.length === 0 ? version : `${version}+${build.join('.')}`
  } catch {
    return undefined
  }
}

/**
 * `web@^1.2`: those that npm's `satisfies` says yes to. `web` alone: all of that name, with any version or none. Nothing: all. Throws ArgumentError.
 */
export const wantedBy = (call: string, text: string | undefined, { prerelease = false }: RangeOptions = {}): Wanted => {
  if (text === undefined) return { name: undefined, matches: () => true }
  const { name, after } = partsOf(call, 'wanted', text)
  if (after === undefined) return { name, matches: service => service.name === name }
  const range = rangeOf(call, text, after, prerelease)
  return {
    name,
    matches: ({ name: given, version }) => given === name && version !== undefined && range.test(version),
  }
}

/** The newest first; those of the same version and those without one in the order of their ids, the latter last. */
export const newestFirst = <T extends VersionedName & { readonly id: string }>(services: readonly T[]): T[] =>
  [...services].sort((a, b) => {
    if (a.version !== b.version) {
      if (a.version === undefined) return 1
      if (b.version === undefined) return -1
      const order = new Version(b.version).compare(a.version)
      if (order !== 0) return order
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
  })

const rangeOf = (call: string, text: string, after: string, includePrerelease: boolean): VersionRange => {
  try {
    // npm takes an empty range for *; after an @ it is rather something forgotten.
    if (after.trim() !== '' && after.length <= 1000) return new VersionRange(after, { includePrerelease })
  } catch {}
  throw new ArgumentError(call, 'wanted', 'name@range with a range such as ^1.2 or >=1.2.0 <3 (npm)', text)
}

const partsOf = (call: string, argument: string, text: unknown): { name: string; after: string | undefined } => {
  if (typeof text !== 'string') throw new ArgumentError(call, argument, 'a text such as web@1.2.3', text)
  const at = text.indexOf('@')
  const name = at < 0 ? text : text.slice(0, at)
  if (!nameForm.test(name) || !name.isWellFormed())
    throw new ArgumentError(call, argument, `${nameWords}, and a version behind an @`, text)
  return { name, after: at < 0 ? undefined : text.slice(at + 1) }
}
