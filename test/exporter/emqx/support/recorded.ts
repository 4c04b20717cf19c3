/**
 * Answers of GET /clients/{clientid} and GET /license as EMQX gives them: the fields of its API's own description, and of the code that fills
 * them, of 5.8 and of 6.3. Fields that nobody here reads are left out but for a few.
 */

/** A session in memory of 5.8: what waits is counted, whether the client is connected or not. */
export const inMemory = {
  clientid: 'my-vehicles',
  node: 'emqx@10.0.0.1',
  connected: false,
  clean_start: false,
  expiry_interval: 86_400,
  proto_name: 'MQTT',
  proto_ver: 5,
  is_persistent: false,
  durable: false,
  inflight_cnt: 12,
  inflight_max: 1000,
  mqueue_len: 740,
  mqueue_max: 1000,
  mqueue_dropped: 3,
  subscriptions_cnt: 1,
  subscriptions_max: 'infinity',
  username: null,
};

/** `max_mqueue_len = infinity` is 0 here. */
export const withoutLimit = { ...inMemory, mqueue_max: 0 };

/** A session on disk whose client is connected: what is in the buffer of the connection, and no limit. */
export const onDisk = {
  clientid: 'my-vehicles',
  node: 'emqx@10.0.0.1',
  connected: true,
  is_persistent: true,
  durable: true,
  inflight_cnt: 100,
  inflight_max: 1000,
  mqueue_len: 100,
  mqueue_dropped: 0,
  subscriptions_cnt: 1,
};

/** And whose client is not: EMQX says 0, however many wait. */
export const onDiskOffline = {
  clientid: 'my-vehicles',
  connected: false,
  is_expired: false,
  is_persistent: true,
  durable: true,
  heap_size: 0,
  mqueue_len: 0,
  ip_address: null,
  port: null,
  proto_name: 'MQTT',
  proto_ver: 5,
  subscriptions_cnt: 1,
};

/** 6.3 has the bytes of the queue too. */
export const inMemory63 = { ...inMemory, connected: true, total_payload_bytes: 91_000, mailbox_len: 0 };

export const license63 = {
  customer: 'Foo',
  customer_type: 10,
  deployment: 'bar-deployment',
  email: 'contact@foo.com',
  expiry: false,
  expiry_at: '2295-10-27',
  max_connections: 25,
  max_sessions: 25,
  start_at: '2022-01-11',
  type: 'trial',
};

/** Of an enterprise edition before sessions were what is counted. */
export const license55 = { expiry: true, expiry_at: '2023-06-01', max_connections: 100, type: 'official' };
