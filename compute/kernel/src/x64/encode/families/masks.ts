/** Mask registers, and general ones by VEX. */

import { family } from './family.ts'

const { add, lines } = family()

// Masks: k registers, by VEX.
for (const [name, opcode, flags] of [
  ['kand', '41', ''],
  ['kandn', '42', ''],
  ['kor', '45', ''],
  ['kxnor', '46', 'z'],
  ['kxor', '47', 'z'],
  ['kadd', '4A', ''],
]) {
  add(`${name}b rK,vK,mK 66.1.${opcode} 0 - L256 ${flags}
       ${name}w rK,vK,mK .1.${opcode} 0 - L256 ${flags}
       ${name}d rK,vK,mK 66.1.${opcode} 1 - L256 ${flags}
       ${name}q rK,vK,mK .1.${opcode} 1 - L256 ${flags}`)
}
add(`kunpckbw rK,vK,mK 66.1.4B 0 - L256
     kunpckwd rK,vK,mK .1.4B 0 - L256
     kunpckdq rK,vK,mK .1.4B 1 - L256
     knotb rK,mK 66.1.44 0 - L128
     knotw rK,mK .1.44 0 - L128
     knotd rK,mK 66.1.44 1 - L128
     knotq rK,mK .1.44 1 - L128
     kortestb rK,mK 66.1.98 0 - L128 q
     kortestw rK,mK .1.98 0 - L128 q
     kortestd rK,mK 66.1.98 1 - L128 q
     kortestq rK,mK .1.98 1 - L128 q
     ktestb rK,mK 66.1.99 0 - L128 q
     ktestw rK,mK .1.99 0 - L128 q
     ktestd rK,mK 66.1.99 1 - L128 q
     ktestq rK,mK .1.99 1 - L128 q
     kshiftrb rK,mK,iI 66.3.30 0 - L128
     kshiftrw rK,mK,iI 66.3.30 1 - L128
     kshiftrd rK,mK,iI 66.3.31 0 - L128
     kshiftrq rK,mK,iI 66.3.31 1 - L128
     kshiftlb rK,mK,iI 66.3.32 0 - L128
     kshiftlw rK,mK,iI 66.3.32 1 - L128
     kshiftld rK,mK,iI 66.3.33 0 - L128
     kshiftlq rK,mK,iI 66.3.33 1 - L128
     kmovb rK,mK 66.1.90 0 - L128
     kmovw rK,mK .1.90 0 - L128
     kmovd rK,mK 66.1.90 1 - L128
     kmovq rK,mK .1.90 1 - L128
     kmovb rK,mM 66.1.90 0:t1s1 - L128
     kmovb mM,rK 66.1.91 0:t1s1 - L128
     kmovw rK,mM .1.90 0:t1s2 - L128
     kmovw mM,rK .1.91 0:t1s2 - L128
     kmovd rK,mM 66.1.90 1:t1s4 - L128
     kmovd mM,rK 66.1.91 1:t1s4 - L128
     kmovq rK,mM .1.90 1:t1s8 - L128
     kmovq mM,rK .1.91 1:t1s8 - L128
     kmovb rK,mD 66.1.92 0 - L128 r
     kmovw rK,mD .1.92 0 - L128 r
     kmovd rK,mD F2.1.92 0 - L128 r
     kmovq rK,mG F2.1.92 1 - L128 r
     kmovb rD,mK 66.1.93 0 - L128 r
     kmovw rD,mK .1.93 0 - L128 r
     kmovd rD,mK F2.1.93 0 - L128 r
     kmovq rG,mK F2.1.93 1 - L128 r`)

// General registers by VEX.
add(`andn rD,vD,mD .2.F2 0 - L128
     andn rG,vG,mG .2.F2 1 - L128
     shlx rD,mD,vD 66.2.F7 0 - L128
     shlx rG,mG,vG 66.2.F7 1 - L128
     sarx rD,mD,vD F3.2.F7 0 - L128
     sarx rG,mG,vG F3.2.F7 1 - L128
     shrx rD,mD,vD F2.2.F7 0 - L128
     shrx rG,mG,vG F2.2.F7 1 - L128
     bzhi rD,mD,vD .2.F5 0 - L128
     bzhi rG,mG,vG .2.F5 1 - L128
     bextr rD,mD,vD .2.F7 0 - L128
     bextr rG,mG,vG .2.F7 1 - L128
     blsr vD,mD .2.F3 0 - L128 /1
     blsr vG,mG .2.F3 1 - L128 /1
     blsmsk vD,mD .2.F3 0 - L128 /2
     blsmsk vG,mG .2.F3 1 - L128 /2
     blsi vD,mD .2.F3 0 - L128 /3
     blsi vG,mG .2.F3 1 - L128 /3
     pdep rD,vD,mD F2.2.F5 0 - L128
     pdep rG,vG,mG F2.2.F5 1 - L128
     pext rD,vD,mD F3.2.F5 0 - L128
     pext rG,vG,mG F3.2.F5 1 - L128
     mulx rD,vD,mD F2.2.F6 0 - L128 x <d
     mulx rG,vG,mG F2.2.F6 1 - L128 x <d
     rorx rD,mD,iI F2.3.F0 0 - L128
     rorx rG,mG,iI F2.3.F0 1 - L128`)

export { lines as masks }
