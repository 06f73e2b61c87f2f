/** Floats of 16 bits (AVX512-FP16). */

import { family } from './family.ts'

const { add, lines } = family()

for (const [name, opcode, flags] of [
  ['vadd', '58', 'c'],
  ['vmul', '59', 'c'],
  ['vsub', '5C', ''],
  ['vmin', '5D', ''],
  ['vdiv', '5E', ''],
  ['vmax', '5F', ''],
])
  add(`${name}ph rV,vV,mV .5.${opcode} - 0:fv2 ${flags}
       ${name}sh rX,vX,mX F3.5.${opcode} - 0:t1s2 l`)

// As in arithmetic.ts: 132 is dest·third + second, 213 second·dest + third, 231 second·third + dest.
for (const [order, high] of [
  ['132', '9'],
  ['213', 'A'],
  ['231', 'B'],
])
  for (const [name, packed, single] of [
    ['vfmadd', '8', '9'],
    ['vfmsub', 'A', 'B'],
    ['vfnmadd', 'C', 'D'],
    ['vfnmsub', 'E', 'F'],
  ])
    add(`${name}${order}ph rV,vV,mV 66.6.${high}${packed} - 0:fv2 u
         ${name}${order}sh rX,vX,mX 66.6.${high}${single} - 0:t1s2 l u`)

add(`vsqrtph rV,mV .5.51 - 0:fv2
     vsqrtsh rX,vX,mX F3.5.51 - 0:t1s2 l
     vrcpph rV,mV 66.6.4C - 0:fv2
     vrsqrtph rV,mV 66.6.4E - 0:fv2
     vscalefph rV,vV,mV 66.6.2C - 0:fv2
     vgetexpph rV,mV 66.6.42 - 0:fv2
     vgetmantph rV,mV,iI .3.26 - 0:fv2
     vreduceph rV,mV,iI .3.56 - 0:fv2
     vrndscaleph rV,mV,iI .3.08 - 0:fv2
     vrndscalesh rX,vX,mX,iI .3.0A - 0:t1s2 l
     vcmpph rK,vV,mV,iI .3.C2 - 0:fv2
     vcmpsh rK,vX,mX,iI F3.3.C2 - 0:t1s2 l
     vfpclassph rK,mV,iI .3.66 - 0:fv2
     vucomish rX,mX .5.2E - 0:t1s2 l n q`)

add(`vcvtph2psx rV,mH 66.6.13 - 0:hv2
     vcvtps2phx rH,mV 66.5.1D - 0:fv4
     vcvtph2pd rV,mQ .5.5A - 0:qv2
     vcvtsh2ss rX,vX,mX .6.13 - 0:t1s2 l
     vcvtss2sh rX,vX,mX .5.1D - 0:t1s4 l
     vcvtsh2sd rX,vX,mX F3.5.5A - 0:t1s2 l
     vcvtsd2sh rX,vX,mX F2.5.5A - 1:t1s8 l
     vcvtw2ph rV,mV F3.5.7D - 0:fv2
     vcvtuw2ph rV,mV F2.5.7D - 0:fv2
     vcvttph2w rV,mV 66.5.7C - 0:fv2
     vcvttph2uw rV,mV .5.7C - 0:fv2
     vcvtdq2ph rH,mV .5.5B - 0:fv4
     vcvttph2dq rV,mH F3.5.5B - 0:hv2
     vcvtsi2sh rX,vX,mD F3.5.2A - 0:t1s4 l n
     vcvttsh2si rD,mX F3.5.2C - 0:t1s2 l n`)

add(`vmovsh rX,mM F3.5.10 - 0:t1s2 l
     vmovsh mM,rX F3.5.11 - 0:t1s2 l
     vmovsh rX,vX,mX F3.5.10 - 0:t1s2 l r
     vmovw rX,mD 66.5.6E - 0:t1s2 l n
     vmovw mD,rX 66.5.7E - 0:t1s2 l n`)

export { lines as half }
