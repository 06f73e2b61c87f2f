/** Sums, products, bits, shifts; what is of floats alone. */

import { family } from './family.ts'

const { add, lines } = family()

// Arithmetic of floats, four to a name. `w` of VEX is ignored by these; 0 gives the shorter prefix.
const floats = (name: string, opcode: string, flags = '') =>
  add(`${name}ps rV,vV,mV  .1.${opcode} 0 0:fv4 ${flags}
       ${name}pd rV,vV,mV  66.1.${opcode} 0 1:fv8 ${flags}
       ${name}ss rX,vX,mX  F3.1.${opcode} 0 0:t1s4 l
       ${name}sd rX,vX,mX  F2.1.${opcode} 0 1:t1s8 l`)
floats('vadd', '58', 'c')
floats('vmul', '59', 'c')
floats('vsub', '5C')
floats('vmin', '5D')
floats('vdiv', '5E')
floats('vmax', '5F')
add(`vsqrtps rV,mV     .1.51   0 0:fv4
     vsqrtpd rV,mV     66.1.51 0 1:fv8
     vsqrtss rX,vX,mX  F3.1.51 0 0:t1s4 l
     vsqrtsd rX,vX,mX  F2.1.51 0 1:t1s8 l`)

// Fused multiply-add: 132 is dest·third + second, 213 second·dest + third, 231 second·third + dest.
for (const [order, high] of [
  ['132', '9'],
  ['213', 'A'],
  ['231', 'B'],
]) {
  for (const [name, low] of [
    ['vfmadd', 8],
    ['vfmsub', 10],
    ['vfnmadd', 12],
    ['vfnmsub', 14],
  ] as const) {
    const [packed, single] = [low, low + 1].map(digit => high + digit.toString(16).toUpperCase())
    add(`${name}${order}ps rV,vV,mV 66.2.${packed} 0 0:fv4 u
         ${name}${order}pd rV,vV,mV 66.2.${packed} 1 1:fv8 u
         ${name}${order}ss rX,vX,mX 66.2.${single} 0 0:t1s4 l u
         ${name}${order}sd rX,vX,mX 66.2.${single} 1 1:t1s8 l u`)
  }
}

// Of floats alone.
add(`vroundps rV,mV,iI 66.3.08 0 -
     vroundpd rV,mV,iI 66.3.09 0 -
     vroundss rX,vX,mX,iI 66.3.0A 0:t1s4 - l
     vroundsd rX,vX,mX,iI 66.3.0B 0:t1s8 - l
     vrndscaleps rV,mV,iI 66.3.08 - 0:fv4
     vrndscalepd rV,mV,iI 66.3.09 - 1:fv8
     vrndscaless rX,vX,mX,iI 66.3.0A - 0:t1s4 l
     vrndscalesd rX,vX,mX,iI 66.3.0B - 1:t1s8 l
     vrcp14ps   rV,mV 66.2.4C - 0:fv4
     vrcp14pd   rV,mV 66.2.4C - 1:fv8
     vrsqrt14ps rV,mV 66.2.4E - 0:fv4
     vrsqrt14pd rV,mV 66.2.4E - 1:fv8
     vrcp14ss   rX,vX,mX 66.2.4D - 0:t1s4 l
     vrcp14sd   rX,vX,mX 66.2.4D - 1:t1s8 l
     vrsqrt14ss rX,vX,mX 66.2.4F - 0:t1s4 l
     vrsqrt14sd rX,vX,mX 66.2.4F - 1:t1s8 l
     vrcpps     rV,mV .1.53   0 -
     vrsqrtps   rV,mV .1.52   0 -
     vscalefps  rV,vV,mV 66.2.2C - 0:fv4
     vscalefpd  rV,vV,mV 66.2.2C - 1:fv8
     vscalefss  rX,vX,mX 66.2.2D - 0:t1s4 l
     vscalefsd  rX,vX,mX 66.2.2D - 1:t1s8 l
     vgetexpps  rV,mV 66.2.42 - 0:fv4
     vgetexppd  rV,mV 66.2.42 - 1:fv8
     vgetexpss  rX,vX,mX 66.2.43 - 0:t1s4 l
     vgetexpsd  rX,vX,mX 66.2.43 - 1:t1s8 l
     vgetmantps rV,mV,iI 66.3.26 - 0:fv4
     vgetmantpd rV,mV,iI 66.3.26 - 1:fv8
     vgetmantss rX,vX,mX,iI 66.3.27 - 0:t1s4 l
     vgetmantsd rX,vX,mX,iI 66.3.27 - 1:t1s8 l
     vreduceps  rV,mV,iI 66.3.56 - 0:fv4
     vreducepd  rV,mV,iI 66.3.56 - 1:fv8
     vreducess  rX,vX,mX,iI 66.3.57 - 0:t1s4 l
     vreducesd  rX,vX,mX,iI 66.3.57 - 1:t1s8 l
     vfixupimmps rV,vV,mV,iI 66.3.54 - 0:fv4 u
     vfixupimmpd rV,vV,mV,iI 66.3.54 - 1:fv8 u
     vfixupimmss rX,vX,mX,iI 66.3.55 - 0:t1s4 l u
     vfixupimmsd rX,vX,mX,iI 66.3.55 - 1:t1s8 l u
     vrangeps   rV,vV,mV,iI 66.3.50 - 0:fv4
     vrangepd   rV,vV,mV,iI 66.3.50 - 1:fv8
     vrangess   rX,vX,mX,iI 66.3.51 - 0:t1s4 l
     vrangesd   rX,vX,mX,iI 66.3.51 - 1:t1s8 l`)

// Bits.
for (const [name, opcode, flags] of [
  ['vand', '54', 'c'],
  ['vandn', '55', ''],
  ['vor', '56', 'c'],
  ['vxor', '57', 'c z'],
]) {
  add(`${name}ps rV,vV,mV .1.${opcode} 0 0:fv4 ${flags}
       ${name}pd rV,vV,mV 66.1.${opcode} 0 1:fv8 ${flags}`)
}
for (const [name, opcode, flags] of [
  ['vpand', 'DB', 'c'],
  ['vpandn', 'DF', ''],
  ['vpor', 'EB', 'c'],
  ['vpxor', 'EF', 'c z'],
]) {
  add(`${name}  rV,vV,mV 66.1.${opcode} 0 - ${flags}
       ${name}d rV,vV,mV 66.1.${opcode} - 0:fv4 ${flags}
       ${name}q rV,vV,mV 66.1.${opcode} - 1:fv8 ${flags}`)
}
add(`vpternlogd rV,vV,mV,iI 66.3.25 - 0:fv4 u
     vpternlogq rV,vV,mV,iI 66.3.25 - 1:fv8 u`)

// Whole numbers.
const integers = (name: string, map: number, opcode: string, vexW: string, evexW: string, flags = '') =>
  add(`${name} rV,vV,mV 66.${map}.${opcode} ${vexW} ${evexW} ${flags}`)
integers('vpaddb', 1, 'FC', '0', '0:fvm', 'c')
integers('vpaddw', 1, 'FD', '0', '0:fvm', 'c')
integers('vpaddd', 1, 'FE', '0', '0:fv4', 'c')
integers('vpaddq', 1, 'D4', '0', '1:fv8', 'c')
integers('vpsubb', 1, 'F8', '0', '0:fvm', 'z')
integers('vpsubw', 1, 'F9', '0', '0:fvm', 'z')
integers('vpsubd', 1, 'FA', '0', '0:fv4', 'z')
integers('vpsubq', 1, 'FB', '0', '1:fv8', 'z')
integers('vpmullw', 1, 'D5', '0', '0:fvm', 'c')
integers('vpmulhw', 1, 'E5', '0', '0:fvm', 'c')
integers('vpmulhuw', 1, 'E4', '0', '0:fvm', 'c')
integers('vpmulld', 2, '40', '0', '0:fv4')
integers('vpmullq', 2, '40', '-', '1:fv8')
integers('vpmuludq', 1, 'F4', '0', '1:fv8', 'c')
integers('vpmuldq', 2, '28', '0', '1:fv8')
integers('vpmulhrsw', 2, '0B', '0', '0:fvm')
integers('vpaddsb', 1, 'EC', '0', '0:fvm', 'c')
integers('vpaddsw', 1, 'ED', '0', '0:fvm', 'c')
integers('vpaddusb', 1, 'DC', '0', '0:fvm', 'c')
integers('vpaddusw', 1, 'DD', '0', '0:fvm', 'c')
integers('vpsubsb', 1, 'E8', '0', '0:fvm')
integers('vpsubsw', 1, 'E9', '0', '0:fvm')
integers('vpsubusb', 1, 'D8', '0', '0:fvm')
integers('vpsubusw', 1, 'D9', '0', '0:fvm')
integers('vpavgb', 1, 'E0', '0', '0:fvm', 'c')
integers('vpavgw', 1, 'E3', '0', '0:fvm', 'c')
integers('vpsadbw', 1, 'F6', '0', '0:fvm', 'c n')
integers('vpmaddwd', 1, 'F5', '0', '0:fvm', 'c')
integers('vpmaddubsw', 2, '04', '0', '0:fvm')
integers('vpminsb', 2, '38', '0', '0:fvm')
integers('vpminub', 1, 'DA', '0', '0:fvm', 'c')
integers('vpminsw', 1, 'EA', '0', '0:fvm', 'c')
integers('vpminuw', 2, '3A', '0', '0:fvm')
integers('vpminsd', 2, '39', '0', '0:fv4')
integers('vpminud', 2, '3B', '0', '0:fv4')
integers('vpminsq', 2, '39', '-', '1:fv8')
integers('vpminuq', 2, '3B', '-', '1:fv8')
integers('vpmaxsb', 2, '3C', '0', '0:fvm')
integers('vpmaxub', 1, 'DE', '0', '0:fvm', 'c')
integers('vpmaxsw', 1, 'EE', '0', '0:fvm', 'c')
integers('vpmaxuw', 2, '3E', '0', '0:fvm')
integers('vpmaxsd', 2, '3D', '0', '0:fv4')
integers('vpmaxud', 2, '3F', '0', '0:fv4')
integers('vpmaxsq', 2, '3D', '-', '1:fv8')
integers('vpmaxuq', 2, '3F', '-', '1:fv8')
add(`vpabsb rV,mV 66.2.1C 0 0:fvm
     vpabsw rV,mV 66.2.1D 0 0:fvm
     vpabsd rV,mV 66.2.1E 0 0:fv4
     vpabsq rV,mV 66.2.1F - 1:fv8
     vpopcntb rV,mV 66.2.54 - 0:fvm
     vpopcntw rV,mV 66.2.54 - 1:fvm
     vpopcntd rV,mV 66.2.55 - 0:fv4
     vpopcntq rV,mV 66.2.55 - 1:fv8
     vplzcntd rV,mV 66.2.44 - 0:fv4
     vplzcntq rV,mV 66.2.44 - 1:fv8
     vpconflictd rV,mV 66.2.C4 - 0:fv4
     vpconflictq rV,mV 66.2.C4 - 1:fv8
     vpdpbusd rV,vV,mV 66.2.50 - 0:fv4 u
     vpdpbusds rV,vV,mV 66.2.51 - 0:fv4 u
     vpdpwssd rV,vV,mV 66.2.52 - 0:fv4 u
     vpdpwssds rV,vV,mV 66.2.53 - 0:fv4 u
     vdpbf16ps rV,vV,mV F3.2.52 - 0:fv4 u
     vpmadd52luq rV,vV,mV 66.2.B4 - 1:fv8 u
     vpmadd52huq rV,vV,mV 66.2.B5 - 1:fv8 u`)

// Shifts: by a number, by the low quadword of a register, each lane by its own.
for (const [name, immediate, digit, by] of [
  ['vpsrlw', '71', 2, 'D1'],
  ['vpsraw', '71', 4, 'E1'],
  ['vpsllw', '71', 6, 'F1'],
] as const) {
  add(`${name} vV,mV,iI 66.1.${immediate} 0 - /${digit} r
       ${name} vV,mV,iI 66.1.${immediate} - 0:fvm /${digit}
       ${name} rV,vV,mX 66.1.${by} 0 0:m128`)
}
for (const [name, immediate, digit, by] of [
  ['vpsrld', '72', 2, 'D2'],
  ['vpsrad', '72', 4, 'E2'],
  ['vpslld', '72', 6, 'F2'],
] as const) {
  add(`${name} vV,mV,iI 66.1.${immediate} 0 - /${digit} r
       ${name} vV,mV,iI 66.1.${immediate} - 0:fv4 /${digit}
       ${name} rV,vV,mX 66.1.${by} 0 0:m128`)
}
for (const [name, immediate, digit, by] of [
  ['vpsrlq', '73', 2, 'D3'],
  ['vpsllq', '73', 6, 'F3'],
] as const) {
  add(`${name} vV,mV,iI 66.1.${immediate} 0 - /${digit} r
       ${name} vV,mV,iI 66.1.${immediate} - 1:fv8 /${digit}
       ${name} rV,vV,mX 66.1.${by} 0 1:m128`)
}
add(`vpsraq vV,mV,iI 66.1.72 - 1:fv8 /4
     vpsraq rV,vV,mX 66.1.E2 - 1:m128
     vpsrldq vV,mV,iI 66.1.73 0 - /3 r
     vpsrldq vV,mV,iI 66.1.73 - 0:fvm /3 n
     vpslldq vV,mV,iI 66.1.73 0 - /7 r
     vpslldq vV,mV,iI 66.1.73 - 0:fvm /7 n
     vprold vV,mV,iI 66.1.72 - 0:fv4 /1
     vprolq vV,mV,iI 66.1.72 - 1:fv8 /1
     vprord vV,mV,iI 66.1.72 - 0:fv4 /0
     vprorq vV,mV,iI 66.1.72 - 1:fv8 /0`)
integers('vpsrlvd', 2, '45', '0', '0:fv4')
integers('vpsrlvq', 2, '45', '1', '1:fv8')
integers('vpsravd', 2, '46', '0', '0:fv4')
integers('vpsravq', 2, '46', '-', '1:fv8')
integers('vpsllvd', 2, '47', '0', '0:fv4')
integers('vpsllvq', 2, '47', '1', '1:fv8')
integers('vpsrlvw', 2, '10', '-', '1:fvm')
integers('vpsravw', 2, '11', '-', '1:fvm')
integers('vpsllvw', 2, '12', '-', '1:fvm')
integers('vprolvd', 2, '15', '-', '0:fv4')
integers('vprolvq', 2, '15', '-', '1:fv8')
integers('vprorvd', 2, '14', '-', '0:fv4')
integers('vprorvq', 2, '14', '-', '1:fv8')

export { lines as arithmetic }
