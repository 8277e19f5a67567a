import { notifications } from '@mantine/notifications';
import type { Alert, Recorded, Severity, Tap } from '@sightline/client';
import { useMemo } from 'react';
import { useNavigate } from 'react-router';

import { headline } from '../alerts/describe.ts';
import { AlertToast } from '../alerts/alert_toast.tsx';
import { notifyDone, TOAST } from '../feedback/notify.ts';
import { carriesAPhone } from '../guard/carries_a_phone.ts';
import { session } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { chime } from './sound.ts';

const TOAST_MS = 7_000;
const TONES: Record<Severity, string> = { critical: 'red', error: 'orange', warning: 'yellow', info: 'blue' };

const GUARD_PLACES: readonly string[] = ['/', '/guard'];

interface Announcements {
  arrived: (alert: Alert) => void;
  escalated: (alert: Alert, level: number) => void;
  recorded: (recorded: Recorded) => void;
  refused: (tap: Tap) => void;
}

/** What is worth a sound or a word beside the inbox. Each alert is announced once: the client sees to that. */
export function useAnnouncements(): Announcements {
  const navigate = useNavigate();
  return useMemo(
    () => ({
      arrived: (alert) => {
        chime(alert.severity === 'critical' || alert.severity === 'error' ? 'urgent' : 'calm');
        // Whoever has the guard's list in hand sees the card arrive: a toast would lie over the switch above it.
        if (carriesAPhone(session.get()) && GUARD_PLACES.includes(window.location.pathname)) return;
        // In a flood the newest waits for its turn, not every one before it.
        notifications.cleanQueue();
        notifications.show({
          ...TOAST,
          color: TONES[alert.severity],
          id: alert.alert_id,
          message: <AlertToast alert={alert} />,
          withBorder: false,
          autoClose: TOAST_MS,
          onClick: () => {
            notifications.hide(alert.alert_id);
            void navigate(`/alerts/${alert.alert_id}`);
          },
        });
      },
      escalated: (alert, level) => {
        chime('escalated');
        notifications.show({ ...TOAST, title: alertsText.escalated(level), message: headline(alert), color: 'red', autoClose: TOAST_MS });
      },
      recorded: ({ by, first }) => {
        if (first === false && by !== null && by !== session.get()?.user.name) notifyDone(alertsText.alreadyTaken(by));
      },
      refused: (tap) => {
        notifications.show({ ...TOAST, title: alertsText.tap.refused, message: tap.refusal ?? '', color: 'red', autoClose: TOAST_MS });
      },
    }),
    [navigate],
  );
}

/** One quiet line for everything that was missed: no sound for what is past. */
export function announceReplay(count: number): void {
  if (count > 0) notifications.show({ ...TOAST, message: alertsText.whileAway(count), color: 'yellow', autoClose: TOAST_MS });
}
