import '../theme/form_styles.ts';

import { Button, Group, Modal, Select, Text, TextInput } from '@mantine/core';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { useCameras } from '../cameras/queries.ts';
import { localInput } from '../duty/roster_draft.ts';
import { notifyDone } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { text } from '../text/everywhere.ts';
import { quietText } from '../text/quiet.ts';
import { useNow } from '../times/clock.ts';
import { comingTime } from '../times/format.ts';
import styles from './quiet_dialog.module.css';
import { useKeepQuiet } from './queries.ts';

const HOUR_MS = 60 * 60_000;

/** Plans a time in which one camera, or all, raise no alerts. */
export default function MaintenanceDialog({ onClose }: { onClose: () => void }): ReactElement {
  const cameras = useCameras().data ?? [];
  const [camera, setCamera] = useState('');
  const [from, setFrom] = useState(() => localInput(Date.now()));
  const [until, setUntil] = useState(() => localInput(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS));
  const [reason, setReason] = useState('');
  const [shown, setShown] = useState(false);
  const keep = useKeepQuiet();
  const nowMs = useNow(1_000);
  const [fromMs, untilMs] = [new Date(from).getTime(), new Date(until).getTime()];
  const fault = untilMs > fromMs && untilMs > nowMs ? null : quietText.badSpan;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setShown(true);
    if (fault !== null) return;
    keep.mutate(
      { kind: 'maintenance', camera_id: camera === '' ? null : camera, alert_type: null, from_ms: fromMs, until_ms: untilMs, reason: reason.trim() },
      {
        onSuccess: () => {
          const what = cameras.find(({ id }) => id === camera)?.name ?? quietText.allCameras;
          notifyDone(quietText.started(what, comingTime(untilMs, Date.now())));
          onClose();
        },
      },
    );
  };
  return (
    <Modal opened onClose={onClose} title={quietText.maintenanceTitle} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} className={styles.form} noValidate>
        <Text size="sm" c="dimmed">
          {quietText.snoozeLead}
        </Text>
        <Select
          label={quietText.camera}
          allowDeselect={false}
          data={[{ value: '', label: quietText.allCameras }, ...cameras.map(({ id, name }) => ({ value: id, label: name }))]}
          value={camera}
          onChange={(value) => {
            setCamera(value ?? '');
          }}
        />
        <div className={styles.times}>
          <TextInput
            type="datetime-local"
            label={quietText.from}
            value={from}
            onChange={(event) => {
              setFrom(event.currentTarget.value);
            }}
          />
          <TextInput
            type="datetime-local"
            label={quietText.until}
            error={shown ? fault : null}
            value={until}
            onChange={(event) => {
              setUntil(event.currentTarget.value);
            }}
          />
        </div>
        <TextInput
          label={quietText.reason}
          maxLength={500}
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        {keep.error === null ? null : <Failed error={keep.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {text.actions.cancel}
          </Button>
          <Button type="submit" loading={keep.isPending}>
            {quietText.plan}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
