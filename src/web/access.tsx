/** The token of a bridge that wants one. It is kept for this tab only, and never left in the address. */
const KEY = 'tautline-token';

/** From the address (`?token=…`), which is then cleared, or from earlier in this tab. */
export function takeToken(): string {
  const url = new URL(location.href);
  const given = url.searchParams.get('token');
  if (given === null) return sessionStorage.getItem(KEY) ?? '';
  sessionStorage.setItem(KEY, given);
  url.searchParams.delete('token');
  history.replaceState(null, '', url);
  return given;
}

/** A browser does not say why a socket was refused: ask over HTTP. */
export async function isTokenRefused(token: string): Promise<boolean> {
  try {
    const { status } = await fetch('api/bridge', token === '' ? {} : { headers: { authorization: `Bearer ${token}` } });
    return status === 401;
  } catch {
    return false; // no bridge: another trouble
  }
}

export function Access() {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    sessionStorage.setItem(KEY, String(token));
    location.reload();
  };
  return (
    <form class="access" onSubmit={submit}>
      <label>
        <span>This bridge asks for its token (http.token)</span>
        <input type="password" name="token" required autocomplete="current-password" />
      </label>
      <button type="submit">Connect</button>
    </form>
  );
}
