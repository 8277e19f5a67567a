import { Switch } from '@mantine/core';
import { IconMapPinOff, IconMapPinShare } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { Failed } from '../feedback/states.tsx';
import { guardText } from '../text/guard.ts';
import styles from './duty_bar.module.css';
import { useOwnDuty } from './own_duty.ts';
import type { PositionState } from './position_store.ts';
import { useDevicePosition } from './position_store.ts';

const SHARING: Record<PositionState, string> = {
  off: guardText.sharingOff,
  prompt: guardText.denied,
  searching: guardText.searching,
  found: guardText.sharing,
  denied: guardText.denied,
  unavailable: guardText.unavailable,
};

/** Whether one is on duty, what says so, and whether the position is shared just now. */
export function DutyBar(): ReactElement {
  const { duty, error, waiting, switchTo, retry } = useOwnDuty();
  const { state } = useDevicePosition();
  if (error !== null && waiting === null) return <Failed error={error} onRetry={retry} />;
  const on = waiting ?? duty?.on_duty ?? false;
  const known = duty !== undefined || waiting !== null;
  return (
    <section className={styles.bar} data-on={on || undefined} aria-label={guardText.switch}>
      <Switch
        size="xl"
        aria-label={guardText.switch}
        classNames={{ body: styles.body ?? '', labelWrapper: styles.words ?? '', description: styles.reason ?? '' }}
        checked={on}
        disabled={!known}
        labelPosition="left"
        label={<span className={styles.state}>{on ? guardText.onDuty : guardText.offDuty}</span>}
        description={
          !known ? guardText.dutyUnknown : waiting !== null ? guardText.dutySending : duty === undefined ? '' : guardText.duty[duty.reason]
        }
        onChange={(event) => {
          switchTo(event.currentTarget.checked);
        }}
      />
      {known && (state !== 'prompt' || !on) ? (
        <p className={styles.sharing} data-testid="sharing" data-shared={state === 'found' || undefined}>
          {state === 'found' || state === 'searching' ? (
            <IconMapPinShare size={17} stroke={1.8} aria-hidden />
          ) : (
            <IconMapPinOff size={17} stroke={1.8} aria-hidden />
          )}
          {SHARING[on ? state : 'off']}
        </p>
      ) : null}
    </section>
  );
}
