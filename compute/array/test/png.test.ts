/** PNG files: written and read again, as other programs write them, and broken. */

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { imageOf } from './images.ts'

/** Of Pillow and OpenCV; the interlaced one is put together by hand. */
const files: [kind: string, base64: string, pixels: unknown][] = [
  [
    '1 bit of grey',
    'iVBORw0KGgoAAAANSUhEUgAAAAsAAAADAQAAAABthMjmAAAAEUlEQVR4nGOY5MDgqcCoEgMACO0BvVgw55kAAAAASUVORK5CYII=',
    [
      [255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0],
      [0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255],
      [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0],
    ],
  ],
  [
    'a palette',
    'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAEBAMAAAC0HehzAAAAD1BMVEXS1tqusraEiIxITFASFhpC10TUAAAAGElEQVR4nGN0YXjD8p7hA8v7/x8YBBgYADSABgfGXZTzAAAAAElFTkSuQmCC',
    [
      [
        [18, 22, 26],
        [18, 22, 26],
        [18, 22, 26],
        [18, 22, 26],
        [72, 76, 80],
      ],
      [
        [72, 76, 80],
        [72, 76, 80],
        [72, 76, 80],
        [72, 76, 80],
        [132, 136, 140],
      ],
      [
        [132, 136, 140],
        [132, 136, 140],
        [132, 136, 140],
        [174, 178, 182],
        [174, 178, 182],
      ],
      [
        [174, 178, 182],
        [210, 214, 218],
        [210, 214, 218],
        [210, 214, 218],
        [210, 214, 218],
      ],
    ],
  ],
  [
    'grey of 16 bits',
    'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAGEAAAAACPC4xZAAAARklEQVQIHQXBQRHCABAAsd7cCqgEfnwrAQVMzeAGN5iJDJI5jpUkSTLPcyVJksz7kZUkSeZzJStJkvm+kpUkyfzuJCtJ8geReDUCpn0kDAAAAABJRU5ErkJggg==',
    [
      [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000],
      [10000, 11000, 12000, 13000, 14000, 15000, 16000, 17000, 18000, 19000],
      [20000, 21000, 22000, 23000, 24000, 25000, 26000, 27000, 28000, 29000],
      [30000, 31000, 32000, 33000, 34000, 35000, 36000, 37000, 38000, 39000],
      [40000, 41000, 42000, 43000, 44000, 45000, 46000, 47000, 48000, 49000],
      [50000, 51000, 52000, 53000, 54000, 55000, 56000, 57000, 58000, 59000],
    ],
  ],
  [
    'grey with opacity',
    'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAECAQAAADsOj3LAAAAEklEQVR4nGNkYOOBAhYbG/xMAD6wAvxiOXBbAAAAAElFTkSuQmCC',
    [
      [
        [0, 6],
        [12, 18],
        [24, 30],
        [36, 42],
        [48, 54],
      ],
      [
        [60, 66],
        [72, 78],
        [84, 90],
        [96, 102],
        [108, 114],
      ],
      [
        [120, 126],
        [132, 138],
        [144, 150],
        [156, 162],
        [168, 174],
      ],
      [
        [180, 186],
        [192, 198],
        [204, 210],
        [216, 222],
        [228, 234],
      ],
    ],
  ],
  [
    'interlaced',
    'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAGCAAAAAGonGCMAAAAU0lEQVR4nAFIALf/AAAgABAAoLDAAAgYAKi4AFBYYGhwAAQMFBwkAFRcZGx0AKSstLzEACgsMDQ4PEBESEwAeHyAhIiMkJSYnADIzNDU2Nzg5Ojs9PYbqa12FzsAAAAASUVORK5CYII=',
    [
      [0, 4, 8, 12, 16, 20, 24, 28, 32, 36],
      [40, 44, 48, 52, 56, 60, 64, 68, 72, 76],
      [80, 84, 88, 92, 96, 100, 104, 108, 112, 116],
      [120, 124, 128, 132, 136, 140, 144, 148, 152, 156],
      [160, 164, 168, 172, 176, 180, 184, 188, 192, 196],
      [200, 204, 208, 212, 216, 220, 224, 228, 232, 236],
    ],
  ],
]

for (const [kind, base64, pixels] of files)
  test(`reads ${kind}`, async () =>
    assert.deepEqual((await nd.readPng(Buffer.from(base64, 'base64'))).toList(), pixels))

describe('written and read again', () => {
  for (const dtype of ['uint8', 'uint16'] as const)
    for (const shape of [
      [1, 1],
      [5, 7],
      [4, 3, 2],
      [4, 3, 3],
      [200, 90, 4],
    ])
      test(`${dtype} [${shape}]`, async () => {
        const x = imageOf('noise', dtype, shape)
        const found = await nd.readPng(await nd.toPng(x))
        assert.deepEqual([found.dtype, found.shape], [dtype, shape])
        assert.ok(nd.arrayEqual(found, x))
      })
  test('files; views, floats and booleans', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'png-'))
    try {
      const path = join(folder, 'x.png')
      await nd.writePng(
        path,
        nd.asarray([
          [0, 0.5],
          [1, 2],
        ]).t,
      )
      assert.deepEqual((await nd.readPng(path)).toList(), [
        [0, 255],
        [128, 255],
      ])
      await nd.writePng(path, nd.asarray([[true, false]]))
      assert.deepEqual((await nd.readPng(path)).toList(), [[255, 0]])
      await writeFile(path, (await readFile(path)).subarray(0, 40))
      await assert.rejects(nd.readPng(path), { name: 'ArrayFileError', message: /x\.png/ })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('what is refused', () => {
  test('what is no PNG file, or a broken one: any bit, any length', async () => {
    const bytes = await nd.toPng(imageOf('noise', 'uint8', [6, 5, 3]))
    for (let length = 0; length < bytes.length; length++)
      await assert.rejects(nd.readPng(bytes.slice(0, length)), { name: 'ArrayFileError' }, `${length}`)
    for (let at = 0; at < bytes.length - 12; at++) {
      const broken = bytes.slice()
      broken[at] ^= 1 << (at % 8)
      await assert.rejects(nd.readPng(broken), { name: 'ArrayFileError' }, `byte ${at}`)
    }
  })
  test('a small file that promises much', async () => {
    const bytes = await nd.toPng(nd.zeros([2, 2], { dtype: 'uint8' }))
    new DataView(bytes.buffer).setUint32(16, 30000)
    new DataView(bytes.buffer).setUint32(20, 30000)
    await assert.rejects(nd.readPng(bytes), { name: 'ArrayFileError', message: /30000 × 30000 pixels/ })
  })
  test('what is no image', async () => {
    await assert.rejects(nd.toPng(nd.zeros([3])), { name: 'ShapeError' })
    await assert.rejects(nd.toPng(nd.zeros([3, 3, 5])), { name: 'ShapeError' })
    await assert.rejects(nd.toPng(nd.zeros([0, 3])), { name: 'ShapeError' })
    await assert.rejects(nd.toPng(nd.zeros([3, 3], { dtype: 'complex64' })), { name: 'DTypeError' })
    await assert.rejects(nd.writePng(new Uint8Array(3) as never, nd.zeros([3, 3])), { name: 'ArgumentError' })
  })
})
