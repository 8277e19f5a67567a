import { Button, Group } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import type { ErasureReceipt } from '../api/types.ts';
import { Page } from '../feedback/page.tsx';
import { peopleText } from '../text/people.ts';
import { exactTime } from '../times/format.ts';
import styles from './erased_receipt.module.css';
import { FootageLeft } from './person_footage.tsx';

/** What was destroyed, to be kept. */
export function ErasedReceipt({ receipt }: { receipt: ErasureReceipt }): ReactElement {
  const names = peopleText.receipt;
  // What still shows them is for whoever erased them, not for whom the receipt is handed to.
  const { footage, ...kept } = receipt;
  return (
    <Page title={peopleText.receiptTitle}>
      <div className={styles.receipt} data-testid="receipt">
        <p>{peopleText.receiptLead}</p>
        <dl>
          {(Object.keys(names) as (keyof typeof kept)[]).map((field) => (
            <div key={field}>
              <dt>{names[field]}</dt>
              <dd className="figure">{field === 'erased_at' ? exactTime(kept.erased_at) : kept[field]}</dd>
            </div>
          ))}
        </dl>
        <FootageLeft footage={footage} />
        <Group gap="xs">
          <Button
            leftSection={<IconDownload size={18} />}
            onClick={() => {
              download(kept);
            }}
          >
            {peopleText.download}
          </Button>
          <Button component={Link} to="/people" variant="default">
            {peopleText.title}
          </Button>
        </Group>
      </div>
    </Page>
  );
}

function download(receipt: Omit<ErasureReceipt, 'footage'>): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(receipt, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `erasure-${receipt.person_id}.json`;
  link.click();
  URL.revokeObjectURL(url);
}
