import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconDeviceMobile, IconKey } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { request } from '../api/http.ts';
import type { Camera } from '../api/types.ts';
import { SecretDialog } from '../feedback/secret_dialog.tsx';
import { Failed } from '../feedback/states.tsx';
import { text } from '../text/everywhere.ts';
import { publishingText } from '../text/publishing.ts';
import styles from './cameras_page.module.css';

interface Issued {
  token: string;
}

/** How pictures come to a camera that nobody reads: by this device, or by a program with a token of the camera's own. */
export default function PublishDialog({ camera, onClose }: { camera: Camera; onClose: () => void }): ReactElement {
  const path = `/whip/${encodeURIComponent(camera.id)}`;
  const issue = useMutation({
    mutationFn: () => request<Issued>(`/api/cameras/${encodeURIComponent(camera.id)}/token`, { method: 'POST' }),
  });
  if (issue.data !== undefined) {
    return <SecretDialog title={publishingText.tokenTitle} lead={publishingText.tokenLead} secret={issue.data.token} onClose={onClose} />;
  }
  return (
    <Modal opened onClose={onClose} title={publishingText.title(camera.name)} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <div className={styles.form}>
        <p className={styles.way}>{publishingText.lead}</p>
        <section className={styles.way}>
          <b>{publishingText.here}</b>
          <span>{publishingText.hereHint}</span>
          <Button component={Link} to="/this-device" variant="default" leftSection={<IconDeviceMobile size={18} />}>
            {text.nav.thisDevice}
          </Button>
        </section>
        <section className={styles.way}>
          <b>{publishingText.program}</b>
          <span>{publishingText.programHint}</span>
          <TextInput label={publishingText.address} readOnly value={new URL(path, window.location.href).href} />
          <Button
            variant="default"
            leftSection={<IconKey size={18} />}
            loading={issue.isPending}
            onClick={() => {
              issue.mutate();
            }}
          >
            {publishingText.makeToken}
          </Button>
        </section>
        {issue.error === null ? null : <Failed error={issue.error} />}
      </div>
    </Modal>
  );
}
