/** The stories of the operator's alerts, like those of alert-cases.ts. Its Pods are a and b; `shop` is where the bridge is. */
import type { AlertStories } from './support/story.ts';

const job = 'mqtt-kafka-operator';
const warning = { severity: 'warning' };
const quiet = [] as const;

const of = (metric: string, instance = 'a', labels = ''): string =>
  `${metric}{job="${job}",instance="${instance}"${labels && `,${labels}`}}`;

/** What an operator says of a condition of the bridge. */
const said = (type: string, instance = 'a'): string =>
  of('mkb_operator_bridge_condition', instance, `namespace="shop",name="cars",type="${type}",status="True"`);
const paused = of('mkb_operator_bridge_paused', 'a', 'namespace="shop",name="cars"');
const bridge = { namespace: 'shop', name: 'cars', ...warning };

const leads = (instance = 'a'): string => of('leader_election_master_status', instance, 'name="l"');
const depth = (priority: string): string => of('workqueue_depth', 'a', `name="q",priority="${priority}"`);
const worked = of('workqueue_work_duration_seconds_count', 'a', 'name="q"');
const longest = of('workqueue_longest_running_processor_seconds', 'a', 'name="q"');
const errors = of('controller_runtime_reconcile_errors_total', 'a', 'controller="c"');

const users = (reason: string, instance = 'a'): string => of('mkb_operator_mqtt_users', instance, `reason="${reason}"`);

export const bridgeStateStories: readonly AlertStories[] = [
  {
    alert: 'MkbBridgeNotReady',
    stories: [
      {
        when: 'Ready has not been true for 15 minutes',
        series: { [said('Ready')]: '1x5 0x30', [paused]: '0x40' },
        at: '21m',
        firing: [bridge],
      },
      {
        when: 'it is not yet 15 minutes',
        series: { [said('Ready')]: '1x5 0x30', [paused]: '0x40' },
        at: '20m',
        firing: quiet,
      },
      {
        when: 'another operator took over in between: nobody told anything for a moment',
        series: { [said('Ready')]: '0x10 stale', [said('Ready', 'b')]: '_x12 0x20' },
        at: '16m',
        firing: [bridge],
      },
      {
        when: 'the operator that took over says that it is ready',
        series: { [said('Ready')]: '0x10 stale', [said('Ready', 'b')]: '_x12 1x20' },
        at: '16m',
        firing: quiet,
      },
      { when: 'it is paused', series: { [said('Ready')]: '0x30', [paused]: '1x30' }, at: '25m', firing: quiet },
      { when: 'it was deleted', series: { [said('Ready')]: '0x14 stale' }, at: '20m', firing: quiet },
    ],
  },
  {
    alert: 'MkbBridgeDegraded',
    stories: [
      {
        when: 'a part of a bridge that is ready has not worked for 15 minutes',
        series: { [said('Degraded')]: '0x5 1x30', [said('Ready')]: '1x40' },
        at: '21m',
        firing: [bridge],
      },
      {
        when: 'it is not yet 15 minutes',
        series: { [said('Degraded')]: '0x5 1x30', [said('Ready')]: '1x40' },
        at: '20m',
        firing: quiet,
      },
      {
        when: 'it is not ready either, which has an alert of its own',
        series: { [said('Degraded')]: '1x30', [said('Ready')]: '0x30' },
        at: '25m',
        firing: quiet,
      },
      {
        when: 'it is paused',
        series: { [said('Degraded')]: '1x30', [said('Ready')]: '1x30', [paused]: '1x30' },
        at: '25m',
        firing: quiet,
      },
    ],
  },
];

export const operatorStories: readonly AlertStories[] = [
  {
    alert: 'MkbOperatorDown',
    stories: [
      {
        when: 'Prometheus has reached none for 5 minutes',
        series: { [of('up')]: '1x5 0x20', [of('up', 'b')]: '0x30' },
        at: '11m',
        firing: [{ job, ...warning }],
      },
      { when: 'it is not yet 5 minutes', series: { [of('up')]: '1x5 0x20' }, at: '10m', firing: quiet },
      {
        when: 'none is there any more',
        series: { 'up{job="other",instance="i"}': '1x20' },
        at: '5m',
        firing: [{ job, ...warning }],
      },
      { when: 'one of two is down', series: { [of('up')]: '0x20', [of('up', 'b')]: '1x20' }, at: '15m', firing: quiet },
    ],
  },
  {
    alert: 'MkbOperatorNotLeading',
    stories: [
      {
        when: 'none of two has held the Lease for 5 minutes',
        series: { [leads()]: '1x5 0x20', [leads('b')]: '0x30' },
        at: '11m',
        firing: [{ job, ...warning }],
      },
      {
        when: 'it is not yet 5 minutes',
        series: { [leads()]: '1x5 0x20', [leads('b')]: '0x30' },
        at: '10m',
        firing: quiet,
      },
      {
        when: 'the other takes over',
        series: { [leads()]: '1x5 0x20', [leads('b')]: '0x7 1x20' },
        at: '15m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbOperatorQueueStuck',
    stories: [
      {
        when: 'bridges wait and no reconcile ends for 10 minutes',
        series: { [leads()]: '1x30', [depth('0')]: '3x30', [depth('-100')]: '0x30', [worked]: '0+5x5 25x30' },
        at: '15m',
        firing: [{ job, instance: 'a', ...warning }],
      },
      {
        when: 'it is not yet 5 minutes that none has ended for 5',
        series: { [leads()]: '1x30', [depth('0')]: '3x30', [depth('-100')]: '0x30', [worked]: '0+5x5 25x30' },
        at: '13m',
        firing: quiet,
      },
      {
        when: 'many wait, and work goes on',
        series: { [leads()]: '1x30', [depth('0')]: '300x30', [worked]: '0+5x30' },
        at: '20m',
        firing: quiet,
      },
      {
        when: 'an operator waits for its turn, with every bridge in its queue',
        series: { [leads()]: '0x30', [depth('-100')]: '200x30', [worked]: '0x30' },
        at: '20m',
        firing: quiet,
      },
      {
        when: 'nothing waits',
        series: { [leads()]: '1x30', [depth('0')]: '0x30', [worked]: '7x30' },
        at: '20m',
        firing: quiet,
      },
      {
        when: 'one reconcile does not end, while others do',
        series: { [leads()]: '1x30', [depth('0')]: '0x30', [worked]: '0+5x30', [longest]: '0x2 0+60x30' },
        at: '14m',
        firing: [{ job, instance: 'a', ...warning }],
      },
      {
        when: 'reconciles take up to their limit',
        series: { [leads()]: '1x30', [depth('0')]: '0x30', [worked]: '0+5x30', [longest]: '130x30' },
        at: '20m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbOperatorReconcileErrors',
    stories: [
      {
        when: 'one bridge fails again each 5 minutes, which is the longest pause',
        series: { [errors]: '0 1 1 1 1 1 2 2 2 2 2 3 3 3 3 3 4 4 4 4 4 5 5 5 5 5 6 6 6 6 6 7 7 7 7 7 8 8 8 8 8' },
        at: '35m',
        firing: [{ job, ...warning }],
      },
      { when: 'it has not gone on for so long yet', series: { [errors]: '0x10 0+1x30' }, at: '25m', firing: quiet },
      { when: 'there was a burst that is over', series: { [errors]: '0x5 50x60' }, at: '40m', firing: quiet },
      {
        when: 'there is a conflict now and then',
        series: { [errors]: '0x14 1x14 2x14 3x14' },
        at: '55m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbOperatorWatchEventsMissed',
    stories: [
      {
        when: 'a comparison finds a change that was not told',
        series: { [of('mkb_operator_watch_missed_events_total', 'a', 'kind="Pod"')]: '0x5 1x20' },
        at: '7m',
        firing: [{ job, kind: 'Pod', ...warning }],
      },
      {
        when: 'that was more than an hour ago',
        series: { [of('mkb_operator_watch_missed_events_total', 'a', 'kind="Pod"')]: '0x5 1x90' },
        at: '80m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbMqttUsersNotReady',
    stories: [
      {
        when: 'a user has had a password that cannot be read for 15 minutes',
        series: { [users('PasswordInvalid')]: '0x5 1x30' },
        at: '21m',
        firing: [{ job, reason: 'PasswordInvalid', ...warning }],
      },
      {
        when: 'the reason is one that this alert has never heard of',
        series: { [users('New')]: '2x30' },
        at: '16m',
        firing: [{ job, reason: 'New', ...warning }],
      },
      {
        when: 'another operator took over in between',
        series: { [users('NotTaken')]: '1x10 stale', [users('NotTaken', 'b')]: '_x12 1x20' },
        at: '16m',
        firing: [{ job, reason: 'NotTaken', ...warning }],
      },
      {
        when: 'it is not yet 15 minutes',
        series: { [users('NotTaken')]: '0x5 1x30' },
        at: '20m',
        firing: quiet,
      },
      {
        when: 'users are let in, on their way, or cannot be tried',
        series: Object.fromEntries(
          ['InForce', 'Distributing', 'Unseen', 'BrokerNotReady', 'Unverified'].map(each => [users(each), '3x40']),
        ),
        at: '30m',
        firing: quiet,
      },
      { when: 'none is left out', series: { [users('NotTaken')]: '0x40' }, at: '30m', firing: quiet },
    ],
  },
  {
    alert: 'MkbOperatorFights',
    stories: [
      {
        when: 'a Service is set right each minute for half an hour',
        series: { [of('mkb_operator_corrections_total', 'a', 'kind="Service"')]: '0+1x60' },
        at: '30m',
        firing: [{ job, kind: 'Service', ...warning }],
      },
      {
        // A controller that deleted what the operator made, again and again, showed nowhere.
        when: 'a Service is made again each minute for half an hour',
        series: { [of('mkb_operator_restorations_total', 'a', 'kind="Service"')]: '0+1x60' },
        at: '30m',
        firing: [{ job, kind: 'Service', ...warning }],
      },
      {
        when: 'somebody deletes fifty objects once',
        series: { [of('mkb_operator_restorations_total', 'a', 'kind="Service"')]: '0x5 50x60' },
        at: '30m',
        firing: quiet,
      },
      {
        when: 'somebody edits fifty objects once',
        series: { [of('mkb_operator_corrections_total', 'a', 'kind="Service"')]: '0x5 50x60' },
        at: '30m',
        firing: quiet,
      },
      {
        when: 'an object is set right each five minutes',
        series: { [of('mkb_operator_corrections_total', 'a', 'kind="Service"')]: '0x5 1x5 2x5 3x5 4x5 5x5 6x5 7x5' },
        at: '40m',
        firing: quiet,
      },
    ],
  },
];
