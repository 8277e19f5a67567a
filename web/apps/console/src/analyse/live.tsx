import { Button, NumberInput } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import type { ReactElement, RefObject } from 'react';
import { useEffect, useRef, useState } from 'react';

import type { FrameAnswer } from '../api/analysis_types.ts';
import { useDeviceCamera } from '../capture/device_camera.ts';
import { session } from '../session/session.ts';
import { analyseText } from '../text/analyse.ts';
import { captureText } from '../text/capture.ts';
import { text } from '../text/everywhere.ts';
import { drawBoxes } from '../wall/boxes.ts';
import styles from './analyse.module.css';
import type { FrameSettings } from './frames_socket.ts';
import { FramesSocket } from './frames_socket.ts';

const LONGEST_PX = 960;
const PAUSE_MS = 60;
const AFTER_REFUSAL_MS = 1_000;
const FACE = '#4fd1c0';
const BODY = '#9db7ff';

/** This device's camera, looked at by the server, picture by picture. */
export function Live(): ReactElement {
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [on, setOn] = useState(false);
  const [settings, setSettings] = useState<FrameSettings>({ confidence_threshold: 0.5, crowd_threshold: 10 });
  const { ready, problem } = useDeviceCamera(video, on);
  const { answer, refusal, stop } = useAnswers(video, canvas, ready, settings);
  return (
    <div className={styles.live}>
      <div className={styles.screen}>
        <video ref={video} muted playsInline hidden={!ready || answer !== null} aria-label={captureText.finder} />
        <canvas ref={canvas} hidden={answer === null} role="img" aria-label={analyseText.picture} data-testid="analysed" />
        {on ? null : <p>{analyseText.liveLead}</p>}
      </div>
      <div className={styles.side}>
        <Button
          size="md"
          leftSection={on ? <IconPlayerStop size={18} /> : <IconPlayerPlay size={18} />}
          variant={on ? 'default' : 'filled'}
          onClick={() => {
            setOn(!on);
            stop();
          }}
        >
          {on ? analyseText.end : analyseText.begin}
        </Button>
        {problem === null || !on ? null : (
          <p className={styles.problem} role="alert">
            {captureText.failed}
          </p>
        )}
        {refusal === '' ? null : (
          <p className={styles.problem} role="alert">
            {refusal}
          </p>
        )}
        {answer === null ? on && ready ? <p role="status">{analyseText.connecting}</p> : null : <Figures answer={answer} />}
        <NumberInput label={analyseText.confidence} min={0} max={1} step={0.05} decimalScale={2} value={settings.confidence_threshold} onChange={(value) => {
          if (typeof value === 'number') setSettings({ ...settings, confidence_threshold: value });
        }} />
        <NumberInput label={analyseText.crowd} min={0} value={settings.crowd_threshold} onChange={(value) => {
          if (typeof value === 'number') setSettings({ ...settings, crowd_threshold: value });
        }} />
      </div>
    </div>
  );
}

function Figures({ answer }: { answer: FrameAnswer }): ReactElement {
  const { faces, bodies, crowd_analysis, alerts, processing_time } = answer;
  return (
    <div className={styles.figures}>
      <b>{analyseText.figures(faces.length, bodies.length, text.crowdLevels[crowd_analysis.crowd_level])}</b>
      <span className="figure">{analyseText.took(processing_time * 1_000)}</span>
      {alerts.map(({ type, message }) => (
        <span key={type} className={styles.problem}>
          {message}
        </span>
      ))}
    </div>
  );
}

interface Answers {
  answer: FrameAnswer | null;
  refusal: string;
  stop: () => void;
}

/** Sends a picture, waits for what it shows, draws that, and sends the next. */
function useAnswers(
  video: RefObject<HTMLVideoElement | null>, canvas: RefObject<HTMLCanvasElement | null>, ready: boolean, settings: FrameSettings,
): Answers {
  const [answer, setAnswer] = useState<FrameAnswer | null>(null);
  const [refusal, setRefusal] = useState('');
  const newest = useRef(settings);
  useEffect(() => {
    newest.current = settings;
  }, [settings]);
  useEffect(() => {
    const token = session.get()?.token;
    if (!ready || token === undefined) return undefined;
    const sent = document.createElement('canvas');
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = (): void => {
      const source = video.current;
      if (source === null || source.videoWidth === 0) {
        timer = setTimeout(next, PAUSE_MS);
        return;
      }
      const scale = Math.min(1, LONGEST_PX / Math.max(source.videoWidth, source.videoHeight));
      sent.width = Math.round(source.videoWidth * scale);
      sent.height = Math.round(source.videoHeight * scale);
      sent.getContext('2d')?.drawImage(source, 0, 0, sent.width, sent.height);
      socket.push(sent.toDataURL('image/jpeg', 0.8), newest.current, Date.now());
    };
    const socket = new FramesSocket(token, {
      onReady: next,
      onAnswer: (result) => {
        setAnswer(result);
        setRefusal('');
        if (canvas.current !== null) paint(canvas.current, sent, result);
        timer = setTimeout(next, PAUSE_MS);
      },
      onRefused: (message) => {
        setRefusal(message);
        timer = setTimeout(next, AFTER_REFUSAL_MS);
      },
      onClosed: (reason) => {
        setRefusal(reason === '' ? analyseText.closed : reason);
      },
    });
    return () => {
      clearTimeout(timer);
      socket.close();
    };
  }, [ready, video, canvas]);
  return {
    answer,
    refusal,
    stop: () => {
      setAnswer(null);
      setRefusal('');
    },
  };
}

function paint(canvas: HTMLCanvasElement, picture: HTMLCanvasElement, { faces, bodies }: FrameAnswer): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  canvas.width = picture.width;
  canvas.height = picture.height;
  context.drawImage(picture, 0, 0);
  const shownWidth = canvas.clientWidth > 0 ? canvas.clientWidth : picture.width;
  const words = (name: string, confidence: number): string => `${name} ${confidence.toFixed(2)}`;
  const boxes = [
    ...bodies.map(({ bbox, confidence }) => ({ bbox, words: words(analyseText.body, confidence), colour: BODY, dash: [] })),
    ...faces.map(({ bbox, confidence }) => ({ bbox, words: words(analyseText.face, confidence), colour: FACE, dash: [] })),
  ];
  drawBoxes(context, boxes, picture, shownWidth);
}
