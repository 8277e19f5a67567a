import type { ComponentType, LazyExoticComponent, ReactElement } from 'react';
import { lazy, Suspense } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';

import type { Right } from '../api/types.ts';
import { CrashBoundary } from './crash.tsx';
import { NotFound } from './not_found.tsx';
import { RequireRight } from './require_right.tsx';
import { Shell } from './shell.tsx';

type Content = LazyExoticComponent<ComponentType>;

const SignIn = lazy(() => import('../session/sign_in_page.tsx'));
const Inbox = lazy(() => import('../alerts/inbox_page.tsx'));
const Wall = lazy(() => import('../wall/wall_page.tsx'));

/** Each page is fetched when it is first opened, and shown to those who may see it. */
const PAGES: readonly [path: string, right: Right, content: Content][] = [
  ['/', 'see_alerts', Inbox],
  ['/alerts/:alertId', 'see_alerts', Inbox],
  ['/wall', 'see_cameras', Wall],
  ['/wall/:cameraId', 'see_cameras', Wall],
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
