/** Places on Earth: geohashes, distances, and areas. Latitudes are -90 to 90 degrees, longitudes -180 to 180. */
import { float, toDouble } from '../numbers.ts';
import { Refusal, refuse } from '../refusal.ts';
import { isList, isMap, isNumeric, ownValue, type Value } from '../value.ts';
import { custom, define, type FunctionEntry, integer, optional } from './define.ts';

const degrees = (name: string, most: number) =>
  custom(name, 'number', value => {
    const found = isNumeric(value) ? toDouble(value) : Number.NaN;
    return Math.abs(found) <= most
      ? found
      : (refuse(`${name} must be a number from -${most} to ${most}`, value) as never);
  });

const latitude = degrees('latitude', 90);
const longitude = degrees('longitude', 180);

const alphabet = '0123456789bcdefghjkmnpqrstuvwxyz';

/** Halves longitude and latitude in turn; five halves are a letter. */
const geohash = (lat: number, lon: number, length: number): string => {
  if (length < 1 || length > 12) throw new Refusal('a geohash has 1 to 12 letters');
  const ranges = [
    { low: -180, high: 180, value: lon },
    { low: -90, high: 90, value: lat },
  ];
  let hash = '';
  let letter = 0;
  for (let bit = 0; bit < length * 5; bit++) {
    const range = ranges[bit % 2]!;
    const middle = (range.low + range.high) / 2;
    const upper = range.value >= middle;
    if (upper) range.low = middle;
    else range.high = middle;
    letter = letter * 2 + Number(upper);
    if (bit % 5 === 4) {
      hash += alphabet[letter];
      letter = 0;
    }
  }
  return hash;
};

const meanRadius = 6_371_008.8;
const radians = (value: number): number => (value * Math.PI) / 180;

/** By the haversine formula, on a sphere with the mean radius of Earth: off by half a percent at most. */
const metres = (lat1: number, lon1: number, lat2: number, lon2: number): number => {
  const across = Math.sin(radians(lat2 - lat1) / 2) ** 2;
  const along = Math.sin(radians(lon2 - lon1) / 2) ** 2;
  const a = across + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * along;
  return 2 * meanRadius * Math.asin(Math.min(1, Math.sqrt(a)));
};

type Ring = readonly (readonly [lat: number, lon: number])[];
/** An outer ring, and holes in it. */
type Polygon = readonly Ring[];

const mostCorners = 10_000;

const readPoint = (value: Value, geoJson: boolean): readonly [number, number] => {
  if (isMap(value))
    return [
      latitude.read(ownValue(value, 'lat') ?? ownValue(value, 'latitude')),
      longitude.read(ownValue(value, 'lon') ?? ownValue(value, 'lng') ?? ownValue(value, 'longitude')),
    ];
  if (!isList(value) || value.length < 2)
    return refuse('a corner must be [latitude, longitude] or {lat, lon}', value) as never;
  const [lat, lon] = geoJson ? [value[1], value[0]] : value;
  return [latitude.read(lat), longitude.read(lon)];
};

const readRing = (value: Value, geoJson: boolean): Ring => {
  if (!isList(value) || value.length < 3)
    return refuse('a polygon must be a list of three corners or more', value) as never;
  if (value.length > mostCorners) throw new Refusal(`a polygon has at most ${mostCorners} corners`);
  return value.map(each => readPoint(each, geoJson));
};

const listOf = (value: Value): readonly Value[] =>
  isList(value) ? value : (refuse('coordinates must be a list', value) as never);

/** A list of corners, or GeoJSON (a Polygon, a MultiPolygon, a Feature of one), whose positions have the longitude first [RFC 7946, 3.1.1]. */
const readPolygons = (value: Value): readonly Polygon[] => {
  if (!isMap(value)) return [[readRing(value, false)]];
  const type = ownValue(value, 'type');
  if (type === 'Feature') {
    const geometry = ownValue(value, 'geometry');
    return isMap(geometry) && ownValue(geometry, 'type') !== 'Feature'
      ? readPolygons(geometry)
      : (refuse('a Feature must have a polygon as its geometry', geometry) as never);
  }
  const rings = (polygon: Value): Polygon => listOf(polygon).map(ring => readRing(ring, true));
  const coordinates = ownValue(value, 'coordinates');
  if (type === 'Polygon') return [rings(coordinates)];
  return type === 'MultiPolygon'
    ? listOf(coordinates).map(rings)
    : (refuse('GeoJSON must be a Polygon or a MultiPolygon', value) as never);
};

/** Nearly always a constant, so the last one is kept. */
const polygons = (name: string) => {
  let known: Value;
  let read: readonly Polygon[] = [];
  return custom(name, 'list | map', value => {
    if (value !== known || known === undefined) {
      read = readPolygons(value);
      known = value;
    }
    return read;
  });
};

/** How often a line to the east crosses the ring: an odd number from within. */
const isInRing = (lat: number, lon: number, ring: Ring): boolean => {
  let inside = false;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at++) {
    const [lat1, lon1] = ring[at]!;
    const [lat2, lon2] = ring[before]!;
    if (lat1 > lat !== lat2 > lat && lon < ((lon2 - lon1) * (lat - lat1)) / (lat2 - lat1) + lon1) inside = !inside;
  }
  return inside;
};

const isInPolygon = (lat: number, lon: number, [outer, ...holes]: Polygon): boolean =>
  outer !== undefined && isInRing(lat, lon, outer) && !holes.some(hole => isInRing(lat, lon, hole));

export const placeFunctions: readonly FunctionEntry[] = [
  define({
    name: 'geohash',
    parameters: [latitude, longitude, optional(integer('length'))],
    returns: 'text',
    description: 'The geohash of a place, of 1 to 12 letters; 9 without `length`, which is a square of 5 m.',
    examples: [['geohash(57.64911, 10.40744, 11)', 'u4pruydqqvj']],
    call: ([lat, lon, length = 9]) => geohash(lat, lon, length),
  }),
  define({
    name: 'distance',
    parameters: [latitude, longitude, degrees('latitude2', 90), degrees('longitude2', 180)],
    returns: 'float',
    description: 'Metres between two places on a sphere with the mean radius of Earth; right to half a percent.',
    examples: [['round(distance(48.1372, 11.5755, 52.5200, 13.4050) / 1000)', 504]],
    call: ([lat1, lon1, lat2, lon2]) => float(metres(lat1, lon1, lat2, lon2)),
  }),
  define({
    name: 'in_polygon',
    parameters: [latitude, longitude, polygons('polygon')],
    returns: 'boolean',
    description:
      'Whether a place is in an area: a list of corners, each `[latitude, longitude]` or `{lat, lon}`; or GeoJSON (Polygon, MultiPolygon, a Feature of one), which has the longitude first, and may have holes. Edges are straight in degrees. An area across the 180th meridian is two.',
    examples: [
      ['in_polygon(48.1, 11.5, [[48, 11], [48, 12], [49, 12], [49, 11]])', true],
      ['in_polygon(50, 11.5, [[48, 11], [48, 12], [49, 12], [49, 11]])', false],
    ],
    call: ([lat, lon, areas]) => areas.some(each => isInPolygon(lat, lon, each)),
  }),
];
