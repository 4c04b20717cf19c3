/**
 * The vehicles for Prometheus: where each is, how fast, how full, and what the fleet has published.
 *
 * This feed is the vehicles' own word and does not pass MQTT or Kafka. So a dashboard can set it beside what the bridge says: what was
 * published by these and what was delivered by those are counted by two processes that know nothing of each other.
 */
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { type MetricEntry, one, registerTable } from '../../bridge/observe/metric-table.ts';
import type { FleetCounters, VehiclePosition } from './options.ts';

/** What is asked of a fleet at a scrape. */
export interface ShownFleet {
  readonly size: number;
  readonly connected: number;
  readonly counters: Readonly<FleetCounters>;
  /** The first `count` vehicles as their last messages showed them. */
  positions(count: number): readonly VehiclePosition[];
}

/** Single vehicles shown at most: a fleet for a load test must not bring Prometheus down. The simulator's own counters cover all. */
export const shownVehicles = 1000;

/** One value of each shown vehicle. */
const each =
  (value: (vehicle: VehiclePosition) => number): MetricEntry<ShownFleet>['samples'] =>
  fleet =>
    shown(fleet).map(vehicle => [{ vehicle: vehicle.clientId }, value(vehicle)] as const);

const shown = (fleet: ShownFleet): readonly VehiclePosition[] => fleet.positions(shownVehicles);

/** In the order of their number in `vehicle_activity`. */
const activities: readonly VehiclePosition['activity'][] = ['parked', 'driving', 'charging'];

/** Every metric of `mkb simulate --metrics`. A vehicle's label is its client id. */
export const vehicleMetricTable: readonly MetricEntry<ShownFleet>[] = [
  {
    name: 'vehicle_info',
    type: 'gauge',
    help: 'Always 1; its labels are what does not change about the vehicle.',
    labels: ['vehicle', 'name', 'model', 'vin'],
    samples: fleet =>
      shown(fleet).map(({ clientId: vehicle, displayName: name, model, vin }) => [{ vehicle, name, model, vin }, 1]),
  },
  {
    name: 'vehicle_connected',
    type: 'gauge',
    help: '1 while the vehicle is connected to the MQTT broker.',
    labels: ['vehicle'],
    samples: each(({ connected }) => (connected ? 1 : 0)),
  },
  {
    name: 'vehicle_activity',
    type: 'gauge',
    help: 'What the vehicle is doing: 0 parked, 1 driving, 2 charging.',
    labels: ['vehicle'],
    samples: each(({ activity }) => activities.indexOf(activity)),
  },
  {
    name: 'vehicle_latitude',
    type: 'gauge',
    help: 'Degrees north.',
    labels: ['vehicle'],
    samples: each(({ latitude }) => latitude),
  },
  {
    name: 'vehicle_longitude',
    type: 'gauge',
    help: 'Degrees east.',
    labels: ['vehicle'],
    samples: each(({ longitude }) => longitude),
  },
  {
    name: 'vehicle_heading_degrees',
    type: 'gauge',
    help: 'Where the nose points, clockwise from north.',
    labels: ['vehicle'],
    samples: each(({ heading }) => heading),
  },
  {
    name: 'vehicle_speed_kmh',
    type: 'gauge',
    help: 'Speed in kilometres per hour.',
    labels: ['vehicle'],
    samples: each(({ speedKmh }) => speedKmh),
  },
  {
    name: 'vehicle_state_of_charge_percent',
    type: 'gauge',
    help: 'How full the battery is.',
    labels: ['vehicle'],
    samples: each(({ soc }) => soc),
  },
  {
    name: 'vehicle_power_kw',
    type: 'gauge',
    help: 'Power out of the battery in kilowatts; negative into it.',
    labels: ['vehicle'],
    samples: each(({ powerKw }) => powerKw),
  },
  {
    name: 'vehicle_odometer_km',
    type: 'gauge',
    help: 'Kilometres driven in its life. It never goes back while the simulator runs.',
    labels: ['vehicle'],
    samples: each(({ odometerKm }) => odometerKm),
  },
  {
    name: 'simulator_vehicles',
    type: 'gauge',
    help: `Vehicles there are. Only the first ${shownVehicles} are shown one by one.`,
    labels: [],
    samples: ({ size }) => one(size),
  },
  {
    name: 'simulator_vehicles_connected',
    type: 'gauge',
    help: 'Vehicles that are connected to the MQTT broker.',
    labels: [],
    samples: ({ connected }) => one(connected),
  },
  {
    name: 'simulator_messages_published_total',
    type: 'counter',
    help: 'Messages handed to the connections.',
    labels: [],
    samples: ({ counters }) => one(counters.published),
  },
  {
    name: 'simulator_messages_acknowledged_total',
    type: 'counter',
    help: 'Of the published, those that the broker has accepted. Always 0 with QoS 0, which knows no acknowledgement.',
    labels: [],
    samples: ({ counters }) => one(counters.acknowledged),
  },
  {
    name: 'simulator_messages_refused_total',
    type: 'counter',
    help: 'Of the published, those that the broker answered with an error.',
    labels: [],
    samples: ({ counters }) => one(counters.refused),
  },
  {
    name: 'simulator_messages_malformed_total',
    type: 'counter',
    help: 'Of the published, those that were malformed on purpose (--fault malformed).',
    labels: [],
    samples: ({ counters }) => one(counters.malformed),
  },
  {
    name: 'simulator_turns_skipped_total',
    type: 'counter',
    help: 'Turns in which a vehicle sent nothing: disconnected, window (too many unacknowledged) or late (the simulator could not keep up).',
    labels: ['reason'],
    samples: ({ counters }) => Object.entries(counters.skipped).map(([reason, count]) => [{ reason }, count]),
  },
  {
    name: 'simulator_connections_lost_total',
    type: 'counter',
    help: 'Connections of vehicles that ended otherwise than on purpose.',
    labels: [],
    samples: ({ counters }) => one(counters.lost),
  },
];

/** Registers all of them, and Node's process metrics beside them. The fleet is asked at each scrape and nothing runs between. */
export const registerVehicleMetrics = (registry: Registry, fleet: ShownFleet): void => {
  registerTable(registry, vehicleMetricTable, [], () => [[fleet, {}]]);
  collectDefaultMetrics({ register: registry });
};
