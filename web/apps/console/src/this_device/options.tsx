import { NativeSelect, Switch, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';

import { deviceText } from '../text/this_device.ts';
import type { OwnCamera } from './own_camera.ts';

const NEW = '';

interface OptionsProps {
  own: OwnCamera;
  alertUnknown: boolean;
  onAlertUnknown: (on: boolean) => void;
  shareLocation: boolean;
  onShareLocation: (on: boolean) => void;
}

/** Which camera this device is to be, and what is told of it. */
export function Options({ own, alertUnknown, onAlertUnknown, shareLocation, onShareLocation }: OptionsProps): ReactElement {
  return (
    <>
      {own.known.length === 0 ? null : (
        <NativeSelect
          label={deviceText.camera}
          data={[...own.known.map(({ id, name }) => ({ value: id, label: name })), { value: NEW, label: deviceText.newCamera }]}
          value={own.chosen ?? NEW}
          onChange={(event) => {
            own.choose(event.currentTarget.value === NEW ? null : event.currentTarget.value);
          }}
        />
      )}
      {own.chosen === null ? (
        <>
          <TextInput
            label={deviceText.name}
            value={own.name}
            onChange={(event) => {
              own.setName(event.currentTarget.value);
            }}
          />
          <Switch
            label={deviceText.unknown}
            checked={alertUnknown}
            onChange={(event) => {
              onAlertUnknown(event.currentTarget.checked);
            }}
          />
        </>
      ) : null}
      <Switch
        label={deviceText.shareLocation}
        description={deviceText.shareLocationHint}
        checked={shareLocation}
        onChange={(event) => {
          onShareLocation(event.currentTarget.checked);
        }}
      />
    </>
  );
}
