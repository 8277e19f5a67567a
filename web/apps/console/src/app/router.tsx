import type { ComponentType, LazyExoticComponent, ReactElement } from 'react';
import { Suspense, useEffect } from 'react';
import { BrowserRouter, Route, Routes, useNavigate } from 'react-router';

import type { Right } from '../api/types.ts';
import { onNotificationOpened } from '../push/service_worker.ts';
import { CrashBoundary } from './crash.tsx';
import { fetched } from './fetched.ts';
import { NotFound } from './not_found.tsx';
import { RequireRight } from './require_right.tsx';
import { Shell } from './shell.tsx';
import { useSession } from '../session/session.ts';

type Content = LazyExoticComponent<ComponentType>;

const SignIn = fetched(() => import('../session/sign_in_page.tsx'));
const Inbox = fetched(() => import('../alerts/inbox_page.tsx'));
const Guard = fetched(() => import('../guard/guard_page.tsx'));
const Duty = fetched(() => import('../duty/duty_page.tsx'));
const Channels = fetched(() => import('../channels/channels_page.tsx'));
const Connections = fetched(() => import('../connections/connections_page.tsx'));
const History = fetched(() => import('../alerts/history_page.tsx'));
const Wall = fetched(() => import('../wall/wall_page.tsx'));
const People = fetched(() => import('../people/people_page.tsx'));
const Person = fetched(() => import('../people/person_page.tsx'));
const Identify = fetched(() => import('../people/identify_page.tsx'));
const WatchLists = fetched(() => import('../watch_lists/watch_lists_page.tsx'));
const Cameras = fetched(() => import('../cameras/cameras_page.tsx'));
const ThisDevice = fetched(() => import('../this_device/this_device_page.tsx'));
const Users = fetched(() => import('../users/users_page.tsx'));
const Zones = fetched(() => import('../zones/zones_page.tsx'));
const Footage = fetched(() => import('../footage/footage_page.tsx'));
const Search = fetched(() => import('../search/search_page.tsx'));
const Strangers = fetched(() => import('../strangers/strangers_page.tsx'));
const Stranger = fetched(() => import('../strangers/stranger_page.tsx'));
const Analyse = fetched(() => import('../analyse/analyse_page.tsx'));
const Plots = fetched(() => import('../history_plots/plots_page.tsx'));
const Workstations = fetched(() => import('../workstations/workstations_page.tsx'));
const Actions = fetched(() => import('../workstations/actions_page.tsx'));
const System = fetched(() => import('../system/system_page.tsx'));

/** Each page is fetched when it is first opened, and shown to those who may see it. */
const PAGES: readonly [path: string, right: Right, content: Content | 'home'][] = [
  ['/', 'see_alerts', 'home'],
  ['/guard', 'handle_alerts', Guard],
  ['/alerts/:alertId', 'see_alerts', Inbox],
  ['/history', 'see_alerts', History],
  ['/wall', 'see_cameras', Wall],
  ['/wall/:cameraId', 'see_cameras', Wall],
  ['/people', 'see_people', People],
  ['/people/:personId', 'see_people', Person],
  ['/identify', 'identify', Identify],
  ['/watch-lists', 'see_people', WatchLists],
  ['/cameras', 'see_cameras', Cameras],
  ['/this-device', 'manage_cameras', ThisDevice],
  ['/duty', 'handle_alerts', Duty],
  ['/channels', 'manage_channels', Channels],
  ['/users', 'manage_users', Users],
  ['/connections', 'manage_users', Connections],
  ['/workstations', 'manage_users', Workstations],
  ['/workstations/actions', 'manage_users', Actions],
  ['/system', 'see_system', System],
  ['/cameras/:cameraId/zones', 'see_cameras', Zones],
  ['/cameras/:cameraId/footage', 'see_cameras', Footage],
  ['/search', 'identify', Search],
  ['/figures', 'see_cameras', Plots],
  ['/analyse', 'identify', Analyse],
  ['/strangers', 'see_people', Strangers],
  ['/strangers/:strangerId', 'see_people', Stranger],
];

export function Router(): ReactElement {
  return (
    <BrowserRouter>
      <Notified />
      <Routes>
        <Route path="/sign-in" element={<Page content={SignIn} />} />
        <Route element={<Shell />}>
          {PAGES.map(([path, right, content]) => (
            <Route
              key={path}
              path={path}
              element={
                <RequireRight right={right}>
                  <Page content={content} />
                </RequireRight>
              }
            />
          ))}
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </BrowserRouter>
  );
}

/** Goes where a notification leads that was tapped while the console was open. */
function Notified(): null {
  const navigate = useNavigate();
  useEffect(() => onNotificationOpened((path) => void navigate(path)), [navigate]);
  return null;
}

/** `home`: for those who are sent to places the page that is made for a thumb, for the others the inbox. */
function Page({ content }: { content: Content | 'home' }): ReactElement {
  const onFoot = useSession()?.user.role === 'responder';
  const Content = content === 'home' ? (onFoot ? Guard : Inbox) : content;
  return (
    <CrashBoundary>
      <Suspense>
        <Content />
      </Suspense>
    </CrashBoundary>
  );
}
