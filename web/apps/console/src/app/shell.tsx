import type { ReactElement } from 'react';

import { Navigate, Outlet, useLocation } from 'react-router';

import { LiveProvider } from '../live/live_provider.tsx';
import { carriesAPhone } from '../guard/carries_a_phone.ts';
import { useSession } from '../session/session.ts';
import { useRefresh } from '../session/use_refresh.ts';
import { text } from '../text/everywhere.ts';
import { Attention } from './attention.tsx';
import { ConnectionBadge } from './connection_badge.tsx';
import { ConnectionBanner } from './connection_banner.tsx';
import { OptionalPart } from './crash.tsx';
import { fetched } from './fetched.ts';
import { Brand, Navigation } from './navigation.tsx';
import styles from './shell.module.css';
import { SoundSwitch } from './sound_switch.tsx';
import { TabBar } from './tab_bar.tsx';

const FieldKeeper = fetched(() => import('../guard/field_keeper.tsx'));
const AccountMenu = fetched(() => import('./account_menu.tsx'));

/** The frame around every page: where one is, whether it is live, who one is. */
export function Shell(): ReactElement {
  const signedIn = useSession();
  const location = useLocation();
  useRefresh();
  if (signedIn === null) {
    const next = `${location.pathname}${location.search}`;
    return <Navigate to={next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`} replace />;
  }
  return (
    <LiveProvider key={signedIn.user.id}>
      <Attention />
      {carriesAPhone(signedIn) ? (
        <OptionalPart>
          <FieldKeeper />
        </OptionalPart>
      ) : null}
      <a href="#content" className={styles.skip}>
        {text.nav.skip}
      </a>
      <div className={styles.shell}>
        <nav aria-label={text.nav.label} className={styles.rail}>
          <Brand />
          <Navigation />
        </nav>
        <header className={styles.header}>
          <span className={styles.phoneBrand}>
            <Brand />
          </span>
          <div className={styles.tools}>
            <ConnectionBadge />
            <SoundSwitch />
            <OptionalPart>
              <AccountMenu />
            </OptionalPart>
          </div>
        </header>
        <main id="content" className={styles.content} tabIndex={0}>
          <ConnectionBanner />
          <Outlet />
        </main>
        <TabBar />
      </div>
    </LiveProvider>
  );
}
