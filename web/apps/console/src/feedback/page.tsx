import type { ReactElement, ReactNode } from 'react';

import styles from './page.module.css';

interface PageProps {
  title: string;
  /** A short fact beside the title, such as a count. */
  aside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of an ordinary page: title, what can be done, content of a readable width. */
export function Page({ title, aside, actions, children }: PageProps): ReactElement {
  return (
    <div className={styles.page}>
      <title>{`${title} · Sightline`}</title>
      <header className={styles.head}>
        <h1>{title}</h1>
        {aside === undefined ? null : <span className={styles.aside}>{aside}</span>}
        {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
