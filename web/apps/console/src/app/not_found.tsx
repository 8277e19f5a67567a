import { Button } from '@mantine/core';
import { IconMapSearch } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { Empty } from '../feedback/states.tsx';
import { text } from '../text/everywhere.ts';

export function NotFound(): ReactElement {
  return (
    <Empty
      heading="h1"
      icon={<IconMapSearch stroke={1.4} />}
      title={text.errors.notFoundTitle}
      action={
        <Button component={Link} to="/">
          {text.errors.home}
        </Button>
      }
    >
      {text.errors.notFound}
    </Empty>
  );
}
