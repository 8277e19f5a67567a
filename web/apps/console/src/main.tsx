import '@fontsource-variable/geist/wght.css';
import './theme/mantine_styles.ts';
import './theme/tokens.css';
import './theme/base.css';

import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { ApiError } from './api/http.ts';
import { OptionalPart } from './app/crash.tsx';
import { fetched } from './app/fetched.ts';
import { Router } from './app/router.tsx';
import { registerServiceWorker } from './push/service_worker.ts';
import { theme, variables } from './theme/theme.ts';

const Toasts = fetched(() => import('./feedback/toasts.tsx'));

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the server understood and refused will be refused again.
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

registerServiceWorker();

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <OptionalPart>
          <Toasts />
        </OptionalPart>
        <Router />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
