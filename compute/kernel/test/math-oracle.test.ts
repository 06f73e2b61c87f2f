// The oracle against published digits, and against itself at twice the angle.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  abs,
  add,
  type Big,
  big,
  compare,
  div,
  mul,
  neg,
  ONE,
  shift,
  sqrt,
  sub,
  toNumber,
} from '../../../testing/ulp/bigfloat.ts'
import { ORACLE, PI } from '../../../testing/ulp/oracle.ts'

/** A decimal string as a Big. */
function decimal(text: string): Big {
  const [digits, exponent = '0'] = text.split('e')
  const [whole, fraction = ''] = digits.split('.')
  const m: Big = { m: BigInt(whole.replace('-', '') + fraction), e: 0 }
  const power = Number(exponent) - fraction.length
  let scale: Big = ONE
  for (let i = 0; i < Math.abs(power); i++) scale = mul(scale, big(10))
  const value = power < 0 ? div(m, scale) : mul(m, scale)
  return text.startsWith('-') ? neg(value) : value
}

const CASES: [string, number[], string][] = [
  ['exp', [1], '2.7182818284590452353602874713526624977572470937'],
  ['exp', [-700.5], '5.9801961186397912064121073304951000479807728926414e-305'],
  ['exp2', [0.3], '1.2311444133449162750251463600924070937055258603219'],
  ['expm1', [1e-9], '0.000000001000000000500000062448258186769781241159389457119615683'],
  ['sin', [1], '0.84147098480789650665250232163029899962256306079837'],
  ['sin', [2 ** 1023], '0.56312777985088401345294340794446834771038549073613'],
  ['cos', [1e22], '0.52321478539513894549759447338470949214091997243939'],
  ['tan', [11], '-225.95084645419514202579548320345315395165750988513'],
  ['asin', [0.3], '0.30469265401539749633370334028656419508642774258654'],
  ['acos', [-0.7], '2.3461938234056496207867474358769245416063441171359'],
  ['atan', [3], '1.2490457723982544258299170772810901230778294041299'],
  ['atan2', [-1, -3], '-2.8198420991931510450612387689208415651764141038174'],
  ['log', [10], '2.3025850929940456840179914546843642076011014886288'],
  ['log', [1.0000001], '0.000000099999995058387045177516099683454491230298795921477'],
  ['log2', [3], '1.5849625007211561814537389439478165087598144076925'],
  ['log10', [7], '0.84509804001425683071221625859263619348357239632397'],
  ['log1p', [1e-5], '0.0000099999500003333316513756920833920234446017137624279'],
  ['sinh', [0.1], '0.10016675001984403140262321962092203121629938130842'],
  ['cosh', [5], '74.209948524787844444106108044487714023868258589453'],
  ['tanh', [0.7], '0.60436777711716346812058688551755027987715493829255'],
  ['asinh', [2], '1.443635475178810342493276740273105269405553003157'],
  ['acosh', [1.25], '0.69314718055994530941723212145817656807550013436026'],
  ['atanh', [0.9], '1.4722194895832203468700952554341012102823883997444'],
  ['pow', [3.7, -12.25], '0.00000010952893886711625260022534461269597362444657182362'],
  ['cbrt', [2], '1.2599210498948731647672106072782283505702514647015'],
  ['hypot', [1, 2], '2.2360679774997896964091736687312762354406183596115'],
]

const isNear = (got: Big, want: Big, digits: number): boolean =>
  compare(abs(sub(got, want)), mul(abs(want), decimal(`1e-${digits}`))) < 0

describe('oracle', () => {
  it('has known digits of π', () => {
    assert.ok(
      isNear(PI, decimal('3.14159265358979323846264338327950288419716939937510582097494459230781640628620899'), 78),
    )
  })

  for (const [name, x, digits] of CASES)
    it(`${name}(${x.join(', ')})`, () => {
      const got = ORACLE[name](...x)
      assert.ok(isNear(got, decimal(digits), 45), `${toNumber(got)} against ${digits}`)
    })

  it('agrees with itself: identities to 80 digits', () => {
    for (const x of [1e-12, 0.3, 0.75, 1.9, 23.7, 1e5 + 0.1]) {
      const s = ORACLE.sin(x)
      const c = ORACLE.cos(x)
      assert.ok(isNear(add(mul(s, s), mul(c, c)), ONE, 80), `sin² + cos² at ${x}`)
      assert.ok(isNear(ORACLE.sin(2 * x), shift(mul(s, c), 1), 80), `sin 2x at ${x}`)
      assert.ok(isNear(ORACLE.log(x * x), shift(ORACLE.log(x), 1), 10), `log x² at ${x}`)
      const t = ORACLE.tanh(x)
      const m = ORACLE.expm1(2 * x)
      assert.ok(isNear(t, div(m, add(m, big(2))), 80), `tanh at ${x}`)
      const root = ORACLE.cbrt(x)
      assert.ok(isNear(mul(root, mul(root, root)), big(x), 80), `cbrt at ${x}`)
      assert.ok(isNear(mul(sqrt(big(x)), sqrt(big(x))), big(x), 80), `sqrt at ${x}`)
    }
  })
})
