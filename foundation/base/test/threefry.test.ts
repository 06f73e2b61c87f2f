import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threefry4x32 } from '../src/index.ts'

const hex = (words: Uint32Array): string => Array.from(words, word => word.toString(16).padStart(8, '0')).join(' ')
const words = (text: string): number[] => text.split(' ').map(word => Number.parseInt(word, 16))

/** Lines "threefry4x32 rounds counter key expected" of Random123's kat_vectors. */
const knownAnswers: [rounds: number, counter: string, key: string, expected: string][] = [
  [
    13,
    '00000000 00000000 00000000 00000000',
    '00000000 00000000 00000000 00000000',
    '531c7e4f 39491ee5 2c855a92 3d6abf9a',
  ],
  [
    20,
    '00000000 00000000 00000000 00000000',
    '00000000 00000000 00000000 00000000',
    '9c6ca96a e17eae66 fc10ecd4 5256a7d8',
  ],
  [
    20,
    'ffffffff ffffffff ffffffff ffffffff',
    'ffffffff ffffffff ffffffff ffffffff',
    '2a881696 57012287 f6c7446e a16a6732',
  ],
  [
    20,
    '243f6a88 85a308d3 13198a2e 03707344',
    'a4093822 299f31d0 082efa98 ec4e6c89',
    '59cd1dbb b8879579 86b5d00c ac8b6d84',
  ],
  [
    72,
    '243f6a88 85a308d3 13198a2e 03707344',
    'a4093822 299f31d0 082efa98 ec4e6c89',
    '09930adf 7f27bd55 9ed68ce1 97f803f6',
  ],
]

for (const [rounds, counter, key, expected] of knownAnswers)
  test(`threefry4x32 equals Random123 for ${rounds} rounds of counter ${counter}`, () => {
    assert.equal(hex(threefry4x32(words(counter), words(key), new Uint32Array(4), rounds)), expected)
  })
