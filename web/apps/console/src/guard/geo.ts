/** Where things are: WGS 84 degrees. */
export interface Place {
  latitude: number;
  longitude: number;
}

/** The Earth's mean radius (IUGG). A sphere is within 0.6 % of the ellipsoid, which no one on foot notices. */
const EARTH_M = 6_371_008.8;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Metres along the great circle. */
export function distanceM(from: Place, to: Place): number {
  const [a, b] = [radians(from.latitude), radians(to.latitude)];
  const turn = radians(to.longitude - from.longitude);
  const half = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(turn / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(Math.sqrt(half), 1));
}

/** The direction in which one sets out, in degrees clockwise from north, in [0, 360). */
export function bearingDeg(from: Place, to: Place): number {
  const [a, b] = [radians(from.latitude), radians(to.latitude)];
  const turn = radians(to.longitude - from.longitude);
  const east = Math.sin(turn) * Math.cos(b);
  const north = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(turn);
  return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
}

/** Which of the eight directions, 0 for north, clockwise. */
export function octant(degrees: number): number {
  return Math.round(degrees / 45) % 8;
}

/** As one says it: `85 m`, `340 m`, `1.2 km`, `14 km`. */
export function distanceWords(metres: number): string {
  if (metres < 100) return `${String(Math.round(metres / 5) * 5)} m`;
  if (metres < 995) return `${String(Math.round(metres / 10) * 10)} m`;
  return metres < 9_950 ? `${(metres / 1_000).toFixed(1)} km` : `${String(Math.round(metres / 1_000))} km`;
}
