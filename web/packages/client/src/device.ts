/** The two browser storages, or anything that behaves like them. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const INSTALLATION_KEY = 'sightline.installation';
const TAB_KEY = 'sightline.tab';

/**
 * A stable id for this user in this tab of this browser: user + installation + tab.
 *
 * Two tabs must not share one id, or the server would close the older as superseded; a reloaded tab keeps its own, so
 * that its place in the alert log applies. `local` outlives the tab, `session` does not.
 */
export function browserDevice(userId: string, local: KeyValueStorage, session: KeyValueStorage): string {
  return `${userId}.${stableId(local, INSTALLATION_KEY)}.${stableId(session, TAB_KEY)}`;
}

function stableId(storage: KeyValueStorage, key: string): string {
  const known = storage.getItem(key);
  if (known !== null) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  const made = Array.from(bytes, (byte) => byte.toString(36).padStart(2, '0')).join('');
  storage.setItem(key, made);
  return made;
}
