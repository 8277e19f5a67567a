import { IconLock } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';

import type { Right } from '../api/types.ts';
import { Empty } from '../feedback/states.tsx';
import { useMay } from '../session/session.ts';
import { text } from '../text/everywhere.ts';

/** Shows a page only to those whose role carries `right`. The server checks again; this only saves them the error. */
export function RequireRight({ right, children }: { right: Right; children: ReactNode }): ReactElement {
  if (useMay(right)) return <>{children}</>;
  return (
    <Empty heading="h1" icon={<IconLock stroke={1.4} />} title={text.errors.forbiddenTitle}>
      {text.errors.forbidden}
    </Empty>
  );
}
