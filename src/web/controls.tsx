import { useEffect, useRef, useState } from 'preact/hooks';
import type { CommandDescriptor } from '../sdk/index.js';
import type { BoardStore } from './board-store.js';

/** How long a first click on a dangerous button stays selected. */
const SELECT_MS = 5000;
/** A second click sooner than this is the other half of a double click. */
const DOUBLE_CLICK_MS = 350;
const ANSWER_MS = 15_000;

export interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

export type Operate = (name: string, values?: readonly number[]) => Promise<void>;

/** Sends commands and keeps the newest answer for a while. */
export function useOperate(board: BoardStore): [Answer | undefined, Operate] {
  const [answer, setAnswer] = useForgetful<Answer>(ANSWER_MS);
  const operate: Operate = async (name, values = []) => {
    setAnswer(undefined);
    try {
      setAnswer({ ok: true, text: await board.request(name, values) });
    } catch (error) {
      setAnswer({ ok: false, text: `${name}: ${(error as Error).message}` });
    }
  };
  return [answer, operate];
}

/** Arm or disarm or re-arm, in one place; and SAFE, always, in its own. */
export function ArmControls({ board, operate }: { board: BoardStore; operate: Operate }) {
  const isJoined = board.joined.value;
  const arm = board.health.value?.arm ?? 'unknown';
  return (
    <div class="arm">
      {arm === 'armed' ? (
        <button type="button" disabled={!isJoined} onClick={() => operate('disarm')}>
          Disarm
        </button>
      ) : arm === 'tripped' ? (
        <TwoClicks key="rearm" label="Re-arm" disabled={!isJoined} operate={() => operate('rearm')} />
      ) : (
        <TwoClicks key="arm" label="Arm" disabled={!isJoined} operate={() => operate('arm')} />
      )}
      <button type="button" class="safe" disabled={!isJoined} onClick={() => operate('safe')}>
        SAFE
      </button>
    </div>
  );
}

interface TwoClicksProps {
  readonly label: string;
  readonly disabled: boolean;
  readonly type?: 'button' | 'submit';
  readonly operate?: () => void;
}

/** Select, then operate: the first click selects, the second one within some seconds operates; Escape lets go. */
function TwoClicks({ label, disabled, type = 'button', operate }: TwoClicksProps) {
  const [selectedMs, select] = useForgetful<number>(SELECT_MS);
  const click = (event: MouseEvent) => {
    const nowMs = performance.now();
    if (selectedMs === undefined) select(nowMs);
    if (selectedMs === undefined || nowMs - selectedMs < DOUBLE_CLICK_MS) event.preventDefault();
    else {
      select(undefined);
      operate?.();
    }
  };
  const isSelected = selectedMs !== undefined && !disabled;
  return (
    <button
      type={type}
      disabled={disabled}
      class={isSelected ? 'two selected' : 'two'}
      aria-pressed={isSelected}
      onClick={click}
      onBlur={() => select(undefined)}
      onKeyDown={(event) => event.key === 'Escape' && select(undefined)}
    >
      {isSelected ? `${label} now?` : label}
    </button>
  );
}

interface CommandProps {
  readonly board: BoardStore;
  readonly command: CommandDescriptor;
  readonly operate: Operate;
}

/** A command of the descriptor, with its limits. The bridge and the board check them again. */
export function CommandForm({ board, command, operate }: CommandProps) {
  const { name, dangerous } = command;
  const arm = board.health.value?.arm;
  const disabled = !board.joined.value || (dangerous && arm !== 'armed');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const inputs = (event.currentTarget as HTMLFormElement).querySelectorAll('input');
    void operate(
      name,
      [...inputs].map((input) => input.valueAsNumber),
    );
  };
  return (
    <form class="command" onSubmit={submit} aria-label={name}>
      {command.arguments.map((argument) => (
        <Argument key={argument.name} command={name} argument={argument} />
      ))}
      {dangerous ? (
        <TwoClicks label={name} type="submit" disabled={disabled} />
      ) : (
        <button type="submit" disabled={disabled}>
          {command.arguments.length === 0 ? name : 'Set'}
        </button>
      )}
    </form>
  );
}

function Argument({ command, argument }: { command: string; argument: CommandDescriptor['arguments'][number] }) {
  const { name, unit, min, max, scale } = argument;
  const limits = min === undefined || max === undefined ? '' : `${min}–${max} `;
  return (
    <label>
      <span>{command === name ? name : `${command} ${name}`}</span>
      <input
        type="number"
        name={name}
        required
        step={Math.abs(scale)}
        {...(min !== undefined && { min })}
        {...(max !== undefined && { max })}
      />
      <span class="dim">
        {limits}
        {unit}
      </span>
    </label>
  );
}

/** A value that is forgotten after a while. */
function useForgetful<Value>(ms: number): [Value | undefined, (value: Value | undefined) => void] {
  const [value, setValue] = useState<Value | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = (next: Value | undefined) => {
    clearTimeout(timer.current);
    if (next !== undefined) timer.current = setTimeout(() => setValue(undefined), ms);
    setValue(next);
  };
  return [value, set];
}
