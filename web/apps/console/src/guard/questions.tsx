import { IconBellRinging, IconDeviceMobile, IconMapPinShare } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { guardText } from '../text/guard.ts';
import { pushText } from '../text/push.ts';
import { canInstall, isIPhone, isInstalled, promptInstall, useInstallable } from '../push/install.ts';
import { usePush } from '../push/use_push.ts';
import { Ask } from './ask.tsx';
import { useDismissed } from '../feedback/dismissed.ts';
import { useOwnDutyState } from './own_duty.ts';
import { devicePosition, useDevicePosition } from './position_store.ts';

/** What this device could be asked for, one question at a time, the most useful first. */
export function Questions(): ReactElement | null {
  const onDuty = useOwnDutyState().data?.on_duty === true;
  const { state } = useDevicePosition();
  const push = usePush();
  useInstallable();
  const [noPosition, dismissPosition] = useDismissed('position');
  const [noPush, dismissPush] = useDismissed('push');
  const [noInstall, dismissInstall] = useDismissed('install');
  if (onDuty && state === 'prompt' && !noPosition) {
    return (
      <Ask
        icon={<IconMapPinShare size={24} stroke={1.6} />}
        title={guardText.shareTitle}
        body={guardText.share}
        action={guardText.shareAction}
        onAccept={() => {
          devicePosition.ask();
        }}
        onDismiss={dismissPosition}
      />
    );
  }
  if (push.state === 'off' && !noPush) {
    return (
      <Ask
        icon={<IconBellRinging size={24} stroke={1.6} />}
        title={guardText.pushTitle}
        body={guardText.push}
        action={guardText.pushAction}
        busy={push.busy}
        onAccept={push.turnOn}
        onDismiss={dismissPush}
      />
    );
  }
  if (!noInstall && !isInstalled() && (canInstall() || isIPhone())) {
    const asks = canInstall() ? { action: pushText.install, onAccept: () => void promptInstall() } : {};
    return (
      <Ask
        icon={<IconDeviceMobile size={24} stroke={1.6} />}
        title={guardText.installTitle}
        body={canInstall() ? guardText.install : guardText.installHint}
        {...asks}
        onDismiss={dismissInstall}
      />
    );
  }
  return null;
}
