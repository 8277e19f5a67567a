import { useMediaQuery } from '@mantine/hooks';
import type { ReactElement } from 'react';
import { Link, NavLink, useLocation } from 'react-router';

import { useLive } from '../live/live_context.ts';
import { openCount } from '../live/live_state.ts';
import { useMay } from '../session/session.ts';
import { text } from '../text/everywhere.ts';
import styles from './navigation.module.css';
import type { Place } from './places.ts';
import { MANAGE, WATCH } from './places.ts';

export function Brand(): ReactElement {
  return (
    <Link to="/" className={styles.brand} aria-label={text.product}>
      <img src="/icon.svg" alt="" width={28} height={28} />
      <span>{text.product}</span>
    </Link>
  );
}

export function Navigation(): ReactElement {
  return (
    <div className={styles.nav}>
      <Group label={text.nav.watch} places={WATCH} />
      <Group label={text.nav.manage} places={MANAGE} />
    </div>
  );
}

function Group({ label, places }: { label: string; places: readonly Place[] }): ReactElement {
  return (
    <div className={styles.group}>
      <span className={`eyebrow ${styles.label ?? ''}`}>{label}</span>
      {places.map((place) => (
        <Item key={place.to} place={place} />
      ))}
    </div>
  );
}

function Item({ place }: { place: Place }): ReactElement | null {
  const allowed = useMay(place.right);
  const narrow = useMediaQuery('(width < 1200px)');
  const here = useIsHere(place);
  if (!allowed) return null;
  return (
    <NavLink
      to={place.to}
      className={styles.item ?? ''}
      aria-current={here ? 'page' : undefined}
      data-here={here || undefined}
      title={narrow ? place.label : undefined}
    >
      <place.icon size={19} stroke={1.7} aria-hidden />
      <span className={styles.text}>{place.label}</span>
      {place.to === '/' ? <OpenAlerts /> : null}
    </NavLink>
  );
}

/** The inbox is also where a single alert is shown. */
export function useIsHere(place: Place): boolean {
  const { pathname } = useLocation();
  if (place.to === '/') return pathname === '/' || pathname.startsWith('/alerts/');
  return pathname === place.to || pathname.startsWith(`${place.to}/`);
}

export function OpenAlerts(): ReactElement | null {
  const count = openCount(useLive().state);
  if (count === 0) return null;
  return (
    <span className={styles.count}>
      {count > 99 ? '99+' : count}
      <span className="visually-hidden"> {text.alertState.open}</span>
    </span>
  );
}
