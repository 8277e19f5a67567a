/** React over `@sightline/client`: one provider that keeps the connection, hooks that listen to it, and one for a stream. */
export { SightlineProvider } from './provider.tsx';
export { useClient, useSightline, useStatistics } from './use_sightline.ts';
export type { Sightline, SightlineHandlers } from './use_sightline.ts';
export { useStream } from './use_stream.ts';
export type { StreamView } from './use_stream.ts';
