import { Text, TextInput, UnstyledButton } from '@mantine/core';
import type { ReactElement } from 'react';

import { camerasText } from '../text/cameras.ts';
import styles from './cameras_page.module.css';

interface SourceFieldProps {
  value: string;
  keepsCredentials: boolean;
  error: string | undefined;
  onChange: (source: string) => void;
}

/** Where a camera's pictures come from, with an example of each kind to start from. */
export function SourceField({ value, keepsCredentials, error, onChange }: SourceFieldProps): ReactElement {
  return (
    <div>
      <TextInput
        label={camerasText.source}
        description={keepsCredentials ? camerasText.credentialsKept : undefined}
        placeholder={camerasText.examples[0][0]}
        error={error}
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => {
          onChange(event.currentTarget.value);
        }}
      />
      {value === '' ? (
        <>
          <Text size="xs" c="dimmed" mt={8}>
            {camerasText.sourceHint}
          </Text>
          <div className={styles.examples}>
            {camerasText.examples.map(([source, kind]) => (
              <UnstyledButton
                key={source}
                onClick={() => {
                  onChange(source);
                }}
              >
                <code>{source}</code> {kind}
              </UnstyledButton>
            ))}
          </div>
        </>
      ) : null}
    </div>
  );
}
