/** How MqttUsers are, read off their status when Prometheus asks: as operator/metrics.ts does of bridges. */
import { Gauge, type Registry } from 'prom-client';
import type { KubeObject } from '../runtime/object.ts';
import { userReasons } from './reasons.ts';
import { watchedUser } from './watched-user.ts';

/** Of one that nobody has looked at yet. */
const unseen = 'Unseen';

/** @param users those that this process answers for; undefined while it does not work */
export function registerUserMetrics(registry: Registry, users: () => readonly KubeObject[] | undefined): void {
  const metric: Gauge = new Gauge({
    name: 'mkb_operator_mqtt_users',
    help: 'MqttUsers by the reason of their condition Ready; those with `InForce` are let in by their broker. `Unseen` are those that nobody has looked at yet.',
    labelNames: ['reason'],
    registers: [registry],
    collect: () => {
      metric.reset();
      const all = users();
      if (all === undefined) return;
      for (const reason of [...Object.keys(userReasons), unseen]) metric.set({ reason }, 0);
      for (const user of all) metric.inc({ reason: reasonOf(user) });
    },
  });
}

function reasonOf(user: KubeObject): string {
  const reason = watchedUser(user).status.conditions?.find(({ type }) => type === 'Ready')?.reason;
  return reason !== undefined && Object.hasOwn(userReasons, reason) ? reason : unseen;
}
