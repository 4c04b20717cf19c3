/** aedes, as a process that says its port. */
import { startEmbeddedMqtt } from '../demo/embedded/mqtt.ts';

const { port } = await startEmbeddedMqtt();
process.send!(port);
