/** React over `@sightline/client`: one provider that keeps the connection, one hook that listens to it. */
export { SightlineProvider } from './provider.tsx';
export { useSightline, useStatistics } from './use_sightline.ts';
export type { Sightline, SightlineHandlers } from './use_sightline.ts';
