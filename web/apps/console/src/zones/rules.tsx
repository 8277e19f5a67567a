import { ActionIcon, Button, Select, Switch } from '@mantine/core';
import type { Severity } from '@sightline/client';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import type { Direction, RuleLabel } from '../api/view_types.ts';
import { text } from '../text/everywhere.ts';
import { zonesText } from '../text/zones.ts';
import styles from './editor.module.css';
import { ScheduleButton } from './schedule_button.tsx';
import type { RuleDraft, ViewDraft } from './view_draft.ts';
import { newKey } from './view_draft.ts';

const LABELS: readonly RuleLabel[] = ['person', 'vehicle', 'package', 'phone'];
const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error', 'critical'];
const MOST_RULES = 64;

interface RulesProps {
  draft: ViewDraft;
  place: string | null;
  isLine: boolean;
  mayEdit: boolean;
  onChange: (draft: ViewDraft) => void;
}

/** What raises an alert when it is seen in a place. */
export function Rules({ draft, place, isLine, mayEdit, onChange }: RulesProps): ReactElement {
  const rules = draft.rules.filter((rule) => rule.place === place);
  const change = (key: string, changed: Partial<RuleDraft>): void => {
    onChange({ ...draft, rules: draft.rules.map((rule) => (rule.key === key ? { ...rule, ...changed } : rule)) });
  };
  return (
    <div className={styles.group} role="group" aria-label={zonesText.rules}>
      <h3>{isLine ? zonesText.rulesOfLine : zonesText.rules}</h3>
      {rules.map((rule, at) => (
        <div key={rule.key} className={styles.rule} role="group" aria-label={zonesText.rule(at + 1)}>
          <div className={styles.fields}>
            <Select
              label={zonesText.what}
              disabled={!mayEdit}
              allowDeselect={false}
              data={LABELS.map((label) => ({ value: label, label: text.things[label] }))}
              value={rule.label}
              onChange={(label) => {
                change(rule.key, { label: label as RuleLabel });
              }}
            />
            {isLine ? (
              <Select
                label={zonesText.direction}
                disabled={!mayEdit}
                allowDeselect={false}
                data={(['both', 'in', 'out'] as const).map((one) => ({ value: one, label: text.directions[one] }))}
                value={rule.direction ?? 'both'}
                onChange={(direction) => {
                  change(rule.key, { direction: direction === 'both' ? null : (direction as Direction) });
                }}
              />
            ) : null}
            <SeverityField value={rule.severity} mayEdit={mayEdit} onChange={(severity) => {
              change(rule.key, { severity });
            }} />
          </div>
          <div className={styles.line}>
            <ScheduleButton value={rule.schedule} mayEdit={mayEdit} onChange={(schedule) => {
              change(rule.key, { schedule });
            }} />
            <Switch
              label={zonesText.active}
              disabled={!mayEdit}
              checked={rule.enabled}
              onChange={(event) => {
                change(rule.key, { enabled: event.currentTarget.checked });
              }}
            />
            {mayEdit ? (
              <ActionIcon
                variant="subtle"
                color="gray"
                size={34}
                aria-label={zonesText.removeRule(at + 1)}
                onClick={() => {
                  onChange({ ...draft, rules: draft.rules.filter(({ key }) => key !== rule.key) });
                }}
              >
                <IconX size={17} />
              </ActionIcon>
            ) : null}
          </div>
        </div>
      ))}
      {mayEdit && draft.rules.length < MOST_RULES ? (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={16} />}
          onClick={() => {
            const rule: RuleDraft = { key: newKey(), place, label: 'person', direction: null, schedule: null, severity: null, enabled: true };
            onChange({ ...draft, rules: [...draft.rules, rule] });
          }}
        >
          {zonesText.addRule}
        </Button>
      ) : null}
    </div>
  );
}

interface SeverityFieldProps {
  value: Severity | null;
  mayEdit: boolean;
  onChange: (severity: Severity | null) => void;
}

export function SeverityField({ value, mayEdit, onChange }: SeverityFieldProps): ReactElement {
  return (
    <Select
      label={zonesText.severity}
      disabled={!mayEdit}
      allowDeselect={false}
      data={[{ value: '', label: zonesText.usual }, ...SEVERITIES.map((severity) => ({ value: severity, label: text.severity[severity] }))]}
      value={value ?? ''}
      onChange={(severity) => {
        onChange(severity === '' || severity === null ? null : (severity as Severity));
      }}
    />
  );
}
