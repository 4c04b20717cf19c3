/** Alerts about the buffer before the pipeline (delivery.buffer). A bridge without one has a limit of 0, and is never nearly full. */
import type { Alert } from './alert.ts';

export const bufferAlerts: readonly Alert[] = [
  {
    name: 'MkbBufferFilling',
    expr: 'max by (bridge, instance) (mkb_buffer_stored_bytes / mkb_buffer_stored_limit_bytes) > 0.8',
    for: '5m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary: 'The buffer of {{ $labels.bridge }} is nearly full.',
    description:
      'It holds {{ $value | humanizePercentage }} of delivery.buffer.maxBytes. When it is full the bridge reads no further, or drops messages, as whenFull says.',
  },
  {
    name: 'MkbBufferOld',
    expr: 'max by (bridge, instance) (mkb_buffer_oldest_seconds) > 900',
    for: '1m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary: 'Messages have waited in the buffer of {{ $labels.bridge }} for more than 15 minutes.',
    description: 'The oldest has been there for {{ $value | humanizeDuration }}. It is safe, and late.',
  },
  {
    name: 'MkbBufferNotWritable',
    expr: 'max by (bridge, instance) (mkb_buffer_writable) == 0',
    for: '2m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary: 'The buffer of {{ $labels.bridge }} is full, or its disk refuses.',
    description:
      'For 2 minutes {{ $labels.instance }} could not keep what comes as its document asks. When the buffer is full, it reads no further or drops messages, as whenFull says; when the disk refuses, it goes on from memory and acknowledges messages when Kafka has them.',
  },
];
