/** Loads and stores, orders of lanes, gathers and scatters. */

import { family } from './family.ts'

const { add, lines } = family()

// Moves.
for (const [name, prefix, load, store, w, tuple] of [
  ['vmovups', '', '10', '11', 0, 'fvm'],
  ['vmovupd', '66', '10', '11', 1, 'fvm'],
  ['vmovaps', '', '28', '29', 0, 'fvm'],
  ['vmovapd', '66', '28', '29', 1, 'fvm'],
] as const)
  add(`${name} rV,mV ${prefix}.1.${load} 0 ${w}:${tuple} s
       ${name} mV,rV ${prefix}.1.${store} 0 ${w}:${tuple}`)
for (const [name, prefix, w] of [
  ['vmovdqu8', 'F2', 0],
  ['vmovdqu16', 'F2', 1],
  ['vmovdqu32', 'F3', 0],
  ['vmovdqu64', 'F3', 1],
  ['vmovdqa32', '66', 0],
  ['vmovdqa64', '66', 1],
] as const)
  add(`${name} rV,mV ${prefix}.1.6F - ${w}:fvm
       ${name} mV,rV ${prefix}.1.7F - ${w}:fvm`)
add(`vmovdqu rV,mV F3.1.6F 0 - s
     vmovdqu mV,rV F3.1.7F 0 -
     vmovdqa rV,mV 66.1.6F 0 - s
     vmovdqa mV,rV 66.1.7F 0 -
     vmovntps mM,rV .1.2B   0 0:fvm n
     vmovntpd mM,rV 66.1.2B 0 1:fvm n
     vmovntdq mM,rV 66.1.E7 0 0:fvm n
     vmovntdqa rV,mM 66.2.2A 0 0:fvm n
     vmovss rX,mM F3.1.10 0 0:t1s4 l
     vmovss mM,rX F3.1.11 0 0:t1s4 l
     vmovsd rX,mM F2.1.10 0 1:t1s8 l
     vmovsd mM,rX F2.1.11 0 1:t1s8 l
     vmovss rX,vX,mX F3.1.10 0 0:t1s4 l r s
     vmovss mX,vX,rX F3.1.11 0 - l r
     vmovsd rX,vX,mX F2.1.10 0 1:t1s8 l r s
     vmovsd mX,vX,rX F2.1.11 0 - l r
     vmovd rX,mD 66.1.6E 0 0:t1s4 l n
     vmovd mD,rX 66.1.7E 0 0:t1s4 l n
     vmovq rX,mM F3.1.7E 0:t1s8 - l n
     vmovq mM,rX 66.1.D6 0:t1s8 - l n
     vmovq rX,mG 66.1.6E 1 1:t1s8 l n
     vmovq mG,rX 66.1.7E 1 1:t1s8 l n
     vmovddup rV,mV F2.1.12 0 1:dup
     vmovshdup rV,mV F3.1.16 0 0:fvm
     vmovsldup rV,mV F3.1.12 0 0:fvm
     vmaskmovps rV,vV,mM 66.2.2C 0 -
     vmaskmovpd rV,vV,mM 66.2.2D 0 -
     vmaskmovps mM,vV,rV 66.2.2E 0 -
     vmaskmovpd mM,vV,rV 66.2.2F 0 -
     vpmaskmovd rV,vV,mM 66.2.8C 0 -
     vpmaskmovq rV,vV,mM 66.2.8C 1 -
     vpmaskmovd mM,vV,rV 66.2.8E 0 -
     vpmaskmovq mM,vV,rV 66.2.8E 1 -`)

// One element to all, parts of vectors, orders.
add(`vbroadcastss rV,mX 66.2.18 0 0:t1s4
     vbroadcastsd rV,mX 66.2.19 0 1:t1s8 L256 L512
     vbroadcastf128 rV,mM 66.2.1A 0:t16 - L256
     vbroadcasti128 rV,mM 66.2.5A 0:t16 - L256
     vbroadcastf32x4 rV,mM 66.2.1A - 0:t16 L256 L512
     vbroadcastf64x2 rV,mM 66.2.1A - 1:t16 L256 L512
     vbroadcastf32x2 rV,mX 66.2.19 - 0:t1s8 L256 L512
     vbroadcastf32x8 rV,mM 66.2.1B - 0:t32 L512
     vbroadcastf64x4 rV,mM 66.2.1B - 1:t32 L512
     vbroadcasti32x4 rV,mM 66.2.5A - 0:t16 L256 L512
     vbroadcasti64x2 rV,mM 66.2.5A - 1:t16 L256 L512
     vbroadcasti32x2 rV,mX 66.2.59 - 0:t1s8
     vbroadcasti32x8 rV,mM 66.2.5B - 0:t32 L512
     vbroadcasti64x4 rV,mM 66.2.5B - 1:t32 L512
     vpbroadcastb rV,mX 66.2.78 0 0:t1s1
     vpbroadcastw rV,mX 66.2.79 0 0:t1s2
     vpbroadcastd rV,mX 66.2.58 0 0:t1s4
     vpbroadcastq rV,mX 66.2.59 0 1:t1s8
     vpbroadcastb rV,mD 66.2.7A - 0:t1s1
     vpbroadcastw rV,mD 66.2.7B - 0:t1s2
     vpbroadcastd rV,mD 66.2.7C - 0:t1s4
     vpbroadcastq rV,mG 66.2.7C - 1:t1s8
     vpbroadcastmb2q rV,mK F3.2.2A - 1 n
     vpbroadcastmw2d rV,mK F3.2.3A - 0 n
     vextractf128 mX,rV,iI 66.3.19 0:t16 - L256
     vextracti128 mX,rV,iI 66.3.39 0:t16 - L256
     vextractf32x4 mX,rV,iI 66.3.19 - 0:t16 L256 L512
     vextracti32x4 mX,rV,iI 66.3.39 - 0:t16 L256 L512
     vextractf64x2 mX,rV,iI 66.3.19 - 1:t16 L256 L512
     vextracti64x2 mX,rV,iI 66.3.39 - 1:t16 L256 L512
     vextractf32x8 mY,rV,iI 66.3.1B - 0:t32 L512
     vextracti32x8 mY,rV,iI 66.3.3B - 0:t32 L512
     vextractf64x4 mY,rV,iI 66.3.1B - 1:t32 L512
     vextracti64x4 mY,rV,iI 66.3.3B - 1:t32 L512
     vinsertf128 rV,vV,mX,iI 66.3.18 0:t16 - L256
     vinserti128 rV,vV,mX,iI 66.3.38 0:t16 - L256
     vinsertf32x4 rV,vV,mX,iI 66.3.18 - 0:t16 L256 L512
     vinserti32x4 rV,vV,mX,iI 66.3.38 - 0:t16 L256 L512
     vinsertf64x2 rV,vV,mX,iI 66.3.18 - 1:t16 L256 L512
     vinserti64x2 rV,vV,mX,iI 66.3.38 - 1:t16 L256 L512
     vinsertf32x8 rV,vV,mY,iI 66.3.1A - 0:t32 L512
     vinserti32x8 rV,vV,mY,iI 66.3.3A - 0:t32 L512
     vinsertf64x4 rV,vV,mY,iI 66.3.1A - 1:t32 L512
     vinserti64x4 rV,vV,mY,iI 66.3.3A - 1:t32 L512
     vpextrb mD,rX,iI 66.3.14 0 0:t1s1 l n
     vpextrw rD,mX,iI 66.1.C5 0 0 l r n
     vpextrw mD,rX,iI 66.3.15 0 0:t1s2 l n
     vpextrd mD,rX,iI 66.3.16 0 0:t1s4 l n
     vpextrq mG,rX,iI 66.3.16 1 1:t1s8 l n
     vpinsrb rX,vX,mD,iI 66.3.20 0 0:t1s1 l n
     vpinsrw rX,vX,mD,iI 66.1.C4 0 0:t1s2 l n
     vpinsrd rX,vX,mD,iI 66.3.22 0 0:t1s4 l n
     vpinsrq rX,vX,mG,iI 66.3.22 1 1:t1s8 l n
     vinsertps rX,vX,mX,iI 66.3.21 0 0:t1s4 l n
     vperm2f128 rV,vV,mV,iI 66.3.06 0 - L256
     vperm2i128 rV,vV,mV,iI 66.3.46 0 - L256
     vpermps rV,vV,mV 66.2.16 0 0:fv4 L256 L512
     vpermd  rV,vV,mV 66.2.36 0 0:fv4 L256 L512
     vpermpd rV,mV,iI 66.3.01 1 1:fv8 L256 L512
     vpermq  rV,mV,iI 66.3.00 1 1:fv8 L256 L512
     vpermpd rV,vV,mV 66.2.16 - 1:fv8 L256 L512
     vpermq  rV,vV,mV 66.2.36 - 1:fv8 L256 L512
     vpermb  rV,vV,mV 66.2.8D - 0:fvm
     vpermw  rV,vV,mV 66.2.8D - 1:fvm
     vpermi2ps rV,vV,mV 66.2.77 - 0:fv4 u
     vpermi2pd rV,vV,mV 66.2.77 - 1:fv8 u
     vpermt2ps rV,vV,mV 66.2.7F - 0:fv4 u
     vpermt2pd rV,vV,mV 66.2.7F - 1:fv8 u
     vpermi2d  rV,vV,mV 66.2.76 - 0:fv4 u
     vpermt2d  rV,vV,mV 66.2.7E - 0:fv4 u
     vpermi2q  rV,vV,mV 66.2.76 - 1:fv8 u
     vpermt2q  rV,vV,mV 66.2.7E - 1:fv8 u
     vpermi2w  rV,vV,mV 66.2.75 - 1:fvm u
     vpermt2w  rV,vV,mV 66.2.7D - 1:fvm u
     vpermilps rV,mV,iI 66.3.04 0 0:fv4
     vpermilpd rV,mV,iI 66.3.05 0 1:fv8
     vpermilps rV,vV,mV 66.2.0C 0 0:fv4
     vpermilpd rV,vV,mV 66.2.0D 0 1:fv8
     vshufps rV,vV,mV,iI .1.C6   0 0:fv4
     vshufpd rV,vV,mV,iI 66.1.C6 0 1:fv8
     vshuff32x4 rV,vV,mV,iI 66.3.23 - 0:fv4 L256 L512
     vshuff64x2 rV,vV,mV,iI 66.3.23 - 1:fv8 L256 L512
     vshufi32x4 rV,vV,mV,iI 66.3.43 - 0:fv4 L256 L512
     vshufi64x2 rV,vV,mV,iI 66.3.43 - 1:fv8 L256 L512
     vunpcklps rV,vV,mV .1.14   0 0:fv4
     vunpckhps rV,vV,mV .1.15   0 0:fv4
     vunpcklpd rV,vV,mV 66.1.14 0 1:fv8
     vunpckhpd rV,vV,mV 66.1.15 0 1:fv8
     vpunpckldq rV,vV,mV 66.1.62 0 0:fv4
     vpunpckhdq rV,vV,mV 66.1.6A 0 0:fv4
     vpunpcklqdq rV,vV,mV 66.1.6C 0 1:fv8
     vpunpckhqdq rV,vV,mV 66.1.6D 0 1:fv8
     vpunpckhbw rV,vV,mV 66.1.68 0 0:fvm
     vpunpckhwd rV,vV,mV 66.1.69 0 0:fvm
     vpunpcklbw rV,vV,mV 66.1.60 0 0:fvm
     vpunpcklwd rV,vV,mV 66.1.61 0 0:fvm
     vpshufd rV,mV,iI 66.1.70 0 0:fv4
     vpshuflw rV,mV,iI F2.1.70 0 0:fvm
     vpshufhw rV,mV,iI F3.1.70 0 0:fvm
     vpshufb rV,vV,mV 66.2.00 0 0:fvm
     vpalignr rV,vV,mV,iI 66.3.0F 0 0:fvm
     valignd rV,vV,mV,iI 66.3.03 - 0:fv4
     valignq rV,vV,mV,iI 66.3.03 - 1:fv8
     vpackssdw rV,vV,mV 66.1.6B 0 0:fv4
     vpackusdw rV,vV,mV 66.2.2B 0 0:fv4
     vpacksswb rV,vV,mV 66.1.63 0 0:fvm
     vpackuswb rV,vV,mV 66.1.67 0 0:fvm
     vhaddps rV,vV,mV F2.1.7C 0 -
     vhaddpd rV,vV,mV 66.1.7C 0 -
     vcompressps mV,rV 66.2.8A - 0:t1s4
     vcompresspd mV,rV 66.2.8A - 1:t1s8
     vpcompressd mV,rV 66.2.8B - 0:t1s4
     vpcompressq mV,rV 66.2.8B - 1:t1s8
     vpcompressb mV,rV 66.2.63 - 0:t1s1
     vpcompressw mV,rV 66.2.63 - 1:t1s2
     vpexpandd rV,mV 66.2.89 - 0:t1s4
     vpexpandq rV,mV 66.2.89 - 1:t1s8
     vpexpandb rV,mV 66.2.62 - 0:t1s1
     vpexpandw rV,mV 66.2.62 - 1:t1s2
     vexpandps rV,mV 66.2.88 - 0:t1s4
     vexpandpd rV,mV 66.2.88 - 1:t1s8
     vpmovm2d rV,mK F3.2.38 - 0:fvm n
     vpmovm2q rV,mK F3.2.38 - 1:fvm n
     vpmovm2b rV,mK F3.2.28 - 0:fvm n
     vpmovm2w rV,mK F3.2.28 - 1:fvm n
     vpmovd2m rK,mV F3.2.39 - 0:fvm r n
     vpmovq2m rK,mV F3.2.39 - 1:fvm r n
     vpmovb2m rK,mV F3.2.29 - 0:fvm r n
     vpmovw2m rK,mV F3.2.29 - 1:fvm r n`)

// Gathers, and scatters: by an index of 32 bits in a lane or of 64, of elements of 32 or 64. Under VEX a vector says which, and is cleared.
for (const [name, dest, w, tuple, opcode] of [
  ['dps', 'V', 0, 't1s4', 92],
  ['dpd', 'V', 1, 't1s8', 92],
  ['qps', 'H', 0, 't1s4', 93],
  ['qpd', 'V', 1, 't1s8', 93],
  ['dd', 'V', 0, 't1s4', 90],
  ['dq', 'V', 1, 't1s8', 90],
  ['qd', 'H', 0, 't1s4', 91],
  ['qq', 'V', 1, 't1s8', 91],
] as const) {
  const [gather, scatter] = name.length === 3 ? ['vgather', 'vscatter'] : ['vpgather', 'vpscatter']
  add(`${gather}${name}  r${dest},mW,v${dest} 66.2.${opcode} ${w}:${tuple} - u
       ${gather}${name}  r${dest},mW 66.2.${opcode} - ${w}:${tuple} u
       ${scatter}${name} mW,r${dest} 66.2.A${opcode - 90} - ${w}:${tuple}`)
}

export { lines as moves }
