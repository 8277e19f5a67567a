import type { MantineColorScheme } from '@mantine/core';
import { Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconBell, IconBellOff, IconDeviceDesktop, IconDeviceMobile, IconKey, IconLogout, IconMoon, IconSun, IconWalk } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';

import { canInstall, promptInstall, useInstallable } from '../push/install.ts';
import { unsubscribe, usePush } from '../push/use_push.ts';
import { useMay, useSession } from '../session/session.ts';
import { signOut } from '../session/sign_in.ts';
import { accountText } from '../text/account.ts';
import { text } from '../text/everywhere.ts';
import { pushText } from '../text/push.ts';
import styles from './account_menu.module.css';
import { OptionalPart } from './crash.tsx';
import { fetched } from './fetched.ts';

const PasswordDialog = fetched(() => import('../users/own_password_dialog.tsx'));

/** Signs out. Whoever uses this device next must not be woken for this user's alerts. */
async function leave(isWoken: boolean): Promise<void> {
  try {
    if (isWoken) await unsubscribe();
  } finally {
    await signOut();
  }
}

const THEMES = [
  { value: 'auto', icon: IconDeviceDesktop },
  { value: 'light', icon: IconSun },
  { value: 'dark', icon: IconMoon },
] as const;

/** Who is signed in, how the console looks, and the way out. */
export default function AccountMenu(): ReactElement | null {
  const user = useSession()?.user;
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [changing, setChanging] = useState(false);
  const push = usePush();
  const mayHandle = useMay('handle_alerts');
  useInstallable();
  if (user === undefined) return null;
  return (
    <>
      <Menu position="bottom-end" width={220} shadow="lg">
        <Menu.Target>
          <UnstyledButton className={styles.button}>
            <span className="visually-hidden">{accountText.menu(user.name)}</span>
            <span className={styles.initial} aria-hidden>
              {user.name.slice(0, 1).toUpperCase()}
            </span>
            <span className={styles.name} aria-hidden>
              {user.name}
            </span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {user.name} · {text.roles[user.role]}
          </Menu.Label>
          <Menu.Item
            leftSection={<IconKey size={17} stroke={1.7} />}
            onClick={() => {
              setChanging(true);
            }}
          >
            {accountText.changePassword}
          </Menu.Item>
          {mayHandle && user.role !== 'responder' ? (
            <Menu.Item component={Link} to="/guard" leftSection={<IconWalk size={17} stroke={1.7} />}>
              {text.nav.guard}
            </Menu.Item>
          ) : null}
          {push.state === 'on' ? (
            <Menu.Item leftSection={<IconBellOff size={17} stroke={1.7} />} onClick={push.turnOff}>
              {pushText.turnOff}
            </Menu.Item>
          ) : push.state === 'off' ? (
            <Menu.Item leftSection={<IconBell size={17} stroke={1.7} />} onClick={push.turnOn}>
              {pushText.turnOn}
            </Menu.Item>
          ) : null}
          {canInstall() ? (
            <Menu.Item leftSection={<IconDeviceMobile size={17} stroke={1.7} />} onClick={() => void promptInstall()}>
              {pushText.install}
            </Menu.Item>
          ) : null}
          <Menu.Divider />
          <Menu.Label>{accountText.theme}</Menu.Label>
          <Menu.RadioGroup
            value={colorScheme}
            onChange={(value) => {
              setColorScheme(value as MantineColorScheme);
            }}
          >
            {THEMES.map(({ value, icon: ThemeIcon }) => (
              <Menu.RadioItem key={value} value={value} rightSection={<ThemeIcon size={17} stroke={1.7} />}>
                {accountText.themes[value]}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconLogout size={17} stroke={1.7} />}
            onClick={() => {
              void leave(push.state === 'on');
            }}
          >
            {accountText.signOut}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {changing ? (
        <OptionalPart>
          <PasswordDialog
            onClose={() => {
              setChanging(false);
            }}
          />
        </OptionalPart>
      ) : null}
    </>
  );
}
