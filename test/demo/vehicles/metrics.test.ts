import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import {
  registerVehicleMetrics,
  type ShownFleet,
  shownVehicles,
  vehicleMetricTable,
} from '../../../demo/vehicles/metrics.ts';
import type { VehiclePosition } from '../../../demo/vehicles/options.ts';

const position = (number: number): VehiclePosition => ({
  clientId: `car_${number}`,
  vin: `VIN${number}`,
  displayName: 'Blue',
  model: 'Model 3',
  connected: number % 2 === 0,
  timeMs: 0,
  activity: 'charging',
  latitude: 48.1,
  longitude: 11.5,
  heading: 90,
  speedKmh: 50,
  soc: 70,
  powerKw: -11,
  odometerKm: 1234.5,
});

const fleetOf = (size: number): ShownFleet => ({
  size,
  connected: size - 1,
  counters: {
    published: 30,
    acknowledged: 28,
    refused: 1,
    malformed: 2,
    bursts: 0,
    dropouts: 0,
    lost: 3,
    reconnected: 0,
    skipped: { disconnected: 4, window: 5, late: 6 },
  },
  positions: count => Array.from({ length: Math.min(count, size) }, (_, index) => position(index + 1)),
});

const scrape = async (fleet: ShownFleet): Promise<string[]> => {
  const registry = new Registry();
  registerVehicleMetrics(registry, fleet);
  return (await registry.metrics()).split('\n');
};

test('each vehicle is shown under its client id', async () => {
  const lines = await scrape(fleetOf(2));
  expect(lines).toContain('vehicle_info{vehicle="car_2",name="Blue",model="Model 3",vin="VIN2"} 1');
  expect(lines).toContain('vehicle_connected{vehicle="car_1"} 0');
  expect(lines).toContain('vehicle_activity{vehicle="car_1"} 2');
  expect(lines).toContain('vehicle_power_kw{vehicle="car_2"} -11');
  expect(lines).toContain('vehicle_odometer_km{vehicle="car_2"} 1234.5');
});

test('the fleet is counted whole', async () => {
  const lines = await scrape(fleetOf(2));
  expect(lines).toContain('simulator_vehicles_connected 1');
  expect(lines).toContain('simulator_messages_published_total 30');
  expect(lines).toContain('simulator_messages_acknowledged_total 28');
  expect(lines).toContain('simulator_turns_skipped_total{reason="window"} 5');
});

test('a fleet for a load test shows no more single vehicles than Prometheus can bear, and says how many there are', async () => {
  const lines = await scrape(fleetOf(20_000));
  expect(lines.filter(line => line.startsWith('vehicle_speed_kmh{'))).toHaveLength(shownVehicles);
  expect(lines).toContain('simulator_vehicles 20000');
});

test('every metric of the table is in a scrape, with the type that it has there', async () => {
  const lines = await scrape(fleetOf(1));
  for (const { name, type } of vehicleMetricTable) {
    expect(lines).toContain(`# TYPE ${name} ${type}`);
    expect(
      lines.some(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `)),
      name,
    ).toBe(true);
  }
});
