import '../theme/form_styles.ts';
import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/FloatingIndicator.css';

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowLeft, IconDeviceCctv } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link, useParams } from 'react-router';

import { request } from '../api/http.ts';
import type { CameraView } from '../api/view_types.ts';
import { useCameras } from '../cameras/queries.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { text } from '../text/everywhere.ts';
import { zonesText } from '../text/zones.ts';
import { Editor } from './editor.tsx';

/** What a camera is to watch for, drawn over its live picture. */
export default function ZonesPage(): ReactElement {
  const { cameraId = '' } = useParams();
  const cameras = useCameras();
  const view = useQuery({
    queryKey: ['camera-view', cameraId],
    queryFn: ({ signal }) => request<CameraView>(`/api/cameras/${encodeURIComponent(cameraId)}/view`, { signal }),
    // Somebody is drawing: what they see must not change under their hands.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const camera = cameras.data?.find(({ id }) => id === cameraId);
  const error = cameras.error ?? view.error;
  if (cameras.data !== undefined && camera === undefined) {
    return (
      <Empty
        heading="h1"
        icon={<IconDeviceCctv size={30} stroke={1.4} />}
        title={zonesText.noCamera}
        action={
          <Button component={Link} to="/cameras" variant="default">
            {text.nav.cameras}
          </Button>
        }
      />
    );
  }
  if (camera === undefined || view.data === undefined) {
    return (
      <Page title={zonesText.title}>
        {error === null ? (
          <LoadingRows label={zonesText.title} rows={1} height={420} />
        ) : (
          <Failed error={error} onRetry={() => Promise.all([cameras.refetch(), view.refetch()])} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={zonesText.title}
      aside={camera.name}
      actions={
        <Button component={Link} to="/cameras" variant="default" leftSection={<IconArrowLeft size={17} />}>
          {text.nav.cameras}
        </Button>
      }
    >
      <Editor key={camera.id} camera={camera} view={view.data} />
    </Page>
  );
}
