import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import semver from 'semver'
import { newestFirst, normalVersion, versionedName, wantedBy } from '../../src/registry/names.ts'

const part = fc.oneof(fc.constantFrom(0, 1, 2, 10), fc.nat(30))
const label = fc.array(fc.constantFrom('alpha', 'beta', 'rc', '0', '1', '11', 'x-1'), { minLength: 1, maxLength: 3 })
const version = fc
  .tuple(part, part, part, fc.option(label), fc.option(label))
  .map(
    ([a, b, c, before, build]) =>
      `${a}.${b}.${c}${before ? `-${before.join('.')}` : ''}${build ? `+${build.join('.')}` : ''}`,
  )
const partial = fc.oneof(
  version,
  part.map(a => `${a}`),
  fc.tuple(part, part).map(([a, b]) => `${a}.${b}`),
  fc.tuple(part, fc.constantFrom('x', '*', 'X')).map(([a, b]) => `${a}.${b}`),
  fc.constant('*'),
)
const comparator = fc
  .tuple(fc.constantFrom('', '^', '~', '>', '>=', '<', '<=', '='), partial)
  .map(([sign, v]) => sign + v)
const range = fc
  .array(
    fc.oneof(
      fc.array(comparator, { minLength: 1, maxLength: 3 }).map(all => all.join(' ')),
      fc.tuple(partial, partial).map(([a, b]) => `${a} - ${b}`),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(all => all.join(' || '))

describe('versions and ranges', () => {
  test('match as npm says', () => {
    let matched = 0
    fc.assert(
      fc.property(version, range, fc.boolean(), (v, r, prerelease) => {
        const isMatch = semver.satisfies(v, r, { includePrerelease: prerelease })
        matched += Number(isMatch)
        if (semver.validRange(r) === null)
          return assert.throws(() => wantedBy('get', `web@${r}`), { name: 'ArgumentError' })
        const service = versionedName('register', `web@${v}`)
        assert.equal(wantedBy('get', `web@${r}`, { prerelease }).matches(service), isMatch)
        assert.equal(wantedBy('get', `other@${r}`, { prerelease }).matches(service), false)
      }),
      { numRuns: 1000 },
    )
    assert.ok(matched > 50, `${matched} match`)
  })

  test('are put in order as npm says, the newest first, and those without one last', () => {
    fc.assert(
      fc.property(fc.array(fc.option(version, { nil: undefined }), { maxLength: 20 }), versions => {
        const services = versions.map((version, i) => ({ id: String(i), name: 'web', version }))
        const sorted = newestFirst(services).map(({ version }) => version)
        const given = sorted.filter(version => version !== undefined)
        for (let i = 1; i < given.length; i++) assert.ok(semver.compare(given[i - 1], given[i]) >= 0)
        assert.ok(sorted.slice(given.length).every(version => version === undefined))
        assert.equal(sorted.length, versions.length)
      }),
    )
  })

  for (const [text, wanted, matches] of [
    ['web@1.2.3', 'web', true],
    ['web', 'web', true],
    ['web', 'web@*', false],
    ['web@1.2.3', undefined, true],
    ['web@2.0.0-rc.1', 'web', true],
    ['web@2.0.0-rc.1', 'web@*', false],
    ['web@2.0.0-rc.1', 'web@^2.0.0-beta', true],
    ['web@v1.2.3', 'web@1.2.3', true],
    ['web@1.2.3+build.5', 'web@1.2.3', true],
    ['web@1.2.3', 'we', false],
    ['__proto__@1.0.0', '__proto__@1', true],
  ] as const)
    test(`${text} ${matches ? 'is' : 'is not'} of those wanted by ${wanted}`, () =>
      assert.equal(wantedBy('get', wanted).matches(versionedName('register', text)), matches))

  test('a version is kept as semver.org writes it, with its build', () => {
    for (const [text, normal] of [
      ['1.2.3', '1.2.3'],
      ['v1.2.3', '1.2.3'],
      [' 1.2.3-rc.1+5.a ', '1.2.3-rc.1+5.a'],
      ['1.2', undefined],
      ['', undefined],
      ['01.2.3', undefined],
      [5, undefined],
      ['1.2.3'.padEnd(300, '0'), undefined],
    ])
      assert.equal(normalVersion(text), normal)
  })

  test('names, versions and ranges that are none are refused', () => {
    for (const text of [
      '',
      '@1.0.0',
      'web@',
      'web@1',
      'web@x',
      'a/b@1.0.0',
      'a b',
      'a\n',
      '\ud800',
      'a@b@1.0.0',
      5,
      null,
    ])
      assert.throws(() => versionedName('register', text as string), { name: 'ArgumentError' }, String(text))
    for (const text of ['', 'web@', 'web@ ', 'web@not a range', 'web@>>1', `web@${'1'.repeat(2000)}`, 'a/b', {}])
      assert.throws(() => wantedBy('get', text as string), { name: 'ArgumentError' }, String(text))
  })
})
