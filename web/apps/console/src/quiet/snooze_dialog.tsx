import '../theme/form_styles.ts';
import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/SegmentedControl.css';

import { Button, Group, Modal, SegmentedControl, Select, Text, TextInput } from '@mantine/core';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { notifyDone } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';
import { quietText } from '../text/quiet.ts';
import { comingTime } from '../times/format.ts';
import styles from './quiet_dialog.module.css';
import { useKeepQuiet } from './queries.ts';

interface SnoozeDialogProps {
  camera: { id: string; name: string };
  /** The type of the alert from which this was opened. */
  alertType?: string;
  onClose: () => void;
}

const MINUTE_MS = 60_000;

/** Keeps one camera quiet for a while: all of its alerts, or those of one type. */
export default function SnoozeDialog({ camera, alertType, onClose }: SnoozeDialogProps): ReactElement {
  const [minutes, setMinutes] = useState<string>('60');
  const [type, setType] = useState<string | null>(alertType ?? null);
  const [reason, setReason] = useState('');
  const keep = useKeepQuiet();
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const untilMs = Date.now() + Number(minutes) * MINUTE_MS;
    keep.mutate(
      { kind: 'snooze', camera_id: camera.id, alert_type: type, until_ms: untilMs, reason: reason.trim() },
      {
        onSuccess: () => {
          notifyDone(quietText.started(camera.name, comingTime(untilMs, Date.now())));
          onClose();
        },
      },
    );
  };
  return (
    <Modal opened onClose={onClose} title={quietText.snoozeTitle(camera.name)} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} className={styles.form}>
        <Text size="sm" c="dimmed">
          {quietText.snoozeLead}
        </Text>
        <SegmentedControl
          fullWidth
          aria-label={quietText.span}
          data={quietText.spans.map(([value, label]) => ({ value, label }))}
          value={minutes}
          onChange={setMinutes}
        />
        <Select
          label={quietText.which}
          allowDeselect={false}
          data={choices(alertType)}
          value={type ?? ''}
          onChange={(value) => {
            setType(value === '' ? null : value);
          }}
        />
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
            {quietText.start}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

const TYPES = ['watchlist_match', 'unknown_person', 'camera_offline'];

function choices(alertType: string | undefined): { value: string; label: string }[] {
  const types = alertType === undefined ? TYPES : [alertType, ...TYPES.filter((type) => type !== alertType)];
  return [
    { value: '', label: quietText.allTypes },
    ...types.map((type) => ({ value: type, label: quietText.onlyType(alertsText.types[type] ?? type) })),
  ];
}
