export { needs } from './components.ts'
export { EtcdCluster, EtcdClusterError, type EtcdClusterOptions } from './etcd-cluster.ts'
