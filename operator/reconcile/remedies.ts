/** What to do about a Pod that does not run, by Kubernetes' own reason. */
import type { PodTrouble } from '../observed/pod-trouble.ts';
import type { Component } from '../resources/labels.ts';

/** Where the document says how a part is run. */
const places: Readonly<Record<Component, string>> = {
  bridge: 'spec.bridge',
  drain: 'spec.bridge',
  broker: 'spec.mqtt.broker',
  exporter: 'spec.monitoring.exporter',
  prometheus: 'spec.monitoring.prometheus',
  grafana: 'spec.monitoring.grafana',
};

const image = (place: string) =>
  `Correct ${place}.image, or let its nodes pull it (imagePullSecrets in ${place}.podTemplate).`;
const volume = (place: string) =>
  `Look at the volumes of ${place}: the storage class, and every Secret and ConfigMap that podTemplate mounts.`;

const remedies: Readonly<Record<string, (place: string) => string>> = {
  ImagePullBackOff: image,
  ErrImagePull: image,
  ErrImageNeverPull: image,
  InvalidImageName: image,
  ImageInspectError: image,
  RegistryUnavailable: image,
  CrashLoopBackOff: place =>
    `Correct what it names, in ${place} or around it; \`kubectl logs --previous\` has all that it said.`,
  OOMKilled: place => `Raise the memory limit in ${place}.resources.`,
  Unschedulable: place =>
    `Add nodes that it fits on, or change what it asks of them in ${place}: resources, storage, nodeSelector, tolerations.`,
  SchedulingGated: place => `Remove the scheduling gates in ${place}.podTemplate.`,
  CreateContainerConfigError: place => `Create what it names, or correct the name in ${place}.podTemplate.`,
  CreateContainerError: place => `Correct command, mounts and security context in ${place}.podTemplate.`,
  RunContainerError: place => `Correct command, mounts and security context in ${place}.podTemplate.`,
  StartError: place => `Correct command, mounts and security context in ${place}.podTemplate.`,
  FailedCreate: place =>
    `Raise the quota, or change what the policy refuses, here in ${place} or there; it is retried every few seconds.`,
  FailedMount: volume,
  FailedAttachVolume: volume,
  Evicted: place => `Raise the requests in ${place}.resources, or give the nodes more room.`,
};

const other = (place: string) => `Look at the events of the Pod, and at ${place}.`;

/** What is wrong and what to do about it, two sentences. */
export function withRemedy({ component }: { readonly component: Component }, { reason, message }: PodTrouble): string {
  const remedy = Object.hasOwn(remedies, reason) ? remedies[reason]! : other;
  return `${message.trim().replace(/\.$/, '')}. ${remedy(places[component])}`;
}
