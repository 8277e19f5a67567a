import { notifications } from '@mantine/notifications';
import type { Alert, Recorded, Tap } from '@sightline/client';
import { useMemo } from 'react';
import { useNavigate } from 'react-router';

import { headline } from '../alerts/describe.ts';
import { AlertToast } from '../alerts/alert_toast.tsx';
import { notifyDone } from '../feedback/notify.ts';
import { session } from '../session/session.ts';
import { text } from '../text.ts';
import { chime } from './sound.ts';

const TOAST_MS = 7_000;

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
        notifications.show({
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
        notifications.show({ title: text.alerts.escalated(level), message: headline(alert), color: 'red', autoClose: TOAST_MS });
      },
      recorded: ({ by, first }) => {
        if (first === false && by !== null && by !== session.get()?.user.name) notifyDone(text.alerts.alreadyTaken(by));
      },
      refused: (tap) => {
        notifications.show({ title: text.alerts.tap.refused, message: tap.refusal ?? '', color: 'red', autoClose: TOAST_MS });
      },
    }),
    [navigate],
  );
}

/** One quiet line for everything that was missed: no sound for what is past. */
export function announceReplay(count: number): void {
  if (count > 0) notifications.show({ message: text.alerts.whileAway(count), color: 'yellow', autoClose: TOAST_MS });
}
