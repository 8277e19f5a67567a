import '../theme/form_styles.ts';

import { Button, Group, Modal, Select, Switch, Text } from '@mantine/core';
import type { Severity } from '@sightline/client';
import { useMutation } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { request } from '../api/http.ts';
import type { Alert } from '../api/types.ts';
import { useCameras } from '../cameras/queries.ts';
import { notifyDone } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { testAlertText } from '../text/duty.ts';
import { text } from '../text/everywhere.ts';
import styles from './duty_page.module.css';

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error', 'critical'];

/** Sends an alert the whole way to people, and shows then who was told. */
export default function TestAlertDialog({ onClose }: { onClose: () => void }): ReactElement {
  const cameras = useCameras().data ?? [];
  const placed = cameras.find(({ latitude }) => latitude !== null);
  const [camera, setCamera] = useState<string | null | undefined>(undefined);
  const [severity, setSeverity] = useState<Severity>('warning');
  const [routed, setRouted] = useState(true);
  const navigate = useNavigate();
  const cameraId = camera === undefined ? (placed?.id ?? null) : camera;
  const send = useMutation({
    mutationFn: () =>
      request<Alert>('/api/alerts/test', { method: 'POST', json: { camera_id: cameraId, severity, to_responders: routed } }),
    onSuccess: ({ alert_id }) => {
      notifyDone(testAlertText.sent);
      onClose();
      void navigate(`/alerts/${alert_id}`);
    },
  });
  return (
    <Modal opened onClose={onClose} title={testAlertText.title} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <div className={styles.form}>
        <Text size="sm" c="dimmed">
          {testAlertText.lead}
        </Text>
        <Select
          label={testAlertText.camera}
          placeholder={testAlertText.noCamera}
          clearable
          clearButtonProps={{ 'aria-label': testAlertText.noCamera }}
          data={cameras.map(({ id, name }) => ({ value: id, label: name }))}
          value={cameraId}
          onChange={setCamera}
        />
        <Select
          label={testAlertText.severity}
          allowDeselect={false}
          data={SEVERITIES.map((value) => ({ value, label: text.severity[value] }))}
          value={severity}
          onChange={(value) => {
            if (value !== null) setSeverity(value as Severity);
          }}
        />
        <Switch
          label={testAlertText.routed}
          checked={routed}
          onChange={(event) => {
            setRouted(event.currentTarget.checked);
          }}
        />
        {send.error === null ? null : <Failed error={send.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {text.actions.cancel}
          </Button>
          <Button
            loading={send.isPending}
            onClick={() => {
              send.mutate();
            }}
          >
            {testAlertText.send}
          </Button>
        </Group>
      </div>
    </Modal>
  );
}
