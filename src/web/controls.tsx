import { useEffect, useState } from 'preact/hooks';
import type { BoardStore } from './board-store.js';

interface Props {
  readonly board: BoardStore;
  readonly arm: string;
  readonly armable: boolean;
  readonly connected: boolean;
}

/** How long a first click on a dangerous button stays selected. */
const SELECT_MS = 4000;
const ANSWER_MS = 8000;

interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

/** Arm and re-arm want two clicks: select, then operate. `safe` wants one. */
export function Controls({ board, arm, armable, connected }: Props) {
  const [selected, select] = useForgetful<string>(SELECT_MS);
  const [answer, setAnswer] = useForgetful<Answer>(ANSWER_MS);
  if (!armable) return null;
  const operate = async (name: string) => {
    select(undefined);
    try {
      setAnswer({ ok: true, text: await board.request(name) });
    } catch (error) {
      setAnswer({ ok: false, text: (error as Error).message });
    }
  };
  const button = (name: string, label: string, wants: 'one click' | 'two clicks') => (
    <button
      type="button"
      disabled={!connected}
      class={selected === name ? 'confirm' : name === 'safe' ? 'danger' : ''}
      onClick={() => (wants === 'one click' || selected === name ? void operate(name) : select(name))}
    >
      {selected === name ? `${label}: sure?` : label}
    </button>
  );
  return (
    <>
      {answer !== undefined && (
        <span class={`answer ${answer.ok ? 'good' : 'bad'}`} role="status">
          {answer.text}
        </span>
      )}
      {arm === 'disarmed' && button('arm', 'arm', 'two clicks')}
      {arm === 'armed' && button('disarm', 'disarm', 'one click')}
      {arm === 'tripped' && button('rearm', 're-arm', 'two clicks')}
      {arm !== 'tripped' && button('safe', 'safe', 'one click')}
    </>
  );
}

/** A value that is forgotten after a while. */
function useForgetful<Value>(ms: number): [Value | undefined, (value: Value | undefined) => void] {
  const [value, setValue] = useState<Value | undefined>(undefined);
  useEffect(() => {
    if (value === undefined) return;
    const timer = setTimeout(() => setValue(undefined), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return [value, setValue];
}
