import type { MantineColorScheme } from '@mantine/core';
import { Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconKey, IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { session, useSession } from '../session/session.ts';
import { text } from '../text.ts';
import styles from './account_menu.module.css';
import { OptionalPart } from './crash.tsx';
import { fetched } from './fetched.ts';

const PasswordDialog = fetched(() => import('../users/own_password_dialog.tsx'));

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
  if (user === undefined) return null;
  return (
    <>
      <Menu position="bottom-end" width={220} shadow="lg">
        <Menu.Target>
          <UnstyledButton className={styles.button}>
            <span className="visually-hidden">{text.account.menu(user.name)}</span>
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
            {user.name} · {text.users.roles[user.role]}
          </Menu.Label>
          <Menu.Item
            leftSection={<IconKey size={17} stroke={1.7} />}
            onClick={() => {
              setChanging(true);
            }}
          >
            {text.account.changePassword}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>{text.account.theme}</Menu.Label>
          <Menu.RadioGroup
            value={colorScheme}
            onChange={(value) => {
              setColorScheme(value as MantineColorScheme);
            }}
          >
            {THEMES.map(({ value, icon: ThemeIcon }) => (
              <Menu.RadioItem key={value} value={value} rightSection={<ThemeIcon size={17} stroke={1.7} />}>
                {text.account.themes[value]}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconLogout size={17} stroke={1.7} />}
            onClick={() => {
              session.set(null);
            }}
          >
            {text.account.signOut}
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
