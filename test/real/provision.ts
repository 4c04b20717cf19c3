/**
 * `npm run provision [NAME...]`: installs what is missing of the real systems that tests run against. Quick when nothing is. Systems that
 * are optional are installed only when they are named.
 */
import { InstallError } from './install.ts';
import { type System, systems } from './systems.ts';

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function provide(system: System): void {
  const name = system.name.padEnd(10);
  const here = system.found();
  if (here) {
    console.log(`${name} found     ${here}`);
    return;
  }
  const reason = system.unable?.();
  if (reason) {
    console.log(`${name} skipped   ${reason}`);
    return;
  }
  console.log(`${name} missing   installing ...`);
  const start = performance.now();
  system.install();
  console.log(`${name} installed ${system.found()} (${seconds(start)})`);
}

function failed(system: System): boolean {
  try {
    provide(system);
    return false;
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    console.error(`${system.name.padEnd(10)} FAILED    ${error.message}\n           remedy: ${error.remedy}`);
    return true;
  }
}

const asked = process.argv.slice(2);
const unknown = asked.filter(name => systems.every(system => system.name !== name));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There are ${systems.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const wanted = systems.filter(({ name, optional }) => (asked.length > 0 ? asked.includes(name) : !optional));

// Every system is tried, so that one run names everything that is missing.
const missing = wanted.filter(failed).map(system => system.name);
if (missing.length > 0) {
  console.error(`Not provided: ${missing.join(', ')}. Tests that need them are skipped, or fail with CI=true.`);
  process.exitCode = 1;
}
