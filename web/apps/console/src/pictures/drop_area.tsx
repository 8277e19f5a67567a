import { Button } from '@mantine/core';
import { IconCamera, IconPhotoPlus } from '@tabler/icons-react';
import type { DragEvent, ReactElement } from 'react';
import { useRef, useState } from 'react';

import { captureText } from '../text/capture.ts';
import styles from './drop_area.module.css';

interface DropAreaProps {
  title: string;
  hint?: string;
  chooseLabel: string;
  multiple?: boolean;
  disabled?: boolean;
  onFiles: (files: File[]) => void;
}

/** Takes pictures by drag and drop, from the disk, or from this device's camera. */
export function DropArea({ title, hint, chooseLabel, multiple = false, disabled = false, onFiles }: DropAreaProps): ReactElement {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files].filter((file) => file.type.startsWith('image/'));
    if (!disabled && files.length > 0) onFiles(multiple ? files : files.slice(0, 1));
  };
  return (
    <div
      className={styles.area}
      data-over={over || undefined}
      data-testid="drop-area"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={drop}
    >
      <IconPhotoPlus size={34} stroke={1.3} aria-hidden />
      <b>{over ? captureText.dropNow : title}</b>
      {hint === undefined ? null : <span>{hint}</span>}
      <div className={styles.buttons}>
        <FileButton label={chooseLabel} multiple={multiple} disabled={disabled} onFiles={onFiles} />
        <span className={styles.camera}>
          <FileButton label={captureText.takePhoto} capture disabled={disabled} onFiles={onFiles} />
        </span>
      </div>
    </div>
  );
}

interface FileButtonProps {
  label: string;
  multiple?: boolean;
  capture?: boolean;
  disabled: boolean;
  onFiles: (files: File[]) => void;
}

function FileButton({ label, multiple = false, capture = false, disabled, onFiles }: FileButtonProps): ReactElement {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button
        variant="default"
        disabled={disabled}
        leftSection={capture ? <IconCamera size={18} /> : undefined}
        onClick={() => {
          input.current?.click();
        }}
      >
        {label}
      </Button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={label}
        multiple={multiple}
        capture={capture ? 'user' : undefined}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          // The same file chosen again is a change again.
          event.currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
    </>
  );
}
