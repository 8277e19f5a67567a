/** The words of every page, fetched first. Those of one area lie in a file of their own and travel with its pages. */
import type { AlertState, Crowd, Severity, StopReason, Verdict } from '@sightline/client';

import type { CameraState, Role } from '../api/types.ts';
import type { RuleLabel } from '../api/view_types.ts';

export const text = {
  product: 'Sightline',

  actions: {
    add: 'Add',
    back: 'Back',
    cancel: 'Cancel',
    close: 'Close',
    delete: 'Delete',
    discard: 'Discard',
    edit: 'Edit',
    end: 'End',
    notNow: 'Not now',
    remove: 'Remove',
    retry: 'Try again',
    save: 'Save',
    saved: 'Saved',
    undo: 'Undo',
    reset: 'Back to the settings',
  },

  nav: {
    label: 'Main',
    skip: 'Skip to content',
    alerts: 'Alerts',
    history: 'History',
    wall: 'Wall',
    people: 'People',
    identify: 'Who is this?',
    watchLists: 'Watch lists',
    cameras: 'Cameras',
    users: 'Users',
    system: 'System',
    duty: 'Duty',
    channels: 'Channels',
    connections: 'Connections',
    search: 'Search',
    strangers: 'Strangers',
    plots: 'Figures',
    analyse: 'Analyse',
    more: 'More',
    watch: 'Watch',
    manage: 'Manage',
    guard: 'My alerts',
    workstations: 'Workstations',
    thisDevice: 'Use this device',
  },

  connection: {
    live: 'Live',
    liveHint: (ms: number | null) => (ms === null ? 'Connected to the server.' : `Connected to the server, ${String(ms)} ms away.`),
    connecting: 'Connecting…',
    signingIn: 'Signing in…',
    retryIn: (seconds: number) => `Reconnecting in ${String(seconds)} s`,
    offlineSince: (time: string) => `Offline since ${time}`,
    retryNow: 'Try now',
    banner: (reason: string) => `Not connected: ${reason}. What you see may be out of date; what you tap is kept and sent later.`,
    stopped: {
      bad_token: 'Your sign-in is no longer valid.',
      protocol_violation: 'The server refused this console: it may be an older version. Reload the page.',
      superseded: 'This tab was opened again elsewhere, which took over the connection.',
      revoked: 'Your access was revoked. Ask an administrator.',
      refused: 'The server refused the connection.',
      gave_up: 'No connection after many tries.',
    } satisfies Record<StopReason, string>,
    stoppedShort: 'Disconnected',
    takeOver: 'Connect here',
  },

  errors: {
    unreachable: 'The server cannot be reached.',
    status: (status: number) => `The server answered with an error (${String(status)}).`,
    crashedTitle: 'This page broke',
    crashed: 'Something in the console went wrong. Nothing you did is lost; alerts go on arriving at the server.',
    reload: 'Reload the page',
    notFoundTitle: 'Nothing here',
    notFound: 'This address leads to no page of the console.',
    home: 'Go to the alerts',
    forbiddenTitle: 'Not for your role',
    forbidden: 'Your role does not include this page. An administrator can change that.',
    loadFailed: 'This could not be loaded',
  },

  severity: { info: 'Info', warning: 'Warning', error: 'Serious', critical: 'Critical' } satisfies Record<Severity, string>,

  alertState: {
    open: 'Open',
    acknowledged: 'Taken',
    closed: 'Closed',
    expired: 'Expired',
  } satisfies Record<AlertState, string>,

  verdict: { confirmed: 'Confirmed', rejected: 'Rejected' } satisfies Record<Verdict, string>,

  cameraState: {
    disabled: 'Switched off',
    connecting: 'Connecting',
    online: 'Online',
    stalled: 'Stalled',
    offline: 'Offline',
  } satisfies Record<CameraState, string>,

  roles: {
    admin: 'Administrator',
    operator: 'Operator',
    responder: 'Responder',
    viewer: 'Viewer',
  } satisfies Record<Role, string>,

  things: { person: 'Person', vehicle: 'Vehicle', package: 'Package', phone: 'Phone' } satisfies Record<RuleLabel, string>,
  directions: { both: 'Either way', in: 'in', out: 'out' },
  crowdLevels: { empty: 'empty', low: 'few', medium: 'some', high: 'many', very_high: 'crowd' } satisfies Record<Crowd['crowd_level'], string>,

  sound: {
    mute: 'Mute sound',
    unmute: 'Turn sound on',
  },
};
