import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { BoardStore } from './board-store.js';
import { clockTime } from './format.js';
import { onFrame } from './frame-loop.js';
import { isPaused, WINDOWS_SECONDS, type WindowSeconds, windowSeconds } from './plotting.js';
import { SteadyRange } from './steady-range.js';
import type { SignalView, Traces } from './stream-store.js';
import { ink, seriesColour } from './theme.js';

/** Without new values the plot goes on this far, as a part of its window, and then stands: what was last stays in sight. */
const GAP_SHOWN = 0.25;
const AXIS_PX = 22;
const GUTTER_PX = 58;

interface Props {
  readonly board: BoardStore;
  readonly view: SignalView;
  readonly colour: number;
  readonly hasAxis: boolean;
  readonly resolution: number;
}

/** One signal over the last seconds, redrawn with the screen. The canvas is drawn outside of Preact: no render per frame. */
export function Plot({ board, view, colour, hasAxis, resolution }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const { traces, descriptor } = view;
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const drawing = new Drawing(element, traces, board.clock.nowSeconds, { colour, hasAxis, resolution });
    return () => drawing.end();
  }, [traces, board, colour, hasAxis, resolution]);
  const label = `${descriptor.name}, last ${windowSeconds.value} s`;
  return <div ref={host} class={`plot ${hasAxis ? 'axis' : ''}`} role="img" aria-label={label} />;
}

interface Style {
  readonly colour: number;
  readonly hasAxis: boolean;
  readonly resolution: number;
}

class Drawing {
  readonly #plot: uPlot;
  readonly #ends: (() => void)[];
  readonly #ranges: Record<WindowSeconds, SteadyRange>;
  #isVisible = true;
  /** What is shown while the page is paused, and where it ends. */
  #held: { traces: Traces; edgeSeconds: number } | undefined;
  #edgeLabel = 'now';
  #window: WindowSeconds = 10;

  constructor(
    element: HTMLElement,
    private readonly traces: Traces,
    private readonly nowSeconds: () => number,
    style: Style,
  ) {
    const [short, long] = WINDOWS_SECONDS;
    this.#ranges = { [short]: new SteadyRange(style.resolution), [long]: new SteadyRange(style.resolution) };
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const { x, y } = traces[short];
    this.#plot = new uPlot({ ...size(), ...this.#options(style) }, [x, y], element);
    const resize = new ResizeObserver(() => this.#plot.setSize(size()));
    resize.observe(element);
    const visibility = new IntersectionObserver(([entry]) => {
      this.#isVisible = entry?.isIntersecting ?? true;
    });
    visibility.observe(element);
    this.#ends = [onFrame(() => this.#draw()), () => resize.disconnect(), () => visibility.disconnect()];
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#plot.destroy();
  }

  #draw(): void {
    if (isPaused.peek() !== (this.#held !== undefined)) this.#held = isPaused.peek() ? this.#hold() : undefined;
    if (!this.#isVisible) return;
    this.#window = windowSeconds.peek();
    const trace = (this.#held?.traces ?? this.traces)[this.#window];
    const nowSeconds = this.nowSeconds();
    const edgeSeconds = this.#held?.edgeSeconds ?? this.#edge(nowSeconds, trace.newestSeconds);
    const isNow = edgeSeconds === nowSeconds;
    const edgeLabel = isNow ? 'now' : clockTime(edgeSeconds * 1e3);
    const isRelabelled = edgeLabel !== this.#edgeLabel;
    this.#edgeLabel = edgeLabel;
    trace.render(edgeSeconds);
    this.#plot.setData([trace.x, trace.y], true);
    // The scale is the same as before: without being told, uPlot keeps the labels of its axis.
    if (isRelabelled) this.#plot.redraw(false, true);
  }

  #edge(nowSeconds: number, newestSeconds: number): number {
    const heldSeconds = newestSeconds + GAP_SHOWN * this.#window;
    return heldSeconds < nowSeconds ? heldSeconds : nowSeconds;
  }

  #hold() {
    const copies = Object.entries(this.traces).map(([seconds, trace]) => [seconds, trace.copy()]);
    const traces: Traces = Object.fromEntries(copies);
    return { traces, edgeSeconds: this.#edge(this.nowSeconds(), traces[this.#window].newestSeconds) };
  }

  #options({ colour, hasAxis }: Style): Omit<uPlot.Options, 'width' | 'height'> {
    const grid = { stroke: 'rgba(128,128,128,.2)', width: 1 };
    const axis = { stroke: ink, grid, font: '11px system-ui, sans-serif', ticks: { show: false } };
    return {
      legend: { show: false },
      cursor: { show: false },
      padding: [6, 32, hasAxis ? 0 : 6, 0],
      scales: {
        x: { time: false, range: () => [-this.#window, 0] },
        y: { range: (_plot, low, high) => this.#ranges[this.#window].update(low, high, performance.now()) },
      },
      axes: [
        {
          ...axis,
          size: hasAxis ? AXIS_PX : 0,
          values: (_plot, ticks) => ticks.map((tick) => (!hasAxis ? '' : tick === 0 ? this.#edgeLabel : `${tick} s`)),
        },
        { ...axis, size: GUTTER_PX, space: 24 },
      ],
      series: [{}, { stroke: () => seriesColour(colour), width: 1.5, spanGaps: false, points: { show: false } }],
    };
  }
}
