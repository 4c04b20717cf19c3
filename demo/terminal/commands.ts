/** Commands for a look from outside, ready to be pasted. */
import type { DemoFacts } from '../demo.ts';

const subscription = "'mqttx/simulate/tesla/+'";

/** Each with the name of the program it needs. */
export const lookCommands = ({ mqttPort, kafkaPort, topic, listens }: DemoFacts): readonly string[] => [
  ...(listens ? publish(mqttPort) : subscribe(mqttPort)),
  `kcat -b 127.0.0.1:${kafkaPort} -C -t ${topic.name} -f '%k  partition %p  offset %o  %s\\n'`,
  `kafka-console-consumer.sh --bootstrap-server 127.0.0.1:${kafkaPort} --topic ${topic.name} --from-beginning --property print.key=true`,
];

const subscribe = (port: number): readonly string[] => [
  `mosquitto_sub -h 127.0.0.1 -p ${port} -t ${subscription} -v`,
  // MQTTX asks for MQTT 5 by default.
  `mqttx sub -h 127.0.0.1 -p ${port} -V 3.1.1 -t ${subscription}`,
];

/** The bridge takes messages, and sends none. */
const publish = (port: number): readonly string[] => [
  `mosquitto_pub -h 127.0.0.1 -p ${port} -i my-car -q 1 -t mqttx/simulate/my-car -m '{"speed": 88}'`,
];
