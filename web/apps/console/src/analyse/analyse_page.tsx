import '../theme/form_styles.ts';
import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/FloatingIndicator.css';

import { SegmentedControl } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { Page } from '../feedback/page.tsx';
import { analyseText } from '../text/analyse.ts';
import { Files } from './files.tsx';
import { Live } from './live.tsx';

/** Looks at what somebody brings along: files, or what this device's camera shows. */
export default function AnalysePage(): ReactElement {
  const [mode, setMode] = useState<'files' | 'live'>('files');
  return (
    <Page title={analyseText.title}>
      <SegmentedControl
        mb="md"
        aria-label={analyseText.which}
        data={(['files', 'live'] as const).map((one) => ({ value: one, label: analyseText.modes[one] }))}
        value={mode}
        onChange={setMode}
      />
      {mode === 'files' ? <Files /> : <Live />}
    </Page>
  );
}
