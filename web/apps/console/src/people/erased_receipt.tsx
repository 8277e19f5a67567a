import { Button, Group } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import type { ErasureReceipt } from '../api/types.ts';
import { Page } from '../feedback/page.tsx';
import { peopleText } from '../text/people.ts';
import { exactTime } from '../times/format.ts';
import styles from './erased_receipt.module.css';

/** What was destroyed, to be kept. */
export function ErasedReceipt({ receipt }: { receipt: ErasureReceipt }): ReactElement {
  const names = peopleText.receipt;
  return (
    <Page title={peopleText.receiptTitle}>
      <div className={styles.receipt} data-testid="receipt">
        <p>{peopleText.receiptLead}</p>
        <dl>
          {(Object.keys(names) as (keyof ErasureReceipt)[]).map((field) => (
            <div key={field}>
              <dt>{names[field]}</dt>
              <dd className="figure">{field === 'erased_at' ? exactTime(receipt.erased_at) : receipt[field]}</dd>
            </div>
          ))}
        </dl>
        <Group gap="xs">
          <Button
            leftSection={<IconDownload size={18} />}
            onClick={() => {
              download(receipt);
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

function download(receipt: ErasureReceipt): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(receipt, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `erasure-${receipt.person_id}.json`;
  link.click();
  URL.revokeObjectURL(url);
}
