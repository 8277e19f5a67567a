import { Button, Skeleton } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';

import { text } from '../text/everywhere.ts';
import styles from './states.module.css';

interface EmptyProps {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** `h1` where this is all that the page shows. */
  heading?: 'h1' | 'h2';
}

/** A list with nothing in it, and what to do about that. */
export function Empty({ icon, title, children, action, heading: Heading = 'h2' }: EmptyProps): ReactElement {
  return (
    <div className={styles.empty}>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      <Heading>{title}</Heading>
      {children === undefined ? null : <p>{children}</p>}
      {action}
    </div>
  );
}

/** A list that could not be read, in the server's words. */
export function Failed({ error, onRetry }: { error: Error; onRetry?: () => unknown }): ReactElement {
  return (
    <div className={styles.failed} role="alert">
      <div>
        <strong>{text.errors.loadFailed}</strong>
        <p>{error.message}</p>
      </div>
      {onRetry === undefined ? null : (
        <Button variant="default" size="xs" onClick={() => void onRetry()}>
          {text.actions.retry}
        </Button>
      )}
    </div>
  );
}

/** Rows that are on their way. */
export function LoadingRows({ label, rows = 4, height = 64 }: { label: string; rows?: number; height?: number }): ReactElement {
  return (
    <div className={styles.rows} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="md" />
      ))}
    </div>
  );
}
