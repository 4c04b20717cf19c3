/**
 * Vehicles: the demo's ten cars on a map, and what they are doing.
 *
 * The figures come from the simulator itself (`mkb simulate --metrics`), and not by way of Kafka: the first row sets what the vehicles say
 * they published beside what the bridge says it delivered.
 */
import { FrameGeometrySourceMode, MapLayerOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import { type Dashboard, FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as GeomapBuilder,
  MapCenterID,
  MapViewConfigBuilder,
} from '@grafana/grafana-foundation-sdk/geomap';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import {
  Degrees,
  KilometersPerHour,
  KiloWatt,
  MessagesPerSecond,
  NoUnit,
  Percent,
} from '@grafana/grafana-foundation-sdk/units';
import { objective } from './alerts/delivery-objective.ts';
import { dashboard, labelVariable, linkTo, type Row } from './frame.ts';
import {
  anyOrNone,
  belowZero,
  blue,
  common,
  each,
  graph,
  green,
  grey,
  type PanelSpec,
  type Query,
  red,
  stat,
  timeline,
  upOrDown,
  words,
  yellow,
} from './panels.ts';
import { jobs, largest } from './promql.ts';
import { asColumns, type Column, columnProperties, table } from './tables.ts';
import { uids } from './uids.ts';

const chosen = 'vehicle=~"$vehicle"';
const activities = words({ '0': ['parked', grey], '1': ['driving', green], '2': ['charging', blue] });
const charge = [
  { value: null, color: red },
  { value: 15, color: yellow },
  { value: 40, color: green },
];

const connected = `vehicle_connected{${chosen}} == 1`;

/**
 * One value of each vehicle, without the labels that only say who was scraped. Only of those that are connected: of others it is what their
 * last message said, whenever that was.
 */
const now = (metric: string): string => `sum by (vehicle) (${metric}{${chosen}} and on (vehicle) (${connected}))`;

const driven = `max_over_time(vehicle_odometer_km{${chosen}}[$__range] @ end()) - min_over_time(vehicle_odometer_km{${chosen}}[$__range] @ end())`;

/** Where there are too many, those are shown that drove farthest in the time shown, the same everywhere. */
const farthest = { by: 'vehicle', expr: `sum by (vehicle) (${driven})` };
const shown = (expr: string): Query => ({ expr, legend: '{{vehicle}}', size: farthest });
/** Of a thousand arrows none would be seen. */
const onMap = (metric: string): Query => ({ expr: largest(now(metric), 100, farthest) });

const fleet: Row = {
  title: 'The fleet',
  panels: [
    stat({
      title: 'Connected',
      description: 'Vehicles that are connected to the MQTT broker, of all there are.',
      unit: NoUnit,
      width: 4,
      thresholds: anyOrNone(blue),
      queries: [
        { expr: 'sum(simulator_vehicles_connected)', legend: 'connected' },
        { expr: 'sum(simulator_vehicles)', legend: 'of' },
      ],
    }),
    stat({
      title: 'Published',
      description: 'Messages per second that the vehicles handed to MQTT.',
      unit: MessagesPerSecond,
      width: 4,
      thresholds: anyOrNone(blue),
      queries: [{ expr: 'sum(rate(simulator_messages_published_total[$__rate_interval]))', legend: 'published' }],
    }),
    stat({
      title: 'Delivered to Kafka',
      description:
        'Messages per second that bridges delivered. It should be what was published, unless others publish too. Red when there are none, and some wait.',
      unit: MessagesPerSecond,
      width: 4,
      thresholds: anyOrNone(green),
      mappings: [belowZero('none, some wait', red)],
      links: [linkTo(uids.pipeline, 'Pipeline')],
      queries: [
        {
          expr: `sum(rate(mkb_messages_delivered_total{source="mqtt"}[$__rate_interval])) > 0 or 0 - (max(mkb_oldest_in_flight_seconds{source="mqtt"}) > bool ${objective.seconds})`,
          legend: 'delivered',
        },
      ],
    }),
    stat({
      title: 'Driving',
      description: 'Vehicles that are connected and on the road now.',
      unit: NoUnit,
      width: 4,
      thresholds: anyOrNone(blue),
      queries: [{ expr: `sum(${now('vehicle_activity')} == bool 1)`, legend: 'driving' }],
    }),
    stat({
      title: 'Charging',
      description: 'Vehicles that are connected and at a charger now.',
      unit: NoUnit,
      width: 4,
      thresholds: anyOrNone(blue),
      queries: [{ expr: `sum(${now('vehicle_activity')} == bool 2)`, legend: 'charging' }],
    }),
    stat({
      title: 'Driven',
      description: 'Kilometres that all chosen vehicles together drove in the time shown.',
      unit: each('km'),
      decimals: 1,
      width: 4,
      thresholds: anyOrNone(blue),
      queries: [{ expr: `sum(${driven})`, legend: 'driven' }],
    }),
  ],
};

const mapColumns: readonly Column[] = [
  { from: 'vehicle', title: 'Vehicle' },
  { from: '#A', title: 'Latitude', unit: Degrees, decimals: 5 },
  { from: '#B', title: 'Longitude', unit: Degrees, decimals: 5 },
  { from: '#C', title: 'Speed', unit: KilometersPerHour, decimals: 0 },
  { from: '#D', title: 'Charge', unit: Percent, decimals: 0, thresholds: charge },
  { from: '#E', title: 'Heading', unit: Degrees, decimals: 0 },
];

const mapSpec: PanelSpec = {
  title: 'Where they are',
  description:
    'Every vehicle that is connected, where its last message put it; of more than a hundred, those that drove farthest. The arrow points where it is heading, and its colour is its charge: red below 15 %, yellow below 40 %.',
  unit: NoUnit,
  width: 12,
  height: 20,
  thresholds: charge,
  queries: [
    onMap('vehicle_latitude'),
    onMap('vehicle_longitude'),
    onMap('vehicle_speed_kmh'),
    onMap('vehicle_state_of_charge_percent'),
    onMap('vehicle_heading_degrees'),
  ],
};

const arrows = {
  showLegend: false,
  style: {
    color: { field: 'Charge', fixed: blue },
    opacity: 0.8,
    // Degrees clockwise from north, as the heading is.
    rotation: { field: 'Heading', fixed: 0, min: 0, max: 360, mode: 'mod' },
    size: { fixed: 9, min: 4, max: 15 },
    symbol: { fixed: 'img/icons/marker/triangle.svg', mode: 'fixed' },
    symbolAlign: { horizontal: 'center', vertical: 'center' },
    text: { field: 'Vehicle', fixed: '', mode: 'field' },
    textConfig: { fontSize: 11, offsetX: 0, offsetY: 16, textAlign: 'center', textBaseline: 'middle' },
  },
};

const map = (): GeomapBuilder => {
  const builder = common(new GeomapBuilder(), mapSpec, PromQueryFormat.Table)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .transformations(asColumns(mapColumns))
    .view(new MapViewConfigBuilder().id(MapCenterID.Fit).allLayers(true).padding(15).zoom(12))
    .basemap(new MapLayerOptionsBuilder().type('default').name('Map'))
    .layers([
      new MapLayerOptionsBuilder()
        .type('markers')
        .name('Vehicles')
        .location({
          build: () => ({ mode: FrameGeometrySourceMode.Coords, latitude: 'Latitude', longitude: 'Longitude' }),
        })
        .config(arrows)
        .tooltip(true),
    ]);
  for (const column of mapColumns) builder.overrideByName(column.title, columnProperties(column));
  return builder;
};

const road: Row = {
  title: 'On the road',
  panels: [
    map(),
    graph({
      title: 'Speed',
      description: 'Speed of each vehicle as of its last message. The 20 vehicles that drove farthest.',
      unit: KilometersPerHour,
      width: 12,
      legendRight: true,
      queries: [shown(now('vehicle_speed_kmh'))],
    }),
    timeline({
      title: 'What they are doing',
      description: 'Driving, charging or parked. The 20 vehicles that drove farthest.',
      unit: NoUnit,
      width: 12,
      height: 12,
      mappings: [activities],
      queries: [shown(now('vehicle_activity'))],
    }),
  ],
};

const battery: Row = {
  title: 'Battery and distance',
  panels: [
    graph({
      title: 'State of charge',
      description:
        'How full each battery is. It falls with every kilometre and rises at a charger. The 20 vehicles that drove farthest.',
      unit: Percent,
      width: 12,
      legendRight: true,
      queries: [shown(now('vehicle_state_of_charge_percent'))],
    }),
    graph({
      title: 'Power',
      description:
        'Power out of each battery; below zero it goes in, from a charger or from braking. The 20 vehicles that drove farthest.',
      unit: KiloWatt,
      width: 12,
      legendRight: true,
      min: undefined,
      queries: [shown(now('vehicle_power_kw'))],
    }),
    graph({
      title: 'Distance in five minutes',
      description:
        'Kilometres that each vehicle drove in the five minutes before. The 20 vehicles that drove farthest.',
      unit: each('km'),
      width: 24,
      legendRight: true,
      queries: [shown(`sum by (vehicle) (delta(vehicle_odometer_km{${chosen}}[5m]) and on (vehicle) (${connected}))`)],
    }),
    table({
      title: 'Every vehicle',
      description: 'All vehicles as of their last message.',
      unit: NoUnit,
      width: 24,
      height: 13,
      queries: [
        { expr: `sum by (vehicle, name, model) (vehicle_info{${chosen}})` },
        { expr: `sum by (vehicle) (vehicle_connected{${chosen}})` },
        { expr: now('vehicle_activity') },
        { expr: now('vehicle_speed_kmh') },
        { expr: now('vehicle_state_of_charge_percent') },
        { expr: now('vehicle_odometer_km') },
      ],
      columns: [
        { from: 'vehicle', title: 'Vehicle' },
        { from: 'name', title: 'Name' },
        { from: 'model', title: 'Model' },
        { from: '#B', title: 'Connected', mappings: [upOrDown] },
        { from: '#C', title: 'Activity', mappings: [activities] },
        { from: '#D', title: 'Speed', unit: KilometersPerHour, decimals: 0 },
        { from: '#E', title: 'Charge', unit: Percent, decimals: 0, thresholds: charge },
        { from: '#F', title: 'Odometer', unit: each('km'), decimals: 1 },
      ],
    }),
  ],
};

export const vehiclesDashboard = (): Dashboard =>
  dashboard({
    uid: uids.vehicles,
    title: 'Vehicles (demo)',
    description: 'The vehicles of the demo: where they are, how fast, how full, and whether what they publish arrives.',
    variables: [labelVariable('vehicle', 'vehicle', 'vehicle_info', 'Vehicle')],
    restartsOf: [jobs.simulator, jobs.bridge],
    rows: [fleet, road, battery],
  });
