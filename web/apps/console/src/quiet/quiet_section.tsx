import { ActionIcon, Button } from '@mantine/core';
import { IconBellOff, IconTool, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import type { QuietPeriod } from '../api/types.ts';
import { useCameras } from '../cameras/queries.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { Failed, LoadingRows } from '../feedback/states.tsx';
import { notifyUndo } from '../feedback/undo.tsx';
import { useMay } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { quietText } from '../text/quiet.ts';
import { useNow } from '../times/clock.ts';
import { comingTime, exactTime } from '../times/format.ts';
import styles from './quiet_section.module.css';
import { useEndQuiet, useKeepQuiet, useQuietPeriods } from './queries.ts';

const MaintenanceDialog = fetched(() => import('./maintenance_dialog.tsx'));

/** What is quiet must not be forgotten: all of it, with its end, and the way to end it now. */
export function QuietSection(): ReactElement {
  const periods = useQuietPeriods();
  const maySnooze = useMay('snooze_alerts');
  const [planning, setPlanning] = useState(false);
  return (
    <section className={styles.section} aria-labelledby="quiet-title">
      <header>
        <h2 id="quiet-title">{quietText.title}</h2>
        {maySnooze ? (
          <Button
            size="sm"
            variant="default"
            leftSection={<IconTool size={17} stroke={1.7} />}
            onClick={() => {
              setPlanning(true);
            }}
          >
            {quietText.add}
          </Button>
        ) : null}
      </header>
      {periods.error !== null && periods.data === undefined ? (
        <Failed error={periods.error} onRetry={periods.refetch} />
      ) : periods.data === undefined ? (
        <LoadingRows label={quietText.title} rows={1} height={60} />
      ) : periods.data.length === 0 ? (
        <p className={styles.none}>
          <IconBellOff size={18} stroke={1.6} aria-hidden />
          {quietText.empty}. {maySnooze ? quietText.emptyHint : null}
        </p>
      ) : (
        <ul className={styles.rows}>
          {periods.data.map((period) => (
            <Row key={period.id} period={period} mayEnd={maySnooze} />
          ))}
        </ul>
      )}
      {planning ? (
        <OptionalPart>
          <MaintenanceDialog
            onClose={() => {
              setPlanning(false);
            }}
          />
        </OptionalPart>
      ) : null}
    </section>
  );
}

function Row({ period, mayEnd }: { period: QuietPeriod; mayEnd: boolean }): ReactElement {
  const nowMs = useNow(1_000);
  const cameras = useCameras().data;
  const end = useEndQuiet();
  const again = useKeepQuiet();
  const { kind, camera_id, alert_type, from_ms, until_ms, reason, by_name } = period;
  const what = camera_id === null ? quietText.allCameras : (cameras?.find(({ id }) => id === camera_id)?.name ?? quietText.gone);
  const begun = from_ms <= nowMs;
  const Mark = kind === 'maintenance' ? IconTool : IconBellOff;
  const keepAgain = (): Promise<unknown> =>
    again.mutateAsync({ kind, camera_id, alert_type, until_ms, reason, ...(from_ms > Date.now() ? { from_ms } : {}) });
  const endNow = (): void => {
    // This row is gone by the time that the answer is here, and with it whatever `mutate` is told to call.
    end.mutateAsync(period).then(() => {
      notifyUndo(quietText.ended(what), keepAgain);
    }, notifyFailed);
  };
  return (
    <li data-testid="quiet-row" data-begun={begun || undefined}>
      <Mark size={20} stroke={1.6} aria-hidden />
      <div>
        <b>{what}</b>
        <span>
          {[
            kind === 'maintenance' ? quietText.maintenance : quietText.snooze,
            alert_type === null ? '' : (alertsText.types[alert_type] ?? alert_type),
            reason,
            by_name === null ? '' : quietText.by(by_name),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <time title={exactTime(begun ? until_ms : from_ms)}>
        {begun ? quietText.ends : quietText.begins} <b>{comingTime(begun ? until_ms : from_ms, nowMs)}</b>
      </time>
      {mayEnd ? (
        <ActionIcon variant="subtle" color="gray" size={38} aria-label={quietText.end(what)} loading={end.isPending} onClick={endNow}>
          <IconX size={19} />
        </ActionIcon>
      ) : null}
    </li>
  );
}
