import { expect, test } from 'vitest';
import { loadDemoDocument, topicOf, withPorts } from '../../demo/document.ts';

test('on the usual ports the demo runs the very document that mkb run would', async () => {
  const document = await loadDemoDocument();
  expect(withPorts(document, { mqtt: 1883, kafka: 9092 })).toEqual(document);
});

test('on other ports only the addresses differ', async () => {
  const document = await loadDemoDocument();
  const { spec } = withPorts(document, { mqtt: 2883, kafka: 29092 });
  expect(spec.mqtt).toEqual({ ...document.spec.mqtt, url: 'mqtt://localhost:2883' });
  expect(spec.kafka).toEqual({ ...document.spec.kafka, bootstrapServers: ['localhost:29092'] });
  expect(spec.rules).toBe(document.spec.rules);
});

test('the topic of the document is my-vehicles with ten partitions', async () => {
  expect(topicOf(await loadDemoDocument())).toEqual({ name: 'my-vehicles', partitions: 10 });
});
