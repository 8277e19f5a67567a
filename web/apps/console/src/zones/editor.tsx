import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useReducer, useState } from 'react';

import { request } from '../api/http.ts';
import type { Camera } from '../api/types.ts';
import type { CameraView, Point } from '../api/view_types.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyDone, notifyFailed } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { useMay } from '../session/session.ts';
import { text } from '../text/everywhere.ts';
import { zonesText } from '../text/zones.ts';
import { DrawBar } from './draw_bar.tsx';
import { beginning, edited } from './edits.ts';
import styles from './editor.module.css';
import { PlaceList } from './place_list.tsx';
import { PlacePanel } from './place_panel.tsx';
import { SceneOptions } from './scene_options.tsx';
import type { Drawing } from './stage.tsx';
import { Stage } from './stage.tsx';
import { LeaveGuard } from './leave_guard.tsx';
import type { ShapeKind, ViewDraft } from './view_draft.ts';
import { draftOf, faultsOf, isSame, newKey, viewOf, withChangedShape, withoutShape, withShape } from './view_draft.ts';

const MIDDLE: Record<ShapeKind, Point[]> = {
  zone: [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]],
  mask: [[0.4, 0.1], [0.6, 0.1], [0.6, 0.3], [0.4, 0.3]],
  line: [[0.3, 0.6], [0.7, 0.6]],
};

/** The picture to draw on beside what is to happen where; nothing counts before it is saved. */
export function Editor({ camera, view }: { camera: Camera; view: CameraView }): ReactElement {
  const [saved, setSaved] = useState(() => ({ draft: draftOf(view), own: view.own }));
  const [edits, edit] = useReducer(edited, saved.draft, beginning);
  const [selected, setSelected] = useState<string | null>(null);
  const [corner, setCorner] = useState<number | null>(null);
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [previewing, setPreviewing] = useState(false);
  const [resetting, setResetting] = useState(false);
  const [shown, setShown] = useState(false);
  const queries = useQueryClient();
  const mayEdit = useMay('manage_cameras');
  const { draft } = edits;
  const dirty = !isSame(draft, saved.draft);
  const faults = faultsOf(draft);
  const path = `/api/cameras/${encodeURIComponent(camera.id)}/view`;
  const take = (answer: CameraView): void => {
    const fresh = draftOf(answer);
    const at = draft.shapes.findIndex(({ key }) => key === selected);
    setSaved({ draft: fresh, own: answer.own });
    edit({ kind: 'reset', draft: fresh });
    const chosen = at < 0 ? undefined : draft.shapes[at];
    setSelected(fresh.shapes.find(({ kind, name }) => kind === chosen?.kind && name === chosen.name)?.key ?? null);
    setShown(false);
    queries.setQueryData(['camera-view', camera.id], answer);
  };
  const save = useMutation({
    mutationFn: () => request<CameraView>(path, { method: 'PUT', json: viewOf(draft) }),
    onSuccess: (answer) => {
      take(answer);
      notifyDone(zonesText.saved(camera.name));
    },
  });
  const reset = useMutation({
    mutationFn: async () => {
      await request(path, { method: 'DELETE' });
      return await request<CameraView>(path);
    },
    onSuccess: take,
    onError: notifyFailed,
    onSettled: () => {
      setResetting(false);
    },
  });
  const change = (next: ViewDraft, tag: string | null = null): void => {
    edit({ kind: 'change', draft: next, tag });
  };
  const select = (key: string | null, index: number | null = null): void => {
    setSelected(key);
    setCorner(index);
  };
  const finish = (kind: ShapeKind, points: readonly Point[]): void => {
    const key = newKey();
    change(withShape(draft, kind, key, points));
    select(key);
    setDrawing(null);
  };
  const submit = (): void => {
    setShown(true);
    const [wrong] = Object.keys(faults);
    if (wrong === undefined) save.mutate();
    else select(draft.shapes.some(({ key }) => key === wrong) ? wrong : (draft.crowds.find(({ key }) => key === wrong)?.place ?? null));
  };
  const undo = (): void => {
    edit({ kind: 'undo' });
  };
  const redo = (): void => {
    edit({ kind: 'redo' });
  };
  useHotkeys([
    ['mod+Z', undo],
    ['mod+shift+Z', redo],
    [
      'Escape',
      () => {
        setDrawing(null);
      },
    ],
    [
      'Enter',
      () => {
        if (drawing !== null && drawing.points.length >= 3) finish(drawing.kind, drawing.points);
      },
      { preventDefault: drawing !== null }, // else Enter would press no button any more
    ],
  ]);
  return (
    <div className={styles.editor}>
      <LeaveGuard dirty={dirty} />
      <div className={styles.picture}>
        <DrawBar
          draft={draft}
          drawing={drawing}
          previewing={previewing}
          mayEdit={mayEdit}
          canUndo={edits.past.length > 0}
          canRedo={edits.future.length > 0}
          onDraw={(kind) => {
            setPreviewing(false);
            select(null);
            setDrawing({ kind, points: [] });
          }}
          onPlace={(kind) => {
            finish(kind, MIDDLE[kind]);
          }}
          onFinish={() => {
            if (drawing !== null) finish(drawing.kind, drawing.points);
          }}
          onCancel={() => {
            setDrawing(null);
          }}
          onPreview={setPreviewing}
          onUndo={undo}
          onRedo={redo}
        />
        <Stage
          camera={camera}
          draft={draft}
          selected={selected}
          corner={corner}
          faults={shown || dirty ? faults : {}}
          drawing={drawing}
          previewing={previewing}
          mayEdit={mayEdit}
          onSelect={select}
          onPoints={(key, points, tag) => {
            change(withChangedShape(draft, key, { points }), tag);
          }}
          onDraw={(points, finished) => {
            if (drawing === null) return;
            if (finished) finish(drawing.kind, points);
            else setDrawing({ ...drawing, points });
          }}
        />
        <p className={styles.hint}>{mayEdit ? zonesText.hint : zonesText.readOnly}</p>
      </div>
      <div className={styles.side}>
        <PlaceList draft={draft} selected={selected} faults={shown ? faults : {}} onSelect={select} />
        <PlacePanel
          key={selected ?? 'picture'}
          draft={draft}
          selected={selected}
          corner={corner}
          faults={shown || dirty ? faults : {}}
          mayEdit={mayEdit}
          onChange={change}
          onRemove={(key) => {
            change(withoutShape(draft, key));
            select(null);
          }}
          onCorner={setCorner}
        />
        {selected === null ? <SceneOptions draft={draft} mayEdit={mayEdit} onChange={change} /> : null}
        {save.error === null ? null : <Failed error={save.error} />}
        {mayEdit ? (
          <div className={styles.foot}>
            <span role="status">{dirty ? zonesText.unsaved : saved.own ? '' : zonesText.asSettings}</span>
            {saved.own ? (
              <Button
                variant="subtle"
                color="gray"
                onClick={() => {
                  setResetting(true);
                }}
              >
                {text.actions.reset}
              </Button>
            ) : null}
            <Button disabled={!dirty} loading={save.isPending} onClick={submit}>
              {text.actions.save}
            </Button>
          </div>
        ) : null}
      </div>
      {resetting ? (
        <Confirm
          title={zonesText.resetTitle(camera.name)}
          body={zonesText.resetBody}
          action={text.actions.reset}
          busy={reset.isPending}
          onConfirm={() => {
            reset.mutate();
          }}
          onClose={() => {
            setResetting(false);
          }}
        />
      ) : null}
    </div>
  );
}
