import { Alert, Button, PasswordInput, TextInput } from '@mantine/core';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';

import { ApiError } from '../api/http.ts';
import { text } from '../text.ts';
import { safeNext } from './next.ts';
import { useSession } from './session.ts';
import { signIn } from './sign_in.ts';
import styles from './sign_in_page.module.css';

export default function SignInPage(): ReactElement {
  const [parameters] = useSearchParams();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const next = parameters.get('next');
  if (useSession() !== null) return <Navigate to={safeNext(next)} replace />;

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (name === '' || password === '') {
      setError(text.signIn.missing);
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn(name, password);
    } catch (reason) {
      setError(wordsOf(reason));
      setBusy(false);
    }
  };

  return (
    <main className={styles.page}>
      <title>{`${text.signIn.title} · Sightline`}</title>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <div className={styles.brand}>
          <img src="/icon.svg" alt="" width={52} height={52} />
          <h1>{text.product}</h1>
          <p>{text.signIn.lead}</p>
        </div>
        {next !== null && error === null ? <p className={styles.ended}>{text.signIn.next}</p> : null}
        {error === null ? null : (
          <Alert color="red" variant="light" role="alert" p="sm">
            {error}
          </Alert>
        )}
        <TextInput
          label={text.signIn.name}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          size="md"
          autoFocus
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
        <PasswordInput
          label={text.signIn.password}
          name="password"
          autoComplete="current-password"
          size="md"
          value={password}
          onChange={(event) => {
            setPassword(event.currentTarget.value);
          }}
        />
        <Button type="submit" size="md" loading={busy} fullWidth mt={4}>
          {text.signIn.submit}
        </Button>
      </form>
    </main>
  );
}

function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401) return text.signIn.wrong;
  return error.status === 429 ? text.signIn.tooMany(error.retryAfterS) : error.message;
}
