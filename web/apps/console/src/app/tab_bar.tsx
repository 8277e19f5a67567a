import type { ReactElement } from 'react';

import { NavLink } from 'react-router';

import { may } from '../session/session_store.ts';
import { useMay, useSession } from '../session/session.ts';
import { text } from '../text/everywhere.ts';
import { OptionalPart } from './crash.tsx';
import { fetched } from './fetched.ts';
import { OpenAlerts, useIsHere } from './navigation.tsx';
import type { Place } from './places.ts';
import { MANAGE, WATCH } from './places.ts';
import styles from './tab_bar.module.css';

const MoreMenu = fetched(() => import('./more_menu.tsx'));

const ALL = [...WATCH, ...MANAGE];

/** The way around on a phone, in reach of a thumb. */
export function TabBar(): ReactElement {
  const session = useSession();
  const others = ALL.filter((place) => !place.primary && may(session, place.right));
  return (
    <nav className={styles.bar} aria-label={text.nav.label}>
      {ALL.filter((place) => place.primary).map((place) => (
        <Tab key={place.to} place={place} />
      ))}
      {others.length === 0 ? null : others.length === 1 ? (
        others.map((place) => <Tab key={place.to} place={place} />)
      ) : (
        <OptionalPart>
          <MoreMenu places={others} />
        </OptionalPart>
      )}
    </nav>
  );
}

function Tab({ place }: { place: Place }): ReactElement | null {
  const allowed = useMay(place.right);
  const here = useIsHere(place);
  if (!allowed) return null;
  return (
    <NavLink to={place.to} className={styles.tab ?? ''} aria-current={here ? 'page' : undefined} data-here={here || undefined}>
      <place.icon size={22} stroke={1.7} aria-hidden />
      {place.label}
      {place.to === '/' ? <OpenAlerts /> : null}
    </NavLink>
  );
}
