/** What is used of the Kubernetes client: how kubeconfigs are read. The build makes one small file of this, without the package's 62 MB. */
export { KubeConfig } from '@kubernetes/client-node';
