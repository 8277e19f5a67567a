import { Button } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';

import { text } from '../text/everywhere.ts';
import styles from './guard_page.module.css';

interface AskProps {
  icon: ReactNode;
  title: string;
  body: string;
  action?: string;
  busy?: boolean;
  onAccept?: () => void;
  onDismiss: () => void;
}

/** A question that may be put off, asked on the page before the browser asks its own, which cannot. */
export function Ask({ icon, title, body, action, busy = false, onAccept, onDismiss }: AskProps): ReactElement {
  return (
    <section className={styles.ask} aria-label={title}>
      <span aria-hidden>{icon}</span>
      <div>
        <b>{title}</b>
        <p>{body}</p>
        <div className={styles.askButtons}>
          {action === undefined ? null : (
            <Button size="sm" loading={busy} onClick={onAccept}>
              {action}
            </Button>
          )}
          <Button size="sm" variant="subtle" color="gray" onClick={onDismiss}>
            {text.actions.notNow}
          </Button>
        </div>
      </div>
    </section>
  );
}
