/** What the bridge is connected to, how full its memory is, and how far it is behind. */
import { byId, keep, make, setText } from './dom.js';
import { bytes, count } from './numbers.js';
import { Table } from './table.js';

let partitions;

export const showConnections = bridge => {
  const { mqtt, kafka, consumer } = bridge;
  const facts = [
    ...(mqtt ? mqttFacts(mqtt) : []),
    ...kafkaFacts(kafka),
    ...(consumer ? consumerFacts(consumer) : []),
    ...memoryFacts(bridge),
  ];
  keep(
    byId('connections'),
    facts,
    ({ name }) => name,
    () => make('div', '', make('dt'), make('dd')),
    fillFact,
  );
  byId('partitions').hidden = consumer === undefined;
  if (consumer) showPartitions(consumer);
};

const fillFact = (element, { name, text, tone }) => {
  element.dataset.tone = tone ?? 'plain';
  setText(element.children[0], name);
  setText(element.children[1], text);
};

const mqttFacts = ({ connected, connections, url, version, window, listens, publisher, refusals }) => [
  {
    name: 'MQTT',
    tone: connected ? 'good' : 'bad',
    text: [
      listens ? `listens, ${count(listens.clients)} clients` : connected ? 'connected' : 'not connected',
      url,
      version && `MQTT ${version === 4 ? '3.1.1' : version}`,
      connections > 1 && `reconnected ${count(connections - 1)} times`,
    ]
      .filter(Boolean)
      .join(' · '),
  },
  ...(publisher
    ? [
        {
          name: 'MQTT publisher',
          tone: publisher.connected ? 'good' : 'bad',
          text: publisher.connected ? 'connected' : 'not connected',
        },
      ]
    : []),
  ...(window
    ? [
        {
          name: 'Unacknowledged',
          text: `${count(window.unacknowledged)} of ${count(window.limit)}${window.heldBack > 0 ? `, ${count(window.heldBack)} wait for those before them` : ''}`,
        },
      ]
    : []),
  ...refusals.map(({ part, code, message }) => ({
    name: `Refused to the ${part}`,
    tone: 'bad',
    text: message ?? code,
  })),
];

const kafkaFacts = ({ connected, servers, waits }) => [
  {
    name: 'Kafka',
    tone: connected ? 'good' : 'bad',
    text: [connected ? 'connected' : 'not connected', servers?.join(', ')].filter(Boolean).join(' · '),
  },
  ...waits.map(({ topic, records, seconds, reason }) => ({
    name: `Topic ${topic}`,
    tone: 'bad',
    text: `${count(records)} records wait, the oldest for ${count(seconds)} s: ${reason}`,
  })),
];

const consumerFacts = ({ joined, count: n, lag, unknown, strangers }) => [
  {
    name: 'Consumer group',
    tone: joined ? 'good' : 'bad',
    text: [
      joined ? 'joined' : 'not joined',
      `${count(n)} partitions`,
      `lag ${count(lag)}${unknown > 0 ? ` (${count(unknown)} not known yet)` : ''}`,
      strangers > 0 && `${count(strangers)} other members`,
    ]
      .filter(Boolean)
      .join(' · '),
  },
];

const memoryFacts = ({ memory, disk }) => [
  { name: 'Memory', text: `${bytes(memory.bytes)} of ${bytes(memory.limitBytes)} for what is undelivered` },
  ...(disk
    ? [
        {
          name: 'Buffer',
          text: `${count(disk.messages)} messages, ${bytes(disk.bytes)} of ${bytes(disk.limitBytes)}; ${count(disk.waiting)} wait`,
        },
      ]
    : []),
];

const showPartitions = ({ partitions: all }) => {
  partitions ??= new Table(
    byId('partitions'),
    'Partitions, those that are furthest behind first',
    [
      { name: 'Partition', className: 'name', text: ({ topic, partition }) => `${topic}-${partition}` },
      { name: 'Lag', className: 'number', text: ({ lag }) => (lag === undefined ? '–' : count(lag)) },
      { name: 'In flight', className: 'number', text: ({ open }) => count(open) },
      { name: 'Trouble', className: 'text', text: ({ trouble }) => trouble ?? 'none' },
    ],
    'No partitions yet.',
  );
  partitions.show(all, ({ topic, partition }) => `${topic}-${partition}`);
};
