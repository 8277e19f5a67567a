import type { Icon } from '@tabler/icons-react';
import {
  IconBell,
  IconBroadcast,
  IconCalendarUser,
  IconChartLine,
  IconDeviceCctv,
  IconDeviceDesktop,
  IconDeviceMobile,
  IconFaceId,
  IconFileSearch,
  IconHistory,
  IconLayoutGrid,
  IconListCheck,
  IconPlugConnected,
  IconServer2,
  IconUsers,
  IconUserQuestion,
  IconUserShield,
  IconZoomScan,
} from '@tabler/icons-react';

import type { Right } from '../api/types.ts';
import { text } from '../text/everywhere.ts';

export interface Place {
  to: string;
  label: string;
  icon: Icon;
  right: Right;
  /** One of the few that a phone shows without opening a menu. */
  primary: boolean;
}

/** Where one can go, in the order of how often one does. */
export const WATCH: readonly Place[] = [
  { to: '/', label: text.nav.alerts, icon: IconBell, right: 'see_alerts', primary: true },
  { to: '/wall', label: text.nav.wall, icon: IconLayoutGrid, right: 'see_cameras', primary: true },
  { to: '/history', label: text.nav.history, icon: IconHistory, right: 'see_alerts', primary: true },
  { to: '/search', label: text.nav.search, icon: IconZoomScan, right: 'identify', primary: false },
  { to: '/figures', label: text.nav.plots, icon: IconChartLine, right: 'see_cameras', primary: false },
];

export const MANAGE: readonly Place[] = [
  { to: '/people', label: text.nav.people, icon: IconUsers, right: 'see_people', primary: true },
  { to: '/strangers', label: text.nav.strangers, icon: IconUserQuestion, right: 'see_people', primary: false },
  { to: '/identify', label: text.nav.identify, icon: IconFaceId, right: 'identify', primary: false },
  { to: '/analyse', label: text.nav.analyse, icon: IconFileSearch, right: 'identify', primary: false },
  { to: '/watch-lists', label: text.nav.watchLists, icon: IconListCheck, right: 'see_people', primary: false },
  { to: '/cameras', label: text.nav.cameras, icon: IconDeviceCctv, right: 'see_cameras', primary: false },
  { to: '/this-device', label: text.nav.thisDevice, icon: IconDeviceMobile, right: 'manage_cameras', primary: false },
  { to: '/duty', label: text.nav.duty, icon: IconCalendarUser, right: 'handle_alerts', primary: false },
  { to: '/channels', label: text.nav.channels, icon: IconBroadcast, right: 'manage_channels', primary: false },
  { to: '/users', label: text.nav.users, icon: IconUserShield, right: 'manage_users', primary: false },
  { to: '/workstations', label: text.nav.workstations, icon: IconDeviceDesktop, right: 'manage_users', primary: false },
  { to: '/connections', label: text.nav.connections, icon: IconPlugConnected, right: 'manage_users', primary: false },
  { to: '/system', label: text.nav.system, icon: IconServer2, right: 'see_system', primary: false },
];
