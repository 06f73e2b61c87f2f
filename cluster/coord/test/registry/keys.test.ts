import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { generateKeys, parseAuthorized } from '../../src/index.ts'
import { checkAuthorized, isAuthorized, isSignedBy, signerOf } from '../../src/registry/keys.ts'
import { readService, writeService } from '../../src/registry/service.ts'

const [alice, bob] = [generateKeys(), generateKeys()]
const record = {
  id: 'x1',
  name: 'web',
  version: '1.2.3',
  host: '10.0.0.1',
  port: 8080,
  metadata: { zone: 'a', text: 'one\ntwo' },
  since: 5,
}
const found = (text: string, lease = '7') => ({ name: 'web', id: 'x1', text, lease })
const signed = writeService('register', record, '7', signerOf(alice.privateKey))

describe('keys', () => {
  test('sign what is verified by their public part, and by no other', () => {
    const signer = signerOf(alice.privateKey)
    assert.equal(signer.publicKey, alice.publicKey)
    const signature = signer.sign('text')
    assert.ok(isSignedBy('text', signature, alice.publicKey))
    assert.ok(!isSignedBy('texT', signature, alice.publicKey))
    assert.ok(!isSignedBy('text', signature, bob.publicKey))
    for (const nonsense of ['', 'x', '\0', signature.slice(1)]) {
      assert.ok(!isSignedBy('text', nonsense, alice.publicKey))
      assert.ok(!isSignedBy('text', signature, nonsense))
    }
  })

  test('what is no private key is refused, and not told', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    const pem = rsa.export({ type: 'pkcs8', format: 'pem' }) as string
    for (const key of [pem, 'secret words', alice.publicKey, '', 5 as never, undefined as never])
      assert.throws(
        () => signerOf(key),
        (error: Error) =>
          error.name === 'KeyFormatError' && !error.message.includes('secret words') && !error.message.includes(pem),
      )
  })

  test('may register what is listed for them', () => {
    const list = parseAuthorized(`
      # who may register what
      web ${alice.publicKey} alice's machine
      web ${bob.publicKey}   # and bob's
      *   ${bob.publicKey}
    `)
    assert.deepEqual({ ...list }, { web: [alice.publicKey, bob.publicKey], '*': [bob.publicKey] })
    assert.ok(isAuthorized(list, 'web', alice.publicKey))
    assert.ok(!isAuthorized(list, 'db', alice.publicKey))
    assert.ok(isAuthorized(list, 'db', bob.publicKey))
    for (const name of ['constructor', '__proto__', 'toString']) assert.ok(!isAuthorized({}, name, alice.publicKey))
    for (const text of ['web', 'web short', `a/b ${alice.publicKey}`, alice.publicKey])
      assert.throws(() => parseAuthorized(text), /KeyFormatError|ArgumentError/)
    for (const given of [null, 'web', { web: alice.publicKey }, { web: [5] }, { 'a b': [] }])
      assert.throws(() => checkAuthorized('registry', given), /KeyFormatError|ArgumentError/)
  })
})

describe('a registration', () => {
  test('is read as it was written', () => {
    const expected = { ...record, address: '10.0.0.1:8080', key: alice.publicKey }
    assert.deepEqual(readService(found(signed), { web: [alice.publicKey] }), expected)
    assert.deepEqual(readService(found(signed)), expected)
    const plain = writeService('register', { ...record, host: '::1' }, '7')
    assert.deepEqual(readService(found(plain)), { ...record, host: '::1', address: '[::1]:8080', key: undefined })
  })

  test('is refused with the reason', () => {
    const [line, by] = signed.split('\n')
    const forger = signerOf(bob.privateKey)
    const cases: [reason: string, given: Parameters<typeof readService>[0], authorized?: object][] = [
      ['unsigned', found(line)],
      ['not authorized', found(writeService('register', record, '7', forger))],
      ['not authorized', found(signed), { db: [alice.publicKey] }],
      ['forged', found(`${line.replace('8080', '8081')}\n${by}`)],
      ['forged', found(`${line}\n${alice.publicKey} ${forger.sign(line)}`)],
      ['forged', found(`${line}\n${alice.publicKey}`)],
      // A signature of the line alone is one of something else.
      ['forged', found(`${line}\n${alice.publicKey} ${signerOf(alice.privateKey).sign(line)}`)],
      ['of another lease', found(signed, '8')],
      ['of another lease', { ...found(signed), lease: undefined }],
      ['malformed', { ...found(signed), id: 'x2' }],
      ['malformed', { ...found(signed), name: 'db' }, { db: [alice.publicKey] }],
    ]
    for (const [reason, given, authorized = { web: [alice.publicKey] }] of cases)
      assert.throws(() => readService(given, authorized as never), { name: 'RegistrationRefusedError', reason })
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{}',
      line.replace('8080', '0'),
      line.replace('"1.2.3"', '"1.2"'),
      line.replace('10.0.0.1', 'a b'),
    ])
      assert.throws(() => readService(found(text)), { name: 'RegistrationRefusedError', reason: 'malformed' }, text)
  })

  test('any change of one character of it is noticed', () => {
    const authorized = { web: [alice.publicKey] }
    for (let i = 0; i < signed.length; i++)
      for (const other of 'xyAQgw_') {
        if (other === signed[i]) continue
        const changed = signed.slice(0, i) + other + signed.slice(i + 1)
        assert.throws(
          () => readService(found(changed), authorized),
          { name: 'RegistrationRefusedError' },
          `character ${i}: ${other}`,
        )
      }
  })
})
