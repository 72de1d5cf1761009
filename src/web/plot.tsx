import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { onFrame } from './frame-loop.js';
import type { Trace } from './trace.js';

export const WINDOW_SECONDS = 10;
export const PLOT_COLUMNS = 300;
const HEIGHT_PX = 120;

/** One signal over the last seconds, redrawn with the screen. The canvas is drawn outside of Preact: no render per frame. */
export function Plot({ trace, nowSeconds, colour }: { trace: Trace; nowSeconds: () => number; colour: string }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const plot = new uPlot(options(element.clientWidth, colour), [trace.x, trace.y], element);
    const stop = onFrame(() => {
      trace.render(nowSeconds());
      plot.setData([trace.x, trace.y], true);
    });
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resize.observe(element);
    return () => {
      stop();
      resize.disconnect();
      plot.destroy();
    };
  }, [trace, colour]);
  return <div ref={host} />;
}

function options(width: number, colour: string): uPlot.Options {
  const ink = () => getComputedStyle(document.documentElement).getPropertyValue('color') || '#888';
  const grid = { stroke: 'rgba(128,128,128,.18)', width: 1 };
  const font = '11px system-ui, sans-serif';
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-WINDOW_SECONDS, 0] },
      y: { range: (_plot, low, high) => paddedRange(low, high) },
    },
    axes: [
      {
        stroke: ink,
        grid,
        font,
        size: 22,
        ticks: { show: false },
        values: (_plot, ticks) => ticks.map((tick) => (tick === 0 ? 'now' : `${tick} s`)),
      },
      { stroke: ink, grid, font, size: 52, ticks: { show: false } },
    ],
    series: [{}, { stroke: colour, width: 1.5, spanGaps: false, points: { show: false } }],
  };
}

/** A flat signal gets room around it instead of noise blown up to full height. */
function paddedRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const padding = Math.max((high - low) * 0.1, Math.abs(high) * 0.02, 0.5);
  return [low - padding, high + padding];
}
