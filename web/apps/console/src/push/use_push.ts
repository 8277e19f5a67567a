import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { ApiError, request } from '../api/http.ts';
import type { PushDevice } from '../api/types.ts';
import { notifyDone, notifyFailed } from '../feedback/notify.ts';
import { pushText } from '../text/push.ts';
import { deviceName } from './device_name.ts';

/** `unsupported`: not in this browser · `denied`: the person said no · `off` · `on`: this device is woken. */
export type PushState = 'unknown' | 'unsupported' | 'denied' | 'off' | 'on';

export interface Push {
  state: PushState;
  busy: boolean;
  turnOn: () => void;
  turnOff: () => void;
}

const KEY = ['push'];
const DEVICES = '/api/push/subscriptions';

/** Whether this device is woken for alerts, and the way to have it so. */
export function usePush(): Push {
  const queries = useQueryClient();
  const { data } = useQuery({ queryKey: KEY, queryFn: presentState, staleTime: Infinity });
  const settled = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: KEY });
  };
  const on = useMutation({
    mutationFn: subscribe,
    onSuccess: () => {
      notifyDone(pushText.isOn);
    },
    onError: notifyFailed,
    onSettled: settled,
  });
  const off = useMutation({
    mutationFn: unsubscribe,
    onSuccess: () => {
      notifyDone(pushText.isOff);
    },
    onError: notifyFailed,
    onSettled: settled,
  });
  return {
    state: data ?? 'unknown',
    busy: on.isPending || off.isPending,
    turnOn: () => {
      on.mutate();
    },
    turnOff: () => {
      off.mutate();
    },
  };
}

async function presentState(): Promise<PushState> {
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  const subscription = await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription();
  if (subscription == null) return 'off';
  // Browsers renew a subscription by themselves, and servers forget one that failed: tell it as it is now.
  const devices = await request<PushDevice[]>(DEVICES);
  if (!devices.some(({ device }) => device === deviceName())) return 'off';
  await tell(subscription);
  return 'on';
}

async function subscribe(): Promise<void> {
  if ((await Notification.requestPermission()) !== 'granted') throw new Error(pushText.denied);
  const registration = await navigator.serviceWorker.ready;
  const { key } = await request<{ key: string }>('/api/push/key');
  await tell(await subscriptionOf(registration.pushManager, key));
}

async function subscriptionOf(push: PushManager, key: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await push.subscribe(options);
  } catch (error) {
    // One made for the key of an earlier installation stands in the way.
    const old = await push.getSubscription();
    if (old === null) throw new Error(pushText.failed, { cause: error });
    await old.unsubscribe();
    return await push.subscribe(options);
  }
}

function tell(subscription: PushSubscription): Promise<PushDevice> {
  const { endpoint, keys, expirationTime = null } = subscription.toJSON();
  return request<PushDevice>(DEVICES, { method: 'POST', json: { device: deviceName(), endpoint, keys, expirationTime } });
}

/** This device is woken no more, by anybody's account. */
export async function unsubscribe(): Promise<void> {
  const subscription = await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription();
  await subscription?.unsubscribe();
  try {
    await request(`${DEVICES}?device=${encodeURIComponent(deviceName())}`, { method: 'DELETE' });
  } catch (error) {
    // Ended in the browser, it is ended: the push service calls it gone, and the server forgets it then.
    if (!(error instanceof ApiError)) throw error;
  }
}
