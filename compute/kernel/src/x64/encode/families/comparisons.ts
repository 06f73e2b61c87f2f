/** Comparing and choosing. */

import { family } from './family.ts'

const { add, lines } = family()

// Comparisons: into a vector of all ones and zeros (VEX), or into a mask (EVEX).
add(`vcmpps rV,vV,mV,iI .1.C2   0 -
     vcmppd rV,vV,mV,iI 66.1.C2 0 -
     vcmpss rX,vX,mX,iI F3.1.C2 0:t1s4 - l
     vcmpsd rX,vX,mX,iI F2.1.C2 0:t1s8 - l
     vcmpps rK,vV,mV,iI .1.C2   - 0:fv4
     vcmppd rK,vV,mV,iI 66.1.C2 - 1:fv8
     vcmpss rK,vX,mX,iI F3.1.C2 - 0:t1s4 l
     vcmpsd rK,vX,mX,iI F2.1.C2 - 1:t1s8 l
     vpcmpeqb rV,vV,mV 66.1.74 0 - c z
     vpcmpeqw rV,vV,mV 66.1.75 0 - c z
     vpcmpeqd rV,vV,mV 66.1.76 0 - c z
     vpcmpeqq rV,vV,mV 66.2.29 0 - z
     vpcmpgtb rV,vV,mV 66.1.64 0 -
     vpcmpgtw rV,vV,mV 66.1.65 0 -
     vpcmpgtd rV,vV,mV 66.1.66 0 -
     vpcmpgtq rV,vV,mV 66.2.37 0 -
     vpcmpb  rK,vV,mV,iI 66.3.3F - 0:fvm
     vpcmpub rK,vV,mV,iI 66.3.3E - 0:fvm
     vpcmpw  rK,vV,mV,iI 66.3.3F - 1:fvm
     vpcmpuw rK,vV,mV,iI 66.3.3E - 1:fvm
     vpcmpd  rK,vV,mV,iI 66.3.1F - 0:fv4
     vpcmpud rK,vV,mV,iI 66.3.1E - 0:fv4
     vpcmpq  rK,vV,mV,iI 66.3.1F - 1:fv8
     vpcmpuq rK,vV,mV,iI 66.3.1E - 1:fv8
     vptestmd  rK,vV,mV 66.2.27 - 0:fv4
     vptestmq  rK,vV,mV 66.2.27 - 1:fv8
     vptestmb  rK,vV,mV 66.2.26 - 0:fvm
     vptestmw  rK,vV,mV 66.2.26 - 1:fvm
     vptestnmb rK,vV,mV F3.2.26 - 0:fvm
     vptestnmw rK,vV,mV F3.2.26 - 1:fvm
     vptestnmd rK,vV,mV F3.2.27 - 0:fv4
     vptestnmq rK,vV,mV F3.2.27 - 1:fv8
     vfpclassps rK,mV,iI 66.3.66 - 0:fv4
     vfpclasspd rK,mV,iI 66.3.66 - 1:fv8
     vfpclassss rK,mX,iI 66.3.67 - 0:t1s4 l
     vfpclasssd rK,mX,iI 66.3.67 - 1:t1s8 l
     vptest  rV,mV 66.2.17 0 - q
     vtestps rV,mV 66.2.0E 0 - q
     vtestpd rV,mV 66.2.0F 0 - q
     vucomiss rX,mX .1.2E   0 0:t1s4 l n q
     vucomisd rX,mX 66.1.2E 0 1:t1s8 l n q
     vmovmskps rD,mV .1.50 0 - r
     vmovmskpd rD,mV 66.1.50 0 - r
     vpmovmskb rD,mV 66.1.D7 0 - r`)

// Choosing.
add(`vblendvps rV,vV,mV,sV 66.3.4A 0 -
     vblendvpd rV,vV,mV,sV 66.3.4B 0 -
     vpblendvb rV,vV,mV,sV 66.3.4C 0 -
     vblendps  rV,vV,mV,iI 66.3.0C 0 -
     vblendpd  rV,vV,mV,iI 66.3.0D 0 -
     vpblendd  rV,vV,mV,iI 66.3.02 0 -
     vblendmps rV,vV,mV 66.2.65 - 0:fv4
     vblendmpd rV,vV,mV 66.2.65 - 1:fv8
     vpblendmd rV,vV,mV 66.2.64 - 0:fv4
     vpblendmq rV,vV,mV 66.2.64 - 1:fv8
     vpblendmb rV,vV,mV 66.2.66 - 0:fvm
     vpblendmw rV,vV,mV 66.2.66 - 1:fvm`)

export { lines as comparisons }
