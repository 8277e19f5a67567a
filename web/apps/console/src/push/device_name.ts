const KEY = 'sightline.push.device';

/** A name for this browser that a person knows again, and that no other of their browsers has. */
export function deviceName(): string {
  const known = window.localStorage.getItem(KEY);
  if (known !== null) return known;
  const [number] = crypto.getRandomValues(new Uint16Array(1));
  const made = `${describe(navigator.userAgent)} ${(number ?? 0).toString(36).padStart(3, '0')}`;
  window.localStorage.setItem(KEY, made);
  return made;
}

const BROWSERS: readonly [RegExp, string][] = [
  [/Edg/, 'Edge'],
  [/Firefox|FxiOS/, 'Firefox'],
  [/Chrome|CriOS/, 'Chrome'],
  [/Safari/, 'Safari'],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iPhone'],
  [/Windows/, 'Windows'],
  [/Mac OS/, 'Mac'],
  [/Linux/, 'Linux'],
];

/** `Chrome on Android`: for people; nothing depends on it. */
export function describe(userAgent: string): string {
  const name = (known: readonly [RegExp, string][]): string | undefined => known.find(([pattern]) => pattern.test(userAgent))?.[1];
  return [name(BROWSERS) ?? 'Browser', name(SYSTEMS)].filter(Boolean).join(' on ');
}
