import type { ComponentType, LazyExoticComponent, ReactElement } from 'react';
import { Suspense } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';

import type { Right } from '../api/types.ts';
import { CrashBoundary } from './crash.tsx';
import { fetched } from './fetched.ts';
import { NotFound } from './not_found.tsx';
import { RequireRight } from './require_right.tsx';
import { Shell } from './shell.tsx';

type Content = LazyExoticComponent<ComponentType>;

const SignIn = fetched(() => import('../session/sign_in_page.tsx'));
const Inbox = fetched(() => import('../alerts/inbox_page.tsx'));
const History = fetched(() => import('../alerts/history_page.tsx'));
const Wall = fetched(() => import('../wall/wall_page.tsx'));
const People = fetched(() => import('../people/people_page.tsx'));
const Person = fetched(() => import('../people/person_page.tsx'));
const Identify = fetched(() => import('../people/identify_page.tsx'));
const WatchLists = fetched(() => import('../watch_lists/watch_lists_page.tsx'));
const Cameras = fetched(() => import('../cameras/cameras_page.tsx'));
const Users = fetched(() => import('../users/users_page.tsx'));
const System = fetched(() => import('../system/system_page.tsx'));

/** Each page is fetched when it is first opened, and shown to those who may see it. */
const PAGES: readonly [path: string, right: Right, content: Content][] = [
  ['/', 'see_alerts', Inbox],
  ['/alerts/:alertId', 'see_alerts', Inbox],
  ['/history', 'see_alerts', History],
  ['/wall', 'see_cameras', Wall],
  ['/wall/:cameraId', 'see_cameras', Wall],
  ['/people', 'see_people', People],
  ['/people/:personId', 'see_people', Person],
  ['/identify', 'identify', Identify],
  ['/watch-lists', 'see_people', WatchLists],
  ['/cameras', 'see_cameras', Cameras],
  ['/users', 'manage_users', Users],
  ['/system', 'see_system', System],
];

export function Router(): ReactElement {
  return (
    <BrowserRouter>
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

function Page({ content: Content }: { content: Content }): ReactElement {
  return (
    <CrashBoundary>
      <Suspense>
        <Content />
      </Suspense>
    </CrashBoundary>
  );
}
