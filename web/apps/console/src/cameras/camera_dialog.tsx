import { Button, Group, Modal, NumberInput, Switch, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Camera, CameraDraft } from '../api/types.ts';
import { Failed } from '../feedback/states.tsx';
import { camerasText } from '../text/cameras.ts';
import { text } from '../text/everywhere.ts';
import { changesOf, draftOf, faultsOf, NO_CAMERA } from './camera_draft.ts';
import { ConnectionTest } from './connection_test.tsx';
import styles from './cameras_page.module.css';
import { PictureFields } from './picture_fields.tsx';
import { PositionFields } from './position_fields.tsx';
import { SourceField } from './source_field.tsx';

/** Adds a camera, or changes one. The connection can be tried before anything is saved. */
export function CameraDialog({ camera, onClose }: { camera?: Camera; onClose: () => void }): ReactElement {
  const [draft, setDraft] = useState<CameraDraft>(camera === undefined ? NO_CAMERA : draftOf(camera));
  const [shown, setShown] = useState(false);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      camera === undefined
        ? request('/api/cameras', { method: 'POST', json: draft })
        : request(`/api/cameras/${encodeURIComponent(camera.id)}`, { method: 'PATCH', json: changesOf(camera, draft) }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['cameras'] });
      onClose();
    },
  });
  const faults = shown ? faultsOf(draft) : {};
  const set = (change: Partial<CameraDraft>): void => {
    setDraft({ ...draft, ...change });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setShown(true);
    if (Object.keys(faultsOf(draft)).length === 0) save.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={camera === undefined ? camerasText.add : camerasText.editTitle(camera.name)}
      closeButtonProps={{ 'aria-label': text.actions.close }}
    >
      <form onSubmit={submit} noValidate className={styles.form}>
        <TextInput
          label={camerasText.name}
          placeholder={camerasText.namePlaceholder}
          data-autofocus
          error={faults.name}
          value={draft.name}
          onChange={(event) => {
            set({ name: event.currentTarget.value });
          }}
        />
        <SourceField
          value={draft.source}
          keepsCredentials={camera?.has_credentials ?? false}
          error={faults.source}
          onChange={(source) => {
            set({ source });
          }}
        />
        <ConnectionTest key={draft.source} draft={draft} source={draft.source} camera={camera} />
        <TextInput
          label={camerasText.substream}
          description={camerasText.substreamHint}
          autoComplete="off"
          spellCheck={false}
          value={draft.substream}
          onChange={(event) => {
            set({ substream: event.currentTarget.value });
          }}
        />
        {draft.substream.trim() === '' ? null : (
          <ConnectionTest key={draft.substream} draft={draft} source={draft.substream} camera={undefined} />
        )}
        <PositionFields latitude={draft.latitude} longitude={draft.longitude} error={faults.latitude} onChange={set} />
        <NumberInput
          label={camerasText.rate}
          w={210}
          min={0.1}
          max={30}
          step={1}
          value={draft.analysis_fps}
          onChange={(value) => {
            if (typeof value === 'number') set({ analysis_fps: value });
          }}
        />
        <PictureFields rotation={draft.rotation} blurFaces={draft.blur_faces} onChange={set} />
        <Switch
          label={camerasText.alertUnknown}
          checked={draft.alert_unknown}
          onChange={(event) => {
            set({ alert_unknown: event.currentTarget.checked });
          }}
        />
        <Switch
          label={camerasText.enabled}
          checked={draft.enabled}
          onChange={(event) => {
            set({ enabled: event.currentTarget.checked });
          }}
        />
        {save.error === null ? null : <Failed error={save.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {text.actions.cancel}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {text.actions.save}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
