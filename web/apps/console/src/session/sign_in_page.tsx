import { Alert, Button, Loader, PasswordInput, TextInput } from '@mantine/core';
import type { ReactElement, SyntheticEvent } from 'react';
import { useEffect, useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';

import { ApiError } from '../api/http.ts';
import { text } from '../text/everywhere.ts';
import { signInText } from '../text/sign_in.ts';
import { safeNext } from './next.ts';
import { isRemembered } from './remembered.ts';
import { useSession } from './session.ts';
import { resumeSession, signIn } from './sign_in.ts';
import styles from './sign_in_page.module.css';

export default function SignInPage(): ReactElement {
  const [parameters] = useSearchParams();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  // A phone is one person's; a desk in a control room is not.
  const [remember, setRemember] = useState(() => window.matchMedia('(pointer: coarse)').matches);
  const [resuming, setResuming] = useState(isRemembered);
  const next = parameters.get('next');
  if (useSession() !== null) return <Navigate to={safeNext(next)} replace />;

  if (resuming) {
    return (
      <Resuming
        onRefused={() => {
          setResuming(false);
        }}
      />
    );
  }

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (name === '' || password === '') {
      setError(signInText.missing);
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn(name, password, remember);
    } catch (reason) {
      setError(wordsOf(reason));
      setBusy(false);
    }
  };

  return (
    <main className={styles.page}>
      <title>{`${signInText.title} · Sightline`}</title>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <div className={styles.brand}>
          <img src="/icon.svg" alt="" width={52} height={52} />
          <h1>{text.product}</h1>
          <p>{signInText.lead}</p>
        </div>
        {next !== null && error === null ? <p className={styles.ended}>{signInText.next}</p> : null}
        {error === null ? null : (
          <Alert color="red" variant="light" role="alert" p="sm">
            {error}
          </Alert>
        )}
        <TextInput
          label={signInText.name}
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
          label={signInText.password}
          name="password"
          autoComplete="current-password"
          size="md"
          value={password}
          onChange={(event) => {
            setPassword(event.currentTarget.value);
          }}
        />
        <label className={styles.remember}>
          <input
            type="checkbox"
            checked={remember}
            onChange={(event) => {
              setRemember(event.currentTarget.checked);
            }}
          />
          {signInText.remember}
        </label>
        <Button type="submit" size="md" loading={busy} fullWidth mt={4}>
          {signInText.submit}
        </Button>
      </form>
    </main>
  );
}

const ASK_AGAIN_MS = 4_000;

/** Whom this browser remembers is signed in by itself, as soon as there is a connection. */
function Resuming({ onRefused }: { onRefused: () => void }): ReactElement {
  const [tries, setTries] = useState(0);
  const [waiting, setWaiting] = useState(false);
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    resumeSession().catch((reason: unknown) => {
      if (gone) return;
      if (reason instanceof ApiError && reason.status === 401) {
        onRefused();
        return;
      }
      setWaiting(true);
      timer = setTimeout(() => {
        setTries(tries + 1);
      }, ASK_AGAIN_MS);
    });
    return () => {
      gone = true;
      clearTimeout(timer);
    };
    // The parent's function is another one at each render; asking again is for `tries` alone.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [tries]);
  return (
    <main className={styles.page}>
      <title>{text.product}</title>
      <div className={styles.resuming} role="status">
        <img src="/icon.svg" alt="" width={52} height={52} />
        <h1>{text.product}</h1>
        <Loader size="sm" type="dots" />
        <p>{waiting ? signInText.waiting : signInText.resuming}</p>
      </div>
    </main>
  );
}

function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401) return signInText.wrong;
  return error.status === 429 ? signInText.tooMany(error.retryAfterS) : error.message;
}
