import { describe, expect, it } from 'vitest';
import { Pacing } from './pacing.js';

/** A board that sleeps but for something every millisecond. */
class SleepingBoard {
  nowNs = 0;
  get nextEventNs(): number {
    return (Math.floor(this.nowNs / 1e6) + 1) * 1e6;
  }
  runUntil(virtualNs: number): void {
    this.nowNs = virtualNs;
  }
}

function paced() {
  const wall = { us: 1000 };
  const board = new SleepingBoard();
  return { wall, board, pacing: new Pacing(board, () => wall.us) };
}

describe('Pacing', () => {
  it('runs the board up to the wall clock and waits for its next event', () => {
    const { wall, board, pacing } = paced();
    wall.us += 300;
    pacing.step();
    expect(board.nowNs).toBe(300e3);
    expect(pacing.waitUs(wall.us)).toBe(700);
  });

  it('gives out the board at the present time only', () => {
    const { wall, pacing } = paced();
    pacing.step();
    wall.us += 900;
    expect(pacing.atNow().nowNs).toBe(900e3);
  });

  it('waits no less than 100 us', () => {
    const { wall, pacing } = paced();
    wall.us += 990;
    pacing.step();
    expect(pacing.waitUs(wall.us)).toBe(100);
  });

  it('reports how long after its plan a step was done', () => {
    const { wall, pacing } = paced();
    pacing.step();
    const waitUs = pacing.waitUs(wall.us);
    wall.us += waitUs + 40;
    pacing.step();
    expect(pacing.lagUs(wall.us)).toBe(40);
  });

  it('catches up in slices without a wait, all of it lag', () => {
    const { wall, board, pacing } = paced();
    pacing.step();
    const waitUs = pacing.waitUs(wall.us);
    wall.us += waitUs + 100e3;
    pacing.step();
    expect(board.nowNs).toBe(5e6);
    expect(pacing.waitUs(wall.us)).toBe(0);
    for (let i = 0; i < 30; i++) pacing.step();
    expect(board.nowNs).toBe((waitUs + 100e3) * 1e3);
    expect(pacing.lagUs(wall.us)).toBe(100e3);
    expect(pacing.skippedUs).toBe(0);
  });

  it('moves the time of the board after a standstill of more than ten seconds, and counts it', () => {
    const { wall, board, pacing } = paced();
    wall.us += 70e6;
    for (let i = 0; i < 2001; i++) pacing.step();
    expect(pacing.skippedUs).toBe(60e6);
    expect(board.nowNs).toBe(10e9);
  });
});
