/** `mkb simulate`: vehicles that publish to an MQTT broker. */
import { Registry } from 'prom-client';
import { MkbError } from '../api/errors.ts';
import { type HttpEndpoint, serveHttp } from '../bridge/observe/http.ts';
import { type Fleet, startFleet } from '../demo/vehicles/fleet.ts';
import { registerVehicleMetrics } from '../demo/vehicles/metrics.ts';
import type { FleetOptions } from '../demo/vehicles/options.ts';
import type { Address } from './address.ts';
import { StopSignal } from './signals.ts';
import { fleetOptions, metricsAddress, type SimulateArguments } from './simulate-options.ts';
import { FleetReport, summaryLines } from './simulate-report.ts';

const usageExit = 2;

export const simulate = async (given: SimulateArguments): Promise<number> => {
  let fleet: Fleet;
  let options: FleetOptions;
  let metrics: HttpEndpoint | undefined;
  try {
    options = fleetOptions(given, process.env);
    const address = metricsAddress(given);
    fleet = startFleet(options);
    metrics = address && (await serveMetrics(address, fleet));
  } catch (error) {
    return fail(error, usageExit);
  }
  const report = new FleetReport(fleet, options, process.stdout);
  if (metrics) process.stdout.write(`Metrics: ${metrics.url}/metrics\n`);
  const signal = new StopSignal();
  void signal.came.then(() => fleet.stop()).catch(() => undefined);
  try {
    const summary = await fleet.finished;
    report.stop();
    process.stdout.write(`${summaryLines(summary, options.qos ?? 1).join('\n')}\n`);
    return 0;
  } catch (error) {
    report.stop();
    return fail(error, 1);
  } finally {
    await metrics?.close();
    signal.end();
  }
};

/** Serves until closed; /readyz says whether every vehicle is connected. Stops the fleet and throws `option-invalid` if it cannot listen there. */
const serveMetrics = async (address: Address, fleet: Fleet): Promise<HttpEndpoint> => {
  const registry = new Registry();
  registerVehicleMetrics(registry, fleet);
  const missing = () => (fleet.connected === fleet.size ? [] : [`${fleet.connected} of ${fleet.size} are connected`]);
  try {
    return await serveHttp(address, registry, () => [{ name: 'vehicles', missing }]);
  } catch (cause) {
    await fleet.stop();
    if (!MkbError.is(cause)) throw cause;
    const found = `${address.host}:${address.port}`;
    throw new MkbError('option-invalid', { option: '--metrics', found, allowed: 'free to listen on' }, { cause });
  }
};

/** Tells the error, and gives the exit code back. What is not of the table is a bug, and keeps its stack. */
const fail = (error: unknown, exitCode: number): number => {
  if (!MkbError.is(error)) throw error;
  process.stderr.write(`${error.message}\n${error.remedy}\n`);
  return exitCode;
};
