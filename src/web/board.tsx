import type { Descriptor } from '../sdk/index.js';
import { Alarms } from './alarms.js';
import type { BoardStore } from './board-store.js';
import { ArmControls, CommandForm, useOperate } from './controls.js';
import { Facts } from './facts.js';
import { Misses } from './misses.js';
import { Strip } from './strip.js';
import { Culprits, Verdicts } from './verdicts.js';

/** From the top: what state it is in, what one can do, what it measures, who was late. */
export function Board({ board }: { board: BoardStore }) {
  const { state } = board.condition.value;
  const view = board.view.value;
  const isTripped = board.health.value?.arm === 'tripped';
  const signals = board.streams.value.flatMap((stream) => stream.signals);
  return (
    <article
      class={`board ${isTripped ? 'tripped' : ''}`}
      data-testid={`board-${board.id}`}
      data-state={state}
      aria-labelledby={`name-${board.id}`}
    >
      <Head board={board} />
      <div class="state">
        <Alarms board={board} />
        <Facts board={board} />
      </div>
      <div class={`strips ${signals.length > 8 ? 'many' : ''}`}>
        {signals.map((signal, index) => (
          <Strip
            key={`${signal.stream.name}/${signal.descriptor.name}`}
            board={board}
            view={signal}
            index={index}
            isLast={index === signals.length - 1}
          />
        ))}
        {signals.length === 0 && (
          <p class="empty">{view?.descriptor ? 'No signals yet.' : 'This board has not said what it measures.'}</p>
        )}
      </div>
      <div class="ledger">
        <Verdicts board={board} />
        <Culprits board={board} />
        <Misses board={board} />
      </div>
    </article>
  );
}

function Head({ board }: { board: BoardStore }) {
  const [answer, operate] = useOperate(board);
  const { state, word } = board.condition.value;
  const { descriptor } = board.view.value ?? {};
  const health = board.health.value;
  const arm = health?.arm ?? 'unknown';
  // A trip is latched in the host, so it holds whatever became of the board; the rest is only known of a live one.
  const isArmSure = state === 'live' || arm === 'tripped';
  const commands = descriptor?.commands ?? [];
  const readOnly = board.readOnly.value;
  return (
    <header>
      <div class="title">
        <h2 id={`name-${board.id}`}>{board.id}</h2>
        <span class={`lamp ${state === 'live' ? 'good' : 'bad'}`} data-testid="condition">
          {word}
        </span>
        {descriptor?.armable && <ArmLamp arm={arm} isSure={isArmSure} />}
        {/* Its place is kept, so that nothing moves when it lights. */}
        <span class={`lamp warn ${health?.degraded ? '' : 'off'}`}>DEGRADED</span>
        <span class="dim about">{descriptor ? aboutOf(descriptor) : ''}</span>
        <span class="hidden" role="status">
          {`${board.id} is ${state === 'live' ? 'live' : `not live: ${state}`}, ${isArmSure ? '' : 'was '}${arm}`}
        </span>
        {descriptor?.armable && !readOnly && <ArmControls board={board} operate={operate} />}
        {readOnly && <span class="dim">Read-only: commands are given to the bridge itself</span>}
      </div>
      {(commands.length > 0 || descriptor?.armable) && !readOnly && (
        <div class="commands">
          {commands.map((command) => (
            <CommandForm key={command.name} board={board} command={command} operate={operate} />
          ))}
          <output class={`answer ${answer?.ok ? 'good' : 'bad'}`} data-testid="answer">
            {answer?.text}
          </output>
        </div>
      )}
    </header>
  );
}

/** A board that only prints lines has said nothing of itself. */
const aboutOf = ({ name, firmware, mcu, tickHz }: Descriptor): string => (tickHz === 0 ? name : `${firmware}, ${mcu}`);

function ArmLamp({ arm, isSure }: { arm: string; isSure: boolean }) {
  const look = arm === 'tripped' ? 'bad' : !isSure ? 'old' : arm === 'armed' ? 'armed' : 'quiet';
  return (
    <span class={`lamp ${look}`} data-testid="arm">
      {isSure ? arm.toUpperCase() : <s>{arm.toUpperCase()}</s>}
    </span>
  );
}
