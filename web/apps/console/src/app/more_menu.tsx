import { Menu, UnstyledButton } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { text } from '../text/everywhere.ts';
import type { Place } from './places.ts';
import styles from './tab_bar.module.css';

/** The places that a phone's bar has no room for. */
export default function MoreMenu({ places }: { places: readonly Place[] }): ReactElement {
  return (
    <Menu position="top-end" width={220}>
      <Menu.Target>
        <UnstyledButton className={styles.tab}>
          <IconDots size={22} stroke={1.7} aria-hidden />
          {text.nav.more}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {places.map((place) => (
          <Menu.Item key={place.to} component={Link} to={place.to} leftSection={<place.icon size={18} stroke={1.7} />}>
            {place.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
