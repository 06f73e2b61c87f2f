/** From one type to another. */

import { family } from './family.ts'

const { add, lines } = family()

// Conversions.
add(`vcvtdq2ps  rV,mV .1.5B   0 0:fv4
     vcvtps2dq  rV,mV 66.1.5B 0 0:fv4
     vcvttps2dq rV,mV F3.1.5B 0 0:fv4
     vcvtdq2pd  rV,mH F3.1.E6 0 0:hv4
     vcvtudq2ps rV,mV F2.1.7A - 0:fv4
     vcvtudq2pd rV,mH F3.1.7A - 0:hv4
     vcvttps2udq rV,mV .1.78 - 0:fv4
     vcvtqq2pd  rV,mV F3.1.E6 - 1:fv8
     vcvtuqq2pd rV,mV F3.1.7A - 1:fv8
     vcvtqq2ps  rH,mV .1.5B   - 1:fv8
     vcvtuqq2ps rH,mV F2.1.7A - 1:fv8
     vcvttpd2qq  rV,mV 66.1.7A - 1:fv8
     vcvttpd2uqq rV,mV 66.1.78 - 1:fv8
     vcvttps2qq  rV,mH 66.1.7A - 0:hv4
     vcvttps2uqq rV,mH 66.1.78 - 0:hv4
     vcvtps2pd  rV,mH .1.5A   0 0:hv4
     vcvtpd2ps  rH,mV 66.1.5A 0 1:fv8
     vcvttpd2dq rH,mV 66.1.E6 0 1:fv8
     vcvttpd2udq rH,mV .1.78  - 1:fv8
     vcvtss2sd  rX,vX,mX F3.1.5A 0 0:t1s4 l
     vcvtsd2ss  rX,vX,mX F2.1.5A 0 1:t1s8 l
     vcvtsi2ss  rX,vX,mD F3.1.2A 0 0:t1s4 l n
     vcvtsi2ss  rX,vX,mG F3.1.2A 1 1:t1s8 l n
     vcvtsi2sd  rX,vX,mD F2.1.2A 0 0:t1s4 l n
     vcvtsi2sd  rX,vX,mG F2.1.2A 1 1:t1s8 l n
     vcvttss2si rD,mX F3.1.2C 0 0:t1s4 l n
     vcvttss2si rG,mX F3.1.2C 1 1:t1s4 l n
     vcvttsd2si rD,mX F2.1.2C 0 0:t1s8 l n
     vcvttsd2si rG,mX F2.1.2C 1 1:t1s8 l n
     vcvtusi2ss rX,vX,mD F3.1.7B - 0:t1s4 l n
     vcvtusi2ss rX,vX,mG F3.1.7B - 1:t1s8 l n
     vcvtusi2sd rX,vX,mD F2.1.7B - 0:t1s4 l n
     vcvtusi2sd rX,vX,mG F2.1.7B - 1:t1s8 l n
     vcvttss2usi rD,mX F3.1.78 - 0:t1s4 l n
     vcvttss2usi rG,mX F3.1.78 - 1:t1s4 l n
     vcvttsd2usi rD,mX F2.1.78 - 0:t1s8 l n
     vcvttsd2usi rG,mX F2.1.78 - 1:t1s8 l n
     vcvtph2ps  rV,mH 66.2.13 0 0:hvm
     vcvtps2ph  mH,rV,iI 66.3.1D 0 0:hvm
     vcvtneps2bf16 rH,mV F3.2.72 - 0:fv4
     vcvtne2ps2bf16 rV,vV,mV F2.2.72 - 0:fv4`)
for (const [name, signed, unsigned, from, tuple] of [
  ['bw', '20', '30', 'H', 'hvm'],
  ['bd', '21', '31', 'Q', 'qvm'],
  ['bq', '22', '32', 'E', 'ovm'],
  ['wd', '23', '33', 'H', 'hvm'],
  ['wq', '24', '34', 'Q', 'qvm'],
  ['dq', '25', '35', 'H', 'hvm'],
]) {
  add(`vpmovsx${name} rV,m${from} 66.2.${signed} 0 0:${tuple}
       vpmovzx${name} rV,m${from} 66.2.${unsigned} 0 0:${tuple}`)
}
// What does not fit is cut off, or becomes the nearest number that does.
for (const [name, digit, to, tuple] of [
  ['wb', '0', 'H', 'hvm'],
  ['db', '1', 'Q', 'qvm'],
  ['qb', '2', 'E', 'ovm'],
  ['dw', '3', 'H', 'hvm'],
  ['qw', '4', 'Q', 'qvm'],
  ['qd', '5', 'H', 'hvm'],
])
  add(`vpmov${name} m${to},rV F3.2.3${digit} - 0:${tuple}
       vpmovs${name} m${to},rV F3.2.2${digit} - 0:${tuple}
       vpmovus${name} m${to},rV F3.2.1${digit} - 0:${tuple}`)

export { lines as conversions }
