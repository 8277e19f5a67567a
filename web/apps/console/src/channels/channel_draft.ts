import type { Severity } from '@sightline/client';

import type { Channel, ChannelEvent, ChannelKind } from '../api/types.ts';
import { channelsText } from '../text/channels.ts';

export interface ChannelDraft {
  kind: ChannelKind;
  name: string;
  /** Empty for one that exists: the address stays. */
  address: string;
  events: ChannelEvent[];
  min_severity: Severity;
}

export type ChannelFaults = Partial<Record<'name' | 'address' | 'events', string>>;

export const NEW_CHANNEL: ChannelDraft = {
  kind: 'webhook',
  name: '',
  address: '',
  events: ['alert_triggered', 'alert_unanswered'],
  min_severity: 'warning',
};

export function draftOf({ kind, name, events, min_severity }: Channel): ChannelDraft {
  return { kind, name, address: '', events, min_severity };
}

export function faultsOf(draft: ChannelDraft, isNew: boolean): ChannelFaults {
  return {
    ...(draft.name.trim() === '' ? { name: channelsText.nameMissing } : {}),
    ...(isNew && draft.address.trim() === '' ? { address: channelsText.addressMissing } : {}),
    ...(draft.events.length === 0 ? { events: channelsText.eventsMissing } : {}),
  };
}

/** What to send to change a channel. Another address of a webhook comes with a secret of its own: `secret`. */
export function changeOf(draft: ChannelDraft, secret: () => string): Record<string, unknown> {
  const { kind, name, events, min_severity } = draft;
  const address = draft.address.trim();
  return {
    name: name.trim(),
    events,
    min_severity,
    ...(address === '' ? {} : { address, ...(kind === 'webhook' ? { secret: secret() } : {}) }),
  };
}

const SECRET_BYTES = 32;

/** A secret as the server makes them. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const base64 = btoa(String.fromCharCode(...bytes));
  return `whsec_${base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}
